/*
 * Lines to what takes no more: nothing waits, what is lost is told, no line
 * is cut into another.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/log.h"
#include "common/log_out.h"
#include "common/test.h"

#define LINES	20000

static char	 got[8 * 1024 * 1024];
static size_t	 ngot;
static int	 saved = -1;

/* fd becomes standard error; back to what it was. */
static void
borrow(int fd)
{
	saved = dup(STDERR_FILENO);
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
}

static void
give_back(void)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* All that is there now. */
static void
drain(int fd)
{
	ssize_t	n;

	while ((n = read(fd, got + ngot, sizeof(got) - 1 - ngot)) > 0)
		ngot += (size_t)n;
	got[ngot] = '\0';
}

/* How many lines came, how many they say were lost; each is a whole one. */
static void
count(size_t *lines, unsigned long *lost)
{
	char	*p = got, *nl, *at;

	*lines = 0;
	*lost = 0;
	for (; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
		*nl = '\0';
		if ((at = strstr(p, " warn: ")) != NULL &&
		    strstr(at, " lines lost") != NULL)
			*lost += strtoul(at + 7, NULL, 10);
		else {
			at = strstr(p, " info: line ");
			CHECK_ROW(at != NULL && strlen(at) == 12 + 200 + 4 &&
			    strcmp(p + strlen(p) - 4, " end") == 0, "%s", p);
			++*lines;
		}
	}
	CHECK(*p == '\0');
}

static void
say(size_t n)
{
	char	pad[201];

	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	while (n-- > 0)
		log_info("line %s end", pad);
}

/* A pipe, a socket or a terminal that nobody reads, and then somebody. */
static void
run(int ours, int theirs)
{
	size_t		lines;
	unsigned long	lost;

	ngot = 0;
	CHECK(fcntl(theirs, F_SETFL, O_NONBLOCK) == 0);
	borrow(ours);
	alarm(60);			/* it would wait for ever */
	say(LINES);
	alarm(0);
	drain(theirs);
	CHECK(ngot > 0 && ngot < LINES * 200);
	say(1);
	give_back();
	drain(theirs);
	count(&lines, &lost);
	CHECK_ROW(lines + lost == LINES + 1, "%zu and %lu", lines, lost);
	CHECK(lost > 0);
	/* Others that have it open find it as it was. */
	CHECK((fcntl(ours, F_GETFL) & O_NONBLOCK) == 0);
}

static void
test_unread(void)
{
	int	fds[2];

	CHECK(pipe(fds) == 0);
	run(fds[1], fds[0]);
	close(fds[0]);
	close(fds[1]);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	run(fds[1], fds[0]);
	close(fds[0]);
	close(fds[1]);
}

/* With a loop: a burst is kept and written when there is room. */
static void
loop_until(struct event_base *base, int theirs)
{
	int	turn, still = 0;
	size_t	was;

	for (turn = 0; turn < 10000 && still < 3; turn++) {
		was = ngot;
		event_base_loop(base, EVLOOP_NONBLOCK);
		drain(theirs);
		still = ngot == was ? still + 1 : 0;
	}
}

static void
test_kept(int ours, int theirs)
{
	struct event_base	*base = event_base_new();
	size_t			 lines;
	unsigned long		 lost;

	ngot = 0;
	CHECK(fcntl(theirs, F_SETFL, O_NONBLOCK) == 0);
	borrow(ours);
	log_out_private();
	give_back();
	CHECK(log_out_attach(base) == 0);
	say(LOG_OUT_KEPT / 300);
	loop_until(base, theirs);
	count(&lines, &lost);
	CHECK_ROW(lines == LOG_OUT_KEPT / 300 && lost == 0, "%zu %lu", lines,
	    lost);
	/* More than it keeps is lost, and nothing waits. */
	ngot = 0;
	alarm(60);
	say(LINES);
	alarm(0);
	loop_until(base, theirs);
	say(1);
	log_out_drain(1000);
	drain(theirs);
	count(&lines, &lost);
	CHECK_ROW(lines + lost == LINES + 1 && lost > 0, "%zu %lu", lines,
	    lost);
	log_out_detach();
	event_base_free(base);
	CHECK((fcntl(ours, F_GETFL) & O_NONBLOCK) == 0);
}

static void
test_terminal(void)
{
	struct termios	 raw;
	int		 master, slave;
	char		*name;

	master = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(master != -1 && grantpt(master) == 0 && unlockpt(master) == 0);
	CHECK((name = ptsname(master)) != NULL);
	CHECK((slave = open(name, O_RDWR | O_NOCTTY)) != -1);
	CHECK(tcgetattr(slave, &raw) == 0);
	raw.c_oflag &= ~(tcflag_t)OPOST;	/* a newline stays one octet */
	CHECK(tcsetattr(slave, TCSANOW, &raw) == 0);
	test_kept(slave, master);
	close(slave);
	close(master);
}

