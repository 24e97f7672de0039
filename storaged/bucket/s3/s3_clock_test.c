/* A clock that is off by more than S3 tolerates (s3_clock.h): by itself, and
 * against s3_fake. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/s3/s3_clock.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

#define NOW	1700000000

static void
test_refused(void)
{
	CHECK(s3_clock_refused(403, "RequestTimeTooSkewed", 0, NOW));
	CHECK(s3_clock_refused(403, "RequestTimeTooSkewed", NOW, NOW));
	/* the answer of a HEAD, and other words for it */
	CHECK(s3_clock_refused(403, "", NOW + 901, NOW));
	CHECK(s3_clock_refused(400, "AccessDenied", NOW - 901, NOW));
	CHECK(!s3_clock_refused(403, "", NOW + 900, NOW));
	CHECK(!s3_clock_refused(403, "AccessDenied", 0, NOW));
	CHECK(!s3_clock_refused(200, "", NOW + 901, NOW));
	CHECK(!s3_clock_refused(500, "RequestTimeTooSkewed", NOW, NOW));
}

static void
test_offset(void)
{
	static const struct {
		int64_t		 date, wall;
		bool		 refused;
		int64_t		 offset;	/* afterwards */
	} rows[] = {
		{ NOW + 1200, NOW, false, 0 },		/* no one minds */
		{ 0, NOW, true, 0 },
		{ NOW + 30, NOW, true, 0 },		/* not the clock */
		{ NOW + 1200, NOW, true, 1200 },
		{ 0, NOW, false, 1200 },
		{ NOW + 1203, NOW, false, 1203 },	/* on each answer */
		{ NOW + 301, NOW, false, 301 },
		{ NOW - 1200, NOW, true, -1200 },
		{ NOW - 300, NOW, false, 0 },		/* healed */
		{ NOW - 1200, NOW, false, 0 },
		{ NOW - 1200, NOW, true, -1200 },
		{ NOW - S3_CLOCK_MAX - 1, NOW, true, -1200 },
		{ NOW - S3_CLOCK_MAX, NOW, true, -S3_CLOCK_MAX },
		{ NOW, NOW, true, 0 },
	};
	struct s3_clock	 c = { 0 };
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		s3_clock_heard(&c, rows[i].date, rows[i].wall,
		    rows[i].refused);
		CHECK_ROW(c.offset == rows[i].offset, "%zu: %lld", i,
		    (long long)c.offset);
		CHECK(s3_clock_now(&c, NOW) == NOW + rows[i].offset);
	}
}

/* What the server says its time is, seconds from ours. */
static void
refuse(struct s3_fake *fake, const char *method, const char *code, int64_t d,
    int n)
{
	static char	 date[8][40];
	struct fake_step step[8];
	time_t		 t = time(NULL) + (time_t)d;
	struct tm	 tm;
	int		 i;

	CHECK(gmtime_r(&t, &tm) != NULL && n <= 8);
	for (i = 0; i < n; i++) {
		CHECK(strftime(date[i], sizeof(date[i]),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
		step[i] = (struct fake_step){ method, FAKE_STATUS, 403, code,
		    0, "Date", date[i] };
	}
	s3_fake_script(fake, step, (size_t)n);
}

static void
test_requests(struct event_base *base, struct s3_fake *fake)
{
	const struct s3_store_conf conf = { "2", "0", NULL, NULL, false };
	struct blob_store	*s = s3_store_open(base, fake, &conf);
	struct piece		 piece = { "hello", 5 };
	struct suite_result	 r = { 0 };

	/* Repeated at once, though nothing is ever repeated here. */
	refuse(fake, "PUT", "RequestTimeTooSkewed", 1200, 1);
	blob_put(s, "u/x", &piece, 1, BLOB_IF_NONE_MATCH, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	/* The fake's own Date is ours: it has healed. */
	CHECK(blob_counts(s)->clock_offset == 0);
	suite_result_free(&r);
	refuse(fake, "HEAD", "", -1200, 1);
	blob_head(s, "u/x", BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	suite_result_free(&r);
	/* It says the same of any time: no loop, and the cause is told. */
	refuse(fake, "GET", "RequestTimeTooSkewed", 1200, 2);
	blob_get(s, "u/x", 0, 0, 100, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE, "%s", r.why);
	CHECK(blob_counts(s)->clock_offset >= 1199 &&
	    blob_counts(s)->clock_offset <= 1200);
	suite_result_free(&r);
	blob_get(s, "u/x", 0, 0, 100, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	CHECK(blob_counts(s)->clock_offset == 0);
	suite_result_free(&r);
	blob_close(s);
}

int
main(void)
{
	struct event_base	*base;
	struct s3_fake		*fake;

	log_init("s3_clock_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_refused();
	test_offset();
	test_requests(base, fake);
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
