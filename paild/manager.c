/*
 * Tells the service manager what we do (STATUS=), and that we are alive
 * (WATCHDOG=1): this loop runs, and the children answer it (watch.c).  A child
 * that hangs is restarted by paild itself; the manager is the last resort, for
 * what even that does not help.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <stdio.h>

#include "common/log.h"
#include "paild/manager.h"
#include "paild/notify.h"
#include "paild/proc.h"
#include "paild/sessions.h"
#include "paild/watch.h"

static struct {
	struct event	*timer;
	uint64_t	 sessions;	/* when they were counted */
	bool		 refused;	/* the last reload */
	bool		 told;		/* who is sick, in the log */
} now;
static void	 counted(struct paild *, uint64_t);
static struct session_count	count = { .done = counted };

const struct proc *
manager_sick(const struct paild *pd)
{
	const struct proc	*p;

	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->pid == 0 || !watch_healthy(p))
			return p;
	return NULL;
}

/* The first that is not ready, while Pail starts or a process does again. */
static const struct proc *
not_ready(const struct paild *pd)
{
	const struct proc	*p;

	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->state != PROC_READY)
			return p;
	return NULL;
}

static void
say_starting(const struct proc *p)
{
	/* It has its cache, and probes the store until that succeeds. */
	if (p->kind == PROC_STORAGED && p->answered)
		notify_status("Waiting for the bucket");
	else
		notify_status("Starting: %s", proc_name(p));
}

static void
say_serving(const struct paild *pd)
{
	const struct proc	*p = not_ready(pd);
	unsigned long long	 n = now.sessions;
	char			 more[64] = "";
	const char		*old = "";

	if (p != NULL)
		snprintf(more, sizeof(more), "; %s is %s", proc_name(p),
		    p->pid == 0 ? "down" : "starting");
	if (now.refused)
		old = "; the last reload failed";
	notify_status("Serving %llu session%s%s%s", n, n == 1 ? "" : "s",
	    more, old);
}

void
manager_tell(struct paild *pd)
{
	const struct proc	*p;

	if (now.timer == NULL || pd->stopping)	/* stop.c tells */
		return;
	if (pd->ready)
		say_serving(pd);
	else if ((p = not_ready(pd)) != NULL)
		say_starting(p);
}

static void
counted(struct paild *pd, uint64_t n)
{
	now.sessions = n;
	manager_tell(pd);
}

static void
check_health(const struct paild *pd)
{
	const struct proc	*p = manager_sick(pd);

	/* Each phase of a shutdown has its own limit. */
	if (p == NULL || pd->stopping) {
		now.told = false;
		notify_alive();
		return;
	}
	if (!now.told && notify_watchdog() != 0)
		log_warnx("proc=\"%s\" is not healthy: the service manager "
		    "gets no WATCHDOG=1 until it is", proc_name(p));
	now.told = true;
}

static void
turn(evutil_socket_t fd, short what, void *arg)
{
	struct paild	*pd = arg;

	(void)fd;
	(void)what;
	check_health(pd);
	if (!pd->stopping && pd->ready)
		sessions_count(&count, pd);
	else
		manager_tell(pd);
}

void
manager_reloaded(struct paild *pd, bool ok)
{
	now.refused = !ok;
	manager_tell(pd);
}

void
manager_begin(struct paild *pd)
{
	uint64_t	us = notify_watchdog() / 3;
	struct timeval	tv;

	if (!notify_wanted())
		return;
	if (us == 0 || us > MANAGER_SECONDS * 1000000)
		us = MANAGER_SECONDS * 1000000;
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	if ((now.timer = event_new(pd->base, -1, EV_PERSIST, turn, pd)) ==
	    NULL || event_add(now.timer, &tv) == -1)
		fatalx("event_new");
	manager_tell(pd);
}

void
manager_end(struct paild *pd)
{
	sessions_forget(&count, pd);
	if (now.timer != NULL)
		event_free(now.timer);
	now.timer = NULL;
}
