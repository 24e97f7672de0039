/*
 * The start-up of every child (STYLE, section 5), and its channels.  Nothing is
 * read from a stranger before sandbox_enter(); a child ends when its setup
 * channel does, so that none outlives paild.  What paild says is believed (it
 * is root), but for its form.
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
#include "common/daemon_impl.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/log_limit.h"
#include "common/mem.h"
#include "common/sandbox.h"

#define DAEMON_KEPT	4096		/* channels and listeners before GO */
#define DAEMON_ARENA	(4 * 1024 * 1024) /* bytes, for one message */

/* A channel or a listener that came before start(). */
struct kept {
	TAILQ_ENTRY(kept)	 entry;
	bool			 listener;
	struct setup_peer	 peer;
	char			*protocol;
	char			*address;
	int			 fd;
};

struct daemon_self		 daemon_self;
static struct daemon_self *const self = &daemon_self;

static TAILQ_HEAD(, kept)	 kept_list;
static size_t			 nkept;
static struct setup_peer	*channels;	/* the newest to each peer */
static size_t			 nchannels;

static void
keep(const struct kept *what)
{
	struct kept *k;

	if (nkept == DAEMON_KEPT)
		fatalx("too many channels");
	k = mem_new(1, sizeof(*k));
	*k = *what;
	TAILQ_INSERT_TAIL(&kept_list, k, entry);
	nkept++;
}

static void
hand_out(const struct kept *k)
{
	if (k->listener && self->d->listen != NULL)
		self->d->listen(k->protocol, k->address, k->fd);
	else if (!k->listener && self->d->peer != NULL)
		self->d->peer((enum proc_kind)k->peer.kind, k->peer.index,
		    k->fd);
	else
		close(k->fd);
}

static void
hand_out_kept(void)
{
	struct kept *k;

	while ((k = TAILQ_FIRST(&kept_list)) != NULL) {
		TAILQ_REMOVE(&kept_list, k, entry);
		hand_out(k);
		free(k->protocol);
		free(k->address);
		free(k);
	}
	nkept = 0;
}

void
daemon_log(const struct slice *conf)
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

	self->kind = proc_kind_find(name);
	if (self->kind == PROC_KINDS ||
	    strcmp(proc_row(self->kind)->program, self->d->name) != 0)
		fatalx("%s has no role %s", self->d->name, name);
	snprintf(key, sizeof(key), "nprocs.%s", name);
	if (slice_num(conf, key) > 1)
		snprintf(self->name, sizeof(self->name), "%s/%llu", name,
		    (unsigned long long)slice_num(conf, "index"));
	else
		strlcpy(self->name, name, sizeof(self->name));
	log_init(self->name);
}

enum proc_kind
daemon_kind(void)
{
	return self->kind;
}

static int
on_conf(struct msg *m)
{
	if (self->state != DAEMON_SETUP || self->go || self->conf != NULL ||
	    (self->conf = slice_new(m->data, m->len)) == NULL)
		return -1;
	apply_identity(self->conf);
	daemon_log(self->conf);
	return 0;
}

/* Which one is lost, when one is, is told by the serial of the newest. */
static void
note_channel(const struct setup_peer *sp)
{
	struct setup_peer	*v;
	size_t			 i;

	for (i = 0; i < nchannels; i++)
		if (channels[i].kind == sp->kind &&
		    channels[i].index == sp->index) {
			channels[i] = *sp;
			return;
		}
	if (nchannels == DAEMON_KEPT || (v = reallocarray(channels,
	    nchannels + 1, sizeof(*v))) == NULL)
		fatalx("too many channels");
	channels = v;
	v[nchannels++] = *sp;
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
	if (self->state == DAEMON_SETUP)
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
	if (self->state == DAEMON_SETUP) {
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
	if (self->state != DAEMON_SETUP || self->go || self->conf == NULL)
		return -1;
	self->go = true;
	peer_hold(self->setup, true);	/* the sandbox first */
	event_base_loopbreak(self->base);
	return 0;
}

static int
on_ping(struct msg *m)
{
	(void)m;
	peer_send(self->setup, IMSG_CTL_PONG, 0, NULL, 0, -1);
	return 0;
}

static int
setup_message(struct peer *p, struct msg *m, void *arg)
{
	static const struct {
		enum msg_type	type;
		int		(*handle)(struct msg *);
	} handlers[] = {
		{ IMSG_SETUP_CONF, on_conf },
		{ IMSG_SETUP_PEER, on_peer },
		{ IMSG_SETUP_LISTEN, on_listen },
		{ IMSG_SETUP_GO, on_go },
		{ IMSG_CTL_PING, on_ping }
	};
	size_t	i;
	int	r;

	(void)p;
	(void)arg;
	for (i = 0; i < nitems(handlers) && handlers[i].type != m->type; i++)
		;
	if (i < nitems(handlers))
		r = handlers[i].handle(m);
	else if (self->state != DAEMON_SETUP)
		r = daemon_command(m);
	else {
		if (m->fd != -1)
			close(m->fd);
		return -1;
	}
	arena_reset(self->arena);
	return r;
}

static void
setup_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	self->setup = NULL;
	if (self->state == DAEMON_SETUP)
		fatalx("the setup channel failed: %s", why);
	log_info("lost the connection to paild (%s), exiting", why);
	log_limit_flush();
	exit(self->state == DAEMON_DRAINING ? 0 : 1);
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
	TAILQ_INIT(&kept_list);
	if ((self->base = event_base_new()) == NULL)
		fatalx("event_base_new");
	if ((self->arena = arena_new(DAEMON_ARENA)) == NULL ||
	    (self->setup = peer_new(self->base, DAEMON_SETUP_FD,
	    MSG_CHANNEL_SETUP, MSG_SIDE_B, &setup_ops, NULL)) == NULL)
		fatal("the setup channel");
	log_limit_loop(self->base);
}

