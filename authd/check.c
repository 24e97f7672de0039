/*
 * The checking of passwords.  Must never say yes to what no backend has
 * confirmed since the last revoke, and never tell more than yes, no or
 * unavailable.
 */
#include "common/compat.h"

#include "authd/check.h"
#include "common/clock.h"
#include "common/user.h"

#define CHECK_SLOTS	256
#define CHECK_ROUNDS	5	/* revokes survived before giving up */

TAILQ_HEAD(check_waits, check_wait);

struct check {
	LIST_ENTRY(check)	 hash;
	struct checks		*checks;
	uint32_t		 lane;
	char			 name[USER_ID_MAX + 1];
	uint8_t			 mac[MAC_LEN];
	char			*password;
	size_t			 password_len;
	struct check_waits	 joined;	/* the same password */
	struct check_waits	 others;	/* another one */
	struct work_job		*job;
	uint32_t		 backend;
	uint32_t		 generation_of;	/* the backend that is probed */
	bool			 probing;
	bool			 probed;
	bool			 revoked;
	uint64_t		 revokes;	/* checks->revokes at start */
	bool			 away;		/* a backend could not tell */
	char			 why[128];
	int			 rounds;
};
LIST_HEAD(check_slot, check);

struct checks {
	struct work		*work;
	struct cache		*cache;
	uint32_t		 backends;
	uint64_t		 revokes;
	struct check_slot	 slot[CHECK_SLOTS];
};

static void	 check_run(struct check *);
static void	 check_ask(struct check *);

struct checks *
checks_new(struct work *work, struct cache *cache, uint32_t backends)
{
	struct checks	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->work = work;
	c->cache = cache;
	c->backends = backends;
	return c;
}

void
checks_set_backends(struct checks *c, uint32_t backends)
{
	c->backends = backends;
}

static struct check_slot *
check_slot(struct checks *c, uint32_t lane, const char *name)
{
	uint32_t	h = 2166136261u ^ lane;

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return &c->slot[(h ^ h >> 16) % CHECK_SLOTS];
}

static void
check_free(struct check *k)
{
	freezero(k->password, k->password_len);
	freezero(k, sizeof(*k));
}

void
checks_free(struct checks *c)
{
	struct check	*k;
	size_t		 i;

	if (c == NULL)
		return;
	for (i = 0; i < CHECK_SLOTS; i++)
		while ((k = LIST_FIRST(&c->slot[i])) != NULL) {
			if (k->job != NULL)
				work_cancel(k->job);
			LIST_REMOVE(k, hash);
			check_free(k);
		}
	free(c);
}

static void
check_tell(struct check_waits *list, struct check_answer *a)
{
	struct check_wait	*w;

	while ((w = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, w, entry);
		w->check = NULL;
		w->done(w, a);
		a->first = false;
	}
}

/* The answer; those with another password start again. */
static void
check_finish(struct check *k, enum check_code code, const char *user,
    struct str why, bool cached)
{
	struct check_answer	 a = { code, user, why, true, cached };
	struct check_answer	 again = { CHECK_AGAIN, "", STR(""), true,
				    false };

	LIST_REMOVE(k, hash);
	check_tell(&k->joined, &a);
	/* Nobody waits a second time for a backend that is away. */
	if (code != CHECK_UNAVAILABLE)
		a = again;
	check_tell(&k->others, &a);
	check_free(k);
}

static void
check_work_done(void *arg, enum work_result_code code, const char *user,
    struct str why)
{
	struct check	*k = arg;
	struct cache	*cache = k->checks->cache;
	size_t		 n;

	k->job = NULL;
	/* A user by another name than the login: any revoke may mean it. */
	if (code == WORK_YES && strcmp(user, k->name) != 0 &&
	    k->revokes != k->checks->revokes)
		k->revoked = true;
	if (k->revoked) {
		/* What the worker read may be older than the revoke. */
		k->revoked = k->probing = false;
		if (++k->rounds > CHECK_ROUNDS)
			check_finish(k, CHECK_UNAVAILABLE, "",
			    STR("revoked again and again"), false);
		else
			check_run(k);
		return;
	}
	if (code != WORK_UNAVAILABLE)
		cache_generation(cache, k->probing ? k->generation_of :
		    k->backend, why, clock_ms());
	if (k->probing) {
		k->probing = false;
		check_run(k);
		return;
	}
	switch (code) {
	case WORK_YES:
		cache_put(cache, k->name, k->mac, user, k->backend, why,
		    clock_ms());
		check_finish(k, CHECK_YES, user, STR(""), false);
		return;
	case WORK_UNAVAILABLE:
		k->away = true;
		n = why.len < sizeof(k->why) - 1 ? why.len :
		    sizeof(k->why) - 1;
		if (n > 0)
			memcpy(k->why, why.p, n);
		k->why[n] = '\0';
		break;
	case WORK_NO:
	case WORK_UNKNOWN:
		if (k->why[0] == '\0' || code == WORK_NO)
			strlcpy(k->why, code == WORK_NO ? "wrong password" :
			    "unknown user", sizeof(k->why));
		break;
	}
	k->backend++;
	check_ask(k);
}

