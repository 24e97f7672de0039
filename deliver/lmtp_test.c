/*
 * The client of LMTP against scripted servers: what it says, and what it makes
 * of each answer.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/test.h"
#include "deliver/lmtp.h"

#define HELLO	"220 hi\r\n250-x\r\n250-SIZE 1000\r\n250-8BITMIME\r\n"	\
		"250-SMTPUTF8\r\n250 DSN\r\n"
#define PLAIN	"220 hi\r\n250 x\r\n"

static struct lmtp_rcpt	 rcpts[200];
static char		 said[65536];

static FILE *
message(const char *text)
{
	FILE	*f = tmpfile();

	CHECK(f != NULL && fputs(text, f) >= 0 && fflush(f) == 0);
	return f;
}

/* The server's lines are there before they are asked for.  What the client
 * said is in said. */
static void
run(const char *script, struct lmtp_message *m, size_t n)
{
	ssize_t	got;
	size_t	len = 0;
	int	pair[2];

	m->helo = "host";
	if (m->patience_ms == 0)
		m->patience_ms = TEST_PATIENCE_MS;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	CHECK(write(pair[1], script, strlen(script)) ==
	    (ssize_t)strlen(script));
	if (m->patience_ms == TEST_PATIENCE_MS)
		CHECK(shutdown(pair[1], SHUT_WR) == 0);
	lmtp_deliver(pair[0], m, rcpts, n);
	close(pair[0]);
	while ((got = read(pair[1], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(pair[1]);
}

static void
test_what_it_says(void)
{
	static const struct {
		const char	*script, *sender, *rcpt, *envid, *text, *said;
	} t[] = {
		{ HELLO "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 in\r\n",
		    "a@x", "b@y", NULL, "A: b\r\n\r\n.\r\n..c\r\nd.\r\n",
		    "LHLO host\r\nMAIL FROM:<a@x> SIZE=20\r\n"
		    "RCPT TO:<b@y>\r\nDATA\r\n"
		    "A: b\r\n\r\n..\r\n...c\r\nd.\r\n.\r\nQUIT\r\n" },
		{ HELLO "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 in\r\n",
		    "", "\xc3\xa4", "q+1=", "\xc3\xa4",
		    "LHLO host\r\nMAIL FROM:<> SIZE=2 BODY=8BITMIME SMTPUTF8 "
		    "ENVID=q+2B1+3D\r\nRCPT TO:<\xc3\xa4>\r\nDATA\r\n"
		    "\xc3\xa4\r\n.\r\nQUIT\r\n" },
		{ PLAIN "250 ok\r\n250 ok\r\n354 go\r\n250 in\r\n",
		    "\xc3\xa4", "b", "q", "\xc3\xa4\r\n",
		    "LHLO host\r\nMAIL FROM:<\xc3\xa4>\r\nRCPT TO:<b>\r\n"
		    "DATA\r\n\xc3\xa4\r\n.\r\nQUIT\r\n" },
	};
	struct lmtp_message	m;
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		m = (struct lmtp_message){ .sender = t[i].sender,
		    .envid = t[i].envid, .f = message(t[i].text) };
		rcpts[0].address = t[i].rcpt;
		run(t[i].script, &m, 1);
		CHECK_ROW(rcpts[0].verdict.code == 250, "row %zu: %s", i,
		    rcpts[0].verdict.text);
		CHECK_ROW(strcmp(said, t[i].said) == 0, "row %zu: %s", i,
		    said);
		fclose(m.f);
	}
}

/* One recipient: what an MTA is told. */
static void
test_answers(void)
{
	static const struct {
		const char	*script;
		int		 status;
		const char	*enhanced, *text;
	} t[] = {
		{ "421 4.3.2 going\r\n", EX_TEMPFAIL, "4.3.2", "going" },
		{ "554 no\r\n", EX_TEMPFAIL, "4.0.0", "no" },
		{ "220 hi\r\n500 what\r\n", EX_TEMPFAIL, "4.0.0", "what" },
		{ PLAIN "452 4.3.1 full\r\n", EX_TEMPFAIL, "4.3.1", "full" },
		{ PLAIN "552 5.3.4 large\r\n", EX_DATAERR, "5.3.4", "large" },
		{ PLAIN "553 5.1.7 who\r\n", EX_UNAVAILABLE, "5.1.7", "who" },
		{ PLAIN "250 k\r\n550 5.1.1 no\r\n", EX_NOUSER, "5.1.1",
		    "no" },
		{ PLAIN "250 k\r\n550-a\r\n550 no such\r\n", EX_NOUSER,
		    "5.0.0", "no such" },
		{ PLAIN "250 k\r\n550 5.7.1 locked\r\n", EX_NOPERM, "5.7.1",
		    "locked" },
		{ PLAIN "250 k\r\n552 5.2.2 quota\r\n", EX_CANTCREAT,
		    "5.2.2", "quota" },
		{ PLAIN "250 k\r\n451 4.3.0 later\r\n", EX_TEMPFAIL, "4.3.0",
		    "later" },
		{ PLAIN "250 k\r\n504 5.5.4 odd\r\n", EX_UNAVAILABLE,
		    "5.5.4", "odd" },
		{ PLAIN "250 k\r\n250 k\r\n451 4.3.0 x\r\n", EX_TEMPFAIL,
		    "4.3.0", "x" },
		{ PLAIN "250 k\r\n250 k\r\n250 k\r\n", EX_TEMPFAIL, "4.4.2",
		    "not LMTP: 250 after DATA" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n250 2.0.0 in\r\n",
		    EX_OK, "2.0.0", "in" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n354 go\r\n",
		    EX_TEMPFAIL, "4.4.2", "not LMTP: 354 after the message" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n554 5.6.0 bare\r\n",
		    EX_DATAERR, "5.6.0", "bare" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n554 no\r\n",
		    EX_DATAERR, "5.0.0", "no" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n552 5.2.2 full\r\n",
		    EX_CANTCREAT, "5.2.2", "full" },
		/* An enhanced code of another class is none. */
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n451 5.1.1 odd\r\n",
		    EX_TEMPFAIL, "4.0.0", "5.1.1 odd" },
		/* It goes away, at every point. */
		{ "", EX_TEMPFAIL, "4.4.2",
		    "the server closed the connection" },
		{ "220 hi\r\n", EX_TEMPFAIL, "4.4.2",
		    "the server closed the connection" },
		{ PLAIN, EX_TEMPFAIL, "4.4.2",
		    "the server closed the connection" },
		{ PLAIN "250 k\r\n25", EX_TEMPFAIL, "4.4.2",
		    "the server closed the connection" },
		{ PLAIN "250 k\r\n250 k\r\n354 go\r\n", EX_TEMPFAIL, "4.4.2",
		    "the server closed the connection" },
		{ PLAIN "250 k\r\n421 4.3.2 down\r\n", EX_TEMPFAIL, "4.3.2",
		    "down" },
		/* Something else listens. */
		{ "* OK IMAP\r\n", EX_TEMPFAIL, "4.4.2",
		    "not LMTP: * OK IMAP" },
		{ "220\r\n250\r\n250\r\n550\r\n", EX_NOUSER, "5.0.0", "" },
		{ "2200 hi\r\n", EX_TEMPFAIL, "4.4.2", "not LMTP: 2200 hi" },
		{ "199 hi\r\n", EX_TEMPFAIL, "4.4.2", "not LMTP: 199 hi" },
		{ "220-\r\n\r\n", EX_TEMPFAIL, "4.4.2", "not LMTP: " },
	};
	struct lmtp_message	m = { .sender = "a@x" };
	size_t			i;
	int			status;

	m.f = message("A: b\r\n\r\nc\r\n");
	rcpts[0].address = "b@y";
	for (i = 0; i < nitems(t); i++) {
		run(t[i].script, &m, 1);
		status = lmtp_exit(&rcpts[0].verdict);
		CHECK_ROW(status == t[i].status, "row %zu: %d, %s", i, status,
		    rcpts[0].verdict.text);
		CHECK_ROW(strcmp(rcpts[0].verdict.enhanced,
		    t[i].enhanced) == 0, "row %zu: %s", i,
		    rcpts[0].verdict.enhanced);
		CHECK_ROW(strcmp(rcpts[0].verdict.text, t[i].text) == 0,
		    "row %zu: %s", i, rcpts[0].verdict.text);
	}
	fclose(m.f);
}

/* Each recipient has an answer of his own; the connection's end is that of
 * the others only. */
static void
test_recipients(void)
{
	struct lmtp_message	m = { .sender = "a@x" };
	size_t			i;

	m.f = message("c\r\n");
	for (i = 0; i < 5; i++)
		rcpts[i].address = "b@y";
	run(PLAIN "250 k\r\n" "250 k\r\n550 5.1.1 no\r\n250 k\r\n250 k\r\n"
	    "452 4.5.3 many\r\n" "354 go\r\n250 in\r\n552 5.2.2 full\r\n", &m,
	    5);
	CHECK(lmtp_exit(&rcpts[0].verdict) == EX_OK);
	CHECK(lmtp_exit(&rcpts[1].verdict) == EX_NOUSER);
	CHECK(lmtp_exit(&rcpts[2].verdict) == EX_CANTCREAT);
	CHECK(lmtp_exit(&rcpts[3].verdict) == EX_TEMPFAIL);
	CHECK(strcmp(rcpts[3].verdict.enhanced, "4.4.2") == 0);
	CHECK(strcmp(rcpts[4].verdict.enhanced, "4.5.3") == 0);
	/* No DATA when nobody is left. */
	run(PLAIN "250 k\r\n" "550 a\r\n550 b\r\n", &m, 2);
	CHECK(strstr(said, "DATA") == NULL);
	CHECK(strstr(said, "QUIT") != NULL);
	fclose(m.f);
}

/* More than a server must take at once are two transactions. */
static void
test_batches(void)
{
	struct lmtp_message	m = { .sender = "a@x" };
	struct buf		script;
	const char		*s;
	size_t			 i, n = 0;

	buf_init(&script, 0);
	buf_puts(&script, PLAIN);
	for (i = 0; i < 150; i++) {
		rcpts[i].address = "b@y";
		if (i == 100)
			buf_puts(&script, "250 reset\r\n");
		if (i % 100 == 0)
			buf_puts(&script, "250 from\r\n");
		buf_puts(&script, "250 to\r\n");
		if (i == 99 || i == 149) {
			buf_puts(&script, "354 go\r\n");
			for (n = i == 99 ? 100 : 50; n > 0; n--)
				buf_printf(&script, "250 %zu\r\n", i);
		}
	}
	buf_put_u8(&script, 0);
	m.f = message("c\r\n");
	run((char *)script.data, &m, 150);
	for (i = 0; i < 150; i++)
		CHECK_ROW(rcpts[i].verdict.code == 250 &&
		    strcmp(rcpts[i].verdict.text, i < 100 ? "99" : "149") == 0,
		    "%zu: %s", i, rcpts[i].verdict.text);
	for (n = 0, s = said; (s = strstr(s, "DATA\r\n")) != NULL; s++)
		n++;
	CHECK(n == 2);
	buf_free(&script);
	fclose(m.f);
}

static void
test_hostile(void)
{
	struct lmtp_message	m = { .sender = "a@x" };
	struct buf		script;
	size_t			i;

	m.f = message("c\r\n");
	rcpts[0].address = "b@y";
	buf_init(&script, 0);
	buf_puts(&script, "220 ");
	for (i = 0; i < 10000; i++)
		buf_puts(&script, "x");
	buf_puts(&script, "\r\n250 x\r\n550 ");
	for (i = 0; i < 10000; i++)
		buf_puts(&script, "x");
	buf_puts(&script, "\r\n");
	buf_put_u8(&script, 0);
	run((char *)script.data, &m, 1);
	CHECK(rcpts[0].verdict.code == 550);
	CHECK(strlen(rcpts[0].verdict.text) ==
	    sizeof(rcpts[0].verdict.text) - 1);
	buf_reset(&script);
	for (i = 0; i < 1000; i++)
		buf_puts(&script, "220-x\r\n");
	buf_put_u8(&script, 0);
	run((char *)script.data, &m, 1);
	CHECK(strcmp(rcpts[0].verdict.text, "an endless response") == 0);
	/* It says nothing. */
	m.patience_ms = 20;
	run(PLAIN, &m, 1);
	CHECK(lmtp_exit(&rcpts[0].verdict) == EX_TEMPFAIL);
	CHECK(strncmp(rcpts[0].verdict.text, "no answer within", 16) == 0);
	buf_free(&script);
	fclose(m.f);
}

int
main(void)
{
	test_what_it_says();
	test_answers();
	test_recipients();
	test_batches();
	test_hostile();
	return TEST_END();
}
