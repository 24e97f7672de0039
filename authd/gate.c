/*
 * Who is next.  Must never refuse, never wait itself, and never tell an
 * unknown name from a known one.
 */
#include "common/compat.h"

#include "authd/gate_impl.h"

#define TAG_PAIR	0x70616972
#define TAG_NAME	0x6e616d65

struct gate *
gate_new(struct known *known, const struct gate_conf *conf, size_t max)
{
	struct gate	*g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	TAILQ_INIT(&g->riders);
	g->known = known;
	g->max = max;
	gate_configure(g, conf);
	return g;
}

void
gate_configure(struct gate *g, const struct gate_conf *conf)
{
	g->conf = *conf;
	if (g->conf.answer_ms < 1)
		g->conf.answer_ms = 1;
	if (g->conf.guesses < 1)
		g->conf.guesses = 1;
}

static void
scope_free(struct gate_scope *s)
{
	if (s == NULL)
		return;
	tally_table_free(s->address);
	tally_table_free(s->net);
	tally_table_free(s->pair);
	tally_table_free(s->name);
	free(s);
}

void
gate_free(struct gate *g)
{
	size_t	i;

	if (g == NULL)
		return;
	for (i = 0; i < GATE_SCOPES; i++)
		scope_free(g->scope[i]);
	free(g);
}

static struct gate_scope *
scope_find(struct gate *g, uint32_t index)
{
	struct gate_scope	*s;
	size_t			 i;

	index %= GATE_SCOPES;
	if (g->scope[index] != NULL)
		return g->scope[index];
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	for (i = 0; i < GATE_POOLS; i++)
		TAILQ_INIT(&s->waiting[i]);
	s->address = tally_table_new(g->max);
	s->net = tally_table_new(g->max);
	s->pair = tally_table_new(g->max);
	s->name = tally_table_new(g->max);
	if (s->address == NULL || s->net == NULL || s->pair == NULL ||
	    s->name == NULL) {
		scope_free(s);
		return NULL;
	}
	g->scope[index] = s;
	return s;
}

bool
gate_shared(const struct addr_key *from)
{
	static const char *const texts[] = { "127.0.0.1", "::1" };
	struct addr_key		 k;
	size_t			 i;

	if (addr_key_none(from))
		return true;
	for (i = 0; i < nitems(texts); i++) {
		addr_key_parse(&k, texts[i]);
		if (addr_key_same(from, &k))
			return true;
	}
	return false;
}

static unsigned int
failures(const struct gate_try *t)
{
	unsigned int	n = t->pair->failures;

	if (!t->shared && t->address->failures > n)
		n = t->address->failures;
	return n;
}

static bool
is_known(const struct gate_try *t)
{
	return t->pair->trust > t->pair->failures;
}

/* 0 known, 1 fresh, 2 aside, 3 and more failed. */
static unsigned int
rank(const struct gate_try *t)
{
	unsigned int	n, r = 3;

	if (is_known(t))
		return 0;
	if ((n = failures(t)) == 0)
		return t->net != NULL && t->net->failures > GATE_NET_FREE ?
		    2 : 1;
	while ((n >>= 1) > 0)
		r++;
	return r;
}

