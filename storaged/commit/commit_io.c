/*
 * The commit's world in earnest: the blob store, libevent's timers and the
 * system's clocks.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/commit/commit_io.h"

#define TURN_MS	4
#define BUDGET_JOBS	64
#define BUDGET_BYTES	(32 * 1024 * 1024)

struct world {
	struct commit_io	 io;
	struct event_base	*base;
	struct blob_store	*store;
	struct blob_cache	*cache;
	struct commit_budget	 budget;
	uint64_t		 turn;		/* ms: when this turn began */
	struct event		*turn_end;
	bool			 in_turn;
};

struct timer {
	struct event	*ev;
	void		(*fn)(void *);
	void		*arg;
};

/* Under way: at the store or the cache. */
struct asked {
	struct world		*w;
	struct blob_request	*request;
	struct blob_cache_read	*read;
	char			*key;		/* to be cached when there */
	struct piece	 piece;
	blob_cb			 cb;
	blob_list_cb		 listcb;
	void			*arg;
};

static struct asked *
asked_new(struct world *w, blob_cb cb, void *arg)
{
	struct asked	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->w = w;
	q->cb = cb;
	q->arg = arg;
	return q;
}

static void
asked_free(struct asked *q)
{
	free(q->key);
	free(q);
}

static void *
asked_sent(struct asked *q)
{
	if (q->request != NULL || q->read != NULL)
		return q;
	asked_free(q);
	return NULL;
}

static void
asked_done(const struct blob_result *r, void *arg)
{
	struct asked	*q = arg;
	blob_cb		 cb = q->cb;
	void		*cbarg = q->arg;

	if (q->key != NULL && r->outcome == BLOB_DONE && q->w->cache != NULL)
		blob_cache_add(q->w->cache, q->key, &q->piece, 1);
	asked_free(q);
	cb(r, cbarg);
}

static void
asked_listed(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	struct asked	*q = arg;
	blob_list_cb	 cb = q->listcb;
	void		*cbarg = q->arg;

	asked_free(q);
	cb(r, v, n, more, cbarg);
}

static bool
holds_messages(const char *key)
{
	return strstr(key, "/log/") != NULL || strstr(key, "/pack/") != NULL;
}

static void *
world_put(void *arg, const char *key, const void *p, size_t len,
    enum blob_condition cond, const char *etag, enum blob_priority prio,
    blob_cb cb, void *cbarg)
{
	struct world	*w = arg;
	struct asked	*q;

	if ((q = asked_new(w, cb, cbarg)) == NULL)
		return NULL;
	q->piece.p = p;
	q->piece.len = len;
	if (w->cache != NULL && cond == BLOB_ALWAYS && holds_messages(key))
		q->key = strdup(key);	/* NULL: not kept in the cache */
	q->request = blob_put(w->store, key, &q->piece, 1, cond, etag, prio,
	    asked_done, q);
	return asked_sent(q);
}

static void *
world_get(void *arg, const char *key, size_t max_len, const char *none_match,
    enum blob_priority prio, blob_cb cb, void *cbarg)
{
	struct world	*w = arg;
	struct asked	*q;

	if ((q = asked_new(w, cb, cbarg)) == NULL)
		return NULL;
	if (w->cache != NULL && none_match == NULL && holds_messages(key) &&
	    max_len <= BLOB_CACHE_READ_MAX)
		q->read = blob_cache_read(w->cache, key, 0, max_len, prio,
		    asked_done, q);
	else
		q->request = blob_get(w->store, key, 0, 0, max_len,
		    none_match, prio, asked_done, q);
	return asked_sent(q);
}

static void *
world_list(void *arg, const char *prefix, unsigned max, blob_list_cb cb,
    void *cbarg)
{
	struct world	*w = arg;
	struct asked	*q;

	if ((q = asked_new(w, NULL, cbarg)) == NULL)
		return NULL;
	q->listcb = cb;
	q->request = blob_list(w->store, prefix, NULL, max, BLOB_USER,
	    asked_listed, q);
	return asked_sent(q);
}

static void
world_cancel(void *arg, void *request)
{
	struct asked	*q = request;

	(void)arg;
	if (q->request != NULL)
		blob_cancel(q->request);
	if (q->read != NULL)
		blob_cache_cancel(q->read);
	asked_free(q);
}

static uint64_t
world_now(void *arg)
{
	(void)arg;
	return clock_boot_ms();
}

static int64_t
world_wall(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static void
turn_ended(evutil_socket_t fd, short what, void *arg)
{
	struct world	*w = arg;

	(void)fd;
	(void)what;
	w->in_turn = false;
}

/* A turn begins with the first question in it and ends with an event that
 * the loop runs after what is active now. */
static bool
world_turn_over(void *arg)
{
	struct world	*w = arg;
	uint64_t	 now = clock_ms();

	if (!w->in_turn) {
		w->in_turn = true;
		w->turn = now;
		event_active(w->turn_end, EV_TIMEOUT, 0);
	}
	return now - w->turn >= TURN_MS;
}

static void
timer_ran(evutil_socket_t fd, short what, void *arg)
{
	struct timer	*t = arg;
	void		(*fn)(void *) = t->fn;
	void		*fnarg = t->arg;

	(void)fd;
	(void)what;
	event_free(t->ev);
	free(t);
	fn(fnarg);
}

static void *
world_timer(void *arg, uint64_t ms, void (*fn)(void *), void *fnarg)
{
	struct world	*w = arg;
	struct timeval	 tv = { .tv_sec = (time_t)(ms / 1000),
			    .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
	struct timer	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal("timer");
	t->fn = fn;
	t->arg = fnarg;
	if ((t->ev = evtimer_new(w->base, timer_ran, t)) == NULL ||
	    evtimer_add(t->ev, &tv) == -1)
		fatal("timer");
	return t;
}

static void
world_untimer(void *arg, void *timer)
{
	struct timer	*t = timer;

	(void)arg;
	event_free(t->ev);
	free(t);
}

static void
world_random(void *arg, void *p, size_t len)
{
	(void)arg;
	arc4random_buf(p, len);
}

struct commit_io *
commit_io_new(struct event_base *base, struct blob_store *store)
{
	struct world	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->base = base;
	w->store = store;
	w->budget.jobs_max = BUDGET_JOBS;
	w->budget.bytes_max = BUDGET_BYTES;
	if ((w->turn_end = event_new(base, -1, 0, turn_ended, w)) == NULL) {
		free(w);
		return NULL;
	}
	w->io = (struct commit_io){ .put = world_put, .get = world_get,
	    .list = world_list, .cancel = world_cancel, .now_ms = world_now,
	    .wall = world_wall, .turn_over = world_turn_over,
	    .timer = world_timer, .untimer = world_untimer,
	    .random = world_random, .budget = &w->budget, .arg = w };
	return &w->io;
}

void
commit_io_cache(struct commit_io *io, struct blob_cache *cache)
{
	((struct world *)io->arg)->cache = cache;
}

void
commit_io_free(struct commit_io *io)
{
	struct world	*w;

	if (io == NULL)
		return;
	w = io->arg;
	event_free(w->turn_end);
	free(w);
}
