/*
 * The start-up of every child (STYLE, section 5) and the operator's wishes.
 * Nothing is read from a stranger before sandbox_enter(); a child ends when
 * its setup channel does, so that none outlives paild.
 *
 * What paild says is believed (it is root), but for its form.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/sandbox.h"

#define DAEMON_KEPT	4096		/* channels and listeners before GO */
#define DAEMON_COUNTS	1000
#define DAEMON_ARENA	(4 * 1024 * 1024) /* bytes, for one message */

enum daemon_state { DAEMON_SETUP, DAEMON_READY, DAEMON_DRAINING };

/* A channel or a listener that came before start(). */
struct kept {
	TAILQ_ENTRY(kept)	 entry;
	bool			 listener;
	struct setup_peer	 peer;
	char			*protocol;
	char			*address;
	int			 fd;
};
TAILQ_HEAD(kept_list, kept);

static struct {
	const struct daemon	*d;
	struct event_base	*base;
	struct peer		*setup;
	struct slice		*conf;
	struct arena		*arena;		/* of the message at hand */
	enum daemon_state	 state;
	enum proc_kind		 kind;
	bool			 go;
	bool			 drained;
	char			 name[32];
	struct kept_list	 kept;
	size_t			 nkept;
	struct ctl_count	*counts;	/* while counts() runs */
	size_t			 ncounts;
} self;

static void
keep(const struct kept *what)
{
	struct kept *k;

	if (self.nkept == DAEMON_KEPT || (k = malloc(sizeof(*k))) == NULL)
		fatalx("too many channels");
	*k = *what;
	TAILQ_INSERT_TAIL(&self.kept, k, entry);
	self.nkept++;
}

static void
hand_out(const struct kept *k)
{
	if (k->listener && self.d->listen != NULL)
		self.d->listen(k->protocol, k->address, k->fd);
	else if (!k->listener && self.d->peer != NULL)
		self.d->peer((enum proc_kind)k->peer.kind, k->peer.index,
		    k->fd);
	else
		close(k->fd);
}

static void
hand_out_kept(void)
{
	struct kept *k;

	while ((k = TAILQ_FIRST(&self.kept)) != NULL) {
		TAILQ_REMOVE(&self.kept, k, entry);
		hand_out(k);
		free(k->protocol);
		free(k->address);
		free(k);
	}
	self.nkept = 0;
}

/* What the slice says about the log, at start-up and on reload. */
static void
apply_log(const struct slice *conf)
{
	enum log_level level;

	if (log_level_parse(slice_str(conf, "log.level", "info"),
	    &level) == 0)
		log_set_level(level);
	if (strcmp(slice_str(conf, "log.to", "stderr"), "syslog") == 0)
		log_to_syslog();
}

/* Our kind by name and role, and what we are called in the log. */
static void
apply_identity(const struct slice *conf)
{
	char		key[64];
	const char	*name = self.d->name;
	int		kind;

	for (kind = 0; kind < PROC_KINDS; kind++)
		if (strcmp(proc_kind_name((enum proc_kind)kind), name) == 0)
			self.kind = (enum proc_kind)kind;
	if (strcmp(slice_str(conf, "role", ""), "worker") == 0 &&
	    self.kind == PROC_AUTHD)
		self.kind = PROC_AUTHWORKER;
	name = proc_kind_name(self.kind);
	snprintf(key, sizeof(key), "nprocs.%s", name);
	if (slice_num(conf, key, 1) > 1)
		snprintf(self.name, sizeof(self.name), "%s/%llu", name,
		    (unsigned long long)slice_num(conf, "index", 0));
	else
		strlcpy(self.name, name, sizeof(self.name));
	log_init(self.name);
}

static int
on_conf(struct msg *m)
{
	if (self.state != DAEMON_SETUP || self.go || self.conf != NULL ||
	    (self.conf = slice_new(m->data, m->len)) == NULL)
		return -1;
	apply_identity(self.conf);
	apply_log(self.conf);
	return 0;
}

static int
on_peer(struct msg *m)
{
	struct kept k = { .fd = m->fd };

	if (wire_decode(&setup_peer_wire, &k.peer, m->data, m->len,
	    NULL) == -1) {
		close(m->fd);
		return -1;
	}
	if (self.state == DAEMON_SETUP)
		keep(&k);
	else
		hand_out(&k);
	return 0;
}

