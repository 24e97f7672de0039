/*
 * Starting, wiring and restarting of children.  All that a child is given
 * goes through its setup channel; what it says back is READY, counts and
 * whether a reload went well, and nothing it says is believed beyond that.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "paild/ask.h"
#include "paild/conf_slice.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/proc.h"
#include "paild/spawn.h"
#include "paild/stop.h"

/* Which kinds have a channel between each two of them. */
static const enum proc_kind wiring[][2] = {
	{ PROC_IMAPD, PROC_AUTHD },
	{ PROC_AUTHD, PROC_STORAGED },
	{ PROC_CREDD, PROC_STORAGED },
	{ PROC_AUTHD, PROC_AUTHWORKER },
};

/* The order of starting: what others wait for comes first. */
static const enum proc_kind order[] = {
	PROC_CREDD, PROC_STORAGED, PROC_AUTHWORKER, PROC_AUTHD, PROC_IMAPD,
};

static void	proc_start(struct proc *);

time_t
paild_now(void)
{
	return (time_t)(clock_ms() / 1000);
}

const char *
proc_state_name(enum proc_state s)
{
	static const char *const names[] = {
		[PROC_DOWN] = "down",
		[PROC_STARTING] = "starting",
		[PROC_READY] = "ready",
		[PROC_DRAINING] = "draining",
	};

	return names[s];
}

const char *
proc_name(const struct proc *p)
{
	static char	name[48];

	snprintf(name, sizeof(name), "%s %u", proc_kind_name(p->kind),
	    p->index);
	return name;
}

static void
proc_enter(struct proc *p, enum proc_state s)
{
	log_debug("proc=\"%s\" pid=%d state=%s was=%s", proc_name(p),
	    (int)p->pid, proc_state_name(s), proc_state_name(p->state));
	p->state = s;
}

int
proc_table(struct paild *pd)
{
	struct proc	*p;
	size_t		 i, n = 0;
	uint32_t	 index;

	memset(pd->count, 0, sizeof(pd->count));
	pd->count[PROC_CREDD] = 1;
	pd->count[PROC_STORAGED] = 1;
	if (pd->report == NULL) {
		pd->count[PROC_STORAGED] = conf_processes(pd->conf,
		    PROC_STORAGED);
		pd->count[PROC_IMAPD] = conf_processes(pd->conf, PROC_IMAPD);
		pd->count[PROC_AUTHD] = 1;
		pd->count[PROC_AUTHWORKER] = PROC_AUTHWORKERS;
	}
	for (i = 0; i < PROC_KINDS; i++)
		n += pd->count[i];
	if ((pd->procs = calloc(n, sizeof(*pd->procs))) == NULL)
		return -1;
	pd->nprocs = n;
	p = pd->procs;
	for (i = 0; i < nitems(order); i++)
		for (index = 0; index < pd->count[order[i]]; index++, p++) {
			p->paild = pd;
			p->kind = order[i];
			p->index = index;
			TAILQ_INIT(&p->asks);
		}
	return 0;
}

struct proc *
proc_find(struct paild *pd, enum proc_kind kind, uint32_t index)
{
	struct proc	*p;
	size_t		 i;

	for (i = 0; i < pd->nprocs; i++) {
		p = &pd->procs[i];
		if (p->kind == kind && p->index == index)
			return p->setup != NULL ? p : NULL;
	}
	return NULL;
}

bool
proc_all_ready(const struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].state != PROC_READY)
			return false;
	return true;
}

size_t
proc_running(const struct paild *pd)
{
	size_t	i, n = 0;

	for (i = 0; i < pd->nprocs; i++)
		n += pd->procs[i].pid != 0;
	return n;
}

