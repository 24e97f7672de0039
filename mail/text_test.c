/* Charsets, encoded words, folding, matching and previews. */
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/test.h"
#include "mail/charset.h"
#include "mail/encword.h"
#include "mail/header.h"
#include "mail/imap_text.h"
#include "mail/match.h"
#include "mail/preview.h"
#include "mail/search.h"

static bool
same(const struct buf *b, const char *want)
{
	return b->len == strlen(want) &&
	    (b->len == 0 || memcmp(b->data, want, b->len) == 0);
}

static const struct { const char *cs, *in, *out; } charsets[] = {
	{ "utf-8", "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80",
	    "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "UTF8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
	{ "utf-8", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "utf-8", "\xc0\xaf\xf5", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "iso-8859-1", "J\xf6rg", "J\xc3\xb6rg" },
	{ "Latin1", "\xe4", "\xc3\xa4" },
	{ "windows-1252", "\x80", "\xe2\x82\xac" },
	{ "koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8" },
	{ "iso-2022-jp", "\x1b$B$3\x1b(B", "\xe3\x81\x93" },
	{ "gb2312", "\xc4\xe3", "\xe4\xbd\xa0" },
	{ "shift_jis", "\x83\x65", "\xe3\x83\x86" },
	{ "nonsense", "\xf6 \xc3\xb6", "\xc3\xb6 \xc3\xb6" },
	{ "", "J\xf6", "J\xc3\xb6" },
	/* upper halves from tables */
	{ "iso-8859-11", "\xa1", "\xe0\xb8\x81" },
	{ "tis-620", "\xa1", "\xe0\xb8\x81" },
	{ "windows-874", "\x80\xa1", "\xe2\x82\xac\xe0\xb8\x81" },
	{ "IBM852", "\x9f", "\xc4\x8d" }, { "cp852", "\x9f", "\xc4\x8d" },
	{ "ibm437", "\x84", "\xc3\xa4" }, { "cp850", "\x84", "\xc3\xa4" },
	{ "x-mac-roman", "\x8a", "\xc3\xa4" },
	{ "x-mac-ce", "\x8b", "\xc4\x8d" },
	{ "windows-1253", "\xe1", "\xce\xb1" },
	{ "ISO_8859-7:1987", "\xe1", "\xce\xb1" },
	{ "csKOI8R", "\xc1", "\xd0\xb0" }, { "'koi8-u'", "\xa4", "\xd1\x94" },
	{ "windows-1252", "a\x81z", "a\xef\xbf\xbdz" },
	/* pairs and more */
	{ "euc-kr", "\xb0\xa1", "\xea\xb0\x80" },
	{ "ks_c_5601-1987", "\x81\x41", "\xea\xb0\x82" },
	{ "iso-2022-kr", "\x1b$)Ca\x0e\x30\x21\x0f" "b",
	    "a\xea\xb0\x80" "b" },
	{ "iso-2022-kr", "\x0e\x30\x21\n0!", "\xea\xb0\x80\n0!" },
	{ "big5", "\xa7\x41", "\xe4\xbd\xa0" },
	{ "big5-hkscs", "\xa7\x41\x88\x6a", "\xe4\xbd\xa0\xc3\xa0" },
	{ "big5", "\x87\x6c", "\xf0\xa7\xaf\xaf" },	/* of plane 2 */
	{ "gbk", "\x81\x40\x80", "\xe4\xb8\x82\xe2\x82\xac" },
	{ "gb18030", "\x81\x30\x84\x36\x90\x30\x81\x30",
	    "\xc2\xa5\xf0\x90\x80\x80" },
	{ "gb18030", "\x81\x30\x84z\xfe\x39\xfe\x39",
	    "\xef\xbf\xbd" "0\xe5\x89\x92\xef\xbf\xbd" "9\xef\xbf\xbd"
	    "9" },
	{ "euc-jp", "\xa4\xb3\x8e\xb1\x8f\xb0\xa1",
	    "\xe3\x81\x93\xef\xbd\xb1\xe4\xb8\x82" },
	{ "shift_jis", "\x82\xb1\xb1\x87\x40",
	    "\xe3\x81\x93\xef\xbd\xb1\xe2\x91\xa0" },
	{ "shift_jis", "\x81z\x82\"a", "\xe3\x80\x91\xef\xbf\xbd\"a" },
	{ "windows-31j", "\x82\xb1", "\xe3\x81\x93" },
	{ "iso-2022-jp", "\x1b$B-!\x1b(J\\\x1b(I1\x1b(B\\",
	    "\xe2\x91\xa0\xc2\xa5\xef\xbd\xb1\\" },
	{ "iso-2022-jp", "\x1b$B$3\n$3", "\xe3\x81\x93\n$3" },
	{ "iso-2022-jp", "\x1b$(D0!\x1b$A0!\x1b$(C0!",
	    "\xe4\xb8\x82\xe5\x95\x8a\xea\xb0\x80" },
	{ "iso-2022-jp", "\x1bx\x1b$", "\xef\xbf\xbdx\xef\xbf\xbd$" },
	{ "hz-gb-2312", "a~{Dc~}~~b", "a\xe4\xbd\xa0~b" },
	{ "utf-7", "a+ThY-b+-+AOQ.", "a\xe4\xb8\x96" "b+\xc3\xa4." },
	{ "utf-7", "+2D3eAA-+2D0-", "\xf0\x9f\x98\x80" },
	{ "utf-7", "+3gA", "\xef\xbf\xbd" },
	{ "utf-16be", "\x4e\x16\xd8\x3d\xde\x01",
	    "\xe4\xb8\x96\xf0\x9f\x98\x81" },
	{ "utf-16", "\xfe\xff\x4e\x16", "\xe4\xb8\x96" },
	{ "utf-16", "\xff\xfe\x16\x4e", "\xe4\xb8\x96" },
	{ "utf-16le", "\x16\x4e\x01\xde", "\xe4\xb8\x96\xef\xbf\xbd" },
	/* names that are not true: UTF-8 */
	{ "us-ascii", "J\xc3\xb6rg", "J\xc3\xb6rg" },
	{ "iso-8859-1", "J\xc3\xb6rg", "J\xc3\xb6rg" },
	{ "windows-1252", "\xe2\x82\xac 5", "\xe2\x82\xac 5" },
	{ "iso-8859-15", "\xc3\xa4 \xc3\xb6", "\xc3\xa4 \xc3\xb6" },
	{ "koi8-r", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2",
	    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2" },
	/* and what only looks like it */
	{ "iso-8859-1", "\xc3\xa4 \xe4", "\xc3\x83\xc2\xa4 \xc3\xa4" },
	{ "iso-8859-1", "NESCAF\xc9\xae", "NESCAF\xc3\x89\xc2\xae" },
	{ "iso-8859-1", "CAF\xc9\xbb", "CAF\xc3\x89\xc2\xbb" },
	{ "windows-1252", "SP\xd6\x93", "SP\xc3\x96\xe2\x80\x9c" },
	{ "iso-8859-1", "a\xc3", "a\xc3\x83" },
	{ "iso-8859-2", "WSP\xd3\xa3PRACA, KU\xae" "E",
	    "WSP\xc3\x93\xc5\x81PRACA, KU\xc5\xbd" "E" },
	{ "iso-8859-2", "K\xd9\xae" "E", "K\xc5\xae\xc5\xbd" "E" },
	/* ISO-2022-JP that nobody named */
	{ "", "a\x1b$B$3\x1b(Bb", "a\xe3\x81\x93" "b" },
	{ "us-ascii", "\x1b$@$3\x1b(J", "\xe3\x81\x93" },
	{ "iso-8859-1", "\x1b$B$3\x1b(B\xe4", "\xe3\x81\x93\xc3\xa4" },
	{ "utf-8", "\x1b$B$3\x1b(B\xc3\xa4", "\xe3\x81\x93\xc3\xa4" },
	{ "", "\x1b[1mbold", "\x1b[1mbold" },
};

static void
test_charsets(void)
{
	struct convert	 c;
	struct buf	 b = BUF_INIT;
	const uint8_t	*in;
	size_t		 i, cut, len;

	charset_prepare();
	for (i = 0; i < nitems(charsets); i++) {
		in = (const uint8_t *)charsets[i].in;
		len = strlen(charsets[i].in);
		CHECK_ROW(charset_find(str_from(charsets[i].cs)) != NULL ||
		    *charsets[i].cs == '\0' ||
		    strcmp(charsets[i].cs, "nonsense") == 0, "%s",
		    charsets[i].cs);
		for (cut = 0; cut <= len; cut++) {
			buf_reset(&b);
			convert_open(&c,
			    charset_find(str_from(charsets[i].cs)));
			convert_feed(&c, in, cut, &b);
			convert_feed(&c, in + cut, len - cut, &b);
			convert_end(&c, &b);
			convert_close(&c);
			CHECK_ROW(same(&b, charsets[i].out),
			    "%s cut %zu: %.*s", charsets[i].cs, cut,
			    (int)b.len, (char *)b.data);
		}
	}
	buf_reset(&b);
	CHECK(charset_to_utf8(charset_find(STR("utf-8")), STR("\xff"), &b) ==
	    -1);
	CHECK(charset_to_utf8(charset_find(STR("us-ascii")), STR("\xe4"),
	    &b) == -1);
	CHECK(charset_to_utf8(charset_find(STR("koi8-r")), STR("\xf0"), &b)
	    == 0);
	/* a name that is believed */
	buf_reset(&b);
	CHECK(charset_to_utf8(charset_find(STR("iso-8859-1")),
	    STR("\xc3\xa4\x1b$B"), &b) == 0 &&
	    same(&b, "\xc3\x83\xc2\xa4\x1b$B"));
	CHECK(charset_find(STR("a,b")) == NULL);
	CHECK(charset_find(STR(",ascii,")) == NULL);
	for (i = 0; charset_name(i) != NULL; i++)
		CHECK(charset_find(str_from(charset_name(i))) != NULL);
	buf_free(&b);
}

static const struct { const char *in, *out; } words[] = {
	/* RFC 2047 section 8 */
	{ "=?US-ASCII?Q?Keith_Moore?=", "Keith Moore" },
	{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=",
	    "Keld J\xc3\xb8rn Simonsen" },
	{ "=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\xc3\xa9 Pirard" },
	{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	    "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	    "If you can read this you understand the example." },
	{ "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
	{ "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
	{ "=?ISO-8859-1?Q?a_b?=", "a b" },
	{ "=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "\xe2\x82\xac" },
	{ "=?utf-8*de?q?=C3=A4?=", "\xc3\xa4" },
	{ "=?x-none?q?a?=", "=?x-none?q?a?=" },
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ "=?utf-8?q?open", "=?utf-8?q?open" },
	{ "a =?utf-8?q?" "?= b", "a  b" },
	{ "raw \xe4 = =?", "raw \xc3\xa4 = =?" },
	{ "", "" },
};

static void
test_words(void)
{
	struct buf	 b = BUF_INIT;
	size_t		 i, n;

	for (i = 0; i < nitems(words); i++) {
		buf_reset(&b);
		encword_decode(str_from(words[i].in), &b);
		CHECK_ROW(same(&b, words[i].out), "%s: %.*s", words[i].in,
		    (int)b.len, (char *)b.data);
		for (n = 0; n < strlen(words[i].in); n++)
			encword_decode((struct str){ words[i].in, n }, &b);
	}
	buf_free(&b);
}

static const struct { const char *hay, *needle; bool found; } finds[] = {
	{ "Hello World", "lo w", true }, { "Hello", "HELLO", true },
	{ "Hello", "hello!", false }, { "", "", true }, { "x", "", true },
	{ "stra\xc3\x9f" "e", "STRASSE", true },
	{ "\xc3\x84rger", "\xc3\xa4rger", true },
	{ "\xce\xa3\xce\x91\xce\xa3", "\xcf\x83\xce\xb1\xcf\x82", true },
	{ "A\xcc\x88", "\xc3\xa4", true }, { "abababac", "ABABAC", true },
	{ "aaaa", "aab", false }, { "=?utf-8?q?=C3=9Cber?=", "\xc3\xbc", true },
};

static void
test_match(void)
{
	struct arena		*a = arena_new(0);
	struct search_scratch	 s = { { 0 }, { 0 } };
	struct buf		 b = BUF_INIT, f = BUF_INIT;
	struct needle		 n;
	struct match		 m;
	size_t			 i, k;

	for (i = 0; i < nitems(finds); i++) {
		CHECK(needle_make(&n, str_from(finds[i].needle), a) == 0);
		CHECK_ROW(search_value(&s, &n, str_from(finds[i].hay)) ==
		    finds[i].found, "%s in %s", finds[i].needle,
		    finds[i].hay);
		buf_reset(&b);
		buf_reset(&f);
		encword_decode(str_from(finds[i].hay), &b);
		fold_utf8(b.data, b.len, &f);
		match_init(&m, &n);
		for (k = 0; k < f.len; k++)
			match_feed(&m, f.data + k, 1);
		CHECK_ROW(m.found == finds[i].found, "%s", finds[i].hay);
	}
	CHECK(needle_make(&n, STR("\xff"), a) == -1);
	search_scratch_free(&s);
	buf_free(&b);
	buf_free(&f);
	arena_free(a);
}

static const struct { bool html; const char *in, *out; } previews[] = {
	{ false, "  Hello,\r\n\r\n\tworld\1 \r\n", "Hello, world" },
	{ false, "", "" }, { false, " \r\n ", "" },
	{ true, "<html><head><title>T</title><style>p{}</style></head><body>"
	    "<p>Hi &amp; <b>you</b>&nbsp;&#8364;&#x41;<!-- no --> a < b &x;",
	    "Hi & you \xe2\x82\xac" "A a < b &x;" },
	{ true, "<script>if (a<b) x();</script>ok</script", "ok" },
	{ true, "&#0;&#xD800;&#99999999;x&", "x&" },
	{ true, "<unended", "" },
};

static void
test_preview(void)
{
	struct buf	 b = BUF_INIT;
	char		 many[2000];
	size_t		 i;

	for (i = 0; i < nitems(previews); i++) {
		buf_reset(&b);
		preview_make((const uint8_t *)previews[i].in,
		    strlen(previews[i].in), STR("utf-8"), previews[i].html,
		    &b);
		CHECK_ROW(same(&b, previews[i].out), "%s: %.*s",
		    previews[i].in, (int)b.len, (char *)b.data);
	}
	for (i = 0; i < sizeof(many); i += 2)
		memcpy(many + i, "\xc3\xa4", 2);
	buf_reset(&b);
	preview_make((uint8_t *)many, sizeof(many), STR("utf-8"), false, &b);
	CHECK(b.len == 2 * PREVIEW_CHARS);
	buf_free(&b);
}

static void
test_header(void)
{
	static const char	 header[] = "Subject: a\r\n b\r\nX: 1\r\n"
	    "junk line\r\nsubject : c\r\nto:\r\n\r\nbody: no\r\n";
	const struct str	 names[] = { STR("SUBJECT"), STR("zz") };
	struct search_scratch	 s = { { 0 }, { 0 } };
	struct arena		*a = arena_new(0);
	struct needle		 n;
	struct buf		 b = BUF_INIT;

	header_filter(STR(header), names, 2, false, &b);
	CHECK(same(&b, "Subject: a\r\n b\r\nsubject : c\r\n\r\n"));
	buf_reset(&b);
	header_filter(STR(header), names, 2, true, &b);
	CHECK(same(&b, "X: 1\r\nto:\r\n\r\n"));
	buf_reset(&b);
	header_filter(STR("A: b"), names, 2, true, &b);
	CHECK(same(&b, "A: b\r\n\r\n"));
	CHECK(needle_make(&n, STR("A B"), a) == 0);
	CHECK(search_header(&s, &n, STR(header), STR("subject")));
	CHECK(!search_header(&s, &n, STR(header), STR("x")));
	CHECK(needle_make(&n, STR(""), a) == 0);
	CHECK(search_header(&s, &n, STR(header), STR("To")));
	CHECK(!search_header(&s, &n, STR(header), STR("body")));
	buf_free(&b);
	search_scratch_free(&s);
	arena_free(a);
}

static const struct { struct str in; const char *out; } strings[] = {
	{ STR(""), "\"\"" },
	{ STR("plain ~ text"), "\"plain ~ text\"" },
	{ STR("a\"b\\"), "\"a\\\"b\\\\\"" },
	{ STR("tab\there"), "\"tab\there\"" },
	{ STR("a\r\nb\0c\""), "\"a  b c\\\"\"" },
	{ STR("J\xc3\xb6rg \"\n"), "{8}\r\nJ\xc3\xb6rg \" " },
	{ STR("del\x7f"), "{4}\r\ndel\x7f" },
	{ STR("\x80"), "{1}\r\n\x80" },
	{ STR("\x1b"), "{1}\r\n\x1b" },
};

static void
test_strings(void)
{
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(strings); i++) {
		buf_reset(&b);
		CHECK_ROW(imap_string(&b, strings[i].in) == 0 &&
		    same(&b, strings[i].out), "%zu", i);
	}
	buf_reset(&b);
	imap_literal(&b, 4294967296);
	CHECK(same(&b, "{4294967296}\r\n"));
	buf_reset(&b);
	CHECK(imap_nstring(&b, (struct str){ NULL, 0 }) == 0 &&
	    same(&b, "NIL"));
	buf_free(&b);
}

int
main(void)
{
	test_charsets();
	test_words();
	test_match();
	test_preview();
	test_header();
	test_strings();
	return TEST_END();
}
