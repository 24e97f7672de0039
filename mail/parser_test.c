/*
 * The parser, through the digest and back, to IMAP's form: a table of
 * mails; each also cut at every byte, fed byte by byte, and as every prefix;
 * limits and linear time.
 */
#include "mail/parser.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "common/msg_mbox.h"
#include "common/test.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/header.h"
#include "mail/structure.h"

#define TEXT "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
#define TAIL " NIL NIL NIL NIL)"

static const struct { const char *in, *structure; } cases[] = {
	{ "", TEXT "0 0" TAIL },
	{ "Subject: x\r\n\r\nbody\r\n", TEXT "6 1" TAIL },
	{ "Subject: x\r\n\r\nbody", TEXT "4 0" TAIL },
	{ "Subject: x\n\nbody\n", TEXT "5 1" TAIL },
	{ "Subject: x", TEXT "0 0" TAIL },
	{ "\r\nbody", TEXT "4 0" TAIL },
	{ "Content-Type: text/html; charset=UTF-8\r\n"
	    "Content-Transfer-Encoding: QUOTED-Printable\r\n"
	    "Content-ID: <i@d>\r\nContent-Description: d \"x\"\r\n"
	    "Content-MD5: m==\r\nContent-Disposition: inline; filename=f\r\n"
	    "Content-Language: de, en\r\nContent-Location: http://x/\r\n"
	    "\r\n=41\r\n",
	    "(\"text\" \"html\" (\"charset\" \"UTF-8\") \"<i@d>\" "
	    "\"d \\\"x\\\"\" \"quoted-printable\" 5 1 \"m==\" (\"inline\" "
	    "(\"filename\" \"f\")) (\"de\" \"en\") \"http://x/\")" },
	{ "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\npre\r\n"
	    "--b\r\n\r\none\r\n--b \t\r\nContent-Type: image/gif\r\n"
	    "Content-Transfer-Encoding: x-uu\r\n\r\ntwo\r\n\r\n--b--\r\nepi"
	    "\r\n--b\r\n",
	    "(" TEXT "3 0" TAIL "(\"image\" \"gif\" NIL NIL NIL \"x-uu\" 5"
	    TAIL " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	/* boundaries that are not as they should be */
#define TWO(param, line, last, shown)					\
	{ "Content-Type: multipart/mixed; " param "\r\n\r\n--" line	\
	    "\r\n\r\none\r\n--" line "\r\n\r\ntwo\r\n--" last "--\r\nend\r\n"	\
	    "--" line "\r\n",						\
	    "(" TEXT "3 0" TAIL TEXT "3 0" TAIL " \"mixed\" (" shown	\
	    ") NIL NIL NIL)" }
	TWO("boundary=a b", "a b", "a b", "\"boundary\" \"a b\""),
	TWO("boundary=a(b)c", "a(b)c", "a(b)c", "\"boundary\" \"a(b)c\""),
	TWO("boundary*=us-ascii''ab%20cd", "ab cd", "ab cd",
	    "\"boundary*\" \"us-ascii''ab%20cd\""),
	TWO("boundary*0*=''a%2; boundary*1=b%", "a+%", "a+%",
	    "\"boundary*\" \"''a%2b%25\""),
	TWO("boundary=\"a b \"", "a b ", "a b ", "\"boundary\" \"a b \""),
	TWO("boundary=\"a \"", "a", "a", "\"boundary\" \"a \""),
	TWO("boundary=\"a", "a", "a", "\"boundary\" \"a\""),
	TWO("charset=x boundary=\"a\"", "a", "a",
	    "\"charset\" \"x\" \"boundary\" \"a\""),
	/* spaces end only a boundary that has them */
	{ "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n"
	    "--a --\r\n--a-- \r\n",
	    "(" TEXT "6 0" TAIL " \"mixed\" (\"boundary\" \"a\") NIL NIL "
	    "NIL)" },
	/* an outer boundary ends the inner multipart */
	{ "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
	    "Content-Type: multipart/alternative; boundary=aa\r\n\r\n--aa\r\n"
	    "\r\nx\r\n--a\r\n\r\ny\r\n--a--",
	    "((" TEXT "1 0" TAIL " \"alternative\" (\"boundary\" \"aa\") NIL "
	    "NIL NIL)" TEXT "1 0" TAIL " \"mixed\" (\"boundary\" \"a\") NIL "
	    "NIL NIL)" },
	{ "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhi\r\n",
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 19 (NIL \"in\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) " TEXT "4 1" TAIL " 3" TAIL },
	{ "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n"
	    "From: a@b\r\n\r\nhi\r\n--d\r\nContent-Type: text/plain\r\n\r\n"
	    "t\r\n"
	    "--d--\r\n",
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL NIL ((NIL "
	    "NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\"))"
	    " NIL NIL NIL NIL NIL) " TEXT "2 0" TAIL " 2" TAIL TEXT "1 0" TAIL
	    " \"digest\" (\"boundary\" \"d\") NIL NIL NIL)" },
	/* malformed */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\nnone\r\n",
	    TEXT "6 1" TAIL },
	{ "Content-Type: multipart/mixed\r\n\r\nnone\r\n", TEXT "6 1" TAIL },
	{ "Content-Type: nonsense\r\n\r\nx", TEXT "1 0" TAIL },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "no header here\r\n--b--\r\n",
	    "(" TEXT "14 0" TAIL " \"mixed\" (\"boundary\" \"b\") NIL NIL "
	    "NIL)" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n"
	    "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n--b--",
	    "(" TEXT "0 0" TAIL TEXT "0 0" TAIL
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 0 (NIL NIL NIL NIL "
	    "NIL NIL NIL NIL NIL NIL) " TEXT "0 0" TAIL " 0" TAIL
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 10 (NIL \"s\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) " TEXT "0 0" TAIL " 0" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	/* the header's empty line is the boundary's line end */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\n--b--",
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 12 (NIL \"s\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) " TEXT "0 0" TAIL " 1" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "X: 1\r\n\r\n--a--",
	    "((" TEXT "0 0" TAIL " \"mixed\" (\"boundary\" \"b\") NIL NIL "
	    "NIL) \"mixed\" (\"boundary\" \"a\") NIL NIL NIL)" },
	{ "A: b\rc\r\n\r\nx\ry\0z\r", TEXT "3 0" TAIL },
	{ "Content-Type: application/pdf; name*=utf-8''%C3%A4\r\n\r\nx",
	    "(\"application\" \"pdf\" (\"name*\" \"utf-8''%C3%A4\") NIL NIL "
	    "\"7bit\" 1" TAIL },
	{ "Content-Type: text/plain; name=\"\xc3\xa4\"\r\n\r\nx",
	    "(\"text\" \"plain\" (\"name\" {2}\r\n\xc3\xa4 \"charset\" "
	    "\"us-ascii\") NIL NIL \"7bit\" 1 0" TAIL },
};

/* Structure and envelope of a digest; false when it does not decode. */
static bool
render(const struct buf *d, struct arena *a, struct mail_tree *t,
    struct buf *structure, struct buf *env)
{
	struct str	 v;

	if (digest_check(d->data, d->len) == -1 ||
	    !digest_find(d->data, d->len, DIGEST_STRUCTURE, &v) ||
	    structure_decode(v, a, t) == -1 ||
	    structure_render(t, true, structure) == -1 ||
	    !digest_find(d->data, d->len, DIGEST_ENVELOPE, &v))
		return false;
	return envelope_render(v, env) == 0;
}

static void
feed_cut(const char *in, size_t len, size_t cut, size_t step,
    struct buf *digest)
{
	struct mail_parser	*p = mail_parser_new();
	size_t			 n;

	mail_parser_feed(p, in, cut);
	for (; cut < len; cut += n) {
		n = step < len - cut ? step : len - cut;
		mail_parser_feed(p, in + cut, n);
	}
	CHECK(mail_parser_finish(p, digest) == 0);
	mail_parser_free(p);
}

/* Cut anywhere, the digest is the same. */
static void
test_cuts(const char *in, size_t len, const struct buf *want, size_t every)
{
	struct buf	 d = BUF_INIT;
	size_t		 cut;

	for (cut = 0; cut <= len; cut += every) {
		buf_reset(&d);
		feed_cut(in, len, cut, len, &d);
		CHECK_ROW(d.len == want->len &&
		    memcmp(d.data, want->data, d.len) == 0, "cut %zu", cut);
	}
	buf_reset(&d);
	feed_cut(in, len, 0, 1, &d);
	CHECK(d.len == want->len && memcmp(d.data, want->data, d.len) == 0);
	buf_free(&d);
}

static void
test_cases(void)
{
	struct buf		 d = BUF_INIT, s = BUF_INIT, e = BUF_INIT;
	struct arena		*a = arena_new(0);
	struct mail_tree	 t;
	const char		*in;
	size_t			 i, n, len;

	for (i = 0; i < nitems(cases); i++) {
		in = cases[i].in;
		len = strlen(in);
		buf_reset(&d);
		buf_reset(&s);
		buf_reset(&e);
		CHECK(mail_digest(in, len, &d) == 0);
		CHECK_ROW(render(&d, a, &t, &s, &e), "row %zu", i);
		CHECK_ROW(s.len == strlen(cases[i].structure) &&
		    memcmp(s.data, cases[i].structure, s.len) == 0,
		    "row %zu:\n%.*s\n%s", i, (int)s.len, (char *)s.data,
		    cases[i].structure);
		test_cuts(in, len, &d, 1);
		for (n = 0; n < len; n++) {
			buf_reset(&d);
			CHECK(mail_digest(in, n, &d) == 0);
			CHECK_ROW(render(&d, a, &t, &s, &e), "row %zu:%zu",
			    i, n);
		}
		arena_reset(a);
	}
	buf_free(&d);
	buf_free(&s);
	buf_free(&e);
	arena_free(a);
}

/* Lines around the limits of what is held, cut everywhere. */
static void
test_long_lines(void)
{
	struct buf	 m = BUF_INIT, d = BUF_INIT;
	size_t		 n, i;

	for (n = 1018; n < 1030; n++) {
		buf_reset(&m);
		buf_reset(&d);
		buf_puts(&m, "Content-Type: multipart/mixed; boundary=b\r\n"
		    "Subject: ");
		for (i = 0; i < n; i++)
			buf_puts(&m, "s");
		buf_puts(&m, "\r\n folded\r\n\r\n--b\r\n\r\n");
		for (i = 0; i < n; i++)
			buf_puts(&m, "t");
		buf_puts(&m, "\r\n--b");
		for (i = 0; i < n - 3; i++)
			buf_puts(&m, " ");
		buf_puts(&m, "\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		    "QUJD\r\n--b--\r\n");
		CHECK(mail_digest(m.data, m.len, &d) == 0);
		test_cuts((char *)m.data, m.len, &d, 97);
	}
	buf_free(&m);
	buf_free(&d);
}

static double
seconds(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
check_whole(const struct buf *m, size_t parts)
{
	struct buf		 d = BUF_INIT, s = BUF_INIT, e = BUF_INIT;
	struct arena		*a = arena_new(0);
	struct mail_tree	 t = { NULL, 0 };
	double			 start = seconds();

	CHECK(mail_digest(m->data, m->len, &d) == 0);
	CHECK(d.len <= MBOX_DIGEST_MAX);
	CHECK(render(&d, a, &t, &s, &e));
	CHECK_ROW(t.n == parts, "%zu parts", t.n);
	CHECK_ROW(seconds() - start < 5, "%g s for %zu octets",
	    seconds() - start, m->len);
	buf_free(&d);
	buf_free(&s);
	buf_free(&e);
	arena_free(a);
}

static void
test_limits(void)
{
	struct buf	 m = BUF_INIT;
	size_t		 i;

	/* 10,000 multiparts inside one another */
	for (i = 0; i < 10000; i++)
		buf_printf(&m, "Content-Type: multipart/mixed; "
		    "boundary=common-prefix-%zu\r\n\r\n--common-prefix-%zu"
		    "\r\n", i, i);
	check_whole(&m, MAIL_DEPTH_MAX + 1);
	buf_reset(&m);			/* 10,000 messages */
	for (i = 0; i < 10000; i++)
		buf_puts(&m, "Content-Type: message/rfc822\r\n\r\n");
	check_whole(&m, MAIL_DEPTH_MAX + 1);
	buf_reset(&m);			/* 100,000 parts with names */
	buf_puts(&m, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (i = 0; i < 100000; i++)
		buf_printf(&m, "--b\r\nContent-Type: a%zu/b; name=\"%0200zu\""
		    "\r\nContent-ID: <%zu>\r\n\r\nx\r\n", i, i, i);
	check_whole(&m, MAIL_PARTS_MAX);
	buf_reset(&m);			/* a header of 2 MiB, half addresses */
	buf_puts(&m, "To: ");
	for (i = 0; i < 100000; i++)
		buf_puts(&m, "a@b.example,\r\n ");
	buf_puts(&m, "\r\n");
	for (i = 0; i < 30000; i++)
		buf_puts(&m, "References: <a@b>\r\n");
	buf_puts(&m, "Cc: c@d\r\n\r\nbody");
	check_whole(&m, 1);
	buf_reset(&m);			/* dashes: every line may be one */
	buf_puts(&m, "Content-Type: multipart/mixed; boundary=----------"
	    "\r\n\r\n");
	for (i = 0; i < 400000; i++)
		buf_puts(&m, "-----------\r\n");
	check_whole(&m, 1);
	buf_free(&m);
}

/* RFC 3501 section 8's message: its envelope, and what else is digested. */
static void
test_fields(void)
{
	static const char mail[] =
	    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
	    "From: Terry Gray <gray@cac.washington.edu>\r\n"
	    "Subject: Re: IMAP4rev1 WG mtg summary and minutes\r\n"
	    "To: imap@cac.washington.edu\r\n"
	    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
	    "References: <1@x>\r\n <2@x>\r\n"
	    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n"
	    "Hello\r\n  there\r\n";
	static const char want[] =
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"Re: IMAP4rev1 WG mtg summary and minutes\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")";
	struct buf		 d = BUF_INIT, s = BUF_INIT, e = BUF_INIT;
	struct arena		*a = arena_new(0);
	struct mail_tree	 t;
	struct str		 v;
	int64_t			 when, zone;

	CHECK(mail_digest(mail, strlen(mail), &d) == 0);
	CHECK(render(&d, a, &t, &s, &e));
	CHECK(e.len == strlen(want) && memcmp(e.data, want, e.len) == 0);
	CHECK(digest_find(d.data, d.len, DIGEST_BASE_SUBJECT, &v) &&
	    str_eq(v, STR("IMAP4rev1 WG mtg summary and minutes")));
	CHECK(digest_find(d.data, d.len, DIGEST_SENT_DATE, &v) &&
	    sent_date_decode(v, &when, &zone) == 0 &&
	    when == 837595405 && zone == -420);
	CHECK(digest_find(d.data, d.len, DIGEST_MESSAGE_ID, &v) &&
	    str_eq(v, STR("B27397-0100000@cac.washington.edu")));
	CHECK(digest_find(d.data, d.len, DIGEST_REFERENCES, &v) &&
	    str_eq(v, STR("\0032@x\0031@x")));
	CHECK(digest_find(d.data, d.len, DIGEST_PREVIEW, &v) &&
	    str_eq(v, STR("Hello there")));
	CHECK(digest_find(d.data, d.len, DIGEST_HEADER, &v) &&
	    v.len == t.v[0].header_len && memcmp(v.p, mail, v.len) == 0);
	CHECK(digest_find(d.data, d.len, DIGEST_ATTACHMENT, &v) &&
	    v.len == 1 && v.p[0] == 0);
	buf_free(&d);
	buf_free(&s);
	buf_free(&e);
	arena_free(a);
}

/* Addresses n in field name, each of some 60 octets. */
static void
put_many(struct buf *b, const char *name, size_t n)
{
	size_t	 i;

	buf_printf(b, "%s: ", name);
	for (i = 0; i < n; i++)
		buf_printf(b, "%sPerson Number %zu <person.%zu@some.example>",
		    i == 0 ? "" : ",\r\n ", i, i);
	buf_puts(b, "\r\n");
}

/* What the digest's envelope lacks is marked, and the header has it. */
static void
test_cut(void)
{
	static const struct {
		const char	*what;
		size_t		 to, cc, subject;
		const char	*more;
		uint32_t	 cut, mores;
	} rows[] = {
		{ "small", 10, 10, 10, "", 0, 0 },
		{ "all of the room for one", 1000, 0, 10, "", 0, 0 },
		{ "a long subject", 10, 10, 20000, "", 0, 0 },
		{ "shares", 1200, 1200, 5000, "",
		    1u << ENV_TO | 1u << ENV_CC, 0 },
		{ "all are too long", 1100, 1100, 20000, "",
		    1u << ENV_TO | 1u << ENV_CC | 1u << ENV_SUBJECT, 0 },
		{ "beyond a field's limit", 0, 0, 70000, "",
		    1u << ENV_SUBJECT, 0 },
		{ "a list beyond it", 3000, 0, 1, "", 1u << ENV_TO, 0 },
		{ "two subjects", 1, 1, 1, "Subject: y\r\nTo: z@y\r\n", 0,
		    1u << ENV_SUBJECT },
	};
	struct buf		 in = BUF_INIT, d = BUF_INIT, e = BUF_INIT;
	struct envelope_view	 v, whole;
	struct digest_cut	 cut;
	struct str		 s;
	size_t			 i, n;

	for (i = 0; i < nitems(rows); i++) {
		buf_reset(&in);
		buf_reset(&d);
		buf_reset(&e);
		put_many(&in, "To", rows[i].to);
		put_many(&in, "Cc", rows[i].cc);
		buf_puts(&in, "Subject: ");
		for (n = 0; n < rows[i].subject; n++)
			buf_puts(&in, "s");
		buf_printf(&in, "\r\n%s\r\nbody", rows[i].more);
		CHECK(mail_digest(in.data, in.len, &d) == 0);
		CHECK(digest_find(d.data, d.len, DIGEST_ENVELOPE, &s) &&
		    s.len <= ENVELOPE_MAX && envelope_decode(s, &v) == 0);
		digest_cut((struct str){ (char *)d.data, d.len }, &v, &cut);
		CHECK_ROW(cut.cut == rows[i].cut &&
		    cut.more == rows[i].mores, "%s: %x %x", rows[i].what,
		    cut.cut, cut.more);
		CHECK((cut.cut | cut.more) == 0 ||
		    cut.header_len == in.len - 4);
		CHECK(envelope_from_header((struct str){ (char *)in.data,
		    in.len }, &e) == 0 && envelope_decode((struct str){
		    (char *)e.data, e.len }, &whole) == 0);
		CHECK(whole.v[ENV_SUBJECT].len == rows[i].subject);
		CHECK_ROW(whole.count[ENV_TO] == rows[i].to +
		    (rows[i].mores != 0) && whole.count[ENV_CC] ==
		    rows[i].cc, "%s", rows[i].what);
		/* without cuts they are the same */
		CHECK((e.len == s.len && memcmp(e.data, s.p, s.len) == 0) ==
		    (rows[i].cut == 0));
		/* an older digest does not tell: its lengths do */
		buf_reset(&e);
		CHECK(digest_filter(d.data, d.len, DIGEST_BIT(
		    DIGEST_ENVELOPE), &e) == 0);
		digest_cut((struct str){ (char *)e.data, e.len }, &v, &cut);
		CHECK((cut.cut & rows[i].cut & ~(1u << ENV_SUBJECT)) ==
		    (rows[i].cut & ~(1u << ENV_SUBJECT)));
	}
	buf_free(&in);
	buf_free(&d);
	buf_free(&e);
}

int
main(void)
{
	test_cut();
	test_cases();
	test_long_lines();
	test_limits();
	test_fields();
	return TEST_END();
}
