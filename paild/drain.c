/*
 * The clock of a drain, and what it says meanwhile: each second how many
 * sessions are left, to the service manager and to the operators who wait.
 */
#include "common/compat.h"

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "paild/control.h"
#include "paild/drain.h"
#include "paild/notify.h"
#include "paild/sessions.h"
#include "paild/stop.h"

#define TURN_MS		1000

static void	 counted(struct paild *, uint64_t);

static struct {
	struct event		*timer;		/* NULL: there is no drain */
	uint64_t		 until;		/* clock_ms() */
	struct session_count	 count;
} now = { .count = { .done = counted } };

static void
counted(struct paild *pd, uint64_t n)
{
	if (pd->draining)
		notify_status("Draining: %llu session%s left",
		    (unsigned long long)n, n == 1 ? "" : "s");
	control_tell(pd, "sessions %llu\n", (unsigned long long)n);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct paild	*pd = arg;

	(void)fd;
	(void)what;
	/* This turn, or the next one: which is nearer. */
	if (pd->draining && clock_ms() + TURN_MS / 2 >= now.until) {
		log_info("the time to drain is over");
		stop_begin(pd);
	}
	sessions_count(&now.count, pd);
}

void
drain_begin(struct paild *pd)
{
	struct timeval	tv = { .tv_sec = TURN_MS / 1000 };
	uint64_t	within = conf_num(pd->conf, "drain-within");

	if (pd->stopping)
		return;
	if (!pd->ready || within == 0) {	/* nobody has to go slowly */
		stop_begin(pd);
		return;
	}
	log_info("draining: clients have %llu s", (unsigned long long)within);
	if ((now.timer = event_new(pd->base, -1, EV_PERSIST, tick, pd)) ==
	    NULL || event_add(now.timer, &tv) == -1)
		fatalx("event_new");
	now.until = clock_ms() + within * 1000;
	stop_gently(pd, (uint32_t)within * 1000);
	sessions_count(&now.count, pd);
}

void
drain_end(struct paild *pd)
{
	sessions_forget(&now.count, pd);
	if (now.timer != NULL)
		event_free(now.timer);
	now.timer = NULL;
	control_tell(pd, "done\n");
}
