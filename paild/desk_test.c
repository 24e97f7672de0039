/*
 * The admin page's end in the parent, with authd's and admind's ends here and
 * a script in pailctl's place: what needs a token, what a command becomes, and
 * how many run at once.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_admin.h"
#include "common/test.h"
#include "common/unix_connect.h"
#include "paild/command.h"
#include "paild/control.h"
#include "paild/desk.h"
#include "paild/test/real.h"

#define STORE	"{type: file, path: store}"
#define GUESSES	20000
#define PAGE	"admin-page: true\nadmins: [ann]\n"

/* Prints its arguments behind -f FILE and its standard input, as JSON; with
 * "user del" it fails, and with "quota" it hangs. */
#define SCRIPT								\
	"#!/bin/sh\nshift 2\n"						\
	"[ \"$2\" = quota ] && exec sleep 1000\n"			\
	"[ \"$3\" = del ] && { echo '{\"error\":\"no\"}'; exit 1; }\n"	\
	"[ \"$2\" = user ] && [ $# = 4 ] && read -r x\n"		\
	"echo \"{\\\"all\\\":\\\"$*|$x\\\"}\"\n"

static struct proc	*authd, *admind;
static struct peer	*authd_end;
static char		 given[ADMIN_TOKEN + 1];
static unsigned int	 gives, passed;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct setup_give	g;

	(void)p;
	(void)arg;
	if (m->type != IMSG_SETUP_GIVE)
		return 0;
	CHECK(wire_decode(&setup_give_wire, &g, m->data, m->len, NULL) == 0);
	CHECK((g.outcome == SETUP_GIVE_FOUND) == (g.data.len == ADMIN_TOKEN));
	str_copy(given, sizeof(given), g.data);
	gives++;
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
}

static const struct peer_ops	ops = { on_message, on_closed, NULL };

static void
turn(void)
{
	int	status;
	pid_t	pid;

	event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		(void)command_reaped(pid, status);
}

/* The token of a login; "": none. */
static const char *
login(const char *what)
{
	unsigned int	was = gives;
	uint64_t	end = clock_ms() + TEST_PATIENCE_MS;

	if (desk_login(authd, 1, str_from(what)) == -1)
		return NULL;
	while (gives == was && clock_ms() < end)
		turn();
	return given;
}

/* ADMIN_DO, with a descriptor, which is taken. */
static int
act_by(struct proc *from, const char *token, const char *text,
    const char *secret, int fd)
{
	struct admin_arg	 v[ADMIN_ARGS_MAX];
	struct admin_do		 d = { str_from(token), { v, 0 },
				    str_from(secret), STR("192.0.2.1") };
	struct str		 rest = str_from(text), part;
	struct buf		 b = BUF_INIT;
	struct msg		 m = { .type = IMSG_ADMIN_DO, .id = 1,
				    .fd = fd };
	int			 r;

	while (str_split(&rest, ' ', &part))
		v[d.args.n++].text = part;
	if (rest.len > 0)
		v[d.args.n++].text = rest;
	CHECK(wire_encode(&admin_do_wire, &d, &b) == 0);
	m.data = b.data;
	m.len = b.len;
	r = desk_take(from, &m);
	buf_free(&b);
	return r;
}

/* Our end of its answer, or -1 if it was refused. */
static int
act(struct proc *from, const char *token, const char *text,
    const char *secret)
{
	int	sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		fatal("socketpair");
	if (act_by(from, token, text, secret, sv[1]) == -1) {
		close(sv[0]);
		return -1;
	}
	(void)fcntl(sv[0], F_SETFL, O_NONBLOCK);
	return sv[0];
}

