/*
 * What is read of a digest's structure: where sections lie, in which parts
 * SEARCH looks, and that hostile ones are refused.
 */
#include "mail/structure.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "common/test.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/parser.h"
#include "mail/search.h"
#include "mail/section.h"

static const char nested[] =
    "From: Outer <o@x>\r\nSubject: out\r\n"
    "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
    "--o\r\nContent-Type: message/rfc822\r\nX-Mime: 2\r\n\r\n"
    "Subject: =?utf-8?q?inn=C3=A9r?=\r\nX-In: 1\r\n"
    "Content-Type: multipart/alternative; boundary=i\r\n\r\n"
    "--i\r\n\r\nalt one\r\n--i\r\nContent-Type: text/html; charset=latin1\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nPGI+5DwvYj4=\r\n--i--\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nplain\r\n"
    "--o--\r\n";

static const struct {
	uint32_t		 path[4];
	size_t			 npath;
	enum section_kind	 kind;
	const char		*want;	/* NULL: no such section */
} sections[] = {
	{ { 0 }, 0, SECTION_ALL, nested },
	{ { 0 }, 0, SECTION_HEADER, "From: Outer <o@x>\r\nSubject: out\r\n"
	    "Content-Type: multipart/mixed; boundary=o\r\n\r\n" },
	{ { 1 }, 1, SECTION_ALL, "first" },
	{ { 1 }, 1, SECTION_MIME, "Content-Type: text/plain\r\n\r\n" },
	{ { 1 }, 1, SECTION_HEADER, NULL }, { { 1 }, 1, SECTION_TEXT, NULL },
	{ { 1, 1 }, 2, SECTION_ALL, NULL }, { { 4 }, 1, SECTION_ALL, NULL },
	{ { 2 }, 1, SECTION_MIME,
	    "Content-Type: message/rfc822\r\nX-Mime: 2\r\n\r\n" },
	{ { 2 }, 1, SECTION_HEADER, "Subject: =?utf-8?q?inn=C3=A9r?=\r\n"
	    "X-In: 1\r\nContent-Type: multipart/alternative; boundary=i\r\n"
	    "\r\n" },
	{ { 2, 1 }, 2, SECTION_ALL, "alt one" },
	{ { 2, 2 }, 2, SECTION_ALL, "PGI+5DwvYj4=" },
	{ { 2, 2 }, 2, SECTION_MIME, "Content-Type: text/html; "
	    "charset=latin1\r\nContent-Transfer-Encoding: base64\r\n\r\n" },
	{ { 2, 3 }, 2, SECTION_ALL, NULL },
	{ { 3 }, 1, SECTION_TEXT, "plain" },
	{ { 3, 1 }, 2, SECTION_ALL, "plain" },
	{ { 3, 1 }, 2, SECTION_MIME, "Subject: s\r\n\r\n" },
	{ { 3, 1, 1 }, 3, SECTION_ALL, NULL },
	{ { 3, 2 }, 2, SECTION_ALL, NULL },
};

static const struct { const char *needle; bool header, found; } texts[] = {
	{ "FIRST", false, true }, { "outer", false, false },
	{ "outer", true, true }, { "<b>\xc3\xa4", false, true },
	{ "PGI+", false, false }, { "inn\xc3\xa9r", false, true },
	{ "x-mime: 2", false, true }, { "alt onePGI", false, false },
	{ "--o", false, false }, { "plain\r\n--o", false, false },
	{ "", false, true },
};

static void
test_search(const struct mail_tree *t)
{
	struct arena		*a = arena_new(0);
	struct needle		 n;
	struct body_key		 key;
	struct body_search	*s;
	size_t			 i, step, k, len = strlen(nested);

	for (i = 0; i < nitems(texts); i++)
		for (step = 1; step <= len; step = step * 3 + 1) {
			needle_make(&n, str_from(texts[i].needle), a);
			key = (struct body_key){ &n, texts[i].header, false };
			s = body_search_new(t, &key, 1);
			for (k = 0; k < len; k += step)
				body_search_feed(s, nested + k,
				    step < len - k ? step : len - k);
			body_search_end(s);
			body_search_free(s);
			CHECK_ROW(key.found == texts[i].found, "%s step %zu",
			    texts[i].needle, step);
		}
	arena_free(a);
}

