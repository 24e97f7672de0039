/*
 * What is malformed, out of order or too much: each line alone, after LHLO (and
 * MAIL), has its answer, and what comes next is understood as ever.  Shows 2 of
 * "Mail comes in": 150 malformed ones.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/test.h"
#include "lmtpd/client.h"
#include "lmtpd/test/engine_fake.h"
#include "lmtpd/test/lmtp_rig.h"

struct row {
	const char	*line;
	const char	*code;		/* "500 5.5.2" */
};

static const struct row first[] = {
	{ "FOO", "500 5.5.2" },
	{ "", "500 5.5.2" },
	{ " ", "500 5.5.2" },
	{ "MAILFROM:<a>", "500 5.5.2" },
	{ "MAIL", "500 5.5.2" },
	{ "MAIL <a>", "500 5.5.2" },
	{ "MAIL TO:<a>", "500 5.5.2" },
	{ "RCPT", "500 5.5.2" },
	{ "RCPT FROM:<a>", "500 5.5.2" },
	{ "RCPT <a>", "500 5.5.2" },
	{ "DATAX", "500 5.5.2" },
	{ "DATA.", "500 5.5.2" },
	{ "LHLOx", "500 5.5.2" },
	{ "QUITE", "500 5.5.2" },
	{ "RSETS", "500 5.5.2" },
	{ "NOOPS", "500 5.5.2" },
	{ "BDATA 1", "500 5.5.2" },
	{ "a\001b", "500 5.5.2" },
	{ "MAIL FROM:<a\001>", "500 5.5.2" },
	{ "NOOP \177", "500 5.5.2" },
	{ "NOOP\tx", "500 5.5.2" },
	{ "\377\376", "500 5.5.2" },
	{ "AUTH PLAIN AAAA", "500 5.5.2" },
	{ "TURN", "500 5.5.2" },
	{ "ETRN x", "500 5.5.2" },
	{ "SEND FROM:<a>", "500 5.5.2" },
	{ "a NOOP", "500 5.5.2" },
	{ ".", "500 5.5.2" },
	{ "..", "500 5.5.2" },
	{ "-- x", "500 5.5.2" },
	{ "VRFYann", "500 5.5.2" },
	{ "{}", "500 5.5.2" },
	{ "MAIL  FROM:<a>", "500 5.5.2" },
	{ "RCPT\040\040TO:<a>", "500 5.5.2" },
	{ "XXXX", "500 5.5.2" },
	{ "HELO x", "500 5.5.1" },
	{ "EHLO x", "500 5.5.1" },
	{ "ehlo", "500 5.5.1" },
	{ "helo", "500 5.5.1" },
	{ "LHLO", "501 5.5.4" },
	{ "LHLO ", "501 5.5.4" },
	{ "DATA x", "501 5.5.4" },
	{ "RSET x", "501 5.5.4" },
	{ "QUIT now", "501 5.5.4" },
	{ "STARTTLS x", "501 5.5.4" },
	{ "DATA 1 LAST", "501 5.5.4" },
	{ "MAIL FROM:", "501 5.1.7" },
	{ "MAIL FROM:a@x", "501 5.1.7" },
	{ "MAIL FROM:<a@x", "501 5.1.7" },
	{ "MAIL FROM:a@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x>y", "501 5.1.7" },
	{ "MAIL FROM:<<a@x>>", "501 5.1.7" },
	{ "MAIL FROM:<a@@x>", "501 5.1.7" },
	{ "MAIL FROM:<a b@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x y>", "501 5.1.7" },
	{ "MAIL FROM:<a,b@x>", "501 5.1.7" },
	{ "MAIL FROM:<@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@>", "501 5.1.7" },
	{ "MAIL FROM:<a@[x>", "501 5.1.7" },
	{ "MAIL FROM:<a@[]>", "501 5.1.7" },
	{ "MAIL FROM:<\"a@x>", "501 5.1.7" },
	{ "MAIL FROM:<\"a\\\">", "501 5.1.7" },
	{ "MAIL FROM:<\300\200@x>", "501 5.1.7" },
	{ "MAIL FROM:<\355\240\200@x>", "501 5.1.7" },
	{ "MAIL FROM:<\302\205@x>", "501 5.1.7" },
	{ "MAIL FROM:<\377@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x>SIZE=1", "501 5.1.7" },
	{ "MAIL FROM:<(c)a@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x;y>", "501 5.1.7" },
	{ "MAIL FROM:<@a,b:c@x>", "501 5.1.7" },
	{ "MAIL FROM:<@a c@x>", "501 5.1.7" },
	{ "MAIL FROM:<:a@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x:25>", "501 5.1.7" },
	{ "MAIL FROM:< a@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x >", "501 5.1.7" },
	{ "MAIL FROM:\"a\" <a@x>", "501 5.1.7" },
	{ "MAIL FROM:a <a@x>", "501 5.1.7" },
	{ "MAIL FROM:<a@x> SIZE=", "501 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=x", "501 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=-1", "501 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=1x", "501 5.5.4" },
	{ "MAIL FROM:<a@x> BODY=", "501 5.5.4" },
	{ "MAIL FROM:<a@x> BODY=9BIT", "501 5.5.4" },
	{ "MAIL FROM:<a@x> BODY=8BITMIMEX", "501 5.5.4" },
	{ "MAIL FROM:<a@x> RET=NONE", "501 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID=a=b", "501 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID=+0A", "501 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID=+4", "501 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID=+zz", "501 5.5.4" },
	{ "MAIL FROM:<a@x> =1", "501 5.5.4" },
	{ "MAIL FROM:<a@x> -a", "501 5.5.4" },
	{ "MAIL FROM:<a@x> ;", "501 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=1 ;", "501 5.5.4" },
	{ "MAIL FROM:<a@x> S\\IZE=1", "501 5.5.4" },
	{ "MAIL FROM:<a@x> RET=", "501 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE", "555 5.5.4" },
	{ "MAIL FROM:<a@x> BODY", "555 5.5.4" },
	{ "MAIL FROM:<a@x> SMTPUTF8=1", "555 5.5.4" },
	{ "MAIL FROM:<a@x> RET", "555 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID", "555 5.5.4" },
	{ "MAIL FROM:<a@x> AUTH=<>", "555 5.5.4" },
	{ "MAIL FROM:<a@x> XFOO", "555 5.5.4" },
	{ "MAIL FROM:<a@x> HOLDFOR=1", "555 5.5.4" },
	{ "MAIL FROM:<a@x> BY=1", "555 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=1 SIZE=1", "555 5.5.4" },
	{ "MAIL FROM:<a@x> ENVID=a ENVID=a", "555 5.5.4" },
	{ "MAIL FROM:<a@x> NOTIFY=NEVER", "555 5.5.4" },
	{ "MAIL FROM:<a@x> MT-PRIORITY=1", "555 5.5.4" },
	{ "MAIL FROM:<a@x> REQUIRETLS", "555 5.5.4" },
	{ "MAIL FROM:<a@x> SIZE=67108865", "552 5.3.4" },
	{ "MAIL FROM:<a@x> SIZE=99999999999", "552 5.3.4" },
	{ "MAIL FROM:<a@x> SIZE=9223372036854775808", "552 5.3.4" },
	{ "MAIL FROM:<a@x> SIZE=18446744073709551616", "552 5.3.4" },
	{ "MAIL FROM:<a@x> SIZE=99999999999999999999999999999999", "552 5.3.4" },
	{ "MAIL FROM:<\303\244@x>", "553 5.6.7" },
	{ "MAIL FROM:<a@\303\244> BODY=8BITMIME", "553 5.6.7" },
	{ "MAIL FROM:<\"\303\244\"@x>", "553 5.6.7" },
	{ "DATA", "503 5.5.1" },
	{ "RCPT TO:<a@x>", "503 5.5.1" },
	{ "BDAT 0", "503 5.5.1" },
	{ "BDAT 0 LAST", "503 5.5.1" },
	{ "BDAT", "501 5.5.4" },
	{ "BDAT ", "501 5.5.4" },
	{ "BDAT x", "501 5.5.4" },
	{ "BDAT -1", "501 5.5.4" },
	{ "BDAT 1x", "501 5.5.4" },
	{ "BDAT 99999999999", "501 5.5.4" },
	{ "BDAT 4294967296", "501 5.5.4" },
	{ "BDAT 1 FIRST", "501 5.5.4" },
	{ "BDAT LAST", "501 5.5.4" },
	{ "BDAT 1 LASTX", "501 5.5.4" },
	{ "BDAT 1 LAST x", "501 5.5.4" },
	{ "BDAT 0x10", "501 5.5.4" },
	{ "BDAT +1", "501 5.5.4" },
	{ "BDAT 184467440737095516160", "501 5.5.4" },
	{ "BDAT 1\\\\", "501 5.5.4" },
	{ "STARTTLS", "502 5.5.1" },
	{ "EXPN list", "502 5.5.1" },
	{ "XCLIENT ADDR=192.0.2.1", "550 5.7.0" },
	{ "XCLIENT", "550 5.7.0" },
	{ "GET / HTTP/1.1", "421 4.7.0" },
	{ "POST / HTTP/1.1", "421 4.7.0" },
	{ "CONNECT x:25 HTTP/1.1", "421 4.7.0" },
	{ "OPTIONS * HTTP/1.1", "421 4.7.0" },
	{ "Host: x", "421 4.7.0" },
	{ "put / HTTP/1.0", "421 4.7.0" },
};