/* The next backend, or the end. */
static void
check_ask(struct check *k)
{
	struct checks	*c = k->checks;

	if (k->backend >= c->backends) {
		check_finish(k, k->away ? CHECK_UNAVAILABLE : CHECK_NO, "",
		    str_from(k->why), false);
		return;
	}
	k->job = work_submit(c->work, k->lane, k->backend, k->name,
	    (struct str){ k->password, k->password_len }, false,
	    check_work_done, k);
	if (k->job == NULL)
		check_finish(k, CHECK_UNAVAILABLE, "",
		    STR("too many checks are waiting"), false);
}

static void
check_run(struct check *k)
{
	struct checks	*c = k->checks;
	const char	*user;

	k->revokes = c->revokes;
	switch (cache_find(c->cache, k->name, k->mac, clock_ms(), &user,
	    &k->generation_of)) {
	case CACHE_HIT:
		check_finish(k, CHECK_YES, user, STR(""), true);
		return;
	case CACHE_STALE:
		if (k->probed)
			break;
		k->probed = true;
		k->job = work_submit(c->work, k->lane, k->generation_of, "",
		    STR(""), true, check_work_done, k);
		if (k->job != NULL) {
			k->probing = true;
			return;
		}
		break;
	case CACHE_MISS:
		break;
	}
	k->backend = 0;
	k->away = false;
	k->why[0] = '\0';
	check_ask(k);
}

static struct check *
check_new(struct checks *c, uint32_t lane, const char *name,
    const uint8_t mac[MAC_LEN], struct str password)
{
	struct check	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	TAILQ_INIT(&k->joined);
	TAILQ_INIT(&k->others);
	k->checks = c;
	k->lane = lane;
	memcpy(k->mac, mac, MAC_LEN);
	if (strlcpy(k->name, name, sizeof(k->name)) >= sizeof(k->name) ||
	    (k->password = malloc(password.len + 1)) == NULL) {
		free(k);
		return NULL;
	}
	memcpy(k->password, password.p, password.len);
	k->password_len = password.len;
	LIST_INSERT_HEAD(check_slot(c, lane, name), k, hash);
	return k;
}

void
check_begin(struct checks *c, struct check_wait *w, uint32_t lane,
    const char *name, struct str password)
{
	struct check_answer	 a = { CHECK_UNAVAILABLE, "", STR("no memory"),
				    true, false };
	struct check		*k;

	cache_mac(w->mac, name, password);
	LIST_FOREACH(k, check_slot(c, lane, name), hash)
		if (k->lane == lane && strcmp(k->name, name) == 0)
			break;
	if (k != NULL) {
		w->check = k;
		w->joined = timingsafe_memcmp(k->mac, w->mac, MAC_LEN) == 0;
		TAILQ_INSERT_TAIL(w->joined ? &k->joined : &k->others, w,
		    entry);
		return;
	}
	if ((k = check_new(c, lane, name, w->mac, password)) == NULL) {
		w->done(w, &a);
		return;
	}
	w->check = k;
	w->joined = true;
	TAILQ_INSERT_TAIL(&k->joined, w, entry);
	check_run(k);
}

void
check_cancel(struct check_wait *w)
{
	struct check	*k = w->check;

	if (k == NULL)
		return;
	w->check = NULL;
	TAILQ_REMOVE(w->joined ? &k->joined : &k->others, w, entry);
	/*
	 * Nobody asks any more: a check that has not begun goes, so that
	 * logins begun and dropped cannot pile up.  One that a worker has
	 * stays, and holds back the next guess.
	 */
	if (TAILQ_EMPTY(&k->joined) && TAILQ_EMPTY(&k->others) &&
	    k->job != NULL && !work_begun(k->job)) {
		work_cancel(k->job);
		LIST_REMOVE(k, hash);
		check_free(k);
	}
}

void
checks_revoke(struct checks *c, const char *user)
{
	struct check	*k;
	size_t		 i;

	c->revokes++;
	for (i = 0; i < CHECK_SLOTS; i++)
		LIST_FOREACH(k, &c->slot[i], hash)
			if (strcmp(k->name, user) == 0)
				k->revoked = true;
}