/* All that is said to it, up to the end. */
static const char *
answer(int fd)
{
	static char	said[4096];
	uint64_t	end = clock_ms() + TEST_PATIENCE_MS;
	size_t		len = 0;
	ssize_t		n = -1;

	if (fd == -1)
		return "refused";
	while (n != 0 && clock_ms() < end) {
		turn();
		n = recv(fd, said + len, sizeof(said) - 1 - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	said[len] = '\0';
	close(fd);
	return said;
}

/* In control_cmd.c's place; another process has "credentials". */
static void
run(struct control_client *c)
{
	int	fd;

	if (strcmp(c->line, "credentials") == 0) {
		if ((fd = control_pass(c)) != -1)
			close(fd);
		passed++;
		control_end(c);
		return;
	}
	buf_printf(&c->out, "ok\n[%s]\n", c->line);
	CHECK(c->json);
	control_finish(c);
}

static void
begin(void)
{
	char	path[] = "/tmp/desk_test.XXXXXX";
	int	sv[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    control_open(&real_pd, run) == -1)
		fatal("begin");
	authd = &real_pd.procs[0];
	while (authd->kind != PROC_AUTHD)
		authd++;
	admind = authd;
	while (admind->kind != PROC_ADMIND)
		admind++;
	authd->setup = peer_new(real_pd.base, sv[0], MSG_CHANNEL_SETUP,
	    MSG_SIDE_A, &ops, NULL);
	authd_end = peer_new(real_pd.base, sv[1], MSG_CHANNEL_SETUP,
	    MSG_SIDE_B, &ops, NULL);
	if ((fd = mkstemp(path)) == -1 || write(fd, SCRIPT,
	    sizeof(SCRIPT) - 1) != sizeof(SCRIPT) - 1 ||
	    fchmod(fd, 0700) == -1)
		fatal("mkstemp");
	close(fd);
	real_pd.tool = strdup(path);
}

/* Who gets a token. */
static void
test_logins(void)
{
	static const char *const bad[] = { "", "ann", "password ann",
	    "other 192.0.2.1 ann", "password 192.0.2.1 ", "password  ",
	    "password 192.0.2.1 a\x01" };
	size_t			 i;
	char			 one[ADMIN_TOKEN + 1];

	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(login(bad[i]) == NULL, "%s", bad[i]);
	CHECK(desk_login(admind, 1, STR("password 192.0.2.1 ann")) == -1);
	CHECK(strlen(login("password 192.0.2.1 ann")) == ADMIN_TOKEN);
	strlcpy(one, given, sizeof(one));
	CHECK(strlen(login("password - ann")) == ADMIN_TOKEN);
	CHECK(strcmp(one, given) != 0);
	CHECK(strcmp(login("password 192.0.2.1 bob"), "") == 0);
	CHECK(strlen(login("app 192.0.2.1 bob")) == ADMIN_TOKEN);
	CHECK(desk_logout(admind, STR("bob")) == -1);
	CHECK(desk_logout(authd, STR("bob")) == 0);
	CHECK(strcmp(answer(act(admind, given, "status", "")),
	    "error: session\n") == 0);
	CHECK(strncmp(answer(act(admind, one, "nothing", "")),
	    "user ann\nerror: ", 16) == 0);
}

static void
test_commands(const char *t)
{
	CHECK(act(authd, t, "status", "") == -1);
	CHECK(act(admind, t, "", "") == -1);
	CHECK(act(admind, t, "user add x", "a\nb") == -1);
	CHECK(strcmp(answer(act(admind, "x", "user list", "")),
	    "error: session\n") == 0);
	CHECK(strcmp(answer(act(admind, t, "user list", "")),
	    "user ann\nok\n{\"all\":\"--json user list|\"}\n") == 0);
	/* The secret comes by the standard input. */
	CHECK(strcmp(answer(act(admind, t, "user add x", "geheim")),
	    "user ann\nok\n{\"all\":\"--json user add x|geheim\"}\n") == 0);
	CHECK(strcmp(answer(act(admind, t, "user passwd $(id)", "x y")),
	    "user ann\nok\n{\"all\":\"--json user passwd $(id)|x y\"}\n") ==
	    0);
	CHECK(strcmp(answer(act(admind, t, "user del x", "")),
	    "user ann\nok\n{\"error\":\"no\"}\n") == 0);
	CHECK(strcmp(answer(act(admind, t, "status", "")),
	    "user ann\nok\n[status]\n") == 0);
	CHECK(strstr(answer(act(admind, t, "stop", "")), "no such command") !=
	    NULL);
}

/* Four hang: the next wait, and those behind them are told to come again. */
static void
test_crowd(const char *t)
{
	int	fds[DESK_AT_ONCE + DESK_WAITING], i, full = 0, refused;

	for (i = 0; i < DESK_AT_ONCE + DESK_WAITING; i++)
		fds[i] = act(admind, t, i < DESK_AT_ONCE ? "quota x" :
		    "user list", "");
	turn();
	refused = act(admind, t, "user list", "");
	CHECK(strcmp(answer(refused), "user ann\nerror: too many commands at "
	    "once: try again\n") == 0);
	for (i = 0; i < DESK_AT_ONCE + DESK_WAITING; i++) {
		char	c[64];

		full += recv(fds[i], c, sizeof(c), 0) == 9;	/* "user ann\n" */
	}
	CHECK_ROW(full == DESK_AT_ONCE + DESK_WAITING, "%d", full);
	desk_end();		/* as at the end of paild */
	for (i = 0; i < DESK_AT_ONCE + DESK_WAITING; i++)
		CHECK(strcmp(answer(fds[i]), "") == 0);
}

/* What others answer is told to few at once, and nobody's who may no more. */
static void
test_passed(const char *t)
{
	uint64_t	from = clock_ms();
	int		fds[2 * DESK_AT_ONCE], i, waits;

	for (i = 0; i < 2 * DESK_AT_ONCE; i++)
		fds[i] = act(admind, t, "credentials", "");
	CHECK_ROW(passed == DESK_AT_ONCE, "%u", passed);
	for (i = 0; i < 2 * DESK_AT_ONCE; i++)
		CHECK_ROW(strcmp(answer(fds[i]), "user ann\nok\n") == 0, "%d",
		    i);
	/* libevent's clock is a coarser one. */
	CHECK_ROW(passed == 2 * DESK_AT_ONCE && clock_ms() - from >=
	    DESK_PASSED_MS / 2, "%u", passed);
	/* All places are taken: what comes now waits, and then he is out. */
	waits = act(admind, t, "status", "");
	i = act(admind, t, "user list", "");
	desk_revoke("ann");
	CHECK(strcmp(answer(waits), "user ann\nerror: session\n") == 0);
	CHECK(strcmp(answer(i), "user ann\nerror: session\n") == 0);
}

/* One that was taken over passes something else to write to: what nobody can
 * wait for would keep a place for ever. */
static void
test_descriptors(const char *t)
{
	int	sv[2], i;

	for (i = 0; i < DESK_AT_ONCE; i++)
		CHECK(act_by(admind, t, "status", "", open("/dev/null",
		    O_RDWR)) == -1);
	if (pipe(sv) == -1)
		fatal("pipe");
	close(sv[0]);
	CHECK(act_by(admind, t, "status", "", sv[1]) == -1);
	CHECK(act_by(admind, t, "status", "", socket(AF_INET, SOCK_STREAM,
	    0)) == -1);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sv) == -1)
		fatal("socketpair");
	close(sv[0]);
	CHECK(act_by(admind, t, "status", "", sv[1]) == -1);
	CHECK(act_by(admind, t, "status", "", -1) == 0);
	CHECK(strcmp(answer(act(admind, t, "status", "")),
	    "user ann\nok\n[status]\n") == 0);
}

