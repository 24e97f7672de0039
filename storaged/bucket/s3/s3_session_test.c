/* Temporary keys that end before their time, against s3_fake. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

static void
get(struct blob_store *s, struct suite_result *r)
{
	suite_result_free(r);
	blob_get(s, "u/x", 0, 0, 1000, NULL, BLOB_USER, suite_cb, r);
	suite_wait(base, r);
}

static void
put(struct blob_store *s, const char *key, enum blob_condition cond,
    struct suite_result *r)
{
	struct piece piece = { "hello", 5 };

	suite_result_free(r);
	blob_put(s, key, &piece, 1, cond, NULL, BLOB_USER, suite_cb, r);
	suite_wait(base, r);
}

static void
session_soon(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	suite_session_key(arg, "ASIA2", "secret", "token2", "eu-west-1");
}

/* Temporary keys that are rejected: credd hears it once, and the request is
 * signed anew with what it sends, without anybody's noticing. */
static void
test_session_keys(void)
{
	static const char *const codes[] = { "ExpiredToken", "InvalidToken",
	    "InvalidTokenId", "InvalidAccessKeyId", "RequestExpired" };
	struct fake_step bad[2] = { { "GET", FAKE_STATUS, 403, NULL, 0, NULL,
	    NULL } };
	const struct s3_store_conf c = { "2", "3", NULL, NULL, true };
	struct s3_refusals refused = { .n = 0 };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };
	struct timeval tv = { 0, 100000 };
	struct event *ev = evtimer_new(base, session_soon, s);
	size_t i;

	blob_on_refused(s, s3_refusals_count, &refused);
	suite_session_key(s, "ASIA1", "secret", "token1", "eu-west-1");
	put(s, "u/x", BLOB_ALWAYS, &r);
	CHECK(r.outcome == BLOB_DONE);
	for (i = 0; i < nitems(codes); i++) {
		bad[0].text = codes[i];
		suite_session_key(s, "ASIA1", "secret", "token1",
		    "eu-west-1");
		refused.n = 0;
		s3_fake_script(fake, bad, 1);
		evtimer_add(ev, &tv);
		get(s, &r);
		CHECK_ROW(r.outcome == BLOB_DONE && refused.n == 1 &&
		    strncmp(refused.last, "ASIA1 status=403", 16) == 0,
		    "%s: %s %d", codes[i], blob_outcome_name(r.outcome),
		    refused.n);
	}
	/* A HEAD is answered without a code. */
	suite_session_key(s, "ASIA1", "secret", "token1", "eu-west-1");
	bad[0] = (struct fake_step){ "HEAD", FAKE_STATUS, 400, "", 0, NULL,
	    NULL };
	s3_fake_script(fake, bad, 1);
	refused.n = 0;
	evtimer_add(ev, &tv);
	suite_result_free(&r);
	blob_head(s, "u/x", BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && refused.n == 1, "%s", r.why);
	bad[0] = (struct fake_step){ "GET", FAKE_STATUS, 403, NULL, 0, NULL,
	    NULL };
	/* a conditional PUT, too: nothing of it was done */
	suite_session_key(s, "ASIA1", "secret", "token1", "eu-west-1");
	bad[0].method = "PUT";
	bad[0].text = "InvalidAccessKeyId";
	s3_fake_script(fake, bad, 1);
	refused.n = 0;
	evtimer_add(ev, &tv);
	put(s, "u/new", BLOB_IF_NONE_MATCH, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && refused.n == 1, "%s",
	    blob_outcome_name(r.outcome));
	s3_fake_script(fake, bad, 1);	/* none comes in time */
	put(s, "u/newer", BLOB_IF_NONE_MATCH, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE, "%s",
	    blob_outcome_name(r.outcome));
	suite_session_key(s, "ASIA1", "secret", "token1", "eu-west-1");
	bad[0].method = "GET";
	s3_fake_script(fake, bad, 1);
	get(s, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE &&
	    strstr(r.why, "InvalidAccessKeyId") != NULL, "%s %s",
	    blob_outcome_name(r.outcome), r.why);
	bad[1] = bad[0];		/* new ones are no better */
	s3_fake_script(fake, bad, 2);
	evtimer_add(ev, &tv);
	get(s, &r);
	CHECK(r.outcome == BLOB_UNAVAILABLE);
	event_free(ev);
	blob_close(s);
	suite_result_free(&r);
}