int
proc_slice(const struct proc *p, struct buf *b)
{
	const struct paild	*pd = p->paild;
	const struct identity	*id = identity_of(p->kind);
	char			 num[5][16];
	const char		*level = conf_str(pd->conf, "log.level");
	struct conf_extra	 extra[] = {
		{ "role", p->kind == PROC_AUTHWORKER ? "worker" :
		    proc_kind_name(p->kind) },
		{ "index", num[0] },
		{ "nprocs.storaged", num[1] },
		{ "nprocs.imapd", num[2] },
		{ "nprocs.authd", num[3] },
		{ "nprocs.authworker", num[4] },
		{ "user", id->user },
		{ "group", id->group },
		{ "chroot", id->chroot },
		{ "log.level", pd->verbose ? "debug" :
		    pd->report != NULL ? "warn" : level },
		{ "log.to", pd->debug || pd->report != NULL ? "stderr" :
		    conf_str(pd->conf, "log.to") },
		{ "debug", pd->debug ? "true" : "false" },
		/* The store is tried once in paild's life, by one process. */
		{ "probe", pd->report == NULL && !pd->probed &&
		    p->kind == PROC_STORAGED && p->index == 0 ? "true" :
		    "false" },
	};

	snprintf(num[0], sizeof(num[0]), "%u", p->index);
	snprintf(num[1], sizeof(num[1]), "%u", pd->count[PROC_STORAGED]);
	snprintf(num[2], sizeof(num[2]), "%u", pd->count[PROC_IMAPD]);
	snprintf(num[3], sizeof(num[3]), "%u", pd->count[PROC_AUTHD]);
	snprintf(num[4], sizeof(num[4]), "%u", pd->count[PROC_AUTHWORKER]);
	return conf_slice(pd->conf, p->kind, extra, nitems(extra), b);
}

/* The suite serves: listeners to all imapds. */
static void
all_ready(struct paild *pd)
{
	size_t	i;

	pd->ready = true;
	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].kind == PROC_IMAPD)
			listen_send(&pd->procs[i]);
	listen_sent(pd);
	paild_serves(pd);
}

static int
setup_message(struct peer *peer, struct msg *m, void *arg)
{
	struct proc		*p = arg;
	struct setup_ready	 ready;

	(void)peer;
	switch (m->type) {
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
		if (!p->paild->ready && p->paild->report == NULL &&
		    !p->paild->stopping && proc_all_ready(p->paild))
			all_ready(p->paild);
		return 0;
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
		kill(p->pid, SIGKILL);
}

static const struct peer_ops setup_ops = { setup_message, setup_closed,
    NULL };

static bool
is_wired(enum proc_kind a, enum proc_kind b)
{
	size_t	i;

	for (i = 0; i < nitems(wiring); i++)
		if ((wiring[i][0] == a && wiring[i][1] == b) ||
		    (wiring[i][0] == b && wiring[i][1] == a))
			return true;
	return false;
}

static void
send_peer(struct proc *to, const struct proc *other, int fd)
{
	struct setup_peer	sp = { .kind = (uint8_t)other->kind,
				    .index = other->index };

	peer_send_struct(to->setup, IMSG_SETUP_PEER, 0, &setup_peer_wire, &sp,
	    fd);
}

/* A new channel between p and each that it is to talk to and that runs. */
static void
wire_up(struct proc *p)
{
	struct paild	*pd = p->paild;
	struct proc	*q;
	size_t		 i;
	int		 pair[2];

	for (i = 0; i < pd->nprocs; i++) {
		q = &pd->procs[i];
		if (q == p || q->setup == NULL || !is_wired(p->kind, q->kind))
			continue;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    pair) == -1) {
			log_warn("socketpair");
			return;
		}
		send_peer(p, q, pair[0]);
		send_peer(q, p, pair[1]);
	}
}

static void
restart_later(struct proc *p, bool served)
{
	struct timeval	tv;
	unsigned	ms = p->backoff;

	if (paild_now() - p->started >= PROC_STEADY)
		ms = 0;
	else if (served && ms > PROC_BACKOFF_SERVED)
		ms = PROC_BACKOFF_SERVED;
	p->backoff = proc_next_backoff(ms, served);
	p->restarts++;
	if (ms != 0)
		log_warnx("proc=\"%s\" restart in %u ms", proc_name(p), ms);
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	event_add(p->timer, &tv);
}

