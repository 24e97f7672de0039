/*
 * Any bytes as a mail: parsed whole and in pieces to the same digest, which
 * decodes and renders; and with fields in front, before and afterwards.
 */
#include <string.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/fuzz.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/parser.h"
#include "mail/structure.h"

/* What FETCH would read of the message is all in it. */
static bool
inside(const struct mail_tree *t, size_t len)
{
	size_t	 i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].header_off > len || t->v[i].body_off > len ||
		    t->v[i].body_len > len - t->v[i].body_off)
			return false;
	return t->v[0].header_len + t->v[0].body_len == len;
}

#define PREFIX	"Return-Path: <>\r\nReceived: from x\r\n\tby y; z\r\n"

/* m has been fed with p. */
static void
prefixed(struct mail_parser *m, const uint8_t *p, size_t len)
{
	struct buf	 b = BUF_INIT, d = BUF_INIT, e = BUF_INIT;

	buf_puts(&b, PREFIX);
	buf_put(&b, p, len);
	if (mail_digest(b.data, b.len, &d) == -1 ||
	    mail_parser_finish_prefixed(m, STR(PREFIX), &e) == -1 ||
	    d.len != e.len || memcmp(d.data, e.data, d.len) != 0)
		abort();
	buf_free(&b);
	buf_free(&d);
	buf_free(&e);
}

static void
fuzz_parser(const uint8_t *p, size_t len)
{
	struct mail_parser	*m = mail_parser_new();
	struct mail_tree	 t;
	struct arena		*a = arena_new(0);
	struct buf		 d = BUF_INIT, e = BUF_INIT, out = BUF_INIT;
	struct str		 v;
	size_t			 i, n;

	if (mail_digest(p, len, &d) == -1)
		abort();
	for (i = 0; i < len; i += n) {
		n = 1 + (i * 7 + p[i]) % 61;
		n = n < len - i ? n : len - i;
		mail_parser_feed(m, p + i, n);
	}
	if (mail_parser_finish(m, &e) == -1 || d.len != e.len ||
	    memcmp(d.data, e.data, d.len) != 0 ||
	    digest_check(d.data, d.len) == -1 ||
	    !digest_find(d.data, d.len, DIGEST_STRUCTURE, &v) ||
	    structure_decode(v, a, &t) == -1 ||
	    structure_render(&t, true, &out) == -1 ||
	    structure_render(&t, false, &out) == -1 || !inside(&t, len) ||
	    !digest_find(d.data, d.len, DIGEST_ENVELOPE, &v) ||
	    envelope_render(v, &out) == -1)
		abort();
	prefixed(m, p, len);
	mail_parser_free(m);
	arena_free(a);
	buf_free(&d);
	buf_free(&e);
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_parser);
}