static const struct row after_mail[] = {
	{ "RCPT TO:", "501 5.1.3" },
	{ "RCPT TO:<>", "501 5.1.3" },
	{ "RCPT TO:a@x", "501 5.1.3" },
	{ "RCPT TO:<a@x", "501 5.1.3" },
	{ "RCPT TO:<a@x>y", "501 5.1.3" },
	{ "RCPT TO:<a b>", "501 5.1.3" },
	{ "RCPT TO:<a\\b@x>", "501 5.1.3" },
	{ "RCPT TO:<\377>", "501 5.1.3" },
	{ "RCPT TO:<\"\001\"@x>", "500 5.5.2" },
	{ "RCPT TO:<a@[1.2.3>", "501 5.1.3" },
	{ "RCPT TO:<@a:>", "501 5.1.3" },
	{ "RCPT TO:<a@x> NOTIFY=", "501 5.5.4" },
	{ "RCPT TO:<a@x> NOTIFY=X", "501 5.5.4" },
	{ "RCPT TO:<a@x> NOTIFY=NEVER,DELAY", "501 5.5.4" },
	{ "RCPT TO:<a@x> NOTIFY=SUCCESS,", "501 5.5.4" },
	{ "RCPT TO:<a@x> NOTIFY", "501 5.5.4" },
	{ "RCPT TO:<a@x> ORCPT=x", "501 5.5.4" },
	{ "RCPT TO:<a@x> ORCPT=;x", "501 5.5.4" },
	{ "RCPT TO:<a@x> ORCPT", "501 5.5.4" },
	{ "RCPT TO:<a@x> ;", "501 5.5.4" },
	{ "RCPT TO:<a@x> SIZE=1", "555 5.5.4" },
	{ "RCPT TO:<a@x> XFOO=1", "555 5.5.4" },
	{ "RCPT TO:<a@x> RRVS=1", "555 5.5.4" },
	{ "RCPT TO:<a@x> SMTPUTF8", "555 5.5.4" },
	{ "RCPT TO:<\303\244@x>", "553 5.6.7" },
	{ "MAIL FROM:<b@x>", "503 5.5.1" },
	{ "DATA", "503 5.5.1" },
	{ "BDAT 0 LAST", "503 5.5.1" },
};

