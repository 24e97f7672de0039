/* Logins and commands of administrators, with authd's and paild's ends here. */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "admind/web/desk.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "common/test.h"

#define TOKEN								\
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct event_base	*base;
static struct peer		*authd;
static unsigned int		 lost;

/* What authd was asked. */
static struct {
	unsigned int	n, cancelled;
	uint32_t	id;
	char		initial[100], remote[64];
	size_t		len;
} start;

/* What paild was asked. */
static struct {
	unsigned int	n;
	int		fd;
	char		text[200], secret[64];
} command;

static struct {
	unsigned int	n;
	enum desk_code	code;
	char		text[200], json[200], token[DESK_TOKEN + 1];
	char		user[64];
} told;

static void
on_told(const struct desk_answer *a, void *arg)
{
	CHECK(arg == &told);
	told.n++;
	told.code = a->code;
	str_copy(told.text, sizeof(told.text), a->text);
	str_copy(told.json, sizeof(told.json), a->json);
	strlcpy(told.token, a->token, sizeof(told.token));
	strlcpy(told.user, a->user, sizeof(told.user));
}

static void
on_command(uint32_t id, const struct admin_do *what, int fd)
{
	const struct admin_arg	*v = what->args.v;
	size_t			 i;

	CHECK(id != 0 && str_eq(what->token, STR(TOKEN)) &&
	    str_eq(what->remote, STR("192.0.2.1")));
	command.n++;
	command.fd = fd;
	str_copy(command.secret, sizeof(command.secret), what->secret);
	command.text[0] = '\0';
	for (i = 0; i < what->args.n; i++)
		snprintf(command.text + strlen(command.text), 100, "%.*s|",
		    (int)v[i].text.len, v[i].text.p);
}

static void
on_lost(const char *why)
{
	(void)why;
	lost++;
}

static const struct desk_ops	ops = { on_command, on_lost };