static void
test_sections(void)
{
	struct buf		 d = BUF_INIT;
	struct arena		*a = arena_new(0);
	struct mail_tree	 t;
	struct section		 s = { 0 };
	struct str		 v;
	uint64_t		 off, len;
	size_t			 i;
	int			 r;

	CHECK(mail_digest(nested, strlen(nested), &d) == 0);
	digest_find(d.data, d.len, DIGEST_STRUCTURE, &v);
	CHECK(structure_decode(v, a, &t) == 0);
	for (i = 0; i < nitems(sections); i++) {
		s.path = sections[i].path;
		s.npath = sections[i].npath;
		s.kind = sections[i].kind;
		r = section_resolve(&t, &s, &off, &len);
		CHECK_ROW((r == 0) == (sections[i].want != NULL),
		    "row %zu", i);
		CHECK_ROW(r == -1 || (len == strlen(sections[i].want) &&
		    memcmp(nested + off, sections[i].want, len) == 0),
		    "row %zu: %.*s", i, (int)len, nested + off);
	}
	test_search(&t);
	buf_free(&d);
	arena_free(a);
}

/* Hostile digests: every prefix, and every byte changed. */
static void
test_hostile(void)
{
	struct buf		 d = BUF_INIT, out = BUF_INIT;
	struct arena		*a = arena_new(0);
	struct mail_tree	 t;
	struct str		 v;
	char			*copy;
	size_t			 i, k;

	CHECK(mail_digest(nested, strlen(nested), &d) == 0);
	digest_find(d.data, d.len, DIGEST_STRUCTURE, &v);
	for (i = 0; i < v.len; i++)
		CHECK(structure_decode((struct str){ v.p, i }, a, &t) == -1);
	copy = malloc(v.len);
	for (i = 0; i < v.len; i++)
		for (k = 0; k < 256; k++) {
			memcpy(copy, v.p, v.len);
			copy[i] = (char)k;
			if (structure_decode((struct str){ copy, v.len }, a,
			    &t) == 0)
				structure_render(&t, true, &out);
			buf_reset(&out);
			arena_reset(a);
		}
	free(copy);
	digest_find(d.data, d.len, DIGEST_ENVELOPE, &v);
	for (i = 0; i < v.len; i++)
		CHECK(envelope_render((struct str){ v.p, i }, &out) == -1);
	buf_free(&d);
	buf_free(&out);
	arena_free(a);
}

/* A structure of one part that has the strings s, by their bits. */
static bool
decodes(const struct str s[10], struct arena *a)
{
	struct buf		 b = BUF_INIT;
	struct mail_tree	 t;
	uint64_t		 mask = 0;
	size_t			 i;
	int			 rv;

	/* one part, of level 0, has strings; header, body, lines; plain */
	buf_put(&b, "\1\0\x20\0\2\5\1\1", 8);
	for (i = 0; i < 10; i++)
		if (s[i].p != NULL)
			mask |= (uint64_t)1 << i;
	buf_put_varint(&b, mask);
	for (i = 0; i < 10; i++)
		if (s[i].p != NULL)
			buf_put_bytes(&b, s[i].p, s[i].len);
	rv = structure_decode((struct str){ (char *)b.data, b.len }, a, &t);
	buf_free(&b);
	arena_reset(a);
	return rv == 0;
}

/* Lists and envelopes inside a hostile structure: each is whole, or the
 * structure is none, whatever stands beside it. */
static void
test_hostile_strings(void)
{
	static const struct { int bit; struct str s; bool good; } rows[] = {
		{ 0, STR("x-own"), true },
		{ 1, STR("\1\1" "a\1" "b"), true },		/* params */
		{ 1, STR("\2\1" "a\1" "b\1" "c\0"), true },
		{ 1, STR("\0"), false },
		{ 1, STR("\1\1" "a"), false },
		{ 1, STR("\1\1" "a\1" "bc"), false },
		{ 6, STR("\1\1" "a\0"), true },		/* dparams */
		{ 6, STR("\2\1" "a\0\1" "b"), false },
		{ 6, STR(""), false },
		{ 7, STR("\2\1" "a\1" "b"), true },		/* languages */
		{ 7, STR("\1\1"), false },
		{ 7, STR("\1\1" "ab"), false },
		{ 8, STR(""), true },
		{ 9, STR("\0\0\0\0\0\0\0\0\0\0"), true },	/* envelope */
		{ 9, STR("\0\0\0\0\0\0\0\0\0"), false },
		{ 9, STR("\0\0\0\0\0\0\0\0\0\0\0"), false },
		{ 9, STR("\0\0\3\0\0\0\0\0\0\0"), false }
	};
	struct arena	*a = arena_new(0);
	struct str	 s[10];
	size_t		 i, k;

	for (i = 0; i < nitems(rows); i++)
		for (k = i; k < nitems(rows); k++) {
			if (i != k && rows[i].bit == rows[k].bit)
				continue;
			memset(s, 0, sizeof(s));
			s[rows[i].bit] = rows[i].s;
			s[rows[k].bit] = rows[k].s;
			CHECK_ROW(decodes(s, a) ==
			    (rows[i].good && rows[k].good), "%zu, %zu", i, k);
		}
	arena_free(a);
}

int
main(void)
{
	test_sections();
	test_hostile();
	test_hostile_strings();
	return TEST_END();
}