static void
try(const struct row *r, const char *before, size_t piece)
{
	const char	*got, *at;
	char		 in[512];
	bool		 ends;

	snprintf(in, sizeof(in), "%s%s\r\nVRFY x\r\n", before, r->line);
	got = lmtp_talk(in, strlen(in), piece);
	at = strstr(got, "250 DSN\r\n");
	CHECK_ROW(at != NULL, "%s: %s", r->line, got);
	if (at == NULL)
		return;
	at += 9;
	if (strncmp(at, "250 2.1.0", 9) == 0 && *before != '\0' &&
	    strstr(before, "MAIL") != NULL)
		at = strstr(at, "\r\n") + 2;
	CHECK_ROW(strncmp(at, r->code, strlen(r->code)) == 0, "%s: %s",
	    r->line, at);
	at = strstr(at, "\r\n");
	/* Octets that nobody can count, and browsers, end it. */
	ends = strncmp(r->code, "421", 3) == 0 || (strncmp(r->line, "BDAT",
	    4) == 0 && strncmp(r->code, "501", 3) == 0);
	CHECK_ROW(at != NULL && strstr(at, ends ? "421 4" : "\r\n252 ") ==
	    (ends && r->code[0] == '4' ? NULL : at + (ends ? 2 : 0)),
	    "%s: %s", r->line, got);
	CHECK_ROW(strstr(got, "252 ") == NULL ? ends : !ends, "%s: %s",
	    r->line, got);
	CHECK_ROW(efake.log.len == 0, "%s", r->line);
}

