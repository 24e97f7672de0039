/*
 * Turns: the worst commands are cut into many, say the same as uncut, and
 * hold nobody up.  Steps are counted, not time.
 */
#include <sys/socket.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/listen.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/run.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"
#include "imapd/turn.h"

#define MESSAGES	3000
#define STEPS		60	/* of a turn in these tests */

static struct rig	 r;
static char		 command[70000];

/* head, n times what, tail. */
static const char *
repeat(const char *head, const char *what, unsigned int n, const char *tail)
{
	size_t	 len = 0, k = strlen(what);

	len += (size_t)snprintf(command, sizeof(command), "%s", head);
	for (; n > 0 && len + k + 100 < sizeof(command); n--, len += k)
		memcpy(command + len, what, k);
	snprintf(command + len, sizeof(command) - len, "%s\r\n", tail);
	return command;
}

/* The whole answer to one command, with its tagged line; malloc'd. */
static char *
ask(const char *text)
{
	uint8_t	*at;
	char	*s;
	size_t	 n;
	int	 turns;

	rig_say(&r, text);
	for (turns = 0; turns < 200000; turns++) {
		at = r.in.len == 0 ? NULL : memmem(r.in.data, r.in.len,
		    "x OK ", 5);
		if (at == NULL && r.in.len > 0)
			at = memmem(r.in.data, r.in.len, "x NO ", 5);
		if (at != NULL || r.eof)
			break;
		rig_turn(&r, turns % 100 == 99 ? 1 : 0);
	}
	CHECK_ROW(at != NULL, "%.60s", text);
	n = r.in.len;
	s = malloc(n + 1);
	if (n > 0)
		memcpy(s, r.in.data, n);
	s[n] = '\0';
	buf_reset(&r.in);
	return s;
}

static void
say_ok(const char *text)
{
	char	*s = ask(text);

	CHECK_ROW(strstr(s, "x OK ") != NULL, "%s: %.300s", text, s);
	free(s);
}

/* The same answer in one piece and in many; how many cuts. */
static void
both(const char *what, const char *text, uint64_t least_cuts)
{
	uint64_t	 before;
	char		*whole, *cut;

	turn_steps_max = 0;
	whole = ask(text);
	CHECK_ROW(strstr(whole, "x OK ") != NULL, "%s: %.300s", what, whole);
	turn_steps_max = STEPS;
	before = turn_cuts;
	cut = ask(text);
	turn_steps_max = 0;
	CHECK_ROW(strcmp(whole, cut) == 0, "%s: %zu and %zu octets", what,
	    strlen(whole), strlen(cut));
	CHECK_ROW(turn_cuts - before >= least_cuts, "%s: %llu cuts", what,
	    (unsigned long long)(turn_cuts - before));
	free(whole);
	free(cut);
}

static void
test_search(void)
{
	both("flags", repeat("x SEARCH", " UNDRAFT", 900, ""),
	    MESSAGES * 900 / 16 / STEPS / 2);
	both("numbers", repeat("x SEARCH OR", " (2:* NOT 7)", 1,
	    " 2:2999"), MESSAGES / 16 / STEPS);
	both("UIDs", repeat("x UID SEARCH", " OR 2:* 3:*", 200, ""),
	    MESSAGES * 200 / 16 / STEPS / 2);
	both("text", repeat("x SEARCH", " NOT SUBJECT zz", 20, ""),
	    MESSAGES * 20 / STEPS / 2);
	both("headers", repeat("x SEARCH 1:100", " NOT HEADER X zz", 300, ""),
	    100 * 300 / STEPS / 2);
	both("bodies", repeat("x SEARCH 1:40", " NOT BODY zz", 450, ""), 1);
	both("extended", "x SEARCH RETURN (MIN MAX ALL COUNT) NOT 3 NOT 70\r\n",
	    1);
	both("the answer", "x UID SEARCH NOT 2\r\n", 1);
	both("save", "x SEARCH RETURN (SAVE) NOT 2 NOT DRAFT\r\n", 1);
	both("saved", "x SEARCH $ NOT DRAFT\r\n", 1);
}

static void
test_fetch(void)
{
	both("flags", "x FETCH 1:* (FLAGS UID)\r\n", MESSAGES / STEPS / 2);
	both("envelopes", "x FETCH 1:1000 (ENVELOPE BODYSTRUCTURE)\r\n",
	    1000 / STEPS / 2);
	both("headers", repeat("x FETCH 1:50 (", "BODY.PEEK[HEADER] ", 40,
	    "UID)"), 0);
	both("fields", repeat("x FETCH 1:300 BODY.PEEK[HEADER.FIELDS (", "a ",
	    9000, "subject)]"), 0);
	both("whole", "x FETCH 1:300 BODY.PEEK[]\r\n", 1);
}

static void
test_list(void)
{
	char	 line[400];
	int	 i;

	for (i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "x CREATE "
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/b%d\r\n", i);
		say_ok(line);
	}
	both("names", "x LIST \"\" *\r\n", 2);
	both("patterns", repeat("x LIST \"\" (\"\"", " *%a*%a*%a*c", 90, ")"),
	    300 * 90 / STEPS / 2);
	both("LSUB", "x LSUB \"\" %\r\n", 2);
	both("RECURSIVEMATCH",
	    "x LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\r\n", 2);
}

