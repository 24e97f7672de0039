/* See rig.h. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <event2/event.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/adopt.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/msg.h"
#include "paild/chan.h"
#include "common/sandbox.h"
#include "paild/child.h"
#include "paild/control.h"
#include "paild/control_cmd.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/stop.h"
#include "paild/test/rig.h"

#define PATIENCE_MS	60000	/* as TEST_PATIENCE_MS (common/test.h) */

struct paild		pd;
static struct event	*children, *hanging, *pace;
static char		dir[64], file[128];
char			rig_sock[128];

/* ---- the children ---- */

static unsigned	peers, listeners, preauths;
static bool	revoked;
static uint32_t	leave;
static pid_t	forked;

static void
child_peer(enum proc_kind kind, uint32_t index, int fd)
{
	(void)kind;
	(void)index;
	close(fd);
	peers++;
}

static void
child_listen(const char *protocol, const char *address, int fd)
{
	(void)protocol;
	(void)address;
	close(fd);
	listeners++;
}

static int
child_reload(struct slice *conf, char *why, size_t size)
{
	const char	*n = slice_at(conf, "imap.max-connections");

	if (n == NULL || strcmp(n, "13") != 0)
		return 0;
	snprintf(why, size, "13 brings bad luck");
	return -1;
}

#define COUNT(name, value)						\
	COUNTER_TELL(name, GAUGE, "x", "", "X", value)

static void
child_counts(void)
{
	COUNT("peers", peers)
	COUNT("listeners", listeners)
	COUNT("preauths", preauths)
	COUNT("revoked", revoked)
	COUNT("forked", (uint64_t)forked)
	COUNT("session", getsid(0) == getpid())
	COUNT("sessions", 7)
	COUNT("leave", leave)
}

static void
child_report(const char *what, const char *arg, bool json, int fd)
{
	dprintf(fd, "report %s %s%s\n", what, arg, json ? " json" : "");
	close(fd);
}

static void
child_preauth(const char *user, const char *token, int fd)
{
	preauths++;
	dprintf(fd, "* PREAUTH %s %zu\r\n", user, strlen(token));
	close(fd);
}

/* What a child that was taken over may say; payloads are octets of 0xff. */
static const struct { enum msg_type type; uint32_t id; uint32_t len; }
    forged[] = {
	{ IMSG_SETUP_READY, 0, 0 },		/* a second time */
	{ IMSG_SETUP_READY, 0, 300 },
	{ IMSG_CTL_COUNTS, 77777, 20 },		/* nobody asked */
	{ IMSG_CTL_RELOADED, 0, 0 },
	{ IMSG_SETUP_GO, 0, 0 },		/* paild's to say */
	{ IMSG_MBOX_POLL, 1, 0 },		/* another channel's */
	{ IMSG_CTL_RELOADED, 1, 1025 },		/* too long */
	{ IMSG_CTL_COUNTS, 1, 100000 },		/* no frame */
};

size_t
rig_forged(void)
{
	return nitems(forged);
}

static void
forge(size_t i)
{
	static uint8_t	 octets[2000];
	struct buf	 b = BUF_INIT;

	memset(octets, 0xff, sizeof(octets));
	buf_put_u32(&b, 16 + forged[i].len);
	buf_put_u16(&b, (uint16_t)forged[i].type);
	buf_put_u16(&b, 0);
	buf_put_u32(&b, forged[i].id);
	buf_put_u32(&b, 0);
	buf_put(&b, octets, forged[i].len < sizeof(octets) ? forged[i].len :
	    sizeof(octets));
	if (write(DAEMON_SETUP_FD, b.data, b.len) == -1)
		exit(1);
	buf_free(&b);
}

