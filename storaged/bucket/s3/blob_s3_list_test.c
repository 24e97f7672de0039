/* LIST of the S3 backend: which names are given out. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

/* What a gateway is writing beside others' names is none of ours. */
static void
test_hidden_names(void)
{
	static const char *const names[] = { "w/.a.sgwtmp.1", "w/b/.c.tmp",
	    "w/b/c", "w/d" };
	static const struct s3_store_conf c = { "20", "2", NULL, NULL, false };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };
	struct piece piece = { "x", 1 };
	size_t i;

	for (i = 0; i < nitems(names); i++) {
		r.called = false;
		blob_put(s, names[i], &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
		    suite_cb, &r);
		suite_wait(base, &r);
		CHECK(r.outcome == BLOB_DONE);
	}
	r.called = false;
	blob_list(s, "w/", NULL, 10, BLOB_USER, suite_list_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.n == 2 && !r.more, "%zu", r.n);
	CHECK(r.n == 2 && strcmp(r.keys[0], "w/b/c") == 0 &&
	    strcmp(r.keys[1], "w/d") == 0);
	/* One key is asked for: it is not a hidden one. */
	r.called = false;
	blob_list(s, "w/", NULL, 1, BLOB_USER, suite_list_cb, &r);
	suite_wait(base, &r);
	CHECK(r.n == 1 && r.more && strcmp(r.keys[0], "w/b/c") == 0);
	blob_delete(s, names, nitems(names), BLOB_USER, suite_cb, &r);
	r.called = false;
	suite_wait(base, &r);
	blob_close(s);
	suite_result_free(&r);
}

/* However many of them are in front: one more request. */
static void
test_many_hidden(void)
{
	static const struct s3_store_conf c = { "20", "0", NULL, NULL, false };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };
	struct piece piece = { "x", 1 };
	char key[32];
	unsigned i, before;

	for (i = 0; i < 32; i++) {
		snprintf(key, sizeof(key), i < 30 ? "w/.t%02u" : "w/t%02u", i);
		r.called = false;
		blob_put(s, key, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
		    suite_cb, &r);
		suite_wait(base, &r);
	}
	before = s3_fake_count(fake, "GET");
	r.called = false;
	blob_list(s, "w/", NULL, 1, BLOB_USER, suite_list_cb, &r);
	suite_wait(base, &r);
	CHECK(r.n == 1 && r.more && strcmp(r.keys[0], "w/t30") == 0);
	CHECK_ROW(s3_fake_count(fake, "GET") - before == 2, "%u",
	    s3_fake_count(fake, "GET") - before);
	blob_close(s);
	suite_result_free(&r);
}

/* A listing that goes on with nothing but temporary files comes to an end. */
static void
test_endless(void)
{
	static char texts[S3_FAKE_STEPS][200];
	static struct fake_step steps[S3_FAKE_STEPS];
	static const struct s3_store_conf c = { "20", "0", NULL, NULL, false };
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct suite_result r = { 0 };
	unsigned i, before = s3_fake_count(fake, "");

	for (i = 0; i < S3_FAKE_STEPS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "<ListBucketResult>"
		    "<IsTruncated>true</IsTruncated><Contents><Key>w/.%05u"
		    "</Key></Contents></ListBucketResult>", i);
		steps[i] = (struct fake_step){ "GET", FAKE_BODY, 200, texts[i],
		    0, NULL, NULL };
	}
	s3_fake_script(fake, steps, S3_FAKE_STEPS);
	blob_list(s, "w/", NULL, 1, BLOB_USER, suite_list_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_ERROR);
	CHECK_ROW(s3_fake_count(fake, "") - before < S3_FAKE_STEPS, "%u",
	    s3_fake_count(fake, "") - before);
	s3_fake_script(fake, NULL, 0);
	blob_close(s);
	suite_result_free(&r);
}

static char left_out[KEY_MAX + 1];

static void
long_cb(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	strlcpy(left_out, r->left_out != NULL ? r->left_out : "",
	    sizeof(left_out));
	suite_list_cb(r, v, n, more, arg);
}

/* S3 allows names of 1,024 bytes: those beside them are listed, though there
 * be a whole page of such. */
static void
test_too_long(void)
{
	static const struct s3_store_conf c = { "20", "0", NULL, NULL, false };
	static char texts[2][2 * KEY_MAX];
	struct blob_store *s = s3_store_open(base, fake, &c);
	struct fake_step steps[2];
	struct suite_result r = { 0 };
	char name[KEY_MAX + 1] = "w/";
	size_t i;

	memset(name + 2, 'k', KEY_MAX - 2);
	for (i = 0; i < 2; i++) {
		snprintf(texts[i], sizeof(texts[i]), "<ListBucketResult>"
		    "<IsTruncated>%s</IsTruncated><Contents><Key>%s</Key>"
		    "</Contents>%s</ListBucketResult>", i == 0 ? "true" :
		    "false", name, i == 0 ? "" :
		    "<Contents><Key>w/l</Key></Contents>");
		steps[i] = (struct fake_step){ "GET", FAKE_BODY, 200, texts[i],
		    0, NULL, NULL };
		name[KEY_MAX - 1] = 'l';
	}
	name[KEY_MAX - 1] = 'k';
	s3_fake_script(fake, steps, 2);
	blob_list(s, "w/", NULL, 1, BLOB_USER, long_cb, &r);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && r.n == 1 && !r.more, "%s", r.why);
	CHECK(r.n == 1 && strcmp(r.keys[0], "w/l") == 0);
	CHECK(strlen(left_out) > 100 && strncmp(left_out, name,
	    strlen(left_out)) == 0);
	s3_fake_script(fake, NULL, 0);
	blob_close(s);
	suite_result_free(&r);
}

int
main(void)
{
	log_init("blob_s3_list_test");
	log_set_level(LOG_LEVEL_ERROR);
	if ((base = event_base_new()) == NULL ||
	    (fake = s3_fake_new(base)) == NULL)
		return 1;
	test_hidden_names();
	test_many_hidden();
	test_endless();
	test_too_long();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
