/*
 * SIGTERM: imapd's clients are told and go, storaged finishes its commits,
 * then the others end.  Each phase has a bound; what is left is killed.  A
 * drain (drain.c) lets the first phase take its time before it has that bound.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <signal.h>

#include "common/log.h"
#include "paild/control.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/notify.h"
#include "paild/proc.h"
#include "paild/stop.h"

static const unsigned	 seconds[PROC_STOP_PHASES] = {
	[PROC_STOP_SESSIONS] = 15,
	[PROC_STOP_COMMITS] = 45,
	[PROC_STOP_REST] = 5,
};

static const char *const doing[PROC_STOP_PHASES] = {
	[PROC_STOP_SESSIONS] = "disconnecting clients",
	[PROC_STOP_COMMITS] = "completing commits",
	[PROC_STOP_REST] = "ending the other processes",
};

static size_t		 phase;
static struct event	*bound;

static bool
in_phase(const struct proc *p)
{
	return proc_row(p->kind)->stop == phase && p->pid != 0;
}

static void
kill_phase(struct paild *pd, const char *why)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++)
		if (in_phase(&pd->procs[i])) {
			log_warnx("proc=\"%s\" pid=%d killed: %s",
			    proc_name(&pd->procs[i]), (int)pd->procs[i].pid,
			    why);
			pd->procs[i].killed = true;
			identity_kill(pd->procs[i].pid);
		}
}

static void
too_long(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	kill_phase(arg, "it did not exit in time");
}

/* One that is not ready has nothing to finish: false. */
static bool
may_finish(struct proc *p)
{
	bool	may = p->setup != NULL && (p->state == PROC_READY ||
		    p->state == PROC_DRAINING);

	if (!may) {
		p->killed = true;
		identity_kill(p->pid);
	}
	p->state = PROC_DRAINING;
	return may;
}

static void
phase_begin(struct paild *pd)
{
	struct timeval	 tv = { 0 };
	size_t		 i, n;

	for (; phase < PROC_STOP_PHASES; phase++) {
		n = 0;
		for (i = 0; i < pd->nprocs; i++) {
			if (!in_phase(&pd->procs[i]))
				continue;
			n++;
			if (may_finish(&pd->procs[i]))
				peer_send(pd->procs[i].setup, IMSG_CTL_DRAIN,
				    0, NULL, 0, -1);
		}
		if (n != 0) {
			notify_status("Stopping: %s", doing[phase]);
			tv.tv_sec = (time_t)seconds[phase];
			event_add(bound, &tv);
			return;
		}
	}
	event_base_loopexit(pd->base, NULL);
}

/* What has ended stays so. */
static void
no_restarts(struct paild *pd)
{
	size_t	i;

	pd->stopping = true;
	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].timer != NULL)
			event_del(pd->procs[i].timer);
}

static void
leave(struct paild *pd, enum proc_kind kind, uint32_t within)
{
	struct ctl_leave	 req = { within };
	struct proc		*p;

	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->kind == kind && p->state == PROC_READY &&
		    p->setup != NULL)
			peer_send_struct(p->setup, IMSG_CTL_LEAVE, 0, &req,
			    -1);
}

void
stop_gently(struct paild *pd, uint32_t within)
{
	struct proc	*p;
	int		 kind;

	pd->draining = true;
	no_restarts(pd);
	phase = PROC_STOP_SESSIONS;
	/* Whoever sends clients here is told before there are no more. */
	leave(pd, PROC_ADMIND, within);
	for (kind = PROC_PAILD + 1; kind < PROC_KINDS; kind++)
		if (proc_row(kind)->stop == PROC_STOP_SESSIONS)
			leave(pd, (enum proc_kind)kind, within);
	listen_close_mail(pd);
	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (in_phase(p))
			(void)may_finish(p);
	stop_child_gone(pd);		/* perhaps there is none */
}

void
stop_begin(struct paild *pd)
{
	if (pd->stopping && !pd->draining) {
		if (phase < PROC_STOP_PHASES)
			kill_phase(pd, "a second stop was requested");
		return;
	}
	pd->draining = false;
	no_restarts(pd);
	log_info("stopping");
	notify("STOPPING=1");
	if ((bound = evtimer_new(pd->base, too_long, pd)) == NULL)
		fatalx("evtimer_new");
	control_close(pd);
	listen_close(pd);
	phase = 0;
	phase_begin(pd);
}

void
stop_child_gone(struct paild *pd)
{
	size_t	i;

	if (phase == PROC_STOP_PHASES)
		return;
	for (i = 0; i < pd->nprocs; i++)
		if (in_phase(&pd->procs[i]))
			return;
	if (pd->draining) {		/* the last client has gone */
		stop_begin(pd);
		return;
	}
	event_del(bound);
	phase++;
	phase_begin(pd);
}
