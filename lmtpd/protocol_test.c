/*
 * Transcripts: what is said, what is heard, and what came of it.  Each is said
 * in one piece, octet by octet, and cut at every place: Shows 2 of "Mail comes
 * in".
 */
#include "common/compat.h"

#include <stdlib.h>

#include "common/test.h"
#include "lmtpd/conf.h"
#include "lmtpd/test/engine_fake.h"
#include "lmtpd/test/lmtp_rig.h"

#define L	"LHLO me\r\n"
#define M	"MAIL FROM:<s@x>\r\n"
#define R(n)	"RCPT TO:<" n ">\r\n"
#define CAPS	"250-mx.test\r\n250-PIPELINING\r\n250-SIZE 67108864\r\n"	\
		"250-8BITMIME\r\n250-SMTPUTF8\r\n"				\
		"250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"		\
		"250-BINARYMIME\r\n250 DSN\r\n"
#define OK_M	"250 2.1.0 Sender noted\r\n"
#define OK_R(n)	"250 2.1.5 <" n ">\r\n"
#define GO	"354 The message, then CRLF, a dot and CRLF\r\n"
#define DONE(n)	"250 2.0.0 <" n "> stored\r\n"
#define BYE	"221 2.0.0 Goodbye\r\n"

static const struct {
	const char	*in;
	const char	*out;
	const char	*log;	/* of the fake engine */
} rows[] = {
	{ L "QUIT\r\n", CAPS BYE, "" },
	{ L M R("ann") "DATA\r\nhello\r\n.\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") GO DONE("ann") BYE,
	    "LMTP from<s@x> to<ann> data<hello\r\n>\n" },
	/* One answer for each recipient, in their order; one refused in
	 * between has had his. */
	{ L M R("ann") R("nobody") R("bob") "DATA\r\n..a\r\n.\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") "550 5.1.1 <nobody>: nobody\r\n"
	    OK_R("bob") GO DONE("ann") DONE("bob") BYE,
	    "LMTP from<s@x> to<ann> to<bob> data<.a\r\n>\n" },
	{ L M R("slow1") R("ann") R("full") R("slow2") R("defer")
	    "DATA\r\n.\r\n" M "RSET\r\nQUIT\r\n",
	    CAPS OK_M OK_R("slow1") OK_R("ann") "552 5.2.2 <full>: full\r\n"
	    OK_R("slow2") OK_R("defer") GO DONE("slow1") DONE("ann")
	    DONE("slow2") "451 4.3.0 <defer> deferred\r\n" OK_M
	    "250 2.0.0 Forgotten\r\n" BYE,
	    "LMTP from<s@x> to<slow1> to<ann> to<slow2> to<defer> data<>\n" },
	/* Twice the same recipient: two answers (RFC 2033 section 4.2). */
	{ L M R("ann") R("ann") "DATA\r\nx\r\n.\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") OK_R("ann") GO DONE("ann") DONE("ann") BYE,
	    "LMTP from<s@x> to<ann> to<ann> data<x\r\n>\n" },
	/* No recipient: 503, and what follows are commands. */
	{ L M R("nobody") "DATA\r\nQUIT\r\n",
	    CAPS OK_M "550 5.1.1 <nobody>: nobody\r\n"
	    "503 5.5.1 No recipient was accepted\r\n" BYE, "" },
	{ L M R("later") "RSET\r\n" M R("ann") "DATA\r\nx\r\n.\r\n",
	    CAPS OK_M "451 4.3.0 <later>: later\r\n250 2.0.0 Forgotten\r\n"
	    OK_M OK_R("ann") GO DONE("ann"),
	    "LMTP from<s@x> to<ann> data<x\r\n>\n" },
	/* Two messages, one after the other, without waiting. */
	{ L M R("ann") "DATA\r\n1\r\n.\r\nMAIL FROM:<>\r\n" R("bob")
	    "DATA\r\n2\r\n.\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") GO DONE("ann") OK_M OK_R("bob") GO
	    DONE("bob") BYE, "LMTP from<s@x> to<ann> data<1\r\n>\n"
	    "LMTP from<> to<bob> data<2\r\n>\n" },
	/* Nothing but CRLF . CRLF is the end (smuggling). */
	{ L M R("ann") "DATA\r\na\n.\nMAIL FROM:<evil@x>\r\nb\r\n.\n"
	    "c\n.\r\nd\r.\re\r\n.\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") GO DONE("ann") BYE,
	    "LMTP from<s@x> to<ann> data<a\n.\nMAIL FROM:<evil@x>\r\nb\r\n\n"
	    "c\n.\r\nd\r.\re\r\n>\n" },
	{ L "MAIL FROM:<s@x> BODY=8BITMIME SIZE=100 ENVID=a+20b RET=HDRS\r\n"
	    "RCPT TO:<ann> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;ann@x\r\n"
	    "DATA\r\n\xc3\xa4\r\n.\r\n",
	    CAPS OK_M OK_R("ann") GO DONE("ann"),
	    "LMTP from<s@x> envid=a b body=1 to<ann> data<\xc3\xa4\r\n>\n" },
	{ L "MAIL FROM:<\xc3\xa4@x> SMTPUTF8\r\nRCPT TO:<\xc3\xb6>\r\n"
	    "DATA\r\n.\r\n",
	    CAPS OK_M "250 2.1.5 <?" "?>\r\n" GO
	    "250 2.0.0 <?" "?> stored\r\n",
	    "UTF8LMTP from<\xc3\xa4@x> to<\xc3\xb6> data<>\n" },
	/* BDAT (RFC 3030): no dots, any cut, no end of line needed. */
	{ L M R("ann") "BDAT 3 LAST\r\n..aQUIT\r\n",
	    CAPS OK_M OK_R("ann") DONE("ann") BYE,
	    "LMTP from<s@x> to<ann> data<..a>\n" },
	{ L "MAIL FROM:<s@x> BODY=BINARYMIME\r\n" R("ann") R("bob")
	    "BDAT 4\r\na\r\n.BDAT 0\r\nBDAT 3\r\n\r\n\nBDAT 0 LAST\r\nQUIT\r\n",
	    CAPS OK_M OK_R("ann") OK_R("bob") "250 2.0.0 So far 4 octets\r\n"
	    "250 2.0.0 So far 4 octets\r\n250 2.0.0 So far 7 octets\r\n"
	    DONE("ann") DONE("bob") BYE,
	    "LMTP from<s@x> body=2 to<ann> to<bob> data<a\r\n.\r\n\n>\n" },
	{ L M R("nobody") "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
	    CAPS OK_M "550 5.1.1 <nobody>: nobody\r\n"
	    "503 5.5.1 No recipient was accepted\r\n"
	    "250 2.0.0 Still here\r\n", "" },
	{ L "BDAT 6\r\nQUIT\r\nNOOP\r\n",
	    CAPS "503 5.5.1 Say MAIL first\r\n250 2.0.0 Still here\r\n", "" },
	{ L M R("ann") "BDAT 1\r\nxDATA\r\n" R("bob") "BDAT 1 LAST\r\ny",
	    CAPS OK_M OK_R("ann") "250 2.0.0 So far 1 octets\r\n"
	    "503 5.5.1 The message comes by BDAT\r\n"
	    "503 5.5.1 The message has begun\r\n" DONE("ann"),
	    "LMTP from<s@x> to<ann> data<xy>\n" },
	{ L "MAIL FROM:<s@x> BODY=BINARYMIME\r\n" R("ann") "DATA\r\n",
	    CAPS OK_M OK_R("ann") "503 5.5.1 BINARYMIME needs BDAT\r\n", "" },
	/* The message is dropped, and so is the client. */
	{ L M R("ann") "DATA\r\nhalf a mess", CAPS OK_M OK_R("ann") GO,
	    "LMTP from<s@x> to<ann> data<half a mess...dropped>\n" },
	{ L M R("ann") "BDAT 9\r\nhalf", CAPS OK_M OK_R("ann"),
	    "LMTP from<s@x> to<ann> data<half...dropped>\n" },
	{ L M R("ann") "BDAT 1\r\nxRSET\r\nQUIT\r\n", CAPS OK_M OK_R("ann")
	    "250 2.0.0 So far 1 octets\r\n250 2.0.0 Forgotten\r\n" BYE,
	    "LMTP from<s@x> to<ann> data<x...dropped>\n" },
	/* LHLO again is RSET, too. */
	{ L M L M, CAPS OK_M CAPS OK_M, "" },
	{ "NOOP x\r\nVRFY ann\r\nEXPN x\r\nHELP\r\nRSET\r\nSTARTTLS\r\n"
	    "QUIT\r\nNOOP\r\n",
	    "250 2.0.0 Still here\r\n252 2.1.5 Send the mail, and see\r\n"
	    "502 5.5.1 There are no lists here\r\n"
	    "214 2.0.0 See lmtpd(8), and RFC 2033\r\n"
	    "250 2.0.0 Forgotten\r\n502 5.5.1 There is no TLS here\r\n" BYE,
	    "" },
};

