/* Plots: gaps, words, figures; and what is too large for any axis. */
#include "common/compat.h"

#include "admind/web/plot.h"
#include "admind/web/test/html_check.h"
#include "common/test.h"

#define NOON	INT64_C(1795953600)	/* 2026-11-29T12:00:00Z */

static struct buf	 b;

static void
draw(const struct plot *p)
{
	const char	*why;

	buf_free(&b);
	plot(&b, p);
	why = html_check(&b);
	CHECK_ROW(why == NULL, "%s", why);
}

static void
has(int line, const char *text)
{
	CHECK_ROW(html_count(&b, text) == 1, "line %d: %zu times %s", line,
	    html_count(&b, text), text);
}

static struct plot
example(void)
{
	return (struct plot){ .id = "p", .title = "Requests <a minute>",
	    .unit = "", .scale = 1, .end = NOON, .n = 2,
	    .line = { { .name = "requests" }, { .name = "errors" } } };
}

static void
set(struct plot *p, size_t n, int i, uint64_t v)
{
	p->line[n].has[i] = true;
	p->line[n].v[i] = v;
}

static void
test_at(void)
{
	struct plot	 p = example();

	CHECK(plot_at(&p, NOON) == 59 && plot_at(&p, NOON - 29) == 59);
	CHECK(plot_at(&p, NOON - 31) == 58 && plot_at(&p, NOON - 60) == 58);
	CHECK(plot_at(&p, NOON - 59 * 60) == 0);
	CHECK(plot_at(&p, NOON - 60 * 60) == -1);
	/* The clock was set back: of the future, nothing is shown. */
	CHECK(plot_at(&p, NOON + 30) == 59 && plot_at(&p, NOON + 31) == -1);
	CHECK(plot_at(&p, INT64_C(0)) == -1);
}

static void
test_words(void)
{
	struct plot	 p = example();
	int		 i;

	draw(&p);			/* nothing is known yet */
	has(__LINE__, "From 11:01 to 12:00 UTC. requests: none. "
	    "errors: none.</desc>");
	CHECK(html_count(&b, "class=\"p-line-1\"") == 1);	/* the key */
	for (i = 10; i < 60; i++)
		set(&p, 0, i, (uint64_t)i);
	set(&p, 0, 30, 1234);
	p.partial[30] = true;
	draw(&p);
	has(__LINE__, "requests: at most 1,234, at 11:31; last 59. errors: "
	    "none.");
	has(__LINE__, "<th scope=\"row\">11:31 (incomplete)</th><td "
	    "class=\"num\">1,234</td><td class=\"num\">\xe2\x80\x93</td>");
	CHECK(html_count(&b, "<th scope=\"row\">") == PLOT_POINTS);
	CHECK(html_count(&b, "<script") == 0 && html_count(&b, "style") == 0);
	/* The axis ends at 2,000, its half is 1,000. */
	has(__LINE__, ">2,000</text>");
	has(__LINE__, ">1,000</text>");
	has(__LINE__, "Requests &lt;a minute&gt;</title>");
}

/* A line with gaps, a dot that stands alone. */
static void
test_gaps(void)
{
	struct plot	 p = example();

	set(&p, 1, 0, 0);
	set(&p, 1, 1, 10);
	set(&p, 1, 3, 5);
	draw(&p);
	has(__LINE__, "d=\"M46 124.0h0L51 12.0M61 68.0h0\"");
	has(__LINE__, "stroke-dasharray=\"1 4\" d=\"M46");
	has(__LINE__, "requests: none. errors: at most 10, at 11:02; last 5.");
}

static void
test_times(void)
{
	static const struct { uint64_t v; const char *text; } t[] = {
		{ 0, "0" }, { 4, "0.00" }, { 2425, "2.42" }, { 9994, "9.99" },
		{ 9996, "10.0" }, { 99940, "99.9" }, { 99960, "100" },
		{ 1234567, "1,235" }
	};
	struct plot	 p = example();
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		buf_free(&b);
		plot_value(&b, t[i].v, 1000);
		buf_put_u8(&b, '\0');
		CHECK_ROW(strcmp((char *)b.data, t[i].text) == 0, "%s",
		    (char *)b.data);
	}
	p.scale = 1000;
	p.unit = "ms";
	set(&p, 0, 59, 3300);
	draw(&p);
	has(__LINE__, "at most 3.30 ms, at 12:00; last 3.30 ms.");
	has(__LINE__, ">4</text>");
	has(__LINE__, ">2</text>");
}

static void
test_hostile(void)
{
	struct plot	 p = example();
	int		 i;

	for (i = 0; i < 60; i++) {
		set(&p, 0, i, UINT64_MAX - (uint64_t)i);
		set(&p, 1, i, 0);
	}
	draw(&p);
	has(__LINE__, ">2e+19</text>");
	CHECK(html_count(&b, "inf") == 0 && html_count(&b, "nan") == 0);
	p.scale = 0;
	p.end = INT64_MAX;
	draw(&p);
	p.end = 0;
	draw(&p);
	buf_free(&b);
}

int
main(void)
{
	test_at();
	test_words();
	test_gaps();
	test_times();
	test_hostile();
	return TEST_END();
}
