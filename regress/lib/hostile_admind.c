/*
 * A taken-over admind (hostile/hostile.h says how it is run; there is one
 * admind, so the witness is the test's).  Strangers reach it by HTTP: while no
 * administrator is logged in it can do nothing, and with one's token what the
 * admin page can do, and no more.  What only another process may say to paild
 * cuts its channel; then the next one goes on with the next phase.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/msg.h"
#include "common/msg_admin.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

#define SETUP	DAEMON_SETUP_FD
#define GUESSES	300
#define WANTS	3000

int	 auth = -1, sign = -1;

static void
begin(void)
{
	auth = channel_of(PROC_AUTHD);
	sign = channel_of(PROC_CREDD);
}

/* It has none. */
static int
no_session(void)
{
	return -1;
}

/* What the process itself counts of paild's answers. */
static bool
asks(void)
{
	int	i, before = state->told;

	(void)frame_put(SETUP, IMSG_ADMIN_WANT, 1, NULL, 0, -1);
	for (i = 0; i < PATIENCE / 10 && state->told == before; i++)
		(void)poll(NULL, 0, 10);
	return state->told > before;
}

bool
still_serves(void)
{
	return asks();
}

/* The answer to a command, "" if there is none. */
static const char *
command(const char *token, const char *const *words)
{
	static char		 said[4096];
	struct admin_arg	 args[ADMIN_ARGS_MAX];
	struct admin_do		 d = { .token = str_from(token),
				    .remote = STR("192.0.2.1") };
	struct pollfd		 p = { .events = POLLIN };
	size_t			 n = 0;
	ssize_t			 r = 1;
	int			 sv[2];

	said[0] = '\0';
	for (; words[n] != NULL; n++)
		args[n].text = str_from(words[n]);
	d.args.v = args;
	d.args.n = n;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		return said;
	(void)struct_put(SETUP, IMSG_ADMIN_DO, ++next_id, &admin_do_wire, &d,
	    sv[1]);
	close(sv[1]);
	p.fd = sv[0];
	for (n = 0; r > 0 && n < sizeof(said) - 1 &&
	    poll(&p, 1, PATIENCE) == 1; n += (size_t)r) {
		r = read(sv[0], said + n, sizeof(said) - 1 - n);
		if (r <= 0)
			break;
	}
	said[n] = '\0';
	close(sv[0]);
	/* Whose token it was comes first. */
	return strncmp(said, "user ", 5) == 0 ? said + strcspn(said, "\n") +
	    1 : said;
}

static const char *const	 list[] = { "user", "list", NULL };

static void
try_without_token(void)
{
	static const char *const bad[] = { "", "0", "session", "x\xff",
	    "0000000000000000000000000000000000000000000000000000000000000000"
	};
	char	token[ADMIN_TOKEN + 1];
	size_t	i, k;
	int	refused = 0;

	for (i = 0; i < nitems(bad); i++)
		result(strcmp(command(bad[i], list), "error: session\n") ==
		    0, "a command with the token \"%s\"", i < 3 ? bad[i] :
		    "...");
	for (i = 0; i < GUESSES; i++) {
		for (k = 0; k < ADMIN_TOKEN; k++)
			token[k] = "0123456789abcdef"[arc4random_uniform(16)];
		token[k] = '\0';
		refused += strcmp(command(token, list), "error: session\n") ==
		    0;
	}
	result(refused == GUESSES, "%d guessed tokens: %d refused", GUESSES,
	    refused);
}

/* The token of a login, or "" and *code of the NO; no descriptor in any case:
 * that would be a session with mail. */
static const char *
admin_login(const char *user, const char *password, int *code)
{
	static struct frame	 f;
	static char		 token[ADMIN_TOKEN + 1];
	struct auth_admin	 ok;
	struct auth_no		 no;
	char			 msg[1024];
	uint32_t		 id;

	token[0] = '\0';
	*code = -1;
	id = login_send(auth, "PLAIN", msg, plain(msg, "", user, password));
	while (frame_get(auth, &f, 3 * PATIENCE) == 1) {
		if (f.fd != -1)
			result(false, "a descriptor for a login");
		frame_drop(&f);
		if (f.id != id)
			continue;
		if (f.type == IMSG_AUTH_NO && wire_decode(&auth_no_wire, &no,
		    f.data, f.len, NULL) == 0)
			*code = no.code;
		else if (f.type == IMSG_AUTH_ADMIN &&
		    wire_decode(&auth_admin_wire, &ok, f.data, f.len, NULL) ==
		    0 && ok.token.len == ADMIN_TOKEN)
			str_copy(token, sizeof(token), ok.token);
		else
			result(false, "an answer of type %u", f.type);
		break;
	}
	return token;
}

static void
try_no_admin(const char *user, const char *password, const char *what)
{
	int		 code;
	const char	*token = admin_login(user, password, &code);

	result(*token == '\0' && code != -1, "%s (code %d)", what, code);
}

static void
try_admin_logins(void)
{
	static const char *const mechs[] = { "PREAUTH", "EXTERNAL",
	    "SCRAM-SHA-256", "OAUTHBEARER" };
	size_t	i;
	int	code, fd;

	try_no_admin(conf.user, conf.password, "who is no administrator, with "
	    "his password");
	try_no_admin(conf.victim, conf.password, "an administrator, with "
	    "another's password");
	try_no_admin(conf.victim, "", "an administrator without a password");
	for (i = 0; i < nitems(mechs); i++) {
		fd = login_wait(auth, login_send(auth, mechs[i], conf.victim,
		    strlen(conf.victim)), &code, PATIENCE);
		result(fd == -1 && code != -1, "an administrator by %s (%d)",
		    mechs[i], code);
	}
}