/* 1, 2, 4, 8 ... seconds after the free ones. */
static int64_t
pause_for(unsigned int n, int64_t max)
{
	unsigned int	over;

	if (n <= GATE_FREE)
		return 0;
	over = n - GATE_FREE - 1;
	if (over > 10 || ((int64_t)1000 << over) > max)
		return max;
	return (int64_t)1000 << over;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The time before which its failures, or the name's, do not let it start. */
static int64_t
paused_until(const struct gate_try *t)
{
	int64_t	until;

	if (t->moved || is_known(t))
		return 0;
	until = t->pair->next;
	if (!t->shared)
		until = later(until, t->address->next);
	if (t->name->failures > GATE_NAME_FREE)
		until = later(until, failures(t) <= GATE_FREE ?
		    t->name->next_early : t->name->next);
	return until;
}

/* Whether those of its kind that are under way leave it a place. */
static bool
has_place(const struct gate_try *t)
{
	unsigned int	n = t->address->failures > GATE_FREE ? 1 :
			    GATE_RUNNING;

	/* Its pair's place it has kept. */
	if (t->moved)
		return t->trusted || t->shared || t->address->moved < n;
	if (is_known(t))
		return t->pair->running < t->pair->trust - t->pair->failures;
	if (t->pair->running > 0)
		return false;
	return t->shared || t->address->running < n;
}

void
gate_net(const struct addr_key *from, uint8_t key[TALLY_KEY])
{
	static const uint8_t	mapped[12] = { [10] = 0xff, 0xff };

	memcpy(key, from->b, TALLY_KEY);
	if (memcmp(key, mapped, sizeof(mapped)) == 0)
		key[15] = 0;
	else
		memset(key + 6, 0, TALLY_KEY - 6);
}

/* Those who share an address have none. */
static struct tally *
hold_net(struct gate_scope *s, const struct addr_key *from, int64_t now)
{
	uint8_t	key[TALLY_KEY];

	gate_net(from, key);
	return tally_hold(s->net, key, now);
}

static void
try_release(struct gate_try *t)
{
	tally_drop(t->address);
	tally_drop(t->net);
	tally_drop(t->pair);
	tally_drop(t->name);
	t->address = t->net = t->pair = t->name = NULL;
	t->state = GATE_OUT;
}

static void
try_wait(struct gate *g, struct gate_try *t, unsigned int pool)
{
	t->pool = pool;
	t->state = GATE_WAITING;
	TAILQ_INSERT_TAIL(&t->scope->waiting[pool], t, entry);
	g->pool[pool].waiting++;
}

static void
try_unwait(struct gate *g, struct gate_try *t)
{
	TAILQ_REMOVE(&t->scope->waiting[t->pool], t, entry);
	g->pool[t->pool].waiting--;
}

int
gate_enter(struct gate *g, struct gate_try *t, uint32_t scope,
    unsigned int pool, const char *name, const struct addr_key *from,
    const uint8_t mac[MAC_LEN], int64_t now, int64_t *pause)
{
	struct str	 parts[2] = { str_from(name),
			    { (const char *)from->b, sizeof(from->b) } };
	uint8_t		 pair[TALLY_KEY], key[TALLY_KEY];

	memset(t, 0, sizeof(*t));
	if ((t->scope = scope_find(g, scope)) == NULL)
		return -1;
	t->from = *from;
	t->shared = gate_shared(from);
	memcpy(t->wrong, mac, sizeof(t->wrong));
	tally_key(pair, TAG_PAIR, parts, 2);
	tally_key(key, TAG_NAME, parts, 1);
	t->pair = tally_hold(t->scope->pair, pair, now);
	t->name = tally_hold(t->scope->name, key, now);
	t->address = tally_hold(t->scope->address, from->b, now);
	if (!t->shared)
		t->net = hold_net(t->scope, from, now);
	if (t->pair == NULL || t->name == NULL || t->address == NULL ||
	    (!t->shared && t->net == NULL)) {
		try_release(t);
		return -1;
	}
	t->pair->trust = known_trust(g->known, name, from, now);
	t->order = ++g->order;
	try_wait(g, t, pool);
	*pause = later(paused_until(t) - now, 0);
	return 0;
}

struct tally *
gate_address(struct gate *g, uint32_t scope, const struct addr_key *from,
    int64_t now)
{
	struct gate_scope	*s = scope_find(g, scope);

	return s == NULL ? NULL : tally_hold(s->address, from->b, now);
}

static void
try_age(struct gate_try *t, int64_t now)
{
	tally_age(t->pair, now);
	tally_age(t->name, now);
	tally_age(t->address, now);
	if (t->net != NULL)
		tally_age(t->net, now);
}

static uint64_t
since(uint64_t arrived, uint64_t served)
{
	return arrived > served ? arrived : served;
}

/* Whether a comes before b, when the turn is the newest's or the oldest's. */
static bool
before(const struct gate_try *a, const struct gate_try *b, bool newest)
{
	unsigned int	ra = rank(a), rb = rank(b);
	uint64_t	x, y;

	if (ra != rb)
		return ra < rb;
	if (newest && ra != 0)
		return a->order > b->order;
	x = since(a->order, a->address->served);
	y = since(b->order, b->address->served);
	if (x != y)
		return x < y;
	x = since(a->order, a->pair->served);
	y = since(b->order, b->pair->served);
	return x != y ? x < y : a->order < b->order;
}

/* What a scope would send now: [0] honest, [1] suspect; or NULL. */
static void
scope_best(struct gate_scope *s, unsigned int pool, int64_t now,
    struct gate_try *best[2], int64_t *when)
{
	struct gate_try	*t;
	int64_t		 until;
	bool		 suspect;

	best[0] = best[1] = NULL;
	TAILQ_FOREACH(t, &s->waiting[pool], entry) {
		try_age(t, now);
		if (!has_place(t))
			continue;
		if ((until = paused_until(t)) > now) {
			if (until < *when)
				*when = until;
			continue;
		}
		suspect = rank(t) > 1;
		if (best[suspect] == NULL || before(t, best[suspect],
		    s->newest[suspect]))
			best[suspect] = t;
	}
}

static void
try_start(struct gate *g, struct gate_try *t, int64_t now, bool rider)
{
	try_unwait(g, t);
	t->state = GATE_STARTED;
	/* A wrong one's answer is due by when it was first looked at. */
	if (!t->moved)
		t->started = now;
	t->rider = rider;
	t->queued = rider;
	if (rider)
		TAILQ_INSERT_TAIL(&g->riders, t, entry);
}

/* Its pair, address and name are taken, and the same password comes along. */
static void
try_serve(struct gate *g, struct gate_try *t, int64_t now)
{
	struct gate_try	*r, *next;
	int64_t		 step = 60000 / g->conf.guesses;

	t->suspect = rank(t) > 1;
	if (t->moved)
		t->address->moved++;
	else {
		t->trusted = is_known(t);
		t->pair->running++;
		t->address->running++;
	}
	if (!t->moved && !t->trusted &&
	    t->name->failures > GATE_NAME_FREE) {
		if (failures(t) <= GATE_FREE)
			t->name->next_early = now + GATE_EARLY_MS;
		else
			t->name->next = now + step;
	}
	g->pool[t->pool].suspects += t->suspect;
	g->pool[t->pool].starts++;
	t->scope->newest[t->suspect] = !t->scope->newest[t->suspect];
	t->pair->served = t->address->served = t->scope->served = ++g->order;
	try_start(g, t, now, false);
	if (t->moved)
		return;		/* those like it came along before */
	TAILQ_FOREACH_SAFE(r, &t->scope->waiting[t->pool], entry, next)
		if (!r->moved && r->pair == t->pair &&
		    timingsafe_memcmp(r->wrong, t->wrong,
		    sizeof(t->wrong)) == 0)
			try_start(g, r, now, true);
}

struct gate_try *
gate_next(struct gate *g, unsigned int pool, size_t workers, size_t idle,
    int64_t now, int64_t *when)
{
	struct gate_pool *p = &g->pool[pool];
	struct gate_try	*t, *best[2], *pick[2] = { NULL, NULL };
	size_t		 i, k, most = workers / 2 > 1 ? workers / 2 : 1;
	bool		 first;

	*when = INT64_MAX;
	if ((t = TAILQ_FIRST(&g->riders)) != NULL) {
		TAILQ_REMOVE(&g->riders, t, entry);
		t->queued = false;
		return t;
	}
	if (idle == 0 || p->waiting == 0)
		return NULL;
	for (i = 0; i < GATE_SCOPES; i++) {
		if (g->scope[i] == NULL)
			continue;
		scope_best(g->scope[i], pool, now, best, when);
		for (k = 0; k < 2; k++)
			if (best[k] != NULL && (pick[k] == NULL ||
			    best[k]->scope->served < pick[k]->scope->served))
				pick[k] = best[k];
	}
	if (p->suspects >= most)
		pick[1] = NULL;
	first = p->starts % GATE_RESERVE == GATE_RESERVE - 1;
	t = pick[first] != NULL ? pick[first] : pick[!first];
	if (t != NULL)
		try_serve(g, t, now);
	return t;
}

/* The worker is free for another. */
static void
try_leave_pool(struct gate *g, struct gate_try *t)
{
	if (!t->rider && t->suspect)
		g->pool[t->pool].suspects--;
}

static void
try_over(struct gate *g, struct gate_try *t)
{
	t->state = GATE_OVER;
	try_leave_pool(g, t);
}

void
gate_move(struct gate *g, struct gate_try *t, unsigned int pool)
{
	if (t->state == GATE_WAITING)
		try_unwait(g, t);
	else {
		try_leave_pool(g, t);
		if (t->moved)
			t->address->moved--;
		else
			t->address->running--;
		t->moved = true;
	}
	try_wait(g, t, pool);
}

void
gate_passed(struct gate *g, struct gate_try *t, const char *name, int64_t now)
{
	try_over(g, t);
	if (t->rider)
		return;
	if (known_passed(g->known, name, &t->from, now))
		t->address->failures /= 2;
	t->pair->failures = 0;
	t->pair->next = 0;
	t->pair->trust = known_trust(g->known, name, &t->from, now);
}

/* Another wrong password for that name from there; the same one again is no
 * guess. */
static void
pair_failed(struct gate_try *t, int64_t now, int64_t told)
{
	if (t->pair->failures == 0 || memcmp(t->pair->wrong, t->wrong,
	    sizeof(t->wrong)) != 0) {
		tally_fail(t->pair, now);
		tally_fail(t->name, now);
		memcpy(t->pair->wrong, t->wrong, sizeof(t->wrong));
	}
	t->pair->next = told + pause_for(t->pair->failures, GATE_PAIR_MS);
}

int64_t
gate_failed(struct gate *g, struct gate_try *t, int64_t now)
{
	int64_t	step = g->conf.answer_ms, due;

	due = t->started + later((now - t->started + step - 1) / step, 1) *
	    step;
	try_over(g, t);
	if (t->rider)
		return due;
	pair_failed(t, now, due);
	if (t->shared)
		return due;
	tally_fail(t->net, now);
	tally_fail(t->address, now);
	t->address->next = later(t->address->next, due +
	    pause_for(t->address->failures, GATE_ADDRESS_MS));
	return due;
}

void
gate_label(struct gate_try *t, const char *name)
{
	if (t->rider)
		return;
	tally_label(t->pair, name);
	memcpy(t->pair->from, t->from.b, sizeof(t->pair->from));
	tally_label(t->name, name);
}

void
gate_unsure(struct gate *g, struct gate_try *t, int64_t now)
{
	if (t->state == GATE_STARTED)
		try_over(g, t);
	if (!t->rider)
		pair_failed(t, now, now);
}

void
gate_leave(struct gate *g, struct gate_try *t)
{
	switch (t->state) {
	case GATE_OUT:
		return;
	case GATE_WAITING:
		try_unwait(g, t);
		t->pair->running -= t->moved;
		break;
	case GATE_STARTED:
		if (t->queued)
			TAILQ_REMOVE(&g->riders, t, entry);
		try_over(g, t);
		/* FALLTHROUGH */
	case GATE_OVER:
		if (!t->rider) {
			t->pair->running--;
			if (t->moved)
				t->address->moved--;
			else
				t->address->running--;
		}
		break;
	}
	try_release(t);
}

size_t
gate_waiting(const struct gate *g)
{
	size_t	i, n = 0;

	for (i = 0; i < GATE_POOLS; i++)
		n += g->pool[i].waiting;
	return n;
}

size_t
gate_waiting_for(const struct gate *g, unsigned int pool)
{
	return g->pool[pool].waiting;
}

size_t
gate_tallies(const struct gate *g)
{
	size_t	i, n = 0;

	for (i = 0; i < GATE_SCOPES; i++)
		if (g->scope[i] != NULL)
			n += tally_entries(g->scope[i]->address) +
			    tally_entries(g->scope[i]->net) +
			    tally_entries(g->scope[i]->pair) +
			    tally_entries(g->scope[i]->name);
	return n;
}
