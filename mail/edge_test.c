/*
 * Mail at the edges of the parser's rules: what a line more or less, a
 * character next to the last one of a range, or an empty name makes of it.
 */
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "common/msg_mbox.h"
#include "common/test.h"
#include "mail/digest_fields.h"
#include "mail/parser.h"
#include "mail/preview.h"
#include "mail/structure.h"

#define TEXT "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
#define TAIL " NIL NIL NIL NIL)"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct { const char *what, *in, *structure; } rows[] = {
	{ "a type with what is next to the letters",
	    "Content-Type: X_[y]/A@Z_`\r\n\r\nx",
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "1 0" TAIL },
	{ "a type with an underscore",
	    "Content-Type: X_y/Z_^W\r\n\r\nx",
	    "(\"x_y\" \"z_^w\" NIL NIL NIL \"7bit\" 1" TAIL },
	{ "a part that ends with its boundary",
	    MIXED "--b\r\n\r\none\r\n--b",
	    "(" TEXT "3 0" TAIL TEXT "0 0" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "too short for a boundary",
	    MIXED "--b\r\n\r\none\r\n--\r\n--b--",
	    "(" TEXT "7 1" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "a part's header with junk behind its first line",
	    MIXED "--b\r\nX: 1\r\njunk\r\n\r\nbody\r\n--b--",
	    "(" TEXT "4 0" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "a part without a header",
	    MIXED "--b\r\njunk\r\n\r\nbody\r\n--b--",
	    "(" TEXT "12 2" TAIL
	    " \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "a boundary in ten pieces",
	    "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b; "
	    "boundary*2=c;\r\n boundary*3=d; boundary*4=e; boundary*5=f; "
	    "boundary*6=g;\r\n boundary*7=h; boundary*8=i; boundary*9=j"
	    "\r\n\r\n--abcdefghij\r\n\r\none\r\n--abcdefghij--",
	    "(" TEXT "3 0" TAIL
	    " \"mixed\" (\"boundary\" \"abcdefghij\") NIL NIL NIL)" },
	{ "a parameter without a name",
	    "Content-Type: image/gif; =\"x\"; a=b\r\n\r\nx",
	    "(\"image\" \"gif\" (\"a\" \"b\") NIL NIL \"7bit\" 1" TAIL },
};

static bool
render(const struct buf *d, struct arena *a, struct buf *out)
{
	struct mail_tree	 t;
	struct str		 v;

	return digest_find(d->data, d->len, DIGEST_STRUCTURE, &v) &&
	    structure_decode(v, a, &t) == 0 &&
	    structure_render(&t, true, out) == 0;
}

static void
test_structure(void)
{
	struct arena	*a = arena_new(0);
	struct buf	 d = BUF_INIT, s = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		buf_reset(&d);
		buf_reset(&s);
		CHECK(mail_digest(rows[i].in, strlen(rows[i].in), &d) == 0);
		CHECK_ROW(render(&d, a, &s) && s.len ==
		    strlen(rows[i].structure) && memcmp(s.data,
		    rows[i].structure, s.len) == 0, "%s:\n%.*s\n%s",
		    rows[i].what, (int)s.len, (char *)s.data,
		    rows[i].structure);
	}
	buf_free(&d);
	buf_free(&s);
	arena_free(a);
}

static void
preview_is(const char *in, bool html, const char *want, size_t len)
{
	struct buf	 b = BUF_INIT;

	preview_make((const uint8_t *)in, strlen(in), STR("utf-8"), html, &b);
	CHECK_ROW(b.len == len && memcmp(b.data, want, len) == 0,
	    "%s: %.*s", in, (int)b.len, (char *)b.data);
	buf_free(&b);
}

static void
test_preview(void)
{
	char	 text[PREVIEW_CHARS + 8];

	preview_is("a<z>b<Z>c<a>d<A>e", true, "a b c d e", 9);
	preview_is("a<{b}c", true, "a<{b}c", 6);
	preview_is("a<`b", true, "a<`b", 4);
	preview_is("a\xe2\x80\x80z\xe2\x80\x8fy\xe2\x80\x90x", false,
	    "a z y\xe2\x80\x90x", 9);
	/* A space that would be the last character, and what follows it. */
	memset(text, 'n', sizeof(text));
	text[PREVIEW_CHARS - 1] = ' ';
	text[PREVIEW_CHARS + 2] = '\0';
	preview_is(text, false, text, PREVIEW_CHARS - 1);
	text[PREVIEW_CHARS - 1] = 'n';
	text[PREVIEW_CHARS - 2] = ' ';
	preview_is(text, false, text, PREVIEW_CHARS);
}

int
main(void)
{
	test_structure();
	test_preview();
	return TEST_END();
}
