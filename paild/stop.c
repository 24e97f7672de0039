/*
 * SIGTERM: imapd's clients are told and go, storaged finishes its commits,
 * then the others end.  Each phase has a bound; what is left is killed.
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

static void
phase_begin(struct paild *pd)
{
	struct timeval	 tv = { 0 };
	struct proc	*p;
	size_t		 i, n;

	for (; phase < PROC_STOP_PHASES; phase++) {
		n = 0;
		for (i = 0; i < pd->nprocs; i++) {
			p = &pd->procs[i];
			if (!in_phase(p))
				continue;
			n++;
			/* One that is not ready has nothing to finish. */
			if (p->state != PROC_READY || p->setup == NULL) {
				p->killed = true;
				identity_kill(p->pid);
			} else
				peer_send(p->setup, IMSG_CTL_DRAIN, 0, NULL,
				    0, -1);
			p->state = PROC_DRAINING;
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

void
stop_begin(struct paild *pd)
{
	size_t	i;

	if (pd->stopping) {
		if (phase < PROC_STOP_PHASES)
			kill_phase(pd, "a second stop was requested");
		return;
	}
	pd->stopping = true;
	log_info("stopping");
	notify("STOPPING=1");
	if ((bound = evtimer_new(pd->base, too_long, pd)) == NULL)
		fatalx("evtimer_new");
	control_close(pd);
	listen_close(pd);
	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].timer != NULL)
			event_del(pd->procs[i].timer);
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
	event_del(bound);
	phase++;
	phase_begin(pd);
}