static void
sandbox(void)
{
	struct sandbox	 box;

	daemon_doing("preparing");
	if (self->d->prepare != NULL)
		self->d->prepare(self->conf);
	nofile_raise();
	sandbox_drop(slice_str(self->conf, "user"),
	    slice_str(self->conf, "group"), slice_str(self->conf, "chroot"));
	sandbox_init(&box, self->kind);
	box.best_effort = strcmp(slice_str(self->conf, "sandbox"),
	    "best-effort") == 0;
	if (self->d->reach != NULL)
		self->d->reach(self->conf, &box);
	sandbox_enter(&box);
	if (slice_num(self->conf, "index") == 0)	/* once for each kind */
		log_info("sandbox=%s", sandbox_words());
}

void
daemon_run(const struct daemon *d)
{
	self->d = d;
	mem_init();
	log_init(d->name);
	begin();
	while (!self->go)
		if (event_base_loop(self->base, EVLOOP_ONCE) == -1)
			fatalx("event_base_loop");
	sandbox();
	self->state = DAEMON_READY;
	if (!d->late_ready)
		daemon_ready();
	daemon_doing("starting");
	if (d->start != NULL)
		d->start(self->base, self->conf);
	hand_out_kept();
	daemon_doing("serving");
	peer_hold(self->setup, false);
	if (!self->drained && event_base_dispatch(self->base) == -1)
		fatalx("event_base_dispatch");
	peer_close(self->setup);
	slice_free(self->conf);
	log_limit_flush();
	exit(self->drained ? 0 : 1);
}

void
daemon_lost(enum proc_kind kind, uint32_t index)
{
	struct setup_peer lost = { (uint8_t)kind, index, 0 };
	size_t i;

	for (i = 0; i < nchannels; i++)
		if (channels[i].kind == kind &&
		    channels[i].index == index)
			lost.serial = channels[i].serial;
	if (self->setup != NULL && self->state != DAEMON_DRAINING)
		peer_send_struct(self->setup, IMSG_SETUP_LOST, 0, &lost, -1);
}

void
daemon_want(uint32_t id, const char *what)
{
	struct setup_want want = { str_from(what) };

	if (self->setup != NULL)
		peer_send_struct(self->setup, what == NULL ? IMSG_ADMIN_WANT :
		    IMSG_SETUP_WANT, id, &want, -1);
}

struct peer *
daemon_setup(void)
{
	return self->setup;
}

void
daemon_doing(const char *what)
{
	struct ctl_doing doing = { str_from(what) };

	if (self->setup == NULL)
		return;
	peer_send_struct(self->setup, IMSG_CTL_DOING, 0, &doing, -1);
	peer_push(self->setup);		/* before it begins */
}

void
daemon_nearly(void)
{
	if (self->setup != NULL)
		peer_send(self->setup, IMSG_SETUP_NEARLY, 0, NULL, 0, -1);
}

void
daemon_ready(void)
{
	struct setup_ready ready = { STR("") };

	peer_send_struct(self->setup, IMSG_SETUP_READY, 0, &ready, -1);
}

void
daemon_drained(void)
{
	self->drained = true;
	event_base_loopexit(self->base, NULL);
}

struct event_base *
daemon_base(void)
{
	return self->base;
}
