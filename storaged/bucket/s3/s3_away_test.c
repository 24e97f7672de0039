/* A server that hangs and returns (s3_away.h), against s3_fake. */
#include "common/compat.h"

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/slice.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"
#include "storaged/bucket/s3/s3_request.h"

static struct event_base *base;
static struct s3_fake *fake;

static struct blob_store *
open_store(const char *timeout)
{
	const struct s3_store_conf c = { timeout, "3", NULL, NULL, false };

	return s3_store_open(base, fake, &c);
}

static void
returns(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	s3_fake_mode(fake, FAKE_TRUE);
	*(uint64_t *)arg = clock_ms();
}

/* The old connections stay dead; all that hung on them is answered soon
 * after the return, long before it would stall (10 s). */
static void
test_hung(void)
{
	struct piece piece = { "hello", 5 };
	struct suite_result get = { 0 }, put = { 0 }, all = { 0 };
	struct timeval away = { 5, 0 };
	struct blob_store *s = open_store("30");
	uint64_t back = 0;

	blob_put(s, "u/x", &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER, suite_cb,
	    &all);
	suite_wait(base, &all);
	suite_result_free(&all);
	s3_fake_mode(fake, FAKE_HANGS);
	event_base_once(base, -1, EV_TIMEOUT, returns, &back, &away);
	blob_get(s, "u/x", 0, 0, 1000, NULL, BLOB_USER, suite_cb, &get);
	blob_put(s, "u/y", &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER, suite_cb,
	    &all);
	blob_put(s, "u/z", &piece, 1, BLOB_IF_NONE_MATCH, NULL, BLOB_USER,
	    suite_cb, &put);
	suite_wait(base, &get);
	suite_wait(base, &all);
	suite_wait(base, &put);
	CHECK_ROW(back != 0 && clock_ms() - back < 4000, "%llu ms",
	    (unsigned long long)(clock_ms() - back));
	CHECK_ROW(get.outcome == BLOB_DONE, "%s", get.why);
	CHECK_ROW(all.outcome == BLOB_DONE, "%s", all.why);
	/* Sent once, whatever happens: the commit looks what became of it. */
	CHECK_ROW(put.outcome == BLOB_UNSURE, "%s", put.why);
	blob_close(s);
	suite_result_free(&get);
	suite_result_free(&put);
	suite_result_free(&all);
}

/* All that asked was given up meanwhile: who comes just before the return
 * hangs as well, and nobody was asked in vain for him. */
static void
test_hung_alone(void)
{
	struct piece piece = { "hello", 5 };
	struct suite_result r = { 0 };
	struct timeval soon = { 0, 300000 };
	struct blob_store *s = open_store("4");
	struct s3 *s3 = s->b;
	uint64_t back = 0;

	blob_put(s, "u/v", &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER, suite_cb,
	    &r);
	suite_wait(base, &r);
	suite_result_free(&r);
	s3_fake_mode(fake, FAKE_HANGS);
	r = (struct suite_result){ 0 };
	blob_get(s, "u/v", 0, 0, 1000, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE, "%s", r.why);
	suite_result_free(&r);
	while (s3->away.asking != NULL || evtimer_pending(s3->away.timer,
	    NULL))
		event_base_loop(base, EVLOOP_ONCE);
	r = (struct suite_result){ 0 };
	event_base_once(base, -1, EV_TIMEOUT, returns, &back, &soon);
	blob_get(s, "u/v", 0, 0, 1000, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	CHECK_ROW(back != 0 && clock_ms() - back < 2500, "%llu ms",
	    (unsigned long long)(clock_ms() - back));
	blob_close(s);
	suite_result_free(&r);
}

/* A server that is there and only takes its time is waited for. */
static void
test_slow(void)
{
	static const struct fake_step slow = { "PUT", FAKE_SLOW, 0, NULL,
	    3500, NULL, NULL };
	struct piece piece = { "hello", 5 };
	struct suite_result r = { 0 };
	struct blob_store *s = open_store("30");

	s3_fake_script(fake, &slow, 1);
	blob_put(s, "u/w", &piece, 1, BLOB_IF_NONE_MATCH, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	blob_close(s);
	suite_result_free(&r);
}

int
main(void)
{
	log_init("s3_away_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_hung();
	test_hung_alone();
	test_slow();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