static int
on_listen(struct msg *m)
{
	struct setup_listen	req;
	struct kept		k = { .listener = true, .fd = m->fd };

	if (wire_decode(&setup_listen_wire, &req, m->data, m->len,
	    NULL) == -1) {
		close(m->fd);
		return -1;
	}
	k.protocol = strndup(req.protocol.p, req.protocol.len);
	k.address = strndup(req.address.p, req.address.len);
	if (k.protocol == NULL || k.address == NULL)
		fatal("strndup");
	if (self.state == DAEMON_SETUP) {
		keep(&k);
		return 0;
	}
	hand_out(&k);
	free(k.protocol);
	free(k.address);
	return 0;
}

static int
on_go(struct msg *m)
{
	(void)m;
	if (self.state != DAEMON_SETUP || self.go || self.conf == NULL)
		return -1;
	self.go = true;
	peer_hold(self.setup, true);	/* the jail first */
	event_base_loopbreak(self.base);
	return 0;
}

static int
on_verbose(struct msg *m)
{
	struct ctl_verbose req;

	if (wire_decode(&ctl_verbose_wire, &req, m->data, m->len, NULL) == -1)
		return -1;
	log_set_level((enum log_level)req.level);
	return 0;
}

static int
on_drain(struct msg *m)
{
	(void)m;
	if (self.state == DAEMON_DRAINING)
		return 0;
	self.state = DAEMON_DRAINING;
	if (self.d->drain != NULL)
		self.d->drain();
	else
		daemon_drained();
	return 0;
}

static int
on_reload(struct msg *m)
{
	struct ctl_reloaded	 res = { .ok = true, .text = STR("") };
	struct slice		*conf;
	char			 why[512] = "";

	if ((conf = slice_new(m->data, m->len)) == NULL)
		return -1;
	if (self.d->reload != NULL &&
	    self.d->reload(conf, why, sizeof(why)) == -1) {
		res.ok = false;
		res.text = str_from(why);
		log_warnx("reload: result=no why=\"%s\"", why);
		slice_free(conf);
	} else {
		slice_free(self.conf);
		self.conf = conf;
		apply_log(conf);
	}
	peer_send_struct(self.setup, IMSG_CTL_RELOADED, m->id,
	    &ctl_reloaded_wire, &res, -1);
	return 0;
}

static int
on_stats(struct msg *m)
{
	struct ctl_counts res;

	self.ncounts = 0;
	if ((self.counts = arena_array(self.arena, DAEMON_COUNTS,
	    sizeof(*self.counts))) == NULL)
		return -1;
	if (self.d->counts != NULL)
		self.d->counts();
	res.counts.v = self.counts;
	res.counts.n = self.ncounts;
	self.counts = NULL;
	peer_send_struct(self.setup, IMSG_CTL_COUNTS, m->id,
	    &ctl_counts_wire, &res, -1);
	return 0;
}

static const char *
cstr(struct str s)
{
	const char *p = arena_dup(self.arena, s.p, s.len);

	if (p == NULL)
		fatal("arena_dup");
	return p;
}

static int
on_report(struct msg *m)
{
	struct ctl_report req;

	if (wire_decode(&ctl_report_wire, &req, m->data, m->len, NULL) == -1) {
		close(m->fd);
		return -1;
	}
	if (self.d->report != NULL)
		self.d->report(cstr(req.what), cstr(req.arg), m->fd);
	else
		close(m->fd);
	return 0;
}

static int
on_preauth(struct msg *m)
{
	struct ctl_preauth req;

	if (wire_decode(&ctl_preauth_wire, &req, m->data, m->len,
	    NULL) == -1) {
		close(m->fd);
		return -1;
	}
	if (self.d->preauth != NULL)
		self.d->preauth(cstr(req.user), cstr(req.token), m->fd);
	else
		close(m->fd);
	return 0;
}

static int
on_revoke(struct msg *m)
{
	struct ctl_revoke req;

	if (wire_decode(&ctl_revoke_wire, &req, m->data, m->len, NULL) == -1)
		return -1;
	if (self.d->revoke != NULL)
		self.d->revoke(cstr(req.user));
	return 0;
}

