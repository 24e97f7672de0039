/*
 * Starting, wiring and restarting of children.  All that a child is given
 * goes through its setup channel; what it says back is READY, counts and
 * whether a reload went well, and nothing it says is believed beyond that.
 */
#include "common/compat.h"

#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/adopt.h"
#include "common/log.h"
#include "paild/admin.h"
#include "paild/apps.h"
#include "paild/ask.h"
#include "paild/chan.h"
#include "paild/child.h"
#include "paild/child_log.h"
#include "paild/client_cas.h"
#include "paild/command.h"
#include "paild/desk.h"
#include "paild/give.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/manager.h"
#include "paild/proc.h"
#include "paild/spawn.h"
#include "paild/stop.h"
#include "paild/watch.h"

static void	child_start(struct proc *);

static void
open_listeners(struct paild *pd)
{
	pd->open = true;
	listen_hand_out(pd);
}

/* It may grant sessions. */
static void
tell_authd(struct proc *p)
{
	if (p->paild->ready && p->kind == PROC_AUTHD && p->setup != NULL)
		peer_send(p->setup, IMSG_SETUP_SERVE, 0, NULL, 0, -1);
}

static void
all_ready(struct paild *pd)
{
	size_t	i;

	pd->ready = true;
	open_listeners(pd);
	for (i = 0; i < pd->nprocs; i++)
		tell_authd(&pd->procs[i]);
	pd->ops->serves(pd);
}

/*
 * While a store that is far away is tried, who comes is asked for his password
 * already: all of that takes its time.  But nobody gets in before the store has
 * passed.
 */
static void
look_ready(struct paild *pd)
{
	if (pd->ready || pd->report != NULL || pd->stopping)
		return;
	if (proc_all_ready(pd))
		all_ready(pd);
	else if (pd->nearly && proc_others_ready(pd, PROC_STORAGED) &&
	    !apps_in_bucket(pd))	/* they would be unknown still */
		open_listeners(pd);
}

static int
setup_message(struct peer *peer, struct msg *m, void *arg)
{
	struct proc		*p = arg;
	struct setup_ready	 ready;
	struct setup_peer	 lost;

	(void)peer;
	watch_heard(p, m->type == IMSG_CTL_PONG ||
	    m->type == IMSG_SETUP_READY);
	switch (m->type) {
	case IMSG_CTL_PONG:
		return 0;
	case IMSG_CTL_DOING:
		return watch_doing(p, m);
	case IMSG_SETUP_READY:
		if (p->state != PROC_STARTING || wire_decode(&setup_ready_wire,
		    &ready, m->data, m->len, NULL) == -1)
			return -1;
		proc_enter(p, PROC_READY);
		if (p->restarts > 0)
			log_info("proc=\"%s\" pid=%d state=ready restarts=%u",
			    proc_name(p), (int)p->pid, p->restarts);
		if (p->kind == PROC_STORAGED && p->index == 0)
			p->paild->probed = true;
		manager_tell(p->paild);
		look_ready(p->paild);
		return 0;
	case IMSG_SETUP_NEARLY:
		if (p->kind != PROC_STORAGED || p->index != 0)
			return -1;
		p->paild->nearly = true;
		look_ready(p->paild);
		return 0;
	case IMSG_SETUP_WANT:
		return give_answer(p, m);
	case IMSG_ADMIN_DO:
		return desk_take(p, m);
	case IMSG_ADMIN_WANT:
		return admin_want(p, m);
	case IMSG_SETUP_APPS:
		return apps_take(p, m);
	case IMSG_SETUP_LOST:
		if (wire_decode(&setup_peer_wire, &lost, m->data, m->len,
		    NULL) == -1)
			return -1;
		return chan_lost(p, &lost);
	case IMSG_CTL_COUNTS:
	case IMSG_CTL_RELOADED:
		return ask_answer(p, m);
	default:
		return -1;
	}
}

/* A child without a setup channel is of no use; its end is seen in reap. */
static void
setup_closed(struct peer *peer, const char *why, void *arg)
{
	struct proc	*p = arg;

	(void)peer;
	p->setup = NULL;
	if (strcmp(why, "end of file") != 0)	/* reap tells of its end */
		log_warnx("proc=\"%s\" pid=%d result=cut why=\"%s\"",
		    proc_name(p), (int)p->pid, why);
	ask_gone(p);
	if (p->pid != 0 && !p->paild->stopping)
		identity_kill(p->pid);
}

const struct peer_ops child_ops = { setup_message, setup_closed, NULL };

static void
restart_later(struct proc *p, bool served)
{
	struct timeval	tv;
	unsigned	ms = p->backoff;

	if (paild_now() - p->started >= CHILD_STEADY)
		ms = 0;
	else if (served && ms > CHILD_BACKOFF_SERVED)
		ms = CHILD_BACKOFF_SERVED;
	p->backoff = child_next_backoff(ms, served);
	p->restarts++;
	if (ms != 0)
		log_warnx("proc=\"%s\" restart in %u ms", proc_name(p), ms);
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	event_add(p->timer, &tv);
}

unsigned
child_next_backoff(unsigned backoff, bool served)
{
	unsigned	most = served ? CHILD_BACKOFF_SERVED :
			    CHILD_BACKOFF_MAX;

	if (backoff == 0)
		return CHILD_BACKOFF_MIN;
	return backoff * 2 < most ? backoff * 2 : most;
}

static void
restart(int fd, short what, void *arg)
{
	struct proc	*p = arg;

	(void)fd;
	(void)what;
	if (!p->paild->stopping && p->pid == 0)
		child_start(p);
}

