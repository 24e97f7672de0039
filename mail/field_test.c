/* Parameters, dates, message ids, base subjects: case tables. */
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "mail/date.h"
#include "mail/msgid.h"
#include "mail/param.h"
#include "mail/subject.h"

static bool
same(const struct buf *b, const char *want)
{
	return b->len == strlen(want) &&
	    (b->len == 0 || memcmp(b->data, want, b->len) == 0);
}

static const struct { const char *in, *out; } params[] = {
	{ "; charset=us-ascii", "charset=us-ascii;" },
	{ "; Charset=\"us-ascii\" (plain)", "charset=us-ascii;" },
	{ ";a=\"q\\\"x;y\"; b = c ;; d=", "a=q\"x;y;b=c;d=;" },
	/* a file's name and a boundary are whole */
	{ "; name=foo bar.txt; x=y", "name=foo bar.txt;x=y;" },
	{ "; filename=my file.pdf", "filename=my file.pdf;" },
	{ "; filename= my  file (1).pdf  ; x=y",
	    "filename=my  file (1).pdf;x=y;" },
	{ "; filename=my file.pdf (the last)", "filename=my file.pdf;" },
	{ "; filename=a (b (c)) (d); x=y", "filename=a (b (c));x=y;" },
	{ "; filename=a (b; x=y", "filename=a (b;x=y;" },
	{ "; filename=5\" disk.img; x=y", "filename=5\" disk.img;x=y;" },
	{ "; filename=my \"b;c\" d; x=y", "filename=my b;c d;x=y;" },
	{ "; filename=\"my file.pdf; x=y", "filename=my file.pdf;x=y;" },
	{ "; filename=a b=c.pdf", "filename=a b=c.pdf;" },
	{ "; filename*0=a b; filename*1=c d", "filename=a bc d;" },
	{ "; boundary=a b", "boundary=a b;" },
	{ "; boundary=a(b)c", "boundary=a(b)c;" },
	{ "; boundary=a(b)c (d)", "boundary=a(b)c;" },
	{ "; boundary=(a)b", "boundary=(a)b;" },
	/* others are one word; what is missing between them */
	{ "; charset=us-ascii plain; x=y", "charset=us-ascii;x=y;" },
	{ "; charset=utf-8 boundary=\"a;b\" x; c=d",
	    "charset=utf-8;boundary=a;b;c=d;" },
	{ "; boundary=a b charset = utf-8",
	    "boundary=a b;charset=utf-8;" },
	{ "; (open charset=utf-8; x=y", "charset=utf-8;x=y;" },
	/* RFC 2231 sections 3, 4 and 4.1 */
	{ "; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/x\"",
	    "access-type=URL;url=ftp://cs.utk.edu/x;" },
	{ "; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	    "title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A;" },
	{ "; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*0*="
	    "us-ascii'en'This%20is%20even%20more%20; title*2=\"isn't it!\"",
	    "title*=us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun"
	    "%2A%2A%2A%20isn't%20it!;" },
	{ "; f*0=a; f*2=c", "f=a;" },
	{ "; f*1=b", "" },
	{ "; =x; ; =; \"q\"; a", "" },
	/* what has no name has no value: it hides none behind it */
	{ "; = charset=utf-8; x=y", "charset=utf-8;x=y;" },
	{ "; (c) = boundary=\"a;b\"", "boundary=a;b;" },
	{ "; = \"a;b=c\"; x=y", "x=y;" },
	{ "", "" },
};

static void
test_params(void)
{
	struct buf	 b = BUF_INIT, out = BUF_INIT;
	struct cursor	 c;
	struct lex	 l;
	struct str	 s;
	size_t		 i, n;

	for (i = 0; i < nitems(params); i++) {
		buf_reset(&b);
		buf_reset(&out);
		lex_init(&l, str_from(params[i].in));
		n = params_parse(&l, &b);
		cursor_init(&c, b.data, b.len);
		CHECK(n == 0 || cursor_varint(&c) == n);
		for (; n > 0; n--) {
			s = cursor_str(&c);
			buf_put(&out, s.p, s.len);
			buf_puts(&out, "=");
			s = cursor_str(&c);
			buf_put(&out, s.p, s.len);
			buf_puts(&out, ";");
		}
		CHECK(cursor_done(&c));
		CHECK_ROW(same(&out, params[i].out), "%s: %.*s",
		    params[i].in, (int)out.len, (char *)out.data);
	}
	buf_free(&b);
	buf_free(&out);
}

static const struct {
	const char	*in;
	int		 r;
	int64_t		 when;
	int		 zone;
} dates[] = {
	{ "Fri, 21 Nov 1997 09:55:06 -0600", 0, 880127706, -360 },
	{ "Tue, 1 Jul 2003 10:52:37 +0200", 0, 1057049557, 120 },
	{ "Thu, 13 Feb 1969 23:32 -0330", 0, -27723480, -210 },
	{ "21 Nov 97 09:55:06 GMT", 0, 880106106, 0 },
	{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 0, 880127706,
	    -360 },
	{ "Thu, 22 Aug 2002 12:36:23 EDT", 0, 1030034183, -240 },
	{ "Thu Aug 22 12:36:23 2002", 0, 1030019783, 0 },
	{ "Thu Aug 22 12:36:23 EDT 2002", 0, 1030034183, -240 },
	{ "Aug 22 2002 12:36:23", 0, 1030019783, 0 },
	{ "22-Aug-2002 12:36:23 +0000", 0, 1030019783, 0 },
	{ "Mon, 29 Feb 2024 00:00:00 +1400", 0, 1709114400, 840 },
	{ "1 Jan 2000", 0, 946684800, 0 },
	{ "22 Aug 102 12:36:23", 0, 1030019783, 0 },
	{ "", -1, 0, 0 }, { "yesterday", -1, 0, 0 },
	{ "32 Jan 2000", -1, 0, 0 },
	{ "1 Foo 2000", -1, 0, 0 }, { "Jan", -1, 0, 0 }, { "1 Jan", -1, 0, 0 },
};

static void
test_dates(void)
{
	int64_t	 when, year;
	int	 zone, month, day;
	size_t	 i;

	for (i = 0; i < nitems(dates); i++) {
		when = 0;
		zone = 0;
		CHECK_ROW(mail_date_parse(str_from(dates[i].in), &when,
		    &zone) == dates[i].r && when == dates[i].when &&
		    zone == dates[i].zone, "%s: %lld %d", dates[i].in,
		    (long long)when, zone);
	}
	for (when = -1000000; when < 1000000; when += 97) {
		civil_date(when, &year, &month, &day);
		CHECK(civil_days(year, month, day) == when);
	}
	CHECK(civil_days(1970, 1, 1) == 0 && civil_days(2000, 3, 1) == 11017);
}

static void
test_ids(void)
{
	struct buf	 b = BUF_INIT;
	struct cursor	 c;
	struct str	 s;
	static const char *const want[] = { "r@1", "c@1", "b@1", "a@1" };
	size_t		 i;

	CHECK(msgid_only(STR("<1234@local.machine.example>"), &b) &&
	    same(&b, "1234@local.machine.example"));
	CHECK(msgid_only(STR(" <a b@c> <x@y>"), &b) && same(&b, "ab@c"));
	CHECK(msgid_only(STR("bare@id"), &b) && same(&b, "bare@id"));
	CHECK(!msgid_only(STR("two words"), &b));
	CHECK(!msgid_only(STR("<>"), &b) && !msgid_only(STR(""), &b));
	buf_reset(&b);
	CHECK(msgid_references(STR("Your message <r@1>"),
	    STR("<a@1> <b@1> <r@1> <c@1>"), 10, &b) == 4);
	cursor_init(&c, b.data, b.len);
	for (i = 0; i < nitems(want); i++) {
		s = cursor_str(&c);
		CHECK(str_eq(s, str_from(want[i])));
	}
	CHECK(cursor_done(&c));
	buf_reset(&b);
	CHECK(msgid_references(STR(""), STR("<a@1> <b@1> <c@1>"), 2, &b) ==
	    2);
	buf_reset(&b);
	CHECK(msgid_references(STR("<x <y@1>"), STR("<<a@1> <b <c@1"), 9,
	    &b) == 2);
	buf_free(&b);
}

static const struct { const char *in, *out; bool reply; } subjects[] = {
	{ "hello", "hello", false }, { "Re: hello", "hello", true },
	{ "RE: re:  hello", "hello", true }, { "Fwd: hello", "hello", true },
	{ "FW: Re[2]: hello", "hello", true },
	{ "[list] Re: hello", "hello", true },
	{ "[list] hello", "hello", false },
	{ "Re: [list] hello", "hello", true }, { "[only]", "[only]", false },
	{ "hello (fwd)", "hello", false },
	{ "hello (FWD) (fwd) ", "hello", false },
	{ "[fwd: hello]", "hello", true },
	{ "Re: [Fwd: Re: hello]", "hello", true },
	{ "re[a] [b]: x", "re[a] [b]: x", false },
	{ "  a \t b  ", "a b", false }, { "Re:", "", true }, { "", "", false },
	{ "=?utf-8?q?Re:_=C3=A4?=", "\xc3\xa4", true },
	{ "regarding: x", "regarding: x", false },
	{ "[a] [b] Re: [c] x", "x", true }, { "[a] [b]", "[b]", false },
	{ "[a][b][c", "[c", false }, { "[a] re [b] : [c]", "[c]", true },
};

/* Only its beginning counts; steps_test.c counts what it takes. */
static void
test_long_subject(void)
{
	struct buf	 in = BUF_INIT, b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < 32700; i++)
		buf_puts(&in, "[]");
	base_subject((struct str){ (char *)in.data, in.len }, &b, NULL);
	CHECK(same(&b, "[]"));
	buf_reset(&in);
	buf_reset(&b);
	buf_puts(&in, "re: ");
	for (i = 0; i < 4000; i++)	/* a character at the cut */
		buf_puts(&in, "\xe2\x82\xac");
	base_subject((struct str){ (char *)in.data, in.len }, &b, NULL);
	CHECK(b.len % 3 == 0 && b.len > SUBJECT_MAX - 10 &&
	    memcmp(b.data + b.len - 3, "\xe2\x82\xac", 3) == 0);
	buf_free(&in);
	buf_free(&b);
}

int
main(void)
{
	struct buf	 b = BUF_INIT;
	size_t		 i, n;
	bool		 reply;

	test_params();
	test_dates();
	test_ids();
	test_long_subject();
	for (i = 0; i < nitems(subjects); i++) {
		buf_reset(&b);
		base_subject(str_from(subjects[i].in), &b, &reply);
		CHECK_ROW(same(&b, subjects[i].out), "%s: '%.*s'",
		    subjects[i].in, (int)b.len, (char *)b.data);
		CHECK_ROW(reply == subjects[i].reply ||
		    strstr(subjects[i].in, "wd)") != NULL, "%s",
		    subjects[i].in);
		for (n = 0; n < strlen(subjects[i].in); n++) {
			buf_reset(&b);
			base_subject((struct str){ subjects[i].in, n }, &b,
			    NULL);
			CHECK(b.len <= 2 * n + 3);
		}
	}
	buf_free(&b);
	return TEST_END();
}
