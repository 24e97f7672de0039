/*
 * The store object on a server where others are busy, too: what was absent a
 * moment ago is no proof of anything.
 */
#include "common/compat.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"
#include "storaged/bucket/storeobj.h"

static struct event_base *base;
static struct s3_fake *fake;
static enum storeobj_verdict verdict;
static char reason[1024];
static bool told;
static const struct fake_step absent = { "GET", FAKE_STATUS, 404,
    "NoSuchKey", 0, NULL, NULL };

static struct blob_store *
open_store(const char *prefix)
{
	const struct s3_store_conf c = { "2", "0", NULL, prefix, false };

	return s3_store_open(base, fake, &c);
}

static void
put(struct blob_store *s, const char *key)
{
	struct piece piece = { "x", 1 };
	struct suite_result r = { 0 };

	blob_put(s, key, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER, suite_cb,
	    &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE);
	suite_result_free(&r);
}

static void
opened(enum storeobj_verdict v, const uint8_t id[16], const char *why)
{
	(void)id;
	verdict = v;
	strlcpy(reason, why, sizeof(reason));
	told = true;
}

static enum storeobj_verdict
run(struct blob_store *s, bool make)
{
	told = false;
	storeobj_open(s, make, opened);
	while (!told)
		event_base_loop(base, EVLOOP_ONCE);
	return verdict;
}

/* Looks, and lets the answers come. */
static void
look(struct blob_store *s, bool make)
{
	unsigned gets = s3_fake_count(fake, "GET") + (make ? 2 : 1);
	int i;

	storeobj_look(s, make);
	for (i = 0; i < 1000 && s3_fake_count(fake, "GET") < gets; i++)
		event_base_loop(base, EVLOOP_ONCE);
	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Another node makes the store, and a user, while we look. */
static void
test_others(void)
{
	struct blob_store *s = open_store("a"), *other = open_store("a");
	char key[64];
	int i;

	/* Any number of probes that were killed is no store. */
	for (i = 0; i < 1203; i++) {
		snprintf(key, sizeof(key), "probe/0123/x%04d", i);
		put(s, key);
	}
	CHECK(run(s, false) == STOREOBJ_ABSENT);
	look(s, true);
	CHECK(run(other, false) == STOREOBJ_ABSENT);
	look(s, true);
	CHECK(run(s, true) == STOREOBJ_OK);
	put(s, "0123abcd/ann/head");
	/* It was made between our GET and our LIST. */
	s3_fake_script(fake, &absent, 1);
	CHECK_ROW(run(other, true) == STOREOBJ_OK, "%s", reason);
	CHECK(s3_fake_left(fake) == 0);
	blob_close(s);
	blob_close(other);
}

/* It was made between our look and our PUT; and it is no absence then.  What
 * the look has missed is asked for now. */
static void
test_look(void)
{
	static const struct fake_step lost = { "GET", FAKE_CLOSE, 0, NULL, 0,
	    NULL, NULL };
	struct blob_store *s = open_store("b"), *other = open_store("b");

	look(s, true);
	blob_close(other);		/* (the look is of one store) */
	put(s, "pail");			/* by somebody: damaged, but there */
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	blob_close(s);
	s = open_store("c");
	look(s, true);
	put(s, "pail");
	CHECK_ROW(run(s, false) == STOREOBJ_REFUSED, "%d", (int)verdict);
	blob_close(s);
	s = open_store("l");
	s3_fake_script(fake, &lost, 1);
	look(s, true);
	CHECK(s3_fake_left(fake) == 0);
	CHECK_ROW(run(s, true) == STOREOBJ_OK, "%s", reason);
	blob_close(s);
}

static void
turns(void)
{
	int i;

	for (i = 0; i < 200; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(500);
	}
}

/*
 * It is created before the store is opened, once, and only where the look was
 * to create it and found nothing; what is read of it afterwards counts.
 */
static void
test_likely(void)
{
	struct blob_store *s = open_store("e"), *used = open_store("f");
	unsigned puts = s3_fake_count(fake, "PUT"), gets;
	const struct fake_step lost = { "PUT", FAKE_STATUS, 503, "SlowDown", 0,
	    NULL, NULL };

	storeobj_likely();		/* nobody looks */
	storeobj_look(s, true);
	storeobj_likely();		/* before the look's answers, */
	turns();
	CHECK(s3_fake_count(fake, "PUT") == puts + 1 && storeobj_made());
	storeobj_likely();
	turns();
	CHECK(run(s, true) == STOREOBJ_OK);
	CHECK(s3_fake_count(fake, "PUT") == puts + 1);
	blob_close(s);

	look(used, true);		/* and after them */
	put(used, "0123abcd/ann/head");
	look(used, true);
	puts = s3_fake_count(fake, "PUT");
	storeobj_likely();
	turns();
	CHECK(run(used, true) == STOREOBJ_REFUSED);
	look(used, false);
	storeobj_likely();
	turns();
	CHECK(s3_fake_count(fake, "PUT") == puts);
	blob_close(used);

	s = open_store("g");		/* it was not made: once more */
	look(s, true);
	s3_fake_script(fake, &lost, 1);
	storeobj_likely();
	turns();
	CHECK(s3_fake_count(fake, "PUT") == puts + 1);
	CHECK(run(s, true) == STOREOBJ_OK && s3_fake_left(fake) == 0);
	CHECK(s3_fake_count(fake, "PUT") == puts + 2);
	blob_close(s);

	s = open_store("i");		/* it is known by now, but not to us */
	look(s, true);
	storeobj_likely();
	turns();
	gets = s3_fake_count(fake, "GET");
	CHECK(run(s, false) == STOREOBJ_OK);
	CHECK(s3_fake_count(fake, "GET") == gets);
	look(s, false);			/* and when it was there before */
	gets = s3_fake_count(fake, "GET");
	CHECK(run(s, false) == STOREOBJ_OK);
	CHECK(s3_fake_count(fake, "GET") == gets);
	CHECK(run(s, false) == STOREOBJ_OK);	/* once */
	CHECK(s3_fake_count(fake, "GET") == gets + 1);
	blob_close(s);

	s = open_store("j");		/* nor is it absent before the look's
					   answer, */
	gets = s3_fake_count(fake, "GET");
	storeobj_look(s, false);
	CHECK(run(s, false) == STOREOBJ_ABSENT);
	CHECK(s3_fake_count(fake, "GET") == gets + 2);
	blob_close(s);

	s = open_store("h");		/* another one's counts */
	look(s, true);
	put(s, "pail");
	storeobj_likely();
	turns();
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	blob_close(s);
}

/* In use without the object, and out of reach. */
static void
test_refused(void)
{
	const struct fake_step denied = { "", FAKE_BODY, 403,
	    "<Error><Code>InvalidAccessKeyId</Code></Error>", 0, NULL, NULL };
	struct blob_store *s = open_store("d");

	put(s, "0123abcd/ann/head");
	CHECK(run(s, true) == STOREOBJ_REFUSED);
	CHECK(strstr(reason, "is missing") != NULL);
	s3_fake_always(fake, &denied);
	CHECK(run(s, true) == STOREOBJ_AWAY);
	CHECK_ROW(strstr(reason, "does not know the access key AKID") != NULL,
	    "%s", reason);
	s3_fake_always(fake, NULL);
	blob_close(s);
}

int
main(void)
{
	log_init("storeobj_s3_test");
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_others();
	test_look();
	test_likely();
	test_refused();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
