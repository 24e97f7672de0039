/*
 * A process can hang without ending: in a system call that does not return,
 * in a loop, stopped by a signal.  Its loop is asked for a word now and then
 * (CTL_PING); work in turns, or that waits for a disk or the bucket
 * elsewhere, leaves the loop free to answer.  What gives none is killed,
 * after a line that says where it was.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

#include "common/log.h"
#include "common/where.h"
#include "paild/identity.h"
#include "paild/proc.h"
#include "paild/watch.h"

static void
watch_kill(struct proc *p)
{
	uint64_t	limit = conf_num(p->paild->conf, "watchdog");
	char		where[256], doing[sizeof(p->doing) * 4];

	log_warnx("proc=\"%s\" pid=%d state=%s result=killed why=\"no "
	    "response for %llus\" doing=\"%s\" since=%llds %s", proc_name(p),
	    (int)p->pid, proc_state_name(p->state),
	    (unsigned long long)limit * p->silent / WATCH_TURNS,
	    log_quote(doing, sizeof(doing), p->doing, strlen(p->doing)),
	    (long long)(paild_now() - p->doing_since),
	    where_is(p->pid, where, sizeof(where)));
	p->silent = 0;
	p->asked = false;
	p->hangs = true;
	identity_kill(p->pid);	/* SIGCHLD does the rest */
}

static void
watch_turn(evutil_socket_t fd, short what, void *arg)
{
	struct paild	*pd = arg;
	struct proc	*p;

	(void)fd;
	(void)what;
	if (pd->stopping)	/* each phase of that has its own limit */
		return;
	for (p = pd->procs; p < pd->procs + pd->nprocs; p++) {
		if (p->pid == 0 || p->setup == NULL)
			continue;
		if (!p->asked) {
			p->asked = true;
			p->silent = 0;
			(void)peer_send(p->setup, IMSG_CTL_PING, 0, NULL, 0,
			    -1);
		} else if (++p->silent >= WATCH_TURNS *
		    (p->answered ? 1 : WATCH_START))
			watch_kill(p);
	}
}

void
watch_begin(struct paild *pd)
{
	struct timeval	tv;
	uint64_t	us = conf_num(pd->conf, "watchdog") *
			    1000000 / WATCH_TURNS;

	if (pd->watch == NULL && (pd->watch = event_new(pd->base, -1,
	    EV_PERSIST, watch_turn, pd)) == NULL)
		fatalx("event_new");
	event_del(pd->watch);
	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	if (us != 0)
		event_add(pd->watch, &tv);
}

void
watch_end(struct paild *pd)
{
	if (pd->watch != NULL)
		event_free(pd->watch);
	pd->watch = NULL;
}

void
watch_started(struct proc *p)
{
	p->asked = p->answered = p->hangs = false;
	p->silent = 0;
	p->doing[0] = '\0';
	p->doing_since = paild_now();
}

void
watch_heard(struct proc *p, bool answered)
{
	p->silent = 0;
	if (!answered)
		return;
	p->asked = false;
	p->answered = true;
}

bool
watch_healthy(const struct proc *p)
{
	return !p->hangs && p->silent * 2 <=
	    WATCH_TURNS * (p->answered ? 1 : WATCH_START);
}

int
watch_doing(struct proc *p, const struct msg *m)
{
	struct ctl_doing	d;

	if (wire_decode(&ctl_doing_wire, &d, m->data, m->len, NULL) == -1 ||
	    d.text.len >= sizeof(p->doing))
		return -1;
	if (d.text.len != 0)
		memcpy(p->doing, d.text.p, d.text.len);
	p->doing[d.text.len] = '\0';
	p->doing_since = paild_now();
	return 0;
}

void
watch_status(const struct proc *p, struct buf *out)
{
	buf_printf(out, " no response, doing=\"%s\" since=%llds", p->doing,
	    (long long)(paild_now() - p->doing_since));
}
