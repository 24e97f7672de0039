/*
 * Lines that strangers cause, in bounds: a bucket of tokens for each kind.
 * The list of kinds is as long as the source has LOG_LIMITs.
 */
#include "common/log_limit.h"

#include <inttypes.h>
#include <stddef.h>

#include <event2/event.h>

#include "common/clock.h"

#define LINE	1000	/* of room, for one line */

static SLIST_HEAD(, log_limit) kinds = SLIST_HEAD_INITIALIZER(kinds);
static struct event	*timer;		/* NULL: no loop */
static uint64_t		 due = UINT64_MAX; /* ms: the first kind's time */

static uint64_t
limit_due(const struct log_limit *l)
{
	return l->left_out == 0 ? UINT64_MAX : l->since + l->tell * 1000;
}

static void
limit_tell(struct log_limit *l, uint64_t now)
{
	static const char	 fmt[] = "%s: %" PRIu64
				    " similar messages were suppressed in %"
				    PRIu64 " s";
	uint64_t		 s = (now - l->since + 500) / 1000;

	switch (l->level) {
	case LOG_LEVEL_ERROR:
	case LOG_LEVEL_WARN:
		log_warnx(fmt, l->what, l->left_out, s > 0 ? s : 1);
		break;
	case LOG_LEVEL_INFO:
		log_info(fmt, l->what, l->left_out, s > 0 ? s : 1);
		break;
	case LOG_LEVEL_DEBUG:
		log_debug(fmt, l->what, l->left_out, s > 0 ? s : 1);
		break;
	}
	l->left_out = 0;
	/* a flood that goes on is told of less often */
	l->tell = l->tell * 2 < LOG_LIMIT_TELL_MOST ? l->tell * 2 :
	    LOG_LIMIT_TELL_MOST;
}

/* Tell what is due, and when to look again. */
static void
limits_look(uint64_t now, bool all)
{
	struct log_limit	*l;
	struct timeval		 tv;

	if (now < due && !all)
		return;
	due = UINT64_MAX;
	SLIST_FOREACH(l, &kinds, entry) {
		if (l->left_out > 0 && (all || now >= limit_due(l)))
			limit_tell(l, now);
		if (limit_due(l) < due)
			due = limit_due(l);
	}
	if (timer == NULL)
		return;
	if (due == UINT64_MAX) {
		evtimer_del(timer);
		return;
	}
	tv.tv_sec = (time_t)((due - now) / 1000);
	tv.tv_usec = (suseconds_t)((due - now) % 1000 * 1000);
	evtimer_add(timer, &tv);
}

static void
limits_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	/* the timer's clock may be a little ahead of ours */
	limits_look(clock_ms() + 1, false);
}

static void
limit_fill(struct log_limit *l, uint64_t now)
{
	uint64_t	 most = (uint64_t)l->burst * LINE;
	uint64_t	 ms = now - l->filled;

	l->filled = now;
	/* after an hour it is full, and nothing can overflow */
	if (ms > 3600 * 1000)
		l->room = most;
	else
		l->room += ms * l->per_minute * LINE / (60 * 1000);
	if (l->room >= most) {
		l->room = most;
		if (l->left_out == 0)
			l->tell = LOG_LIMIT_TELL;
	}
}

bool
log_limit(struct log_limit *l)
{
	uint64_t	 now = clock_ms();

	if (!l->known) {
		l->known = true;
		l->room = (uint64_t)l->burst * LINE;
		l->filled = now;
		l->tell = LOG_LIMIT_TELL;
		SLIST_INSERT_HEAD(&kinds, l, entry);
	}
	limits_look(now, false);
	if (l->room < (uint64_t)l->burst * LINE && now - l->filled >= 100)
		limit_fill(l, now);
	if (l->room >= LINE) {
		l->room -= LINE;
		return true;
	}
	if (l->left_out++ == 0) {
		l->since = now;
		if (limit_due(l) < due) {
			due = 0;	/* look: the timer is to be set */
			limits_look(now, false);
		}
	}
	return false;
}

void
log_limit_loop(struct event_base *base)
{
	if (timer != NULL)
		event_free(timer);
	timer = base == NULL ? NULL :
	    evtimer_new(base, limits_on_timer, NULL);
	due = 0;
	limits_look(clock_ms(), false);
}

void
log_limit_flush(void)
{
	limits_look(clock_ms(), true);
}