static void
try(size_t i, size_t first, size_t piece)
{
	size_t		 len = strlen(rows[i].in);
	const char	*got;

	(void)first;
	got = lmtp_talk(rows[i].in, len, piece);
	CHECK_ROW(strcmp(got, rows[i].out) == 0, "row %zu, pieces of %zu:\n"
	    "%s\nwanted:\n%s", i, piece, got, rows[i].out);
	buf_put_u8(&efake.log, 0);
	CHECK_ROW(strcmp((char *)efake.log.data, rows[i].log) == 0,
	    "row %zu, pieces of %zu:\n%s", i, piece, (char *)efake.log.data);
	engine_fake_reset();
}

static void
test_rows(void)
{
	size_t	 i, piece, len;

	for (i = 0; i < nitems(rows); i++) {
		len = strlen(rows[i].in);
		for (piece = 1; piece <= len; piece++)
			try(i, 0, piece);
		/* What the delivery takes is little. */
		efake.room = 3;
		try(i, 0, len);
	}
}

/* A limit on octets: before they are sent, and while. */
static void
test_size(void)
{
	uint64_t	 was = conf.max_size;
	const char	*got;
	static const char in[] = L "MAIL FROM:<s@x> SIZE=11\r\n"
	    "MAIL FROM:<s@x> SIZE=10\r\n" R("ann") R("bob") "DATA\r\n"
	    "123456789\r\n.\r\n" M R("ann")
	    "BDAT 10\r\n1234567890BDAT 1\r\nxBDAT 1 LAST\r\ny"
	    M R("ann") "DATA\r\n12345678\r\n.\r\n";

	conf.max_size = 10;
	got = lmtp_talk(in, strlen(in), strlen(in));
	CHECK_ROW((got = strstr(got, "250 DSN\r\n")) != NULL && strcmp(got,
	    "250 DSN\r\n"
	    "552 5.3.4 A message has at most 10 octets\r\n" OK_M OK_R("ann")
	    OK_R("bob") GO "552 5.3.4 The message is too large\r\n"
	    "552 5.3.4 The message is too large\r\n" OK_M OK_R("ann")
	    "250 2.0.0 So far 10 octets\r\n"
	    "552 5.3.4 The message is too large\r\n"
	    "552 5.3.4 The message is too large\r\n" OK_M OK_R("ann") GO
	    DONE("ann")) == 0, "%s", got);
	conf.max_size = was;
	engine_fake_reset();
}