static void
turn(void)
{
	int	i;

	for (i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int
on_authd(struct peer *p, struct msg *m, void *arg)
{
	struct auth_start	 s;

	(void)p;
	(void)arg;
	if (m->type == IMSG_AUTH_CANCEL) {
		start.cancelled++;
		return 0;
	}
	CHECK(m->type == IMSG_AUTH_START && wire_decode(&auth_start_wire, &s,
	    m->data, m->len, NULL) == 0);
	CHECK(str_eq(s.mechanism, STR("PLAIN")) && s.has_initial && s.tls);
	start.n++;
	start.id = m->id;
	start.len = s.initial.len;
	str_copy(start.initial, sizeof(start.initial), s.initial);
	str_copy(start.remote, sizeof(start.remote), s.remote);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	authd = NULL;
}

static const struct peer_ops	authd_side = { on_authd, on_closed, NULL };

static void
join(void)
{
	int	sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		fatal("socketpair");
	peer_close(authd);
	authd = peer_new(base, sv[0], MSG_CHANNEL_AUTH, MSG_SIDE_B,
	    &authd_side, NULL);
	desk_channel(sv[1]);
	turn();
}

static struct desk *
login(void)
{
	struct desk	*d = desk_login(STR("ann"), STR("pw"), "192.0.2.1",
			    true, on_told, &told);

	told.n = 0;
	turn();
	return d;
}

static void
test_login(void)
{
	struct auth_admin	 yes = { STR("ann"), STR(TOKEN) };
	struct auth_no		 no = { AUTH_FAILED, STR("Authentication "
				    "failed") };
	struct desk		*d;

	/* Before authd is there. */
	CHECK(login() != NULL && told.n == 1 && told.code == DESK_AWAY);
	join();
	CHECK(login() != NULL && start.n == 1 && told.n == 0);
	CHECK(start.len == 7 && memcmp(start.initial, "\0ann\0pw", 7) == 0 &&
	    strcmp(start.remote, "192.0.2.1") == 0);
	CHECK(peer_send_struct(authd, IMSG_AUTH_ADMIN, start.id, &yes,
	    -1) == 0);
	turn();
	CHECK(told.n == 1 && told.code == DESK_OK &&
	    strcmp(told.token, TOKEN) == 0 && strcmp(told.user, "ann") == 0);
	CHECK(login() != NULL);
	(void)peer_send_struct(authd, IMSG_AUTH_NO, start.id, &no, -1);
	turn();
	CHECK(told.n == 1 && told.code == DESK_ERROR &&
	    strcmp(told.text, "Authentication failed") == 0 &&
	    told.token[0] == '\0');
	CHECK(login() != NULL);
	no.code = AUTH_UNAVAILABLE;
	(void)peer_send_struct(authd, IMSG_AUTH_NO, start.id, &no, -1);
	turn();
	CHECK(told.n == 1 && told.code == DESK_AWAY);
	/* One that is forgotten is cancelled, and its answer is nothing. */
	d = login();
	desk_forget(d);
	(void)peer_send_struct(authd, IMSG_AUTH_ADMIN, start.id, &yes, -1);
	turn();
	CHECK(told.n == 0 && start.cancelled == 1);
	/* A NUL is authd's to refuse; what is too long is refused here. */
	desk_forget(desk_login((struct str){ "a\0b", 3 }, STR("pw"), "",
	    true, on_told, &told));
	turn();
	CHECK(start.len == 7);
}

static void
test_authd_lost(void)
{
	struct auth_ok		 ok = { .user = STR("ann") };
	int			 fd;

	CHECK(login() != NULL && login() != NULL);
	join();			/* another one */
	CHECK(told.n == 2 && told.code == DESK_AWAY);
	/* A session is nothing that it may be given. */
	CHECK(login() != NULL);
	fd = dup(0);
	(void)peer_send_struct(authd, IMSG_AUTH_OK, start.id, &ok, fd);
	turn();
	CHECK(told.n == 1 && told.code == DESK_AWAY && lost == 1 &&
	    authd == NULL);
	join();
	(void)peer_send(authd, IMSG_AUTH_LEAVE, 1, NULL, 0, -1);
	turn();
	CHECK(lost == 2);
	join();
}

/* What paild writes, whole or an octet at a time, and what comes of it. */
static const struct {
	const char	*said;
	enum desk_code	 code;
	const char	*text, *json, *user;
} answers[] = {
	{ "user ann\nok\n{\"a\":1}\n", DESK_OK, "", "{\"a\":1}", "ann" },
	{ "user ann\nok\n{}\n", DESK_OK, "", "{}", "ann" },
	{ "user ann\nerror: no such user\n", DESK_ERROR, "no such user", "",
	  "ann" },
	{ "error: session\n", DESK_SESSION, "session", "", "" },
	{ "user ann\nok\n{\"error\":\"bob does not exist\"}\n", DESK_ERROR,
	  "bob does not exist", "{\"error\":\"bob does not exist\"}", "ann" },
	{ "user ann\nok\n{\"error\":{}}\n", DESK_ERROR, "it failed",
	  "{\"error\":{}}", "ann" },
	{ "user ann\nok\n{\"a\":", DESK_AWAY, NULL, "", "ann" },
	{ "user ann\nok\n", DESK_AWAY, NULL, "", "ann" },
	{ "user ann\nwhat\n{}\n", DESK_AWAY, NULL, "", "ann" },
	{ "user ann\n", DESK_AWAY, NULL, "", "ann" },
	{ "ok\n{}", DESK_OK, "", "{}", "" },
	{ "ok", DESK_AWAY, NULL, "", "" },
	{ "", DESK_AWAY, NULL, "", "" }
};

static struct desk *
act(void)
{
	static const struct str	 args[] = { { "user", 4 }, { "passwd", 6 },
				    { "bob", 3 } };

	memset(&told, 0, sizeof(told));
	return desk_do(TOKEN, args, 3, STR("secret"), "192.0.2.1", on_told,
	    &told);
}

static void
answer(size_t row, bool slow)
{
	const char	*p = answers[row].said;
	size_t		 n = strlen(p), i;

	CHECK(act() != NULL && told.n == 0);
	CHECK(strcmp(command.text, "user|passwd|bob|") == 0 &&
	    strcmp(command.secret, "secret") == 0);
	for (i = 0; i < n; i += slow ? 1 : n) {
		CHECK(write(command.fd, p + i, slow ? 1 : n) > 0);
		turn();
		CHECK(told.n == 0);
	}
	close(command.fd);
	turn();
	CHECK_ROW(told.n == 1 && told.code == answers[row].code, "row %zu: %d",
	    row, told.code);
	if (answers[row].text != NULL)
		CHECK_ROW(strcmp(told.text, answers[row].text) == 0, "row "
		    "%zu: %s", row, told.text);
	CHECK_ROW(strcmp(told.json, answers[row].json) == 0 &&
	    strcmp(told.user, answers[row].user) == 0, "row %zu: %s", row,
	    told.json);
}

static void
test_commands(void)
{
	static char	 big[ADMIN_ARG_MAX + 1];
	struct str	 args[ADMIN_ARGS_MAX + 1];
	struct desk	*d;
	unsigned int	 n;
	size_t		 i;

	for (i = 0; i < nitems(answers); i++) {
		answer(i, false);
		answer(i, true);
	}
	d = act();
	desk_forget(d);
	CHECK(write(command.fd, "x", 1) == -1);	/* nobody is there */
	close(command.fd);
	/* What would cost the channel is not sent. */
	n = command.n;
	memset(big, 'x', sizeof(big));
	for (i = 0; i <= ADMIN_ARGS_MAX; i++)
		args[i] = STR("x");
	CHECK(desk_do(TOKEN, args, ADMIN_ARGS_MAX + 1, STR(""), "", on_told,
	    &told) == NULL);
	args[0] = (struct str){ big, sizeof(big) };
	CHECK(desk_do(TOKEN, args, 1, STR(""), "", on_told, &told) == NULL);
	args[0] = (struct str){ "a\0b", 3 };
	CHECK(desk_do(TOKEN, args, 1, STR(""), "", on_told, &told) == NULL);
	CHECK(desk_do(TOKEN "x", args, 0, STR(""), "", on_told, &told) ==
	    NULL);
	CHECK(command.n == n);
}

static void
test_limits(void)
{
	static char	 big[65536];
	struct desk	*d[DESK_MAX];
	int		 fds[DESK_MAX];
	size_t		 i, sent = 0;
	ssize_t		 n;

	for (i = 0; i < DESK_MAX; i++) {
		d[i] = act();
		fds[i] = command.fd;
		CHECK(d[i] != NULL);
	}
	CHECK(act() == NULL);
	for (i = 0; i < DESK_MAX; i++) {
		desk_forget(d[i]);
		close(fds[i]);
	}
	/* An answer without an end. */
	CHECK(act() != NULL);
	while (told.n == 0 && sent < 2 * DESK_JSON_MAX) {
		n = send(command.fd, big, sizeof(big), MSG_NOSIGNAL |
		    MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	CHECK(told.n == 1 && told.code == DESK_AWAY);
	close(command.fd);
}

int
main(void)
{
	int	before = test_open_fds();

	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	desk_init(base, &ops);
	test_login();
	test_authd_lost();
	test_commands();
	test_limits();
	(void)act();
	close(command.fd);
	desk_end();
	peer_close(authd);
	turn();
	event_base_free(base);
	CHECK(test_open_fds() == before);
	return TEST_END();
}