/* A daemon that hangs, and one that goes and comes back. */
static void
test_syslog(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct event_base	*base = event_base_new();
	char			 dir[] = "/tmp/pail-log-test.XXXXXX";
	char			 text[4096];
	struct pollfd		 pfd;
	uint64_t		 end;
	int			 fd, i;
	ssize_t			 n;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/log", dir);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	log_to_syslog();
	log_out_syslog(sun.sun_path);
	CHECK(log_out_attach(base) == 0);
	alarm(60);
	say(LOG_OUT_KEPT / 300);	/* nobody reads: kept */
	alarm(0);
	for (i = 0; i < LOG_OUT_KEPT / 300;) {
		if ((n = recv(fd, text, sizeof(text) - 1, 0)) == -1) {
			event_base_loop(base, EVLOOP_ONCE);
			continue;
		}
		text[n] = '\0';
		/* mail, info; no newline */
		CHECK(strncmp(text, "<22>", 4) == 0 && strchr(text, '\n') ==
		    NULL && strstr(text, " test[") != NULL &&
		    strstr(text, "]: info: line x") != NULL);
		i++;
	}
	close(fd);
	unlink(sun.sun_path);
	log_info("while it is away");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	/* It is looked for again when there is something to say. */
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	end = clock_ms() + TEST_PATIENCE_MS;
	do
		log_info("it is back");
	while (poll(&pfd, 1, 10) == 0 && clock_ms() < end);
	n = recv(fd, text, sizeof(text) - 1, 0);
	CHECK(n > 0);
	text[n > 0 ? n : 0] = '\0';
	CHECK_ROW(strstr(text, "while it is away") != NULL, "%s", text);
	close(fd);
	unlink(sun.sun_path);
	rmdir(dir);
	log_out_detach();
	event_base_free(base);
}

/* The journal: one datagram a line, a field a key; bursts are kept whole. */
static void
test_journal(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct event_base	*base = event_base_new();
	char			 dir[] = "/tmp/pail-log-test.XXXXXX";
	char			 text[8192];
	int			 fd, i;
	ssize_t			 n;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/log", dir);
	CHECK(log_to_journal(sun.sun_path) == -1);	/* nobody is there */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	CHECK(log_to_journal(sun.sun_path) == 0);
	CHECK(log_out_attach(base) == 0);
	alarm(60);
	for (i = 0; i < 300; i++)
		log_warnx("s3: session=81f3 a-b=\"x \\\"y\\\"\" n=%d", i);
	for (i = 0; i < 300;) {
		if ((n = recv(fd, text, sizeof(text) - 1, 0)) == -1) {
			event_base_loop(base, EVLOOP_ONCE);
			continue;
		}
		text[n] = '\0';
		CHECK_ROW(strncmp(text, "PRIORITY=4\nSYSLOG_FACILITY=2\n"
		    "SYSLOG_IDENTIFIER=test\nSYSLOG_PID=", 63) == 0 &&
		    strstr(text, "\nMESSAGE=s3: session=81f3 a-b=\"x "
		    "\\\"y\\\"\" n=") != NULL &&
		    strstr(text, "\nPAIL_SESSION=81f3\n") != NULL &&
		    strstr(text, "\nPAIL_A_B=x \"y\"\n") != NULL &&
		    atoi(strstr(text, "\nPAIL_N=") + 8) == i &&
		    text[n - 1] == '\n', "%s", text);
		i++;
	}
	alarm(0);
	close(fd);
	unlink(sun.sun_path);
	rmdir(dir);
	log_out_detach();
	event_base_free(base);
}

/* What paild gets from a child, and what it makes of it. */
static void
test_child(void)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "\x1e" "2hello", " storaged/1[77] info: hello\n" },
		{ "\x1e" "1w\xe2\x80\xae", " storaged/1[77] warn: "
		  "w\\xe2\\x80\\xae\n" },
		{ "\x1e" "9hello", " storaged/1[77] warn: stderr: "
		  "\\x1e9hello\n" },
		{ "==1==ERROR: \x1b[1m", " storaged/1[77] warn: stderr: "
		  "==1==ERROR: \\x1b[1m\n" },
		{ "\x1e", " storaged/1[77] warn: stderr: \\x1e\n" },
	};
	int	fds[2];
	size_t	i;

	CHECK(pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	borrow(fds[1]);
	for (i = 0; i < nitems(rows); i++) {
		ngot = 0;
		log_of("storaged/1", 77, rows[i].in, strlen(rows[i].in));
		drain(fds[0]);
		CHECK_ROW(ngot > 24 && strcmp(got + 24, rows[i].out) == 0,
		    "%zu: %s", i, got);
	}
	ngot = 0;
	log_of("storaged/1", 77, "", 0);
	drain(fds[0]);
	CHECK(ngot == 0);
	/* And what a child writes there. */
	log_to_paild();
	log_warnx("a\nb");
	drain(fds[0]);
	CHECK_ROW(strcmp(got, "\x1e" "1a\\x0ab\n") == 0, "%s", got);
	give_back();
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	/* Each changes for good where lines go. */
	static void	(*const tests[])(void) = { test_unread, test_child,
	    test_terminal, test_syslog, test_journal };
	size_t		 i;
	pid_t		 pid;
	int		 status = 0;

	log_init("test");
	for (i = 0; i < nitems(tests); i++) {
		if ((pid = fork()) == 0) {
			tests[i]();
			exit(TEST_END());
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	return TEST_END();
}
