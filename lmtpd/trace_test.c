/* Trace lines: whatever a client said, three fields and nothing else. */
#include <string.h>

#include "common/compat.h"
#include "common/msg_deliver.h"
#include "common/test.h"
#include "lmtpd/conf.h"
#include "lmtpd/envelope.h"
#include "lmtpd/trace.h"
#include "mail/header.h"

static void
check(const struct envelope *e, const char *address, bool named,
    const char *want)
{
	struct buf	 b = BUF_INIT;

	CHECK(trace_make(&b, e, address, named, "1.2", 1795939200) == 0);
	(void)buf_put_u8(&b, '\0');
	CHECK_ROW(strcmp((char *)b.data, want) == 0, "%s", (char *)b.data);
	buf_free(&b);
}

static void
test_lines(void)
{
	struct envelope	 e = { .sender = "", .helo = "client.example.org",
	    .remote = "2001:db8::1", .protocol = "UTF8LMTPS",
	    .tls = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384" };

	check(&e, "j\xc3\xb6rg@example.org", true,
	    "Return-Path: <>\r\n"
	    "Delivered-To: j\xc3\xb6rg@example.org\r\n"
	    "Received: from client.example.org ([IPv6:2001:db8::1])\r\n"
	    "\tby mx.example.org with UTF8LMTPS\r\n"
	    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\r\n"
	    "\tid 1.2\r\n"
	    "\tfor <j\xc3\xb6rg@example.org>; "
	    "Sun, 29 Nov 2026 08:00:00 +0000\r\n");
	e = (struct envelope){ .sender = "a\r\nX: y@z", .helo =
	    "a) by b (c\r\nSubject: z", .remote = "local",
	    .protocol = "LMTP", .tls = "x)\r\n(\\" };
	check(&e, "b\r\nc\x7f@d", false,
	    "Return-Path: <a??X: y@z>\r\n"
	    "Delivered-To: b??c?@d\r\n"
	    "Received: from a??by?b??c??Subject:?z (local)\r\n"
	    "\tby mx.example.org with LMTP\r\n"
	    "\t(using x?????" ")\r\n"
	    "\tid 1.2; Sun, 29 Nov 2026 08:00:00 +0000\r\n");
	e = (struct envelope){ .sender = "a@b", .helo = "", .remote = "",
	    .protocol = "S3" };
	check(&e, "c@d", false,
	    "Return-Path: <a@b>\r\n"
	    "Delivered-To: c@d\r\n"
	    "Received: from unknown\r\n"
	    "\tby mx.example.org with S3\r\n"
	    "\tid 1.2; Sun, 29 Nov 2026 08:00:00 +0000\r\n");
}

/* The longest of everything fits in a prefix, and is three fields. */
static void
test_long(void)
{
	static char		 longer[5000];
	struct envelope		 e = { .sender = longer, .helo = longer,
	    .remote = longer, .protocol = longer, .tls = longer };
	struct header_field	 f;
	struct buf		 b = BUF_INIT;
	struct str		 s;
	int			 n = 0;

	memset(longer, 'x', sizeof(longer) - 1);
	(void)trace_make(&b, &e, longer, true, "1.2", 1795939200);
	CHECK_ROW(!b.failed && b.len <= DELIVER_PREFIX_MAX + 600, "%zu",
	    b.len);
	buf_reset(&b);
	e.protocol = "UTF8LMTPS";
	longer[RCPT_ADDRESS_MAX] = '\0';
	e.remote = "2001:0db8:1111:2222:3333:4444:5555:6666";
	CHECK(trace_make(&b, &e, longer, true, "1.2", 1795939200) == 0);
	s = (struct str){ (char *)b.data, b.len };
	for (; header_next(&s, &f); n++)
		CHECK(f.name.len > 0);
	CHECK(n == 3 && s.len == 0);
	buf_free(&b);
}

static const struct {
	const char	*header;
	unsigned int	 hops;
	bool		 named, junk;
} headers[] = {
	{ "", 0, false, false },
	{ "Subject: x\r\n\r\n", 0, false, false },
	{ "Message-Id: <1@x>\r\n\r\n", 0, true, false },
	{ "Received: from a id 1; x\r\nReceived: x\r\n\r\n", 2, true, false },
	{ "Received: from a\r\n\tID 1; x\r\n", 1, true, false },
	{ "Received: from aid 1; x\r\n\r\n", 1, false, false },
	{ "Received: from a id; x\r\n\r\n", 1, false, false },
	{ "Received: from a id", 1, false, false },
	{ "Received:", 1, false, false },
	{ "X-Spam:yes\r\n\r\n", 0, false, true },
	{ "X-Spam: yes", 0, false, true },
	{ "X-Spam: ye\r\n s\r\n\r\n", 0, false, false },
	{ "X-Spam: no\r\nX-Spam: YES\r\n\r\n", 0, false, true },
	{ "X-Spams: yes\r\n\r\nX-Spam: yes\r\n", 0, false, false },
};

static void
test_read(void)
{
	struct trace_header	 h;
	size_t			 i;

	(void)strlcpy(conf.junk_name, "X-Spam", sizeof(conf.junk_name));
	(void)strlcpy(conf.junk_value, "Yes", sizeof(conf.junk_value));
	for (i = 0; i < nitems(headers); i++) {
		trace_read(str_from(headers[i].header), &h);
		CHECK_ROW(h.hops == headers[i].hops &&
		    h.named == headers[i].named && h.junk == headers[i].junk,
		    "%s", headers[i].header);
	}
	conf.junk_name[0] = '\0';
	trace_read(STR(": Yes\r\n"), &h);
	CHECK(!h.junk);
}

int
main(void)
{
	(void)strlcpy(conf.hostname, "mx.example.org", sizeof(conf.hostname));
	test_lines();
	test_long();
	test_read();
	return TEST_END();
}
