/* Durations, times, members of hostile JSON, and buttons. */
#include "common/compat.h"

#include <string.h>

#include "admind/web/html.h"
#include "admind/web/part.h"
#include "admind/web/test/html_check.h"
#include "common/test.h"

static struct buf	 b;

static void
is(const char *want)
{
	buf_put_u8(&b, '\0');
	CHECK_ROW(strcmp((char *)b.data, want) == 0, "%s, not %s",
	    (char *)b.data, want);
	buf_free(&b);
}

static void
test_durations(void)
{
	static const struct { int64_t s; const char *text; } t[] = {
		{ INT64_MIN, "0 s" }, { 0, "0 s" }, { 59, "59 s" },
		{ 60, "1 min" }, { 3599, "59 min" }, { 3600, "1 h 0 min" },
		{ 86399, "23 h 59 min" }, { 86400, "1 d 0 h" },
		{ 100 * 86400 + 7200, "100 d 2 h" }
	};
	size_t	 i;

	for (i = 0; i < nitems(t); i++) {
		part_duration(&b, t[i].s);
		is(t[i].text);
	}
	part_when(&b, 0, 1000);
	is("never");
	part_when(&b, 1000, 1000);
	is("<time datetime=\"1970-01-01T00:16:40Z\">1970-01-01 00:16:40 UTC"
	    "</time> (0 s ago)");
	part_when(&b, 1000, 930);
	is("<time datetime=\"1970-01-01T00:16:40Z\">1970-01-01 00:16:40 UTC"
	    "</time> (in 1 min)");
}

static void
test_members(void)
{
	static const struct str	 o = STR("{\"a\":\"x\",\"b\":12,\"c\":-3,"
				    "\"d\":true,\"e\":null,\"f\":[],"
				    "\"g\":\"2026-11-29T12:00:00Z\","
				    "\"h\":\"x\\n\",\"i\":\"0123456789\"}");
	char			 text[8];
	int64_t			 n;

	CHECK(part_text(o, "a", text, sizeof(text)) && *text == 'x');
	CHECK(!part_text(o, "b", text, sizeof(text)) && *text == '\0');
	CHECK(!part_text(o, "e", text, sizeof(text)) && *text == '\0');
	CHECK(!part_text(o, "h", text, sizeof(text)) && *text == '\0');
	CHECK(!part_text(o, "i", text, sizeof(text)) && *text == '\0');
	CHECK(!part_text(o, "z", text, sizeof(text)) && *text == '\0');
	CHECK(part_number(o, "b", &n) && n == 12);
	CHECK(part_number(o, "c", &n) && n == -3);
	CHECK(!part_number(o, "a", &n) && n == 0);
	CHECK(part_true(o, "d") && !part_true(o, "b") && !part_true(o, "z"));
	CHECK(part_time(o, "g") == INT64_C(1795953600));
	CHECK(part_time(o, "a") == 0 && part_time(o, "b") == 0);
	part_cell_number(&b, o, "c");
	is("<td class=\"num\">\xe2\x80\x93</td>");
	part_cell_bytes(&b, o, "b");
	is("<td class=\"num\">12 B</td>");
	part_cell_time(&b, o, "a");
	is("<td>\xe2\x80\x93</td>");
	part_more(&b, 0);
	is("");
}

static void
test_fields(void)
{
	struct part_field	 f = { .id = "x", .label = "A <label>",
				    .type = "text", .hint = "A \"hint\"",
				    .value = STR("\"><script>"),
				    .required = true };

	part_field(&b, &f);
	CHECK(html_check(&b) == NULL);
	CHECK(html_count(&b, "<label for=\"x\">") == 1 &&
	    html_count(&b, "aria-describedby=\"x-hint\"") == 1 &&
	    html_count(&b, "value=\"&quot;&gt;&lt;script&gt;\"") == 1 &&
	    html_count(&b, " required") == 1);
	buf_free(&b);
	part_choice(&b, "End", "id", STR("\"1"), "the session of",
	    STR("<ann>"));
	CHECK(html_check(&b) == NULL);
	is("<button type=\"submit\" name=\"id\" value=\"&quot;1\" "
	    "aria-label=\"End the session of &lt;ann&gt;\">End</button>");
}

/* That which looks at all pages would say nothing if it saw nothing. */
static void
test_check(void)
{
	static const char *const	 bad[] = { "<p>", "</p>", "<p></b>",
	    "<script></script>", "<p onclick=\"x\"></p>", "<p class=x></p>",
	    "<p class=\"a\" class=\"b\"></p>", "a & b", "a \" b", "a > b",
	    "<p id=\"a\"></p><p id=\"a\"></p>", "<p for=\"a\"></p>",
	    "<a href=\"http://x\"></a>", "<input type=\"text\">",
	    "<p>\x07</p>", "<p style=\"x\"></p>", "&x;", "<p/>" };
	static const char *const	 good[] = { "<p>a &amp; b&#39;</p>",
	    "<p id=\"a\"></p><p for=\"a\"></p>", "<input type=\"hidden\">",
	    "<a href=\"/admin?x=1\">\xc3\xa9</a>" };
	size_t				 i;

	for (i = 0; i < nitems(bad); i++) {
		buf_puts(&b, bad[i]);
		CHECK_ROW(html_check(&b) != NULL, "%s", bad[i]);
		buf_free(&b);
	}
	for (i = 0; i < nitems(good); i++) {
		buf_puts(&b, good[i]);
		CHECK_ROW(html_check(&b) == NULL, "%s", good[i]);
		buf_free(&b);
	}
}

int
main(void)
{
	test_durations();
	test_members();
	test_fields();
	test_check();
	return TEST_END();
}
