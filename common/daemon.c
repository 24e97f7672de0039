/*
 * The start-up of every child (STYLE, section 5) and the operator's commands.
 * Nothing is read from a stranger before sandbox_enter(); a child ends when
 * its setup channel does, so that none outlives paild.  What paild says is
 * believed (it is root), but for its form.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/daemon.h"
#include "common/daemon_counts.h"
#include "common/daemon_impl.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/log_limit.h"
#include "common/mem.h"
#include "common/sandbox.h"

#define DAEMON_KEPT	4096		/* channels and listeners before GO */
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
	struct setup_peer	*channels;	/* the newest to each peer */
	size_t			 nchannels;
} self;

static void
keep(const struct kept *what)
{
	struct kept *k;

	if (self.nkept == DAEMON_KEPT)
		fatalx("too many channels");
	k = mem_new(1, sizeof(*k));
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

	if (log_level_parse(slice_str(conf, "log.level"), &level) == 0)
		log_set_level(level);
}

/* Our kind, and what we are called in the log. */
static void
apply_identity(const struct slice *conf)
{
	char		key[64];
	const char	*name = slice_str(conf, "role");

	self.kind = proc_kind_find(name);
	if (self.kind == PROC_KINDS ||
	    strcmp(proc_row(self.kind)->program, self.d->name) != 0)
		fatalx("%s has no role %s", self.d->name, name);
	snprintf(key, sizeof(key), "nprocs.%s", name);
	if (slice_num(conf, key) > 1)
		snprintf(self.name, sizeof(self.name), "%s/%llu", name,
		    (unsigned long long)slice_num(conf, "index"));
	else
		strlcpy(self.name, name, sizeof(self.name));
	log_init(self.name);
}

