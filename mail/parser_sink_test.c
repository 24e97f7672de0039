/*
 * Texts of a message as the parser hands them over: decoded, in UTF-8, cut
 * anywhere the same; and as SEARCH finds them.
 */
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "common/compat.h"
#include "common/test.h"
#include "mail/parser.h"

/* What the sink was told, as "[1 text/plain:...]". */
struct told {
	struct buf	 b;
	size_t		 longest;
	unsigned int	 begun, ended;
};

static void
on_begin(void *arg, uint32_t part, const struct mail_part *p)
{
	struct told	*t = arg;

	CHECK(t->begun == t->ended);
	t->begun++;
	(void)buf_printf(&t->b, "[%u %.*s/%.*s:", part, (int)p->type.len,
	    p->type.p, (int)p->subtype.len, p->subtype.p);
}

static void
on_text(void *arg, const uint8_t *p, size_t len)
{
	struct told		*t = arg;
	utf8proc_int32_t	 cp;
	utf8proc_ssize_t	 n;
	size_t			 i;

	CHECK(t->begun == t->ended + 1 && len > 0);
	for (i = 0; i < len; i += (size_t)n) {
		n = utf8proc_iterate(p + i, (utf8proc_ssize_t)(len - i), &cp);
		if (n <= 0)
			break;
	}
	CHECK(i == len);
	if (len > t->longest)
		t->longest = len;
	(void)buf_put(&t->b, p, len);
}

static void
on_end(void *arg)
{
	struct told	*t = arg;

	t->ended++;
	(void)buf_puts(&t->b, "]");
}

static const struct mail_sink sink = { on_begin, on_text, on_end };

static void
parse(const char *mail, size_t len, size_t piece, struct told *t)
{
	struct mail_parser	*p = mail_parser_new();
	struct buf		 with = BUF_INIT, without = BUF_INIT;
	size_t			 i, n;

	memset(t, 0, sizeof(*t));
	CHECK(mail_parser_sink(p, &sink, t) == 0);
	CHECK(mail_parser_sink(p, &sink, t) == -1);
	for (i = 0; i < len; i += n) {
		n = piece < len - i ? piece : len - i;
		CHECK(mail_parser_feed(p, mail + i, n) == 0);
	}
	CHECK(mail_parser_finish(p, &with) == 0);
	mail_parser_free(p);
	CHECK(t->begun == t->ended);
	/* a sink changes nothing else */
	CHECK(mail_digest(mail, len, &without) == 0);
	CHECK(with.len == without.len &&
	    memcmp(with.data, without.data, with.len) == 0);
	buf_free(&with);
	buf_free(&without);
}

static const struct { const char *mail, *want; } mails[] = {
	{ "Subject: x\r\n\r\nplain text\r\n",
	    "[0 text/plain:plain text\r\n]" },
	{ "Subject: x\r\n\r\n", "[0 text/plain:]" },
	{ "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "J=F6rg=\r\n und\r\n", "[0 text/plain:J\xc3\xb6rg und\r\n]" },
	{ "Content-Type: TEXT/HTML; charset=koi8-r\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "8NLJ\r\n", "[0 text/html:\xd0\x9f\xd1\x80\xd0\xb8]" },
	/* a cut character at the end */
	{ "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nw7bD\r\n",
	    "[0 text/plain:\xc3\xb6\xef\xbf\xbd]" },
	{ "Content-Type: image/png\r\n\r\nnot text\r\n", "" },
	/* parts: the line's end before a boundary is the boundary's; what is
	 * attached is text, too */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
	    "--b\r\n\r\none\r\n\r\n--b\r\n"
	    "Content-Type: application/pdf\r\n\r\nno\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\n"
	    "Subject: inner\r\n\r\ntwo\r\n--b\r\n"
	    "Content-Type: text/csv\r\n"
	    "Content-Disposition: attachment\r\n\r\na,b\r\n"
	    "--b--\r\nepilogue\r\n",
	    "[1 text/plain:one\r\n][4 text/plain:two][5 text/csv:a,b]" },
};

static void
test_mails(void)
{
	struct told	 t;
	size_t		 i, len, piece;

	for (i = 0; i < nitems(mails); i++) {
		len = strlen(mails[i].mail);
		for (piece = 1; piece <= len; piece++) {
			parse(mails[i].mail, len, piece, &t);
			CHECK_ROW(t.b.len == strlen(mails[i].want) &&
			    (t.b.len == 0 || memcmp(t.b.data, mails[i].want,
			    t.b.len) == 0), "%zu in %zu: %.*s", i, piece,
			    (int)t.b.len, (char *)t.b.data);
			buf_free(&t.b);
		}
	}
}

/* A long text comes in pieces, and is not kept. */
static void
test_long(void)
{
	static const char	 head[] = "Content-Type: text/plain; "
	    "charset=iso-8859-1\r\n\r\n";
	struct told		 t;
	struct buf		 b = BUF_INIT;
	size_t			 i;

	(void)buf_puts(&b, head);
	for (i = 0; i < 50000; i++)
		(void)buf_puts(&b, i % 60 == 59 ? "\r\n" : "\xe4");
	parse((char *)b.data, b.len, 10000, &t);
	CHECK(t.b.len > 90000 && t.longest <= 3 * 4096);
	buf_free(&t.b);
	buf_free(&b);
}

int
main(void)
{
	test_mails();
	test_long();
	return TEST_END();
}
