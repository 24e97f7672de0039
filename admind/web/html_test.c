/* What is written is text to a browser, whatever it was. */
#include "common/compat.h"

#include <string.h>

#include "admind/web/html.h"
#include "common/test.h"

static void
is(struct buf *b, const char *want)
{
	buf_put_u8(b, '\0');
	CHECK_ROW(strcmp((char *)b->data, want) == 0, "%s, not %s",
	    (char *)b->data, want);
	buf_free(b);
}

static void
test_text(void)
{
	static const struct {
		struct str	 s;
		const char	*text, *attr;
	} rows[] = {
		{ STR("ann"), "ann", " v=\"ann\"" },
		{ STR("<b a=\"1\" c='2'>&amp;"),
		  "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;",
		  " v=\"&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;\"" },
		{ STR("a\nb\tc\rd"), "a\nb\tc\\u{000d}d",
		  " v=\"a&#xa;b&#x9;c&#xd;d\"" },
		{ STR("\x1b[2J\x7f\xc2\x9b"), "\\u{001b}[2J\\u{007f}\\u{009b}",
		  " v=\"\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR("a\0b"), "a\\u{0000}b", " v=\"a\xef\xbf\xbd" "b\"" },
		{ STR("\xe2\x80\xae" "cod"), "\\u{202e}cod",
		  " v=\"&#x202e;cod\"" },
		{ STR("\xc3\xa9\xff\xc3"), "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd",
		  " v=\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR("\xc0\xbc" "script"), "\xef\xbf\xbd\xef\xbf\xbd" "script",
		  " v=\"\xef\xbf\xbd\xef\xbf\xbd" "script\"" }
	};
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		html_text(&b, rows[i].s);
		is(&b, rows[i].text);
		html_attr(&b, "v", rows[i].s);
		is(&b, rows[i].attr);
	}
	html_cstr(&b, NULL);
	is(&b, "");
}

static void
test_links(void)
{
	struct buf	 b = BUF_INIT;

	html_query(&b, "/admin/user", "name", STR("a b&c=d\"<\r\n\xc3\xa9~"));
	is(&b, " href=\"/admin/user?name=a%20b%26c%3Dd%22%3C%0D%0A%C3%A9~\"");
	html_percent(&b, STR("\0/?#%+"));
	is(&b, "%00%2F%3F%23%25%2B");
	html_hidden(&b, "name", STR("\"><script>"));
	is(&b, "<input type=\"hidden\" name=\"name\" "
	    "value=\"&quot;&gt;&lt;script&gt;\">");
}

static void
test_figures(void)
{
	static const struct {
		uint64_t	 n;
		const char	*number, *bytes;
	} rows[] = {
		{ 0, "0", "0 B" }, { 999, "999", "999 B" },
		{ 1000, "1,000", "1000 B" }, { 1023, "1,023", "1023 B" },
		{ 1024, "1,024", "1.0 KiB" }, { 1536, "1,536", "1.5 KiB" },
		{ 1048575, "1,048,575", "1.0 MiB" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "16.0 EiB" }
	};
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		html_number(&b, rows[i].n);
		is(&b, rows[i].number);
		html_bytes(&b, rows[i].n);
		is(&b, rows[i].bytes);
	}
	html_time(&b, 1795968203);
	is(&b, "<time datetime=\"2026-11-29T16:03:23Z\">2026-11-29 16:03:23 "
	    "UTC</time>");
	html_time(&b, 0);
	is(&b, "never");
	html_time(&b, -1);
	is(&b, "never");
}

static void
test_json(void)
{
	static const struct str	 o = STR("{\"s\":\"<\\u00e9\\u202e\\n\","
				    "\"n\":12,\"t\":true,\"z\":null,"
				    "\"a\":[1],\"o\":{}}");
	static const struct {
		const char	*name, *want;
	} rows[] = {
		{ "s", "&lt;\xc3\xa9\\u{202e}\n" }, { "n", "12" },
		{ "t", "true" }, { "z", "\xe2\x80\x93" },
		{ "a", "\xe2\x80\x93" }, { "o", "\xe2\x80\x93" },
		{ "x", "\xe2\x80\x93" }
	};
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		html_json(&b, o, rows[i].name);
		is(&b, rows[i].want);
	}
}

int
main(void)
{
	test_text();
	test_links();
	test_figures();
	test_json();
	return TEST_END();
}