static void
test_bare(void)
{
	static const struct { const char *in; bool refused; } t[] = {
		{ "DATA\r\na\nb\r\n.\r\n", true },
		{ "DATA\r\na\rb\r\n.\r\n", true },
		{ "DATA\r\na\r\n\n.\r\n.\r\n", true },
		{ "DATA\r\na\r\nb\r\n.\r\n", false },
		{ "BDAT 3 LAST\r\na\nb", true },
		{ "BDAT 4 LAST\r\na\r\nb", false },
	};
	const char	*got;
	char		 in[200];
	size_t		 i;

	conf.bare_refuse = true;
	for (i = 0; i < nitems(t); i++) {
		strlcpy(in, L M R("ann"), sizeof(in));
		strlcat(in, t[i].in, sizeof(in));
		got = lmtp_talk(in, strlen(in), 7);
		CHECK_ROW((strstr(got, "554 5.6.11 ") != NULL) ==
		    t[i].refused && (strstr(got, "stored") != NULL) !=
		    t[i].refused, "%s: %s", t[i].in, got);
	}
	/* What is announced as binary may have them. */
	strlcpy(in, L "MAIL FROM:<> BODY=BINARYMIME\r\n" R("ann")
	    "BDAT 3 LAST\r\na\nb", sizeof(in));
	CHECK(strstr(lmtp_talk(in, strlen(in), 1), "stored") != NULL);
	conf.bare_refuse = false;
	engine_fake_reset();
}