/* Another one each time. */
static void
session_next(int fd, short what, void *arg)
{
	static unsigned	n;
	char		id[16];

	(void)fd;
	(void)what;
	snprintf(id, sizeof(id), "ASIA%u", 10 + n++);
	suite_session_key(arg, id, "secret", "token", "eu-west-1");
}

/* A key for good that is rejected is so for good: nobody waits for another.  Of
 * temporary ones there may be a better one when it is asked next. */
static void
test_rejected(void)
{
	static const char *const code = "InvalidAccessKeyId";
	struct fake_step bad[6];
	const struct s3_store_conf c = { "5", "3", NULL, NULL, true };
	struct s3_refusals refused = { .n = 0 };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };
	const struct timeval tv = { 0, 20000 };
	struct event *ev = event_new(base, -1, EV_PERSIST, session_next, s);
	uint64_t began;
	size_t i;

	for (i = 0; i < nitems(bad); i++)
		bad[i] = (struct fake_step){ "GET", FAKE_STATUS, 403, code, 0,
		    NULL, NULL };
	blob_on_refused(s, s3_refusals_count, &refused);
	suite_day_key(s, "AKIA", "secret", "eu-west-1");
	s3_fake_script(fake, bad, 1);
	began = clock_ms();
	get(s, &r);
	CHECK_ROW(r.outcome == BLOB_DENIED && refused.n == 1, "%s %s",
	    blob_outcome_name(r.outcome), r.why);
	CHECK(clock_ms() - began < 5000);
	s3_fake_script(fake, bad, nitems(bad));
	evtimer_add(ev, &tv);
	suite_session_key(s, "ASIA9", "secret", "token", "eu-west-1");
	get(s, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE, "%s %s",
	    blob_outcome_name(r.outcome), r.why);
	s3_fake_script(fake, bad, 0);
	event_free(ev);
	blob_close(s);
	suite_result_free(&r);
}

/* A set that has no rights: the one before goes on. */
static void
test_denied(void)
{
	struct fake_step bad[2] = { { "GET", FAKE_STATUS, 403, "AccessDenied",
	    0, NULL, NULL }, { "HEAD", FAKE_STATUS, 403, "", 0, NULL, NULL } };
	const struct s3_store_conf c = { "2", "3", NULL, NULL, true };
	struct s3_refusals refused = { .n = 0 };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };

	blob_on_refused(s, s3_refusals_count, &refused);
	suite_session_key(s, "ASIA1", "secret", "token1", "eu-west-1");
	s3_fake_script(fake, bad, 1);	/* the first: told as it is */
	get(s, &r);
	CHECK(r.outcome == BLOB_DENIED && refused.n == 0);
	put(s, "u/x", BLOB_ALWAYS, &r);
	CHECK(r.outcome == BLOB_DONE);
	s3_fake_script(fake, bad, 1);	/* of a set that has worked, too */
	get(s, &r);
	CHECK(r.outcome == BLOB_DENIED && refused.n == 0);
	suite_session_key(s, "ASIA2", "secret", "token2", "eu-west-1");
	s3_fake_script(fake, bad, 1);
	get(s, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && refused.n == 1 &&
	    strncmp(refused.last, "ASIA2 ", 6) == 0, "%s %s", r.why,
	    refused.last);
	suite_session_key(s, "ASIA3", "secret", "token3", "eu-west-1");
	s3_fake_script(fake, bad + 1, 1);
	suite_result_free(&r);
	blob_head(s, "u/x", BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && refused.n == 2, "%s", r.why);
	s3_fake_script(fake, bad, 1);	/* back with one that has worked */
	get(s, &r);
	CHECK(r.outcome == BLOB_DENIED && refused.n == 2);
	blob_close(s);
	suite_result_free(&r);
}

int
main(void)
{
	log_init("s3_session_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_session_keys();
	test_rejected();
	test_denied();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
