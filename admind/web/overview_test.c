/* The plots: each figure in its minute, whatever the delays were. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "admind/web/overview.h"
#include "admind/web/test/html_check.h"
#include "admind/web/test/page_rig.h"
#include "common/test.h"

#define NOON	INT64_C(1795953600)	/* 2026-11-29T12:00:00Z */

static struct buf	 b;

static void
look(struct history *h, int minute, uint64_t commands)
{
	page_row(COUNTER_COUNTER, "imap_requests_total", "result=ok", commands,
	    1);
	page_proc(PROC_IMAPD, 0);
	page_state(true);
	/* A second or two late, in turns. */
	history_take(h, state_now(), (uint64_t)(1000 + minute * 60) * 1000,
	    NOON - 3600 + minute * 60 + minute % 3);
}

static void
draw(const struct history *h, int64_t now)
{
	const char	*why;

	buf_free(&b);
	overview_plots(&b, h, now);
	why = html_check(&b);
	CHECK_ROW(why == NULL, "%s", why);
}

static size_t
rows(const char *clock, const char *value)
{
	char	 text[200];

	snprintf(text, sizeof(text), "<th scope=\"row\">%s</th><td "
	    "class=\"num\">%s</td></tr>", clock, value);
	return html_count(&b, text);
}

int
main(void)
{
	struct history	*h = history_new();
	int		 i, now;

	draw(NULL, NOON);
	CHECK(html_count(&b, "no figures yet") == 1);
	look(h, 0, 7);
	draw(h, NOON);
	CHECK(html_count(&b, "no figures yet") == 1);
	for (i = 1; i <= 60; i++)
		look(h, i, 7 + (uint64_t)(i * (i + 1) / 2));
	/* Whenever it is looked at, no minute is lost, and none is twice. */
	for (now = 0; now < 60; now += 7) {
		draw(h, NOON + now);
		CHECK(html_count(&b, "<figure") == 6);
		CHECK(rows("12:00", "60") == 1 && rows("11:59", "59") == 1);
		CHECK(rows("11:30", "30") == 1 && rows("11:01", "1") == 1);
	}
	CHECK(html_count(&b, "Commands: at most 60, at 12:00; last 60.") == 1);
	/* Nobody answered for ten minutes: gaps, not zeros. */
	draw(h, NOON + 605);
	CHECK(rows("12:10", "\xe2\x80\x93") >= 1 && rows("12:00", "60") == 1);
	CHECK(rows("11:10", "10") == 0);
	/* The clock was set back, or all of it is long ago. */
	draw(h, NOON - 7200);
	draw(h, NOON + 86400);
	CHECK(html_count(&b, "Commands: none.") == 1);
	/* Of latencies that were not measured, there is nothing. */
	CHECK(html_count(&b, "95th percentile: none. Mean: none.") == 2);
	history_free(h);
	buf_free(&b);
	page_end();
	return TEST_END();
}