/* 1,000 recipients in one write, and one more than may be. */
static void
test_many(void)
{
	struct buf	 in = BUF_INIT;
	const char	*got, *p;
	unsigned	 i, n = 0;

	efake.sums = true;
	buf_puts(&in, L M);
	for (i = 0; i < 1003; i++)
		buf_printf(&in, "RCPT TO:<%s%u@x>\r\n", i % 7 == 0 ? "slow" :
		    "user", i);
	buf_puts(&in, "DATA\r\nx\r\n.\r\nQUIT\r\n");
	got = lmtp_talk((char *)in.data, in.len, in.len);
	for (p = got; (p = strstr(p, "> stored\r\n")) != NULL; p++)
		n++;
	CHECK_ROW(n == 1000, "%u", n);
	for (n = 0, p = got; (p = strstr(p, "452 4.5.3 ")) != NULL; p++)
		n++;
	CHECK_ROW(n == 3, "%u", n);
	/* in their order */
	p = strstr(got, GO);
	for (i = 0; i < 1000 && p != NULL; i++) {
		char	 want[64];

		snprintf(want, sizeof(want), "<%s%u@x> stored\r\n", i % 7 ==
		    0 ? "slow" : "user", i);
		p = strstr(p, "250 2.0.0 ");
		CHECK_ROW(p != NULL && strncmp(p + 10, want, strlen(want)) ==
		    0, "%u", i);
		p = p != NULL ? p + 10 : NULL;
	}
	CHECK(strstr(got, BYE) != NULL);
	buf_free(&in);
	engine_fake_reset();
}

static void
test_xclient(void)
{
	static const struct { const char *remote, *in, *out; } t[] = {
		{ "198.51.100.1", "XCLIENT ADDR=192.0.2.7\r\n",
		    "550 5.7.0 XCLIENT is not for you\r\n" },
		{ "192.0.2.1", "XCLIENT ADDR=203.0.113.9 NAME=a.b HELO=c\r\n",
		    "220 mx.test LMTP Pail\r\n" },
		{ "192.0.2.1", "XCLIENT ADDR=IPV6:2001:DB8::1 PORT=25 "
		    "PROTO=ESMTP LOGIN=a+2Bb NAME=[UNAVAILABLE]\r\n",
		    "220 mx.test LMTP Pail\r\n" },
		{ "192.0.2.1", "XCLIENT ADDR=[UNAVAILABLE]\r\n",
		    "220 mx.test LMTP Pail\r\n" },
		{ "192.0.2.1", "XCLIENT\r\n",
		    "501 5.5.4 XCLIENT name=value ...\r\n" },
		{ "192.0.2.1", "XCLIENT ADDR=x\r\n", "501 5.5.4 XCLIENT ADDR: "
		    "no such attribute or value\r\n" },
		{ "192.0.2.1", "XCLIENT ADDR=IPV6:1\r\n", "501 5.5.4 XCLIENT "
		    "ADDR: no such attribute or value\r\n" },
		{ "192.0.2.1", "XCLIENT EVIL=1\r\n", "501 5.5.4 XCLIENT EVIL: "
		    "no such attribute or value\r\n" },
		{ "192.0.2.1", "XCLIENT HELO=a+0Ab\r\n", "501 5.5.4 XCLIENT "
		    "HELO: no such attribute or value\r\n" },
		{ "192.0.2.1", "XCLIENT HELO=c\r\nMAIL FROM:<>\r\n",
		    "220 mx.test LMTP Pail\r\n503 5.5.1 Say LHLO first\r\n" },
		{ "192.0.2.1", L M "XCLIENT HELO=c\r\n", NULL },
	};
	const char	*was = lmtp_remote, *got;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		lmtp_remote = t[i].remote;
		got = lmtp_talk(t[i].in, strlen(t[i].in), 5);
		CHECK_ROW(t[i].out != NULL ? strcmp(got, t[i].out) == 0 :
		    strstr(got, "XCLIENT NAME ADDR") != NULL && strstr(got,
		    "503 5.5.1 A transaction is under way") != NULL, "%s: %s",
		    t[i].in, got);
	}
	lmtp_remote = was;
}

int
main(void)
{
	lmtp_begin();
	test_rows();
	test_size();
	test_bare();
	test_many();
	test_xclient();
	lmtp_end();
	return TEST_END();
}