unsigned
proc_next_backoff(unsigned backoff, bool served)
{
	unsigned	most = served ? PROC_BACKOFF_SERVED :
			    PROC_BACKOFF_MAX;

	if (backoff == 0)
		return PROC_BACKOFF_MIN;
	return backoff * 2 < most ? backoff * 2 : most;
}

static void
restart(int fd, short what, void *arg)
{
	struct proc	*p = arg;

	(void)fd;
	(void)what;
	if (!p->paild->stopping && p->pid == 0)
		proc_start(p);
}

static int
send_slice(struct proc *p)
{
	struct buf	b;
	int		r = -1;

	buf_init(&b, 1024 * 1024);
	if (proc_slice(p, &b) == -1)
		log_warnx("proc=\"%s\": its configuration does not fit into "
		    "a message", proc_name(p));
	else
		r = peer_send(p->setup, IMSG_SETUP_CONF, 0, b.data, b.len, -1);
	if (b.data != NULL)
		explicit_bzero(b.data, b.size);
	buf_free(&b);
	return r;
}

static void
proc_start(struct proc *p)
{
	struct paild	*pd = p->paild;
	int		 fd;

	if (p->timer == NULL && (p->timer = evtimer_new(pd->base, restart,
	    p)) == NULL)
		fatalx("evtimer_new");
	p->started = paild_now();
	p->pid = spawn(pd->bindir, p->kind == PROC_AUTHWORKER ? "authd" :
	    proc_kind_name(p->kind), &fd);
	if (p->pid == -1) {
		p->pid = 0;
		log_warn("proc=\"%s\" fork", proc_name(p));
		restart_later(p, false);
		return;
	}
	p->setup = peer_new(pd->base, fd, MSG_CHANNEL_SETUP, MSG_SIDE_A,
	    &setup_ops, p);
	if (p->setup == NULL)
		fatal("peer_new");
	proc_enter(p, PROC_STARTING);
	if (send_slice(p) == -1)
		return;
	wire_up(p);
	if (p->kind == PROC_IMAPD && pd->ready)
		listen_send(p);
	peer_send(p->setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	if (pd->report != NULL && p->kind == PROC_STORAGED)
		paild_report(p);
}

void
proc_start_all(struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++)
		proc_start(&pd->procs[i]);
}

static void
describe_end(int status, char *dst, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(dst, size, "signal %d (%s)%s", WTERMSIG(status),
		    strsignal(WTERMSIG(status)),
		    WCOREDUMP(status) ? ", core dumped" : "");
	else
		snprintf(dst, size, "exit status %d", WEXITSTATUS(status));
}

static void
proc_ended(struct proc *p, int status)
{
	struct paild	*pd = p->paild;
	enum proc_state	 was = p->state;
	char		 how[96];

	describe_end(status, how, sizeof(how));
	peer_close(p->setup);
	p->setup = NULL;
	ask_gone(p);
	proc_enter(p, PROC_DOWN);
	if (pd->stopping) {
		if (status != 0)
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
	if (!pd->ready && was == PROC_STARTING && WIFEXITED(status)) {
		log_warnx("%s cannot start: giving up", proc_name(p));
		pd->status = 1;
		stop_begin(pd);
		return;
	}
	restart_later(p, was != PROC_STARTING);
}

void
proc_reap(struct paild *pd)
{
	pid_t	pid;
	size_t	i;
	int	status;

	for (;;) {
		pid = waitpid(WAIT_ANY, &status, WNOHANG);
		if (pid == -1 && errno == EINTR)
			continue;
		if (pid <= 0)
			return;
		for (i = 0; i < pd->nprocs; i++)
			if (pd->procs[i].pid == pid)
				break;
		if (i < pd->nprocs)
			proc_ended(&pd->procs[i], status);
	}
}

void
proc_free_all(struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++) {
		peer_close(pd->procs[i].setup);
		ask_gone(&pd->procs[i]);
		if (pd->procs[i].timer != NULL)
			event_free(pd->procs[i].timer);
	}
	free(pd->procs);
}