static int
send_slice(struct proc *p)
{
	struct buf	b;
	int		r = -1;

	buf_init_secret(&b, 1024 * 1024);
	if (proc_slice(p, &b) == -1)
		log_warnx("proc=\"%s\": its configuration is too large for a "
		    "message", proc_name(p));
	else
		r = peer_send(p->setup, IMSG_SETUP_CONF, 0, b.data, b.len, -1);
	buf_freezero(&b);
	return r;
}

static void
child_start(struct proc *p)
{
	struct paild	*pd = p->paild;
	int		 fd, log;

	if (p->timer == NULL && (p->timer = evtimer_new(pd->base, restart,
	    p)) == NULL)
		fatalx("evtimer_new");
	p->started = paild_now();
	p->pid = spawn(pd->bindir, proc_row(p->kind)->program, &fd, &log);
	if (p->pid == -1) {
		p->pid = 0;
		log_warn("proc=\"%s\" fork", proc_name(p));
		restart_later(p, false);
		return;
	}
	if (child_log_open(p, log) == -1)
		fatal("child_log_open");
	p->setup = peer_new(pd->base, fd, MSG_CHANNEL_SETUP, MSG_SIDE_A,
	    &child_ops, p);
	if (p->setup == NULL)
		fatal("peer_new");
	proc_enter(p, PROC_STARTING);
	watch_started(p);
	if (send_slice(p) == -1)
		return;
	chan_wire(p);
	if (pd->open && proc_listens(p))
		listen_send(p);
	else if (proc_listens_early(p))
		listen_send_early(p);
	peer_send(p->setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	tell_authd(p);
	if (pd->report != NULL && p->kind == PROC_STORAGED)
		pd->ops->report(p);
}

void
child_start_all(struct paild *pd, const struct paild_ops *ops)
{
	size_t	i;

	pd->ops = ops;
	if (chan_table(pd) == -1)
		fatal("cannot create the channels");
	client_cas_begin(pd);
	for (i = 0; i < pd->nprocs; i++)
		child_start(&pd->procs[i]);
	watch_begin(pd);
	manager_begin(pd);
}

static void
describe_end(int status, char *dst, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(dst, size, "signal %d (%s)%s%s", WTERMSIG(status),
		    strsignal(WTERMSIG(status)),
		    WTERMSIG(status) == SIGSYS ? ": seccomp, for a system "
		    "call that its sandbox forbids" : "",
		    WCOREDUMP(status) ? ", core dumped" : "");
	else
		snprintf(dst, size, "exit status %d", WEXITSTATUS(status));
}

static void
child_ended(struct proc *p, int status)
{
	struct paild	*pd = p->paild;
	enum proc_state	 was = p->state;
	char		 how[128];

	describe_end(status, how, sizeof(how));
	child_log_close(p);
	peer_close(p->setup);
	p->setup = NULL;
	ask_gone(p);
	give_gone(p);
	admin_gone(p);
	chan_ended(p);
	proc_enter(p, PROC_DOWN);
	if (pd->stopping) {
		if (status != 0 && !p->killed)
			log_warnx("proc=\"%s\" pid=%d ended: %s",
			    proc_name(p), (int)p->pid, how);
		p->pid = 0;
		stop_child_gone(pd);
		return;
	}
	log_warnx("proc=\"%s\" pid=%d state=%s ended: %s, after %lld s",
	    proc_name(p), (int)p->pid, proc_state_name(was), how,
	    (long long)(paild_now() - p->started));
	p->pid = 0;
	/* What cannot start at all is not a matter of patience. */
	if (!pd->ready && was == PROC_STARTING && (WIFEXITED(status) ||
	    WTERMSIG(status) == SIGSYS)) {
		log_warnx("%s cannot start: giving up", proc_name(p));
		pd->status = 1;
		stop_begin(pd);
		return;
	}
	restart_later(p, was != PROC_STARTING);
	manager_tell(pd);
}

static bool
is_ours(pid_t pid, void *arg)
{
	const struct paild	*pd = arg;
	size_t			 i;

	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].pid == pid)
			return true;
	return command_is(pid);
}

/*
 * What a child that was taken over had forked, and hidden from the end of
 * its group.  Only of the children's own users: paild may have been given
 * children by whoever became it.
 */
static void
end_adopted(struct paild *pd)
{
	const struct identity	*id;
	const struct passwd	*pw;
	size_t			 n;
	int			 kind;

	if (geteuid() != 0)
		return;
	for (kind = 0; kind < PROC_KINDS; kind++) {
		id = identity_of((enum proc_kind)kind);
		if (id->user[0] == '\0' || (pw = getpwnam(id->user)) ==
		    NULL || pw->pw_uid == 0)
			continue;
		if ((n = adopt_kill(pw->pw_uid, is_ours, pd)) != 0)
			log_warnx("user=%s killed=%zu why=\"left behind by a "
			    "process that exited\"", id->user, n);
	}
}

void
child_reap(struct paild *pd)
{
	pid_t	pid;
	size_t	i;
	bool	any = false;
	int	status;

	while ((pid = spawn_reap(&status)) != 0) {
		any = true;
		if (command_reaped(pid, status))
			continue;
		for (i = 0; i < pd->nprocs; i++)
			if (pd->procs[i].pid == pid) {
				child_ended(&pd->procs[i], status);
				break;
			}
	}
	if (any)
		end_adopted(pd);
}

void
child_free_all(struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++) {
		peer_close(pd->procs[i].setup);
		child_log_close(&pd->procs[i]);
		ask_gone(&pd->procs[i]);
		give_gone(&pd->procs[i]);
		admin_gone(&pd->procs[i]);
		if (pd->procs[i].timer != NULL)
			event_free(pd->procs[i].timer);
	}
	manager_end(pd);
	watch_end(pd);
	chan_free(pd);
	free(pd->procs);
}