/* He is logged in at this moment: that much of him is ours. */
static void
try_with_token(void)
{
	static const char *const rows[][8] = {
		{ "stop" }, { "reload" }, { "drain" }, { "log", "debug" },
		{ "dump", "bob" }, { "deliver", "bob" }, { "revoke", "bob" },
		{ "user" }, { "user", "list", "-f", "/etc/shadow" },
		{ "user", "list", "--file=/etc/shadow" },
		{ "user", "-f", "/tmp/x", "list" }, { "user", "lock", "-a" },
		{ "user", "add", "--quota", "--json", "-x" },
		{ "user", "lock", "x\ny:z" }, { "user list" }, { "" },
		{ "store", "check", "--write" }, { "init" },
		{ "status", "json" }, { "/bin/sh", "-c", "id" }
	};
	char		token[ADMIN_TOKEN + 1];
	const char	*said;
	size_t		i;
	int		code;

	strlcpy(token, admin_login(conf.victim, conf.victim_password, &code),
	    sizeof(token));
	said = command(token, list);
	result(strncmp(said, "ok", 2) == 0 && strstr(said, conf.user) != NULL,
	    "an administrator's own command");
	for (i = 0; i < nitems(rows); i++) {
		said = command(token, rows[i]);
		result(strncmp(said, "error: ", 7) == 0 && strcmp(said,
		    "error: session\n") != 0, "with it \"%s %s\": %.*s",
		    rows[i][0], rows[i][0][0] != '\0' && rows[i][1] != NULL &&
		    strchr(rows[i][1], '\n') == NULL ? rows[i][1] : "",
		    (int)strcspn(said, "\n"), said);
	}
	token[0] = token[0] == '0' ? '1' : '0';
	result(strcmp(command(token, list), "error: session\n") == 0,
	    "a token that differs in a digit");
}

/* A second question before the first has its answer is no admind's. */
static void
try_wants(void)
{
	uint64_t	began = clock_ms();
	int		i, before = state->told, n = 0;

	for (i = 0; i < WANTS && clock_ms() - began < 3000; i++)
		n += asks();
	result(state->told - before <= 5, "%d questions in %d ms: %d answers",
	    i, (int)(clock_ms() - began), n);
}

/* -- what ends it -- */

static void
want(const char *what)
{
	struct setup_want	w = { str_from(what) };

	(void)struct_put(SETUP, IMSG_SETUP_WANT, 7, &setup_want_wire, &w, -1);
}

static void
forged_token(void)
{
	want("admin:password 127.0.0.1 bob");
}

static void
forged_end(void)
{
	want("admin-end:bob");
}

static void
run_it(void)
{
	want("run:/bin/sh -c id");
}

static void
another_key(void)
{
	want("key:tls.0.key");
}

static void
two_questions(void)
{
	(void)frame_put(SETUP, IMSG_ADMIN_WANT, 1, NULL, 0, -1);
	(void)frame_put(SETUP, IMSG_ADMIN_WANT, 2, NULL, 0, -1);
}

static void
another_end(void)
{
	struct admin_done	done = { .serving = true,
				    .version = STR("0") };

	(void)struct_put(SETUP, IMSG_ADMIN_DONE, 1, &admin_done_wire, &done,
	    -1);
}

static void
garbage(void)
{
	uint8_t	noise[4096];

	memset(noise, 0xa5, sizeof(noise));
	(void)raw_put(SETUP, noise, sizeof(noise), -1, PATIENCE);
}

static const struct {
	void		(*say)(void);
	const char	*what;
} ends[] = {
	{ forged_token, "authd's word for an administrator" },
	{ forged_end, "authd's word that he is none any more" },
	{ run_it, "a command to run" },
	{ another_key, "a key of credd's" },
	{ two_questions, "two questions at once" },
	{ another_end, "paild's own message" },
	{ garbage, "garbage to paild" }
};

static bool
attack(int phase)
{
	if (phase == 0) {
		result(still_serves(), "an admind's ordinary question");
		try_without_token();
		try_admin_logins();
		try_with_token();
		try_wants();
		try_signatures();
		try_sign_garbage();
		return false;
	}
	if (phase > 1)
		result(state->given == 0, "cut off: %s", ends[phase - 2].what);
	result(still_serves(), "a new admind");
	if (phase > (int)nitems(ends))
		return true;
	/* paild kills all that is left of this process: the next one goes on,
	 * and the test looks for the reason in the log. */
	state->phase = phase + 1;
	state->passed = passed;
	state->failed = failed;
	ends[phase - 1].say();
	(void)poll(NULL, 0, PATIENCE);
	result(false, "%s is taken", ends[phase - 1].what);
	return true;
}

const struct hostile	 hostile = {
	.name = "admind",
	.kind = PROC_ADMIND,
	.again = true,
	.setup = true,
	.channels = {
		[PROC_AUTHD] = MSG_CHANNEL_AUTH,
		[PROC_CREDD] = MSG_CHANNEL_SIGN
	},
	.begin = begin,
	.attack = attack,
	.session = no_session
};

int
main(void)
{
	hostile_run();
}