/* What is trivial costs nothing, whatever its length. */
static void
test_folded(void)
{
	static const struct {
		const char	*head, *what;
		unsigned int	 n;
		const char	*tail;
	} t[] = {
		{ "x SEARCH", " ALL", 990, "" },
		{ "x SEARCH ", "NOT ", 90, "ALL" },
		{ "x SEARCH", " NOT NOT ALL", 300, "" },
		{ "x SEARCH (", "((ALL) ALL) ", 150, "ALL)" },
		{ "x SEARCH", " OR ALL SUBJECT x", 300, "" },
		{ "x SEARCH", " OR ALL BODY x", 300, "" },
		{ "x SEARCH NOT ALL", " SUBJECT x", 30, "" },
		{ "x UID SEARCH", " 1:*", 900, "" },
		{ "x SEARCH", " UID 1:4000000000", 900, "" },
		{ "x SEARCH", " 1:3000", 900, "" },
	};
	uint64_t	 before;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		before = turn_steps;
		repeat(t[i].head, t[i].what, t[i].n, t[i].tail);
		free(ask(command));
		CHECK_ROW(turn_steps - before < 400, "%s: %llu steps",
		    t[i].head, (unsigned long long)(turn_steps - before));
	}
}

/* Folding changes no result. */
static void
test_fold_same(void)
{
	static const char *const t[][2] = {
		{ "NOT NOT 2", "2" },
		{ "NOT (NOT (2))", "2" },
		{ "(ALL (2 ALL)) 1:5", "2" },
		{ "NOT ALL", "" },
		{ "2 NOT ALL", "" },
		{ "OR NOT ALL 2", "2" },
		{ "NOT OR NOT ALL NOT 2", "2" },
		{ "NOT OR 2:* NOT ALL", "1" },
		{ "OR OR NOT ALL NOT ALL 3", "3" },
		{ "NOT (1:2999 ALL)", "3000" },
		{ "NOT (NOT (1 2))", "" },
		{ "OR (1 ALL) (2 NOT NOT 2)", "1 2" },
		{ "UID 1:3 NOT UID 2", "1 3" },
		{ "1:3 2:4 NOT (3 UNDRAFT)", "2" },
	};
	char	 text[200], want[200], *s;
	size_t	 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text), "x SEARCH %s\r\n", t[i][0]);
		snprintf(want, sizeof(want), "* SEARCH%s%s\r\nx OK",
		    t[i][1][0] != '\0' ? " " : "", t[i][1]);
		s = ask(text);
		CHECK_ROW(strncmp(s, want, strlen(want)) == 0, "%s: %.200s",
		    text, s);
		free(s);
	}
}

/* The loop once around (EVLOOP_NONBLOCK would go on until nothing is left
 * to do). */
static void
one_turn(void)
{
	event_base_loop(r.base, EVLOOP_ONCE);
}

static void
begin(const char *text)
{
	size_t	 len = strlen(text);

	CHECK(write(r.fd, text, len) == (ssize_t)len);
}

/* While one user's search goes on, another's command waits for two turns
 * at most. */
static void
test_others(void)
{
	struct client	*other;
	uint64_t	 before;
	char		 b[4096];
	ssize_t		 n = -1;
	int		 fds[2], i, k;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	other = run_accept(r.base, &(struct listen_from){ .fd = fds[1],
	    .remote = "192.0.2.1", .loopback = true });
	CHECK(other != NULL);
	rig_turn(&r, 1);
	CHECK(read(fds[0], b, sizeof(b)) > 0);
	turn_steps_max = STEPS;
	begin(repeat("x SEARCH", " UNDRAFT", 900, ""));
	for (i = 0; i < 20; i++) {
		for (k = 0; k < 1000 && !turn_waits(&r.client->turn); k++)
			one_turn();
		CHECK_ROW(k < 1000, "round %d: the search is over", i);
		before = turn_cuts;
		CHECK(write(fds[0], "y NOOP\r\n", 8) == 8);
		for (k = 0; k < 1000 && (n = read(fds[0], b,
		    sizeof(b))) <= 0; k++)
			one_turn();
		CHECK(n >= 5 && memcmp(b, "y OK ", 5) == 0);
		CHECK_ROW(turn_cuts - before <= 2, "%llu turns",
		    (unsigned long long)(turn_cuts - before));
	}
	turn_steps_max = 0;
	CHECK(rig_hear(&r, "x OK "));
	close(fds[0]);
	rig_turn(&r, 1);
}

/* Gone in the middle of its work, and while it waits for its turn. */
static void
test_gone(void)
{
	int	 i;

	turn_steps_max = STEPS;
	begin(repeat("x SEARCH", " UNDRAFT", 900, ""));
	for (i = 0; i < 20 || !turn_waits(&r.client->turn); i++)
		one_turn();
	CHECK(turn_waits(&r.client->turn));
	rig_disconnect(&r);
	CHECK(nclients == 0);
	turn_steps_max = 0;
}

int
main(void)
{
	char	 line[40];

	rig_init(&r, false);
	snprintf(line, sizeof(line), "deliver INBOX %d", MESSAGES);
	CHECK(fake_do(r.fake, line) == 0);
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	buf_reset(&r.in);
	say_ok("x LOGIN ann secret\r\n");
	say_ok("x SELECT INBOX\r\n");
	test_fold_same();
	test_folded();
	test_search();
	test_fetch();
	test_list();
	test_others();
	test_gone();
	rig_end(&r);
	return TEST_END();
}