static void
fork_one(bool away)
{
	int	fds[2];
	char	c;

	if (pipe(fds) == -1 || (forked = fork()) == -1)
		exit(1);
	if (forked == 0) {
		if (away)
			setsid();
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	(void)!read(fds[0], &c, 1);	/* it has */
	close(fds[0]);
}

static void
child_revoke(const char *user)
{
	revoked = strcmp(user, "ann") == 0;
	if (strncmp(user, "fork", 4) == 0)
		fork_one(strcmp(user, "fork-away") == 0);
	if (strcmp(user, "hang") == 0) {
		daemon_doing("hang\x1b[ing");
		for (;;)
			pause();
	}
	if (strcmp(user, "lose-imapd") == 0)
		daemon_lost(PROC_IMAPD, 1);
	if (strcmp(user, "lose-credd") == 0)
		daemon_lost(PROC_CREDD, 0);
	if (strncmp(user, "forge", 5) == 0)
		forge((size_t)(user[5] - '0'));
}

/* One that was taken over is to fork, which no sandbox of ours allows. */
static void
child_reach(const struct slice *conf, struct sandbox *box)
{
	(void)conf;
	box->executes = true;
}

static void
child_leave(uint32_t within)
{
	leave = within;
}

static const struct daemon child = {
	.reach = child_reach,
	.leave = child_leave,
	.peer = child_peer,
	.listen = child_listen,
	.reload = child_reload,
	.counts = child_counts,
	.report = child_report,
	.preauth = child_preauth,
	.revoke = child_revoke,
};

/* ---- the parent, and an operator on the same loop ---- */

static void
serves(struct paild *p)
{
	event_base_loopbreak(p->base);
}

static void
report(struct proc *p)
{
	(void)p;
}

static const struct paild_ops	ops = { serves, report };

static void
on_child(int sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	child_reap(arg);
}

static void
too_long(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test hangs\n");
	exit(1);
}

static void
on_pace(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

bool	 rig_missing;

void
rig_turn(void)
{
	struct buf	 b = BUF_INIT;

	event_base_loop(pd.base, EVLOOP_ONCE);
	chan_status(&pd, &b);
	buf_put_u8(&b, 0);
	if (strstr((const char *)b.data,
	    "s: imapd 1 - authd 0\n") != NULL)
		rig_missing = true;
	buf_free(&b);
}

struct answer {
	char	text[8192];
	size_t	len;
	bool	whole;
};

static void
on_answer(int fd, short what, void *arg)
{
	struct answer	*a = arg;
	ssize_t		 n;

	(void)what;
	n = recv(fd, a->text + a->len, sizeof(a->text) - 1 - a->len, 0);
	if (n > 0) {
		a->len += (size_t)n;
		a->text[a->len] = '\0';
	} else
		a->whole = true;
}

const char *
rig_say(const char *line)
{
	static struct answer	 a;
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct event		*ev;
	int			 fd;

	memset(&a, 0, sizeof(a));
	strlcpy(sun.sun_path, rig_sock, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1 || send(fd, line, strlen(line), 0) == -1)
		return "no connection";
	ev = event_new(pd.base, fd, EV_READ | EV_PERSIST, on_answer, &a);
	event_add(ev, NULL);
	while (!a.whole)
		rig_turn();
	event_free(ev);
	close(fd);
	return a.text;
}

/* A port that is free, and given to nobody for a while. */
static unsigned
free_port(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		exit(1);
	close(fd);
	return ntohs(sin.sin_port);
}

void
rig_conf(const char *more)
{
	static unsigned	 port;
	FILE		*f = fopen(file, "w");

	if (f == NULL)
		exit(1);
	if (port == 0)
		port = free_port();
	fprintf(f, "listen: ['imap://127.0.0.1:%u']\n"
	    "store: {type: file, path: store}\ncache: {path: cache}\n"
	    "control-socket: sock\nauth: [{type: file, path: users}]\n"
	    "processes: {imapd: 2, storaged: 3}\n%s",
	    port, more);
	fclose(f);
}

bool
rig_has(const char *name, const char *what)
{
	static char	 line[512];
	const char	*row = strstr(rig_say("status\n"), name);

	if (row == NULL)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(row, "\n"), row);
	if (strstr(line, what) != NULL)
		return true;
	fprintf(stderr, "%s\n", line);
	return false;
}

bool
rig_wait(const char *name, const char *what)
{
	uint64_t end = clock_ms() + PATIENCE_MS;

	do {
		if (strstr(rig_say("status\n"), name) != NULL &&
		    proc_all_ready(&pd) && rig_has(name, what))
			return true;
		rig_turn();
	} while (clock_ms() < end);
	fprintf(stderr, "%s never %s\n", name, what);
	return false;
}

unsigned
rig_other(const struct proc *p, pid_t was)
{
	uint64_t end = clock_ms() + PATIENCE_MS;
	unsigned silent = 0;

	while (p->pid == was && clock_ms() < end) {
		rig_turn();
		if (p->pid == was && p->silent > silent)
			silent = p->silent;
	}
	return silent;
}

bool
rig_silent(const struct proc *p, unsigned turns)
{
	uint64_t end = clock_ms() + PATIENCE_MS;

	while (p->silent != turns && clock_ms() < end)
		rig_turn();
	return p->silent == turns;
}

static void
begin(const char *self)
{
	static const char *const names[] = { "imapd", "storaged", "authd",
	    "credd", "users" };
	static const int	 sig = SIGCHLD;
	struct timeval		 tv = { .tv_sec = 600 }, ms = { 0, 10000 };
	char			 path[128];
	size_t			 i;

	snprintf(dir, sizeof(dir), "/tmp/pail-test.XXXXXX");
	/* Where every user may pass: children may run as nobody. */
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1)
		exit(1);
	for (i = 0; i < nitems(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (symlink(self, path) == -1)
			exit(1);
	}
	snprintf(file, sizeof(file), "%s/pail.yaml", dir);
	snprintf(rig_sock, sizeof(rig_sock), "%s/sock", dir);
	rig_conf("");
	pd.file = file;
	pd.bindir = dir;
	pd.debug = true;
	TAILQ_INIT(&pd.listeners);
	pd.base = event_base_new();
	pd.conf = conf_load(file, false);
	conf_print_errors(pd.conf);
	if (!conf_ok(pd.conf) || identity_init(true) == -1 ||
	    identity_dirs(pd.conf) == -1 ||
	    listen_open(&pd, pd.conf, 0) == -1 ||
	    control_open(&pd, control_run) == -1) {
		fprintf(stderr, "no start with %s\n", file);
		exit(1);
	}
	children = evsignal_new(pd.base, sig, on_child, &pd);
	event_add(children, NULL);
	hanging = evtimer_new(pd.base, too_long, NULL);
	event_add(hanging, &tv);
	pace = event_new(pd.base, -1, EV_PERSIST, on_pace, NULL);
	event_add(pace, &ms);
	adopt_begin();
	proc_table(&pd);
	child_start_all(&pd, &ops);
	event_base_dispatch(pd.base);
}

int
rig_end(void)
{
	char	command[128];

	child_free_all(&pd);
	listen_close(&pd);
	conf_free(pd.conf);
	event_free(children);
	event_free(hanging);
	event_free(pace);
	event_base_free(pd.base);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

void
rig_begin(const char *argv0)
{
	static const char *const names[] = { "imapd", "storaged", "authd",
	    "credd" };
	struct daemon	 d = child;
	char		*self;
	size_t		 i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(argv0, names[i]) == 0) {
			d.name = names[i];
			daemon_run(&d);
		}
	log_init("paild");
	log_set_level(LOG_LEVEL_ERROR);
	if ((self = realpath(argv0, NULL)) == NULL)
		exit(1);
	begin(self);
	free(self);
}