static int
setup_message(struct peer *p, struct msg *m, void *arg)
{
	static const struct {
		enum msg_type	type;
		bool		early;	/* also before SETUP_GO */
		int		(*handle)(struct msg *);
	} handlers[] = {
		{ IMSG_SETUP_CONF, true, on_conf },
		{ IMSG_SETUP_PEER, true, on_peer },
		{ IMSG_SETUP_LISTEN, true, on_listen },
		{ IMSG_SETUP_GO, true, on_go },
		{ IMSG_CTL_VERBOSE, false, on_verbose },
		{ IMSG_CTL_DRAIN, false, on_drain },
		{ IMSG_CTL_RELOAD, false, on_reload },
		{ IMSG_CTL_STATS, false, on_stats },
		{ IMSG_CTL_REPORT, false, on_report },
		{ IMSG_CTL_PREAUTH, false, on_preauth },
		{ IMSG_CTL_REVOKE, false, on_revoke }
	};
	size_t	i;
	int	r;

	(void)p;
	(void)arg;
	for (i = 0; i < nitems(handlers); i++) {
		if (handlers[i].type != m->type)
			continue;
		if (self.state == DAEMON_SETUP && !handlers[i].early)
			break;
		r = handlers[i].handle(m);
		arena_reset(self.arena);
		return r;
	}
	if (m->fd != -1)
		close(m->fd);
	return -1;
}

static void
setup_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	self.setup = NULL;
	if (self.state == DAEMON_SETUP)
		fatalx("the setup channel broke: %s", why);
	log_info("paild is gone (%s), so are we", why);
	exit(self.state == DAEMON_DRAINING ? 0 : 1);
}

static const struct peer_ops setup_ops = { setup_message, setup_closed, NULL };

/* Signals are paild's: it tells us over the channel what to do. */
static void
ignore_signals(void)
{
	static const int	 sigs[] = { SIGINT, SIGHUP, SIGTERM, SIGPIPE };
	struct sigaction	 sa;
	size_t			 i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < nitems(sigs); i++)
		if (sigaction(sigs[i], &sa, NULL) == -1)
			fatal("sigaction");
	if (sigprocmask(SIG_SETMASK, &sa.sa_mask, NULL) == -1)
		fatal("sigprocmask");
}

static void
raise_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("setrlimit RLIMIT_NOFILE");
}

static void
begin(void)
{
	int		type;
	socklen_t	len = sizeof(type);

	if (getsockopt(DAEMON_SETUP_FD, SOL_SOCKET, SO_TYPE, &type,
	    &len) == -1 || type != SOCK_STREAM)
		fatalx("started by paild only, not by hand");
	ignore_signals();
	closefrom(DAEMON_SETUP_FD + 1);
	TAILQ_INIT(&self.kept);
	if ((self.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if ((self.arena = arena_new(DAEMON_ARENA)) == NULL ||
	    (self.setup = peer_new(self.base, DAEMON_SETUP_FD,
	    MSG_CHANNEL_SETUP, MSG_SIDE_B, &setup_ops, NULL)) == NULL)
		fatal("the setup channel");
}

static void
jail(void)
{
	if (self.d->prepare != NULL)
		self.d->prepare(self.conf);
	raise_limits();
	sandbox_drop(slice_str(self.conf, "user", ""),
	    slice_str(self.conf, "group", ""),
	    slice_str(self.conf, "chroot", ""));
	sandbox_enter(self.kind);
}

void
daemon_run(const struct daemon *d)
{
	self.d = d;
	log_init(d->name);
	begin();
	while (!self.go)
		if (event_base_loop(self.base, EVLOOP_ONCE) == -1)
			fatalx("event_base_loop");
	jail();
	self.state = DAEMON_READY;
	if (!d->late_ready)
		daemon_ready();
	if (d->start != NULL)
		d->start(self.base, self.conf);
	hand_out_kept();
	peer_hold(self.setup, false);
	if (!self.drained && event_base_dispatch(self.base) == -1)
		fatalx("event_base_dispatch");
	peer_close(self.setup);
	slice_free(self.conf);
	exit(self.drained ? 0 : 1);
}

void
daemon_count(const char *name, uint64_t value)
{
	struct ctl_count *c;

	if (self.counts == NULL || self.ncounts == DAEMON_COUNTS)
		return;
	c = &self.counts[self.ncounts];
	c->name = str_from(arena_dup(self.arena, name, strlen(name)));
	c->value = value;
	if (c->name.p != NULL)
		self.ncounts++;
}

void
daemon_ready(void)
{
	struct setup_ready ready = { STR("") };

	peer_send_struct(self.setup, IMSG_SETUP_READY, 0, &setup_ready_wire,
	    &ready, -1);
}

void
daemon_drained(void)
{
	self.drained = true;
	event_base_loopexit(self.base, NULL);
}

struct event_base *
daemon_base(void)
{
	return self.base;
}
