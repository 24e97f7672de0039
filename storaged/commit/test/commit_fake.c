/*
 * The requests, the clock and the chance of the commit's tests; see
 * commit_fake.h.  The bucket is in commit_fake_server.c, the state in
 * commit_fake_state.c.
 */
#include "common/compat.h"

#include <stdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv.h"
#include "common/log.h"
#include "storaged/commit/test/commit_fake_impl.h"

struct fake_timer {
	struct fake_node	*n;
	unsigned		 epoch;
	void			(*fn)(void *);
	void			*arg;
	bool			 off;
	bool			 ours;	/* the test's own */
};

enum what { EV_TIMER, EV_APPLY, EV_ANSWER };

struct fake_event {
	uint64_t	 at, seq;
	enum what	 what;
	void		*p;
};

uint64_t
fake_random(struct fake_world *w, uint64_t below)
{
	uint64_t	 z = (w->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return below == 0 ? z : z % below;
}

static bool
before(const struct fake_event *a, const struct fake_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void
push(struct fake_world *w, uint64_t at, enum what what, void *p)
{
	struct fake_event	 e = { at, ++w->seq, what, p };
	size_t			 i, up;

	if (w->nheap == w->heap_size) {
		w->heap_size = w->heap_size == 0 ? 256 : w->heap_size * 2;
		if ((w->heap = reallocarray(w->heap, w->heap_size,
		    sizeof(e))) == NULL)
			fatal("heap");
	}
	for (i = w->nheap++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(&e, &w->heap[up]))
			break;
		w->heap[i] = w->heap[up];
	}
	w->heap[i] = e;
}

static struct fake_event
pop(struct fake_world *w)
{
	struct fake_event	 top = w->heap[0], last;
	size_t			 i = 0, k;

	last = w->heap[--w->nheap];
	for (;;) {
		k = 2 * i + 1;
		if (k >= w->nheap)
			break;
		if (k + 1 < w->nheap && before(&w->heap[k + 1], &w->heap[k]))
			k++;
		if (!before(&w->heap[k], &last))
			break;
		w->heap[i] = w->heap[k];
		i = k;
	}
	if (w->nheap > 0)
		w->heap[i] = last;
	return top;
}

static void
no_cb(const struct blob_result *r, void *arg)
{
	(void)r;
	(void)arg;
}

static void
count_head(struct fake_node *n, const struct fake_request *r)
{
	uint64_t	 sum = fnv64(r->bytes, r->len);

	n->heads++;
	n->same += sum == n->head_sum;
	n->head_sum = sum;
}

static void
count(struct fake_world *w, const struct fake_request *r)
{
	if (r->verb == FAKE_GET)
		w->counts.get++;
	else if (r->verb == FAKE_LIST)
		w->counts.list++;
	else if (r->cond != BLOB_ALWAYS) {
		w->counts.put_head++;
		count_head(r->n, r);
	}
	else if (strstr(r->key, "/log/") != NULL) {
		w->counts.put_log++;
		w->counts.log_small += r->len < 64 * 1024;
	} else if (strstr(r->key, "/pack/") != NULL)
		w->counts.put_pack++;
	else if (strstr(r->key, "/manifest/") != NULL)
		w->counts.put_manifest++;
	else
		w->counts.put_other++;
}

static struct fake_request *
request_new(struct fake_node *n, enum fake_verb verb, const char *key,
    const void *p, size_t len, const char *etag, void *arg)
{
	struct fake_request	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->key = strdup(key)) == NULL)
		fatal("request");
	r->n = n;
	r->epoch = n->epoch;
	r->verb = verb;
	r->cb = no_cb;
	r->arg = arg;
	if (etag != NULL && etag[0] == '"')
		r->etag = strtoull(etag + 1, NULL, 10);
	if (p != NULL) {
		if ((r->bytes = malloc(len + 1)) == NULL)
			fatal("request");
		memcpy(r->bytes, p, len);
		r->len = len;
	}
	return r;
}

/* When it reaches the server (or never), when its answer reaches us. */
static void
request_start(struct fake_request *r)
{
	struct fake_world	*w = r->n->w;
	uint64_t		 there = w->now + 1 + fake_random(w, 20);
	uint64_t		 back;

	if (w->fate != NULL)
		r->fate = w->fate(w, r->n, r->verb, r->key, w->fate_arg);
	count(w, r);
	if (r->verb != FAKE_PUT && r->fate != FATE_OK &&
	    r->fate != FATE_STALE)
		r->fate = FATE_REFUSED;
	back = there + 1 + fake_random(w, 20);
	r->outcome = BLOB_UNSURE;
	switch (r->fate) {
	case FATE_LOST:
	case FATE_REFUSED:
	case FATE_CONFLICT:
	case FATE_MISMATCH:
		there = 0;
		break;
	case FATE_LATE:
		there += fake_random(w, w->late_ms);
		break;
	case FATE_HANG:
		back += fake_random(w, w->late_ms);
		break;
	default:
		break;
	}
	if (r->fate == FATE_LOST || r->fate == FATE_ANSWER_LOST ||
	    r->fate == FATE_LATE)
		back = w->now + 100 + fake_random(w, 5000);
	if (there != 0) {
		r->refs++;
		push(w, there, EV_APPLY, r);
	}
	if (r->fate == FATE_DOUBLE) {
		r->refs++;
		there += fake_random(w, 50);
		push(w, there, EV_APPLY, r);
		back = there + 1 + fake_random(w, 20);
	}
	r->refs++;
	push(w, back, EV_ANSWER, r);
}

