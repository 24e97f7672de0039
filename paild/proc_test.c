/*
 * The processes, for real: this program is also the children, which are
 * started under their names from a directory of links to it.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <event2/event.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/msg.h"
#include "common/test.h"
#include "paild/control.h"
#include "paild/identity.h"
#include "paild/listen.h"
#include "paild/proc.h"
#include "paild/reload.h"
#include "paild/stop.h"

static struct paild	pd;
static struct event	*children, *hanging;
static char		dir[64], file[128], sock[128];

/* ---- the children ---- */

static unsigned	peers, listeners, preauths;
static bool	revoked;

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
	if (slice_num(conf, "imap.max-connections", 0) != 13)
		return 0;
	snprintf(why, size, "13 brings bad luck");
	return -1;
}

static void
child_counts(void)
{
	daemon_count("peers", peers);
	daemon_count("listeners", listeners);
	daemon_count("preauths", preauths);
	daemon_count("revoked", revoked);
}

static void
child_report(const char *what, const char *arg, int fd)
{
	dprintf(fd, "report %s %s\n", what, arg);
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
child_revoke(const char *user)
{
	revoked = strcmp(user, "ann") == 0;
	if (strncmp(user, "forge", 5) == 0)
		forge((size_t)(user[5] - '0'));
}

static const struct daemon child = {
	.peer = child_peer,
	.listen = child_listen,
	.reload = child_reload,
	.counts = child_counts,
	.report = child_report,
	.preauth = child_preauth,
	.revoke = child_revoke,
};

/* ---- the parent, and an operator on the same loop ---- */

void
paild_serves(struct paild *p)
{
	event_base_loopbreak(p->base);
}

void
paild_report(struct proc *p)
{
	(void)p;
}

static void
on_child(int sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	proc_reap(arg);
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

struct answer {
	char	text[8192];
	size_t	len;
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
		event_base_loopbreak(pd.base);
}

/* One command to the operator's socket; all that comes back. */
static const char *
say(const char *line)
{
	static struct answer	 a;
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct event		*ev;
	int			 fd;

	memset(&a, 0, sizeof(a));
	strlcpy(sun.sun_path, sock, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1 || send(fd, line, strlen(line), 0) == -1)
		return "no connection";
	ev = event_new(pd.base, fd, EV_READ | EV_PERSIST, on_answer, &a);
	event_add(ev, NULL);
	event_base_dispatch(pd.base);
	event_free(ev);
	close(fd);
	return a.text;
}

static void
write_conf(const char *more)
{
	FILE	*f = fopen(file, "w");

	if (f == NULL)
		exit(1);
	fprintf(f, "listen: ['imap://127.0.0.1:%u']\n"
	    "store: {type: file, path: store}\ncache: {path: cache}\n"
	    "control-socket: sock\nauth: [{type: file, path: users}]\n"
	    "processes: {imapd: 2, storaged: 3}\n%s",
	    20000 + (unsigned)getpid() % 20000, more);
	fclose(f);
}

/* Does the row of the status that begins with name hold what? */
static bool
status_has(const char *name, const char *what)
{
	static char	 line[512];
	const char	*row = strstr(say("status\n"), name);

	if (row == NULL)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(row, "\n"), row);
	if (strstr(line, what) != NULL)
		return true;
	fprintf(stderr, "%s\n", line);
	return false;
}

static void
wait_until(const char *name, const char *what)
{
	int	i;

	for (i = 0; i < 5000; i++) {
		if (strstr(say("status\n"), name) != NULL &&
		    proc_all_ready(&pd) && status_has(name, what))
			return;
		usleep(1000);
	}
	CHECK_ROW(false, "%s never %s", name, what);
}

static void
test_table(void)
{
	static const struct { unsigned was; bool served; unsigned next; }
	    t[] = {
		{ 0, true, 100 }, { 100, true, 200 }, { 1600, true, 2000 },
		{ 2000, true, 2000 }, { 0, false, 100 },
		{ 2000, false, 4000 }, { 16000, false, 30000 },
		{ 30000, false, 30000 }, { 30000, true, 2000 },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK(proc_next_backoff(t[i].was, t[i].served) ==
		    t[i].next);
}

static void
test_wiring(void)
{
	CHECK(pd.nprocs == 9 && proc_all_ready(&pd));
	CHECK(status_has("imapd 1", "peers=1 listeners=1"));
	CHECK(status_has("storaged 2", "peers=2"));
	CHECK(status_has("authd 0", "peers=7"));
	CHECK(status_has("authworker 1", "peers=1"));
	CHECK(status_has("credd 0", "peers=3"));
}

static void
test_control(void)
{
	static char	long_line[600];
	static const struct { const char *line, *answer; } t[] = {
		{ "nonsense\n", "error: no such command\n" },
		{ "\n", "error: no such command\n" },
		{ "status now\n", "error: too many arguments\n" },
		{ "dump\n", "error: not a user's name\n" },
		{ "dump \x01\n", "error: not a user's name\n" },
		{ "status\nstop\n", "error: one line, and nothing behind "
		    "it\n" },
		{ "store-check\n", "ok\nreport store-check \n" },
		{ "dump Ann\n", "ok\nreport dump ann\n" },
		{ "deliver Bob B\n", "ok\n* PREAUTH bob b 32\r\n" },
		{ "revoke ANN\n", "ok\n" },
	};
	const char	*got;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		got = say(t[i].line);
		CHECK_ROW(strcmp(got, t[i].answer) == 0, "%s: %s",
		    t[i].line, got);
	}
	memset(long_line, 'x', sizeof(long_line) - 1);
	CHECK(strcmp(say(long_line), "error: the line is too long\n") == 0);
	CHECK(status_has("authd 0", "revoked=1"));
	CHECK(status_has("authd 0", "preauths=1"));
}

static void
test_restart(void)
{
	struct proc	*p = proc_find(&pd, PROC_STORAGED, 1);
	pid_t		 was = p->pid;

	kill(was, SIGKILL);
	wait_until("storaged 1", "peers=2");
	CHECK(p->pid != was && p->restarts == 1 && p->backoff == 100);
	/* Its peers got new channels: authd one, credd one. */
	CHECK(status_has("authd 0", "peers=8"));
	CHECK(status_has("credd 0", "peers=4"));
	kill(proc_find(&pd, PROC_IMAPD, 0)->pid, SIGKILL);
	wait_until("imapd 0", "peers=1 listeners=1");
}

/* It costs the child that says it, which is replaced, and nobody else. */
static void
test_forged(void)
{
	struct proc	*p = proc_find(&pd, PROC_AUTHD, 0);
	struct proc	*other = proc_find(&pd, PROC_CREDD, 0);
	pid_t		 was, others = other->pid;
	char		 line[32];
	size_t		 i;
	int		 turn;

	for (i = 0; i < nitems(forged); i++) {
		was = p->pid;
		p->backoff = 0;
		snprintf(line, sizeof(line), "revoke forge%zu\n", i);
		CHECK(strcmp(say(line), "ok\n") == 0);
		for (turn = 0; turn < 5000 && p->pid == was; turn++) {
			event_base_loop(pd.base, EVLOOP_NONBLOCK);
			usleep(1000);
		}
		CHECK_ROW(p->pid != was, "forged message %zu", i);
		wait_until("authd 0", "revoked=0");
	}
	CHECK(other->pid == others && other->restarts == 0);
}

static void
test_reload(void)
{
	write_conf("strore: 1\n");
	CHECK(strstr(say("reload\n"), "did you mean \"store\"") != NULL);
	write_conf("imap: {max-connections: 13}\n");
	CHECK(strstr(say("reload\n"), "13 brings bad luck") != NULL);
	write_conf("plaintext-login: always\n");
	CHECK(strncmp(say("reload\n"), "ok\n", 3) == 0);
	CHECK(strcmp(conf_str(pd.conf, "plaintext-login"), "always") == 0);
	unlink(sock);		/* not what the running paild changes */
	write_conf("log: {to: syslog}\n");
	reload_start(&pd, NULL, NULL);
	CHECK(strcmp(conf_str(pd.conf, "log.to"), "stderr") == 0);
}

static void
test_stop(void)
{
	stop_begin(&pd);
	event_base_dispatch(pd.base);
	CHECK(proc_running(&pd) == 0);
}

static void
begin(const char *self)
{
	static const char *const names[] = { "imapd", "storaged", "authd",
	    "credd", "users" };
	static const int	 sig = SIGCHLD;
	struct timeval		 tv = { .tv_sec = 60 };
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
	snprintf(sock, sizeof(sock), "%s/sock", dir);
	write_conf("");
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
	    control_open(&pd) == -1 || proc_table(&pd) == -1)
		exit(1);
	children = evsignal_new(pd.base, sig, on_child, &pd);
	event_add(children, NULL);
	hanging = evtimer_new(pd.base, too_long, NULL);
	event_add(hanging, &tv);
	proc_start_all(&pd);
	event_base_dispatch(pd.base);
}

static void
tidy(void)
{
	char	command[128];

	proc_free_all(&pd);
	listen_close(&pd);
	conf_free(pd.conf);
	event_free(children);
	event_free(hanging);
	event_base_free(pd.base);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

int
main(int argc, char *argv[])
{
	static const char *const names[] = { "imapd", "storaged", "authd",
	    "credd" };
	struct daemon	 d = child;
	char		*self;
	size_t		 i;

	(void)argc;
	for (i = 0; i < nitems(names); i++)
		if (strcmp(argv[0], names[i]) == 0) {
			d.name = names[i];
			daemon_run(&d);
		}
	log_init("paild");
	log_set_level(LOG_LEVEL_ERROR);
	if ((self = realpath(argv[0], NULL)) == NULL)
		return 1;
	test_table();
	begin(self);
	test_wiring();
	test_control();
	test_restart();
	test_forged();
	test_reload();
	test_stop();
	tidy();
	free(self);
	return TEST_END();
}