enum proc_kind
daemon_kind(void)
{
	return self.kind;
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

/* Which one is lost, when one is, is told by the serial of the newest. */
static void
note_channel(const struct setup_peer *sp)
{
	struct setup_peer	*v;
	size_t			 i;

	for (i = 0; i < self.nchannels; i++)
		if (self.channels[i].kind == sp->kind &&
		    self.channels[i].index == sp->index) {
			self.channels[i] = *sp;
			return;
		}
	if (self.nchannels == DAEMON_KEPT || (v = reallocarray(self.channels,
	    self.nchannels + 1, sizeof(*v))) == NULL)
		fatalx("too many channels");
	self.channels = v;
	v[self.nchannels++] = *sp;
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
	note_channel(&k.peer);
	if (m->fd == -1) {
		log_warnx("peer=\"%s %u\" result=lost why=\"out of file "
		    "descriptors\"",
		    proc_kind_name((enum proc_kind)k.peer.kind),
		    k.peer.index);
		daemon_lost((enum proc_kind)k.peer.kind, k.peer.index);
		return 0;
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
	if (m->fd == -1) {
		log_warnx("listen=%.*s://%.*s result=lost why=\"out of file "
		    "descriptors\"", (int)req.protocol.len,
		    req.protocol.p, (int)req.address.len, req.address.p);
		daemon_lost(PROC_PAILD, 0);
		return 0;
	}
	k.protocol = mem_dup_len(req.protocol.p, req.protocol.len);
	k.address = mem_dup_len(req.address.p, req.address.len);
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
	peer_hold(self.setup, true);	/* the sandbox first */
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
on_ping(struct msg *m)
{
	(void)m;
	peer_send(self.setup, IMSG_CTL_PONG, 0, NULL, 0, -1);
	return 0;
}

static int
on_leave(struct msg *m)
{
	struct ctl_leave leave;

	if (wire_decode(&ctl_leave_wire, &leave, m->data, m->len, NULL) == -1)
		return -1;
	if (self.d->leave != NULL && self.state == DAEMON_READY)
		self.d->leave(leave.within);
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
	peer_send_struct(self.setup, IMSG_CTL_RELOADED, m->id, &res, -1);
	return 0;
}

static int
on_stats(struct msg *m)
{
	return daemon_counts_send(self.arena, self.d->counts, self.setup,
	    m->id);
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
	if (m->fd == -1)
		log_warnx("report=%.*s result=no why=\"out of file "
		    "descriptors\"", (int)req.what.len, req.what.p);
	else if (self.d->report != NULL)
		self.d->report(cstr(req.what), cstr(req.arg), req.json, m->fd);
	else
		close(m->fd);
	return 0;
}

static int
on_preauth(struct msg *m)
{
	struct ctl_preauth req;

	if (wire_decode(&ctl_preauth_wire, &req, m->data, m->len, NULL) == -1) {
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
on_give(struct msg *m)
{
	struct setup_give g;

	if (wire_decode(&setup_give_wire, &g, m->data, m->len, NULL) == -1)
		return -1;
	if (self.d->give != NULL)
		self.d->give(m->id, &g);
	return 0;
}

static int
on_admin(struct msg *m)
{
	return self.d->admin != NULL ? self.d->admin(m) : 0;
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
		{ IMSG_CTL_PING, true, on_ping },
		{ IMSG_CTL_VERBOSE, false, on_verbose },
		{ IMSG_CTL_DRAIN, false, on_drain },
		{ IMSG_CTL_LEAVE, false, on_leave },
		{ IMSG_CTL_RELOAD, false, on_reload },
		{ IMSG_CTL_STATS, false, on_stats },
		{ IMSG_CTL_REPORT, false, on_report },
		{ IMSG_CTL_PREAUTH, false, on_preauth },
		{ IMSG_CTL_REVOKE, false, on_revoke },
		{ IMSG_SETUP_GIVE, false, on_give },
		{ IMSG_ADMIN_PROC, false, on_admin },
		{ IMSG_ADMIN_DONE, false, on_admin }
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
		fatalx("the setup channel failed: %s", why);
	log_info("lost the connection to paild (%s), exiting", why);
	log_limit_flush();
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
begin(void)
{
	int		type;
	socklen_t	len = sizeof(type);

	if (getsockopt(DAEMON_SETUP_FD, SOL_SOCKET, SO_TYPE, &type,
	    &len) == -1 || type != SOCK_STREAM)
		fatalx("this program can only be started by paild");
	if (getenv(DAEMON_LOG_ENV) != NULL)
		log_to_paild();
	ignore_signals();
	closefrom(DAEMON_SETUP_FD + 1);
	TAILQ_INIT(&self.kept);
	if ((self.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if ((self.arena = arena_new(DAEMON_ARENA)) == NULL ||
	    (self.setup = peer_new(self.base, DAEMON_SETUP_FD,
	    MSG_CHANNEL_SETUP, MSG_SIDE_B, &setup_ops, NULL)) == NULL)
		fatal("the setup channel");
	log_limit_loop(self.base);
}

static void
sandbox(void)
{
	struct sandbox	 box;

	daemon_doing("preparing");
	if (self.d->prepare != NULL)
		self.d->prepare(self.conf);
	nofile_raise();
	sandbox_drop(slice_str(self.conf, "user"),
	    slice_str(self.conf, "group"), slice_str(self.conf, "chroot"));
	sandbox_init(&box, self.kind);
	box.best_effort = strcmp(slice_str(self.conf, "sandbox"),
	    "best-effort") == 0;
	if (self.d->reach != NULL)
		self.d->reach(self.conf, &box);
	sandbox_enter(&box);
	if (slice_num(self.conf, "index") == 0)	/* once for each kind */
		log_info("sandbox=%s", sandbox_words());
}

void
daemon_run(const struct daemon *d)
{
	self.d = d;
	mem_init();
	log_init(d->name);
	begin();
	while (!self.go)
		if (event_base_loop(self.base, EVLOOP_ONCE) == -1)
			fatalx("event_base_loop");
	sandbox();
	self.state = DAEMON_READY;
	if (!d->late_ready)
		daemon_ready();
	daemon_doing("starting");
	if (d->start != NULL)
		d->start(self.base, self.conf);
	hand_out_kept();
	daemon_doing("serving");
	peer_hold(self.setup, false);
	if (!self.drained && event_base_dispatch(self.base) == -1)
		fatalx("event_base_dispatch");
	peer_close(self.setup);
	slice_free(self.conf);
	log_limit_flush();
	exit(self.drained ? 0 : 1);
}

void
daemon_lost(enum proc_kind kind, uint32_t index)
{
	struct setup_peer lost = { (uint8_t)kind, index, 0 };
	size_t i;

	for (i = 0; i < self.nchannels; i++)
		if (self.channels[i].kind == kind &&
		    self.channels[i].index == index)
			lost.serial = self.channels[i].serial;
	if (self.setup != NULL && self.state != DAEMON_DRAINING)
		peer_send_struct(self.setup, IMSG_SETUP_LOST, 0, &lost, -1);
}

void
daemon_want(uint32_t id, const char *what)
{
	struct setup_want want = { str_from(what) };

	if (self.setup != NULL)
		peer_send_struct(self.setup, what == NULL ? IMSG_ADMIN_WANT :
		    IMSG_SETUP_WANT, id, &want, -1);
}

struct peer *
daemon_setup(void)
{
	return self.setup;
}

void
daemon_doing(const char *what)
{
	struct ctl_doing doing = { str_from(what) };

	if (self.setup == NULL)
		return;
	peer_send_struct(self.setup, IMSG_CTL_DOING, 0, &doing, -1);
	peer_push(self.setup);		/* before it begins */
}

void
daemon_ready(void)
{
	struct setup_ready ready = { STR("") };

	peer_send_struct(self.setup, IMSG_SETUP_READY, 0, &ready, -1);
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