static void
no_end(struct control_client *c, void *arg)
{
	(void)c;
	(void)arg;
}

/* Commands of the page come on top of the socket's clients, which are limited
 * all the same. */
static void
test_limit(void)
{
	const char		*path = conf_str(real_pd.conf,
				    "control-socket");
	struct control_client	*own = NULL;
	int			 fds[CONTROL_CLIENTS_MAX + 1], sv[2], i;
	char			 c;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		fatal("socketpair");
	for (i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
		if (i == CONTROL_CLIENTS_MAX)
			own = control_adopt(&real_pd, sv[0], no_end, NULL);
		if ((fds[i] = unix_connect(path, true)) == -1)
			fatal("%s", path);
		turn();
	}
	CHECK(recv(fds[0], &c, 1, MSG_DONTWAIT) == -1);
	CHECK(recv(fds[CONTROL_CLIENTS_MAX], &c, 1, MSG_DONTWAIT) == 0);
	if (own == NULL)
		fatalx("control_adopt");
	control_end(own);
	close(sv[1]);
	for (i = 0; i < CONTROL_CLIENTS_MAX + 1; i++)
		close(fds[i]);
	turn();
}

/* What is asked for without a login keeps nobody waiting. */
static void
test_guesses(void)
{
	uint64_t	from = clock_ms();
	char		token[ADMIN_TOKEN + 1];
	int		i, wrong = 0, fd;

	for (i = 0; i < GUESSES; i++) {
		snprintf(token, sizeof(token), "%064d", i);
		fd = act(admind, token, "status", "");
		wrong += fd == -1;
		close(fd);
	}
	CHECK_ROW(wrong == 0 && clock_ms() - from < TEST_PATIENCE_MS, "%d "
	    "%llu", wrong, (unsigned long long)(clock_ms() - from));
	printf("%d guesses: %llu ms\n", GUESSES,
	    (unsigned long long)(clock_ms() - from));
}

int
main(int argc, char **argv)
{
	char	t[ADMIN_TOKEN + 1];

	(void)argc;
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	real_begin(argv[0]);
	real_conf(STORE, PAGE);
	begin();
	test_logins();
	strlcpy(t, login("password 192.0.2.1 ann"), sizeof(t));
	test_commands(t);
	test_descriptors(t);
	test_limit();
	test_guesses();
	test_passed(t);
	strlcpy(t, login("password 192.0.2.1 ann"), sizeof(t));
	CHECK(strncmp(answer(act(admind, t, "user list", "")), "user ann", 8)
	    == 0);
	test_crowd(t);
	CHECK(strcmp(answer(act(admind, t, "user list", "")),
	    "error: session\n") == 0);
	(void)unlink(real_pd.tool);
	peer_close(authd->setup);
	peer_close(authd_end);
	turn();
	control_close(&real_pd);
	desk_end();
	real_end();
	return TEST_END();
}
