/*
 * Each HTTP request counts once, by AWS's name and by what became of it; it
 * costs what the configuration says.  Against s3_fake, which counts, too.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "common/test.h"
#include "common/test/metric_told.h"
#include "storaged/bucket/s3/s3_metric.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

static void
test_operations(void)
{
	static const struct {
		struct s3_asked	 asked;
		const char	*name;
	} rows[] = {
		{ { "GET", "", false, false }, "GetObject" },
		{ { "PUT", "", false, false }, "PutObject" },
		{ { "PUT", "", false, true }, "CopyObject" },
		{ { "PUT", "partNumber=1&uploadId=partNumber", false, false },
		  "UploadPart" },
		{ { "PUT", "partNumber=1&uploadId=x", false, true },
		  "UploadPartCopy" },
		{ { "POST", "uploads=", false, false },
		  "CreateMultipartUpload" },
		{ { "POST", "uploadId=x", false, false },
		  "CompleteMultipartUpload" },
		{ { "DELETE", "uploadId=x", false, false },
		  "AbortMultipartUpload" },
		{ { "DELETE", "", false, false }, "DeleteObject" },
		{ { "POST", "delete=", true, false }, "DeleteObjects" },
		{ { "HEAD", "", false, false }, "HeadObject" },
		{ { "HEAD", "", true, false }, "HeadBucket" },
		{ { "GET", "list-type=2&prefix=uploads", true, false },
		  "ListObjectsV2" },
		{ { "GET", "prefix=&list-type=2", true, false },
		  "ListObjectsV2" },
		{ { "GET", "uploads=&prefix=", true, false },
		  "ListMultipartUploads" },
		{ { "GET", "lifecycle=", true, false },
		  "GetBucketLifecycleConfiguration" },
		{ { "GET", "versioning=", true, false },
		  "GetBucketVersioning" },
		{ { "PATCH", "", false, false }, "other" },
	};
	size_t i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(strcmp(s3_metric_operation(&rows[i].asked),
		    rows[i].name) == 0, "%zu: %s", i,
		    s3_metric_operation(&rows[i].asked));
}

static void
get(struct blob_store *s, const char *key)
{
	struct suite_result r = { 0 };

	blob_get(s, key, 0, 0, 1000, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	suite_result_free(&r);
}

static void
put(struct blob_store *s, const char *key)
{
	struct suite_result r = { 0 };
	struct piece piece = { "hello", 5 };

	blob_put(s, key, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER, suite_cb,
	    &r);
	suite_wait(base, &r);
	suite_result_free(&r);
}

#define REQUESTS(operation, code)					\
	metric_told("s3_requests_total{operation=" operation ",code=" code "}")

static void
test_requests(void)
{
	static const struct fake_step steps[] = {
		{ "GET", FAKE_STATUS, 503, "SlowDown", 0, NULL, NULL },
		{ "GET", FAKE_CUT, 0, NULL, 0, NULL, NULL },
	};
	const struct s3_store_conf c = { "5", "3", NULL, NULL, false };
	struct blob_store *s = s3_store_open(base, fake, &c);
	uint64_t cost;

	put(s, "u/x");
	get(s, "u/none");
	s3_fake_script(fake, steps, nitems(steps));
	get(s, "u/x");			/* 503, nothing, 200 */
	metric_told_ask(s3_metric_tell);
	CHECK(REQUESTS("PutObject", "200") == 1);
	CHECK(REQUESTS("GetObject", "404") == 1);
	CHECK(REQUESTS("GetObject", "503") == 1);
	CHECK(REQUESTS("GetObject", "broken") == 1);
	CHECK(REQUESTS("GetObject", "200") == 1);
	CHECK_ROW(metric_told_sum("s3_requests_total{") ==
	    s3_fake_count(fake, ""), "%llu, the server %u",
	    (unsigned long long)metric_told_sum("s3_requests_total{"),
	    s3_fake_count(fake, ""));
	CHECK(metric_told("s3_retries_total{}") == 2);
	CHECK(metric_told("s3_bytes_total{direction=out}") > 500);
	CHECK(metric_told("s3_bytes_total{direction=in}") > 300);
	/* What was answered has all phases; on a kept connection some. */
#define COUNT(phase)							\
	metric_told_sum("s3_request_duration_seconds_count{"		\
	    "operation=GetObject,phase=" phase "}")
	CHECK(COUNT("queue") == 3 && COUNT("first-byte") == 3 &&
	    COUNT("total") == 3 && COUNT("tls") == 0);
	CHECK_ROW(COUNT("connect") >= 1 && COUNT("connect") < 3 &&
	    COUNT("lookup") == COUNT("connect"), "%llu",
	    (unsigned long long)COUNT("connect"));
	/* A PUT, two GETs (not the 503) at the slice's prices, and bytes. */
	cost = metric_told("s3_cost_dollars_total{}");
	CHECK_ROW(cost == 7, "%llu", (unsigned long long)cost);
	blob_close(s);
}

/* What we end before its answer is one request, too. */
static void
test_cancelled(void)
{
	static const struct fake_step slow[] = {
		{ "GET", FAKE_SLOW, 0, NULL, 300, NULL, NULL },
	};
	const struct s3_store_conf c = { "5", "3", NULL, NULL, false };
	struct blob_store *s = s3_store_open(base, fake, &c);
	unsigned before = s3_fake_count(fake, "");
	struct suite_result r = { 0 };
	struct blob_request *q;

	s3_fake_script(fake, slow, nitems(slow));
	q = blob_get(s, "u/x", 0, 0, 1000, NULL, BLOB_USER, suite_cb, &r);
	while (s3_fake_count(fake, "") == before)
		event_base_loop(base, EVLOOP_ONCE);
	blob_cancel(q);
	metric_told_ask(s3_metric_tell);
	CHECK(REQUESTS("GetObject", "cancelled") == 1);
	CHECK(metric_told_sum("s3_requests_total{") ==
	    s3_fake_count(fake, ""));
	blob_close(s);
}

int
main(void)
{
	base = event_base_new();
	fake = s3_fake_new(base);
	metric_told_ask(s3_metric_tell);
	CHECK(!metric_is_told("s3_cost_dollars_total{}"));
	test_operations();
	test_requests();
	test_cancelled();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
