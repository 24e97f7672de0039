/*
 * Other nodes' commits: NOOP looks at most once a second per user, IDLE
 * polls; one poller per user, however many sessions.  The time between two
 * looks grows with the time since something last came.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/op.h"

#define POLL_MIN_MS	1000
#define POLL_MAX_MS	15000
#define POLL_AWAY_MS	5000	/* the bucket did not answer */

static void
follow_later(struct user *u, uint64_t ms)
{
	struct timeval	 tv = { (time_t)(ms / 1000),
			    (suseconds_t)(ms % 1000) * 1000 };

	if (u->poll != NULL && u->watchers > 0 && !env.alone)
		evtimer_add(u->poll, &tv);
}

static uint64_t
follow_interval(const struct user *u)
{
	uint64_t	 ms = (clock_ms() - u->changed_ms) / 10;

	if (ms < POLL_MIN_MS)
		return POLL_MIN_MS;
	return ms > POLL_MAX_MS ? POLL_MAX_MS : ms;
}

static void
follow_done(struct refresh *ref, enum commit_outcome o, void *arg)
{
	struct user	*u = arg;

	ref->done = NULL;
	u->asked_ms = clock_ms();
	if (o == COMMIT_DONE || o == COMMIT_READONLY)
		u->opened = true;
	follow_later(u, o == COMMIT_UNAVAILABLE ? POLL_AWAY_MS :
	    follow_interval(u));
}

static void
follow_poll(evutil_socket_t fd, short what, void *arg)
{
	struct user	*u = arg;

	(void)fd;
	(void)what;
	if (u->ix == NULL || u->watchers == 0 || u->refresh.done != NULL)
		return;
	memset(&u->refresh, 0, sizeof(u->refresh));
	u->refresh.done = follow_done;
	u->refresh.arg = u;
	commit_refresh(u->commit, &u->refresh);
}

void
follow_watch(struct session *s, bool on)
{
	struct user	*u = s->user;

	if (s->watching == on)
		return;
	s->watching = on;
	if (!on) {
		u->watchers--;
		return;
	}
	u->watchers++;
	if (u->poll == NULL)
		u->poll = evtimer_new(env.base, follow_poll, u);
	u->changed_ms = clock_ms();
	if (u->refresh.done == NULL)
		follow_later(u, POLL_MIN_MS);
}

void
follow_changed(struct user *u)
{
	u->changed_ms = clock_ms();
	if (u->refresh.done == NULL)
		follow_later(u, POLL_MIN_MS);
}

void
follow_stop(struct user *u)
{
	if (u->refresh.done != NULL && u->commit != NULL)
		commit_refresh_cancel(u->commit, &u->refresh);
	u->refresh.done = NULL;
	if (u->poll != NULL)
		event_free(u->poll);
	u->poll = NULL;
}

/* NOOP and CHECK: the bucket is asked at most once a second. */
static int
poll_check(struct op *op)
{
	if (!env.alone && clock_ms() - op->user->asked_ms >= POLL_MIN_MS) {
		op->user->asked_ms = clock_ms();
		op->needs |= OP_TRY;
	}
	return 0;
}

static void
poll_run(struct op *op)
{
	struct reply_ok	 ok;

	past_passed(op->s);
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

const struct op_class op_poll = {
	.name = "NOOP",
	.type = IMSG_MBOX_POLL,
	.check = poll_check,
	.run = poll_run,
};

static void
idle_run(struct op *op)
{
	const struct mbox_idle	*req = op->req;
	struct reply_ok		 ok;

	follow_watch(op->s, req->on);
	past_passed(op->s);
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

const struct op_class op_idle = {
	.name = "IDLE",
	.type = IMSG_MBOX_IDLE,
	.ws = &mbox_idle_wire,
	.run = idle_run,
};
