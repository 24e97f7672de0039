/* See follow.h.  Must never have two of its reads under way. */
#include "common/compat.h"

#include <event2/event.h>

#include <string.h>

#include "common/clock.h"
#include "storaged/session/follow.h"

#define POLL_MIN_MS	1000
#define POLL_MAX_MS	15000
#define POLL_AWAY_MS	5000	/* the bucket did not answer */

static void
follow_later(struct follow *f, uint64_t ms)
{
	struct timeval	 tv = { (time_t)(ms / 1000),
			    (suseconds_t)(ms % 1000) * 1000 };

	if (f->poll != NULL && f->watchers > 0 && !*f->single_node)
		evtimer_add(f->poll, &tv);
}

static uint64_t
follow_interval(const struct follow *f)
{
	uint64_t	 ms = (clock_ms() - f->changed_ms) / 10;

	if (ms < POLL_MIN_MS)
		return POLL_MIN_MS;
	return ms > POLL_MAX_MS ? POLL_MAX_MS : ms;
}

void
follow_asked(struct follow *f, enum commit_outcome o)
{
	f->asked_ms = clock_ms();
	if (o == COMMIT_DONE || o == COMMIT_READONLY)
		f->opened = true;
}

static void
follow_done(struct refresh *ref, enum commit_outcome o, void *arg)
{
	struct follow	*f = arg;

	ref->done = NULL;
	follow_asked(f, o);
	follow_later(f, o == COMMIT_UNAVAILABLE ? POLL_AWAY_MS :
	    follow_interval(f));
}

static void
follow_poll(evutil_socket_t fd, short what, void *arg)
{
	struct follow	*f = arg;

	(void)fd;
	(void)what;
	if (f->commit == NULL || f->watchers == 0 || f->refresh.done != NULL)
		return;
	memset(&f->refresh, 0, sizeof(f->refresh));
	f->refresh.done = follow_done;
	f->refresh.arg = f;
	commit_refresh(f->commit, &f->refresh);
}

void
follow_init(struct follow *f, struct event_base *base, const bool *single_node)
{
	memset(f, 0, sizeof(*f));
	f->base = base;
	f->single_node = single_node;
}

void
follow_start(struct follow *f, struct commit *commit)
{
	f->commit = commit;
}

void
follow_stop(struct follow *f)
{
	if (f->refresh.done != NULL && f->commit != NULL)
		commit_refresh_cancel(f->commit, &f->refresh);
	f->refresh.done = NULL;
	if (f->poll != NULL)
		event_free(f->poll);
	f->poll = NULL;
	f->commit = NULL;
	f->opened = false;
}

void
follow_watch(struct follow *f, bool on)
{
	if (!on) {
		f->watchers--;
		return;
	}
	f->watchers++;
	if (f->poll == NULL)
		f->poll = evtimer_new(f->base, follow_poll, f);
	follow_changed(f);
}

void
follow_changed(struct follow *f)
{
	f->changed_ms = clock_ms();
	if (f->refresh.done == NULL)
		follow_later(f, POLL_MIN_MS);
}

bool
follow_due(const struct follow *f)
{
	return !*f->single_node && clock_ms() - f->asked_ms >= POLL_MIN_MS;
}