static void
test_rows(void)
{
	size_t	 i;

	CHECK(nitems(first) + nitems(after_mail) >= 150);
	for (i = 0; i < nitems(first); i++) {
		try(&first[i], "LHLO me\r\n", 1000);
		try(&first[i], "LHLO me\r\n", 1);
	}
	for (i = 0; i < nitems(after_mail); i++) {
		try(&after_mail[i], "LHLO me\r\nMAIL FROM:<a@x>\r\n", 1000);
		try(&after_mail[i], "LHLO me\r\nMAIL FROM:<a@x>\r\n", 1);
	}
}

/* Lines that end otherwise, and lines without an end. */
static void
test_lines(void)
{
	static char	 in[100000];
	const char	*got;
	size_t		 n;

	got = lmtp_talk("NOOP\nNOOP\r\n\rNOOP\r\nNOOP\r\r\n", 26, 3);
	CHECK_ROW(strcmp(got, "500 5.5.2 A line is text that ends in CRLF\r\n"
	    "250 2.0.0 Still here\r\n"
	    "500 5.5.2 A line is text that ends in CRLF\r\n"
	    "500 5.5.2 A line is text that ends in CRLF\r\n") == 0, "%s",
	    got);
	got = lmtp_talk("NO\0OP\r\nNOOP\r\n", 14, 14);
	CHECK_ROW(strncmp(got, "500 5.5.2 ", 10) == 0 &&
	    strstr(got, "250 2.0.0 ") != NULL, "%s", got);
	for (n = CLIENT_LINE_MAX - 2; n < CLIENT_LINE_MAX + 3; n++) {
		memset(in, 'x', n);
		memcpy(in, "NOOP ", 5);
		memcpy(in + n - 2, "\r\n", 2);
		got = lmtp_talk(in, n, n);
		CHECK_ROW(strncmp(got, n <= CLIENT_LINE_MAX ? "250" : "500",
		    3) == 0, "%zu: %s", n, got);
	}
	memset(in, 'x', sizeof(in));
	memcpy(in + sizeof(in) - 8, "\r\nNOOP\r\n", 8);
	for (n = 999; n < sizeof(in); n *= 10) {
		got = lmtp_talk(in, sizeof(in), n);
		CHECK_ROW(strcmp(got,
		    "500 5.5.2 The line is too long\r\n"
		    "250 2.0.0 Still here\r\n") == 0, "%s", got);
	}
}

/* A client that says nothing sensible is not listened to for ever. */
static void
test_bad_max(void)
{
	char		 in[4096] = "";
	const char	*got, *p;
	unsigned	 i, n = 0;

	for (i = 0; i < 100; i++)
		strlcat(in, "FOO\r\n", sizeof(in));
	got = lmtp_talk(in, strlen(in), strlen(in));
	for (p = got; (p = strstr(p, "500 5.5.2 ")) != NULL; p++)
		n++;
	CHECK_ROW(n == CLIENT_BAD_MAX && strstr(got, "421 4.7.0 ") != NULL,
	    "%u", n);
}

int
main(void)
{
	lmtp_begin();
	test_rows();
	test_lines();
	test_bad_max();
	lmtp_end();
	return TEST_END();
}