static void *
io_put(void *arg, const char *key, const void *p, size_t len,
    enum blob_condition cond, const char *etag, enum blob_priority prio,
    blob_cb cb, void *cbarg)
{
	struct fake_request	*r;

	(void)prio;
	r = request_new(arg, FAKE_PUT, key, p, len, etag, cbarg);
	r->cond = cond;
	r->cb = cb;
	request_start(r);
	return r;
}

static void *
io_get(void *arg, const char *key, size_t max_len, const char *none_match,
    enum blob_priority prio, blob_cb cb, void *cbarg)
{
	struct fake_request	*r;

	(void)prio;
	r = request_new(arg, FAKE_GET, key, NULL, 0, none_match, cbarg);
	r->max_len = max_len;
	r->cb = cb;
	request_start(r);
	return r;
}

static void *
io_list(void *arg, const char *prefix, unsigned max, blob_list_cb cb,
    void *cbarg)
{
	struct fake_request	*r;

	(void)max;
	r = request_new(arg, FAKE_LIST, prefix, NULL, 0, NULL, cbarg);
	r->listcb = cb;
	request_start(r);
	return r;
}

static void
io_cancel(void *arg, void *request)
{
	(void)arg;
	((struct fake_request *)request)->cb = NULL;
}

static uint64_t
io_now(void *arg)
{
	return ((struct fake_node *)arg)->w->now;
}

static int64_t
io_wall(void *arg)
{
	struct fake_node	*n = arg;

	/* Each node's clock is wrong in its own way. */
	return 1700000000 + (int64_t)(n->w->now / 1000) +
	    (int64_t)n->index * 4000 - 8000;
}

static bool
io_turn_over(void *arg)
{
	struct fake_node	*n = arg;

	return ++n->turns % 7 == 0;
}

static void *
io_timer(void *arg, uint64_t ms, void (*fn)(void *), void *fnarg)
{
	struct fake_node	*n = arg;
	struct fake_timer	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal("timer");
	t->n = n;
	t->epoch = n->epoch;
	t->fn = fn;
	t->arg = fnarg;
	push(n->w, n->w->now + ms, EV_TIMER, t);
	return t;
}

static void
io_untimer(void *arg, void *timer)
{
	(void)arg;
	((struct fake_timer *)timer)->off = true;
}

static void
io_random(void *arg, void *p, size_t len)
{
	struct fake_node	*n = arg;
	uint8_t			*q = p;
	uint64_t		 v = 0;
	size_t			 i;

	for (i = 0; i < len; i++, v >>= 8) {
		if (i % 8 == 0)
			v = fake_random(n->w, 0);
		q[i] = (uint8_t)v;
	}
}

void
fake_world_init(struct fake_world *w, uint64_t seed)
{
	unsigned	 i;

	memset(w, 0, sizeof(*w));
	w->rng = seed;
	w->now = 1000;
	w->late_ms = 60000;
	for (i = 0; i < FAKE_NODES; i++) {
		w->nodes[i].w = w;
		w->nodes[i].index = i;
		w->nodes[i].io = (struct commit_io){ io_put, io_get, io_list,
		    io_cancel, io_now, io_wall, io_turn_over, io_timer,
		    io_untimer, io_random, &w->nodes[i].budget,
		    &w->nodes[i], 0 };
		w->nodes[i].budget.jobs_max = UINT_MAX;
		w->nodes[i].budget.bytes_max = SIZE_MAX;
	}
}

void
fake_world_free(struct fake_world *w)
{
	struct fake_object	*o, *next;
	size_t			 i;

	for (i = 0; i < w->nheap; i++) {
		if (w->heap[i].what == EV_TIMER)
			free(w->heap[i].p);
		else
			fake_request_unref(w->heap[i].p);
	}
	free(w->heap);
	free(w->commits);
	for (i = 0; i < 512; i++)
		for (o = w->objects[i]; o != NULL; o = next) {
			next = o->next;
			fake_object_free(o);
		}
}

void
fake_after(struct fake_node *n, uint64_t ms, void (*fn)(void *), void *arg)
{
	struct fake_timer	*t = io_timer(n, ms, fn, arg);

	t->ours = true;
}

unsigned
fake_timers(const struct fake_node *n)
{
	const struct fake_world	*w = n->w;
	const struct fake_timer	*t;
	unsigned		 sum = 0;
	size_t			 i;

	for (i = 0; i < w->nheap; i++) {
		t = w->heap[i].p;
		sum += w->heap[i].what == EV_TIMER && t->n == n &&
		    t->epoch == n->epoch && !t->off && !t->ours;
	}
	return sum;
}

void
fake_kill(struct fake_node *n)
{
	n->epoch++;
	n->paused = 0;
	n->known = 0;
}

static void
event_run(struct fake_world *w, struct fake_event *e)
{
	struct fake_timer	*t = e->p;
	struct fake_request	*r = e->p;
	struct fake_node	*n = e->what == EV_TIMER ? t->n : r->n;

	if (e->what == EV_APPLY) {
		fake_server_apply(w, r);
		return;
	}
	if (n->paused > w->now) {
		push(w, n->paused, e->what, e->p);
		return;
	}
	if (e->what == EV_ANSWER) {
		fake_server_answer(w, r);
		return;
	}
	if (!t->off && t->epoch == n->epoch)
		t->fn(t->arg);
	free(t);
}

bool
fake_step(struct fake_world *w, uint64_t until)
{
	struct fake_event	 e;

	if (w->nheap == 0 || w->heap[0].at > until)
		return false;
	e = pop(w);
	if (e.at > w->now)
		w->now = e.at;
	event_run(w, &e);
	return true;
}
