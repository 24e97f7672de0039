/* The S3 backend against scripted failures: one row a request. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

static struct blob_store *
open_s3(const char *timeout, const char *retries, const char *verify)
{
	const struct s3_store_conf c = { timeout, retries, verify, NULL,
	    true };

	return s3_store_open(base, fake, &c);
}

static struct blob_store *
open_keyed(const char *timeout, const char *retries, const char *verify)
{
	struct blob_store *s = open_s3(timeout, retries, verify);

	suite_day_key(s, "AKID", "secret", "eu-west-1");
	return s;
}

enum verb { GET, RANGE, HEAD, PUT, CREATE, REPLACE, DELETE, DELETE2, LIST };

static void
run(struct blob_store *s, enum verb verb, struct suite_result *r)
{
	static const char *const keys[] = { "u/one", "u/two" };
	struct piece piece = { "hello", 5 };

	suite_result_free(r);
	switch (verb) {
	case GET:
		blob_get(s, "u/x", 0, 0, 1000, NULL, BLOB_USER, suite_cb, r);
		break;
	case RANGE:
		blob_get(s, "u/x", 2, 2, 2, NULL, BLOB_USER, suite_cb, r);
		break;
	case HEAD:
		blob_head(s, "u/x", BLOB_USER, suite_cb, r);
		break;
	case PUT:
		blob_put(s, "u/x", &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
		    suite_cb, r);
		break;
	case CREATE:
		blob_put(s, "u/new", &piece, 1, BLOB_IF_NONE_MATCH, NULL,
		    BLOB_USER, suite_cb, r);
		break;
	case REPLACE:
		blob_put(s, "u/x", &piece, 1, BLOB_IF_MATCH, "\"stale\"",
		    BLOB_USER, suite_cb, r);
		break;
	case DELETE:
		blob_delete(s, keys, 1, BLOB_USER, suite_cb, r);
		break;
	case DELETE2:
		blob_delete(s, keys, 2, BLOB_USER, suite_cb, r);
		break;
	case LIST:
		blob_list(s, "u/", NULL, 10, BLOB_USER, suite_list_cb, r);
		break;
	}
	suite_wait(base, r);
}

#define CODE	"X\" a=\""
#define DOS	"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><Error><Code>&a;</Code>" \
	"</Error>"
#define LISTED(x)	"<ListBucketResult><IsTruncated>false</IsTruncated>" \
	x "</ListBucketResult>"

#define HIDDEN	"<ListBucketResult><IsTruncated>true</IsTruncated><Contents>" \
	"<Key>u/.head.sgwtmp.17</Key><Size>3</Size></Contents></ListBucketResult>"

static const struct row {
	const char *what;
	enum verb verb;
	struct fake_step script[4];
	unsigned n;
	enum blob_outcome want;
	unsigned requests;	/* that the server saw */
	const char *why;	/* in the result's */
} rows[] = {
	/* What may be repeated is. */
	{ "500 then well", GET, { { "GET", FAKE_STATUS, 500,
	    "InternalError", 0, NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "503 SlowDown twice", PUT, { { "PUT", FAKE_STATUS, 503, "SlowDown",
	    0, NULL, NULL }, { "PUT", FAKE_STATUS, 503, "SlowDown", 0, NULL,
	    NULL } }, 2, BLOB_DONE, 3, "" },
	{ "500 too often", GET, { { "GET", FAKE_STATUS, 500, "InternalError",
	    0, NULL, NULL }, { "GET", FAKE_STATUS, 500, "InternalError", 0,
	    NULL, NULL }, { "GET", FAKE_STATUS, 500, "InternalError", 0, NULL,
	    NULL } }, 3, BLOB_UNAVAILABLE, 3,
	    "code=InternalError message='scripted' "
	    "x-amz-request-id=FAKE0123 tries=3" },
	{ "a code that would end a log's value", GET, { { "GET", FAKE_STATUS,
	    500, CODE, 0, NULL, NULL }, { "GET", FAKE_STATUS, 500, CODE, 0,
	    NULL, NULL }, { "GET", FAKE_STATUS, 500, CODE, 0, NULL, NULL } },
	    3, BLOB_UNAVAILABLE, 3, "code=X\\\" a=\\\" message=" },
	{ "500 too often, PUT", PUT, { { "PUT", FAKE_STATUS, 500, "X", 0,
	    NULL, NULL }, { "PUT", FAKE_STATUS, 500, "X", 0, NULL, NULL },
	    { "PUT", FAKE_STATUS, 500, "X", 0, NULL, NULL } }, 3, BLOB_UNSURE,
	    3, "status=500" },
	{ "closed without an answer", GET, { { "GET", FAKE_CLOSE, 0, NULL, 0,
	    NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "PUT landed, answer lost", PUT, { { "PUT", FAKE_LOST, 0, NULL, 0,
	    NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "half an answer", GET, { { "GET", FAKE_CUT, 0, NULL, 0, NULL,
	    NULL } }, 1, BLOB_DONE, 2, "" },
	{ "half a head", GET, { { "GET", FAKE_CUT_HEAD, 0,
	    "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Len", 0, NULL, NULL } },
	    1, BLOB_DONE, 2, "" },
	{ "half a head", HEAD, { { "HEAD", FAKE_CUT_HEAD, 0,
	    "HTTP/1.1 404 Not Found\r\nServer: fake\r\n", 0, NULL, NULL } },
	    1, BLOB_DONE, 2, "" },
	{ "a trailer", GET, { { "GET", FAKE_CUT_HEAD, 0,
	    "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n5\r\nhello\r\n0\r\nx-amz-checksum-crc32: NhCmhg==\r\n\r\n", 0,
	    NULL, NULL } }, 1, BLOB_DONE, 1, "" },
	{ "half an ETag", PUT, { { "PUT", FAKE_CUT_HEAD, 0,
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"abc\"", 0,
	    NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "429", GET, { { "GET", FAKE_STATUS, 429, "TooManyRequests", 0, NULL,
	    NULL } }, 1, BLOB_DONE, 2, "" },
	{ "400 RequestTimeout", PUT, { { "PUT", FAKE_STATUS, 400,
	    "RequestTimeout", 0, NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "409 on an unconditional PUT", PUT, { { "PUT", FAKE_STATUS, 409,
	    "OperationAborted", 0, NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "500 on HEAD", HEAD, { { "HEAD", FAKE_STATUS, 500, NULL, 0, NULL,
	    NULL } }, 1, BLOB_DONE, 2, "" },
	{ "500 on LIST", LIST, { { "GET", FAKE_STATUS, 500, "X", 0, NULL,
	    NULL }, { "GET", FAKE_BODY, 200, LISTED(""), 0, NULL, NULL } },
	    2, BLOB_DONE, 2, "" },
	{ "503 on DELETE", DELETE, { { "DELETE", FAKE_STATUS, 503, "X", 0,
	    NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	/* A conditional PUT is sent once, whatever comes back. */
	{ "500", CREATE, { { "PUT", FAKE_STATUS, 500, "InternalError", 0,
	    NULL, NULL } }, 1, BLOB_UNSURE, 1, "InternalError" },
	{ "503", CREATE, { { "PUT", FAKE_STATUS, 503, "SlowDown", 0,
	    "Retry-After", "0" } }, 1, BLOB_UNSURE, 1, "SlowDown" },
	{ "409", CREATE, { { "PUT", FAKE_STATUS, 409,
	    "ConditionalRequestConflict", 0, NULL, NULL } }, 1,
	    BLOB_CONFLICT, 1, "" },
	{ "412", REPLACE, { { "PUT", FAKE_STATUS, 412, "PreconditionFailed",
	    0, NULL, NULL } }, 1, BLOB_CONFLICT, 1, "PreconditionFailed" },
	{ "412 of a proxy", REPLACE, { { "PUT", FAKE_BODY, 412, "<html>", 0,
	    NULL, NULL } }, 1, BLOB_CONFLICT, 1, "" },
	{ "404", REPLACE, { { "PUT", FAKE_STATUS, 404, "NoSuchKey", 0, NULL,
	    NULL } }, 1, BLOB_ABSENT, 1, "" },
	{ "404 of the bucket", REPLACE, { { "PUT", FAKE_STATUS, 404,
	    "NoSuchBucket", 0, NULL, NULL } }, 1, BLOB_ERROR, 1,
	    "NoSuchBucket" },
	{ "closed without an answer", CREATE, { { "PUT", FAKE_CLOSE, 0, NULL,
	    0, NULL, NULL } }, 1, BLOB_UNSURE, 1, "" },
	{ "landed, answer lost", CREATE, { { "PUT", FAKE_LOST, 0, NULL, 0,
	    NULL, NULL } }, 1, BLOB_UNSURE, 1, "" },
	{ "half an answer", CREATE, { { "PUT", FAKE_CUT, 0, NULL, 0, NULL,
	    NULL } }, 1, BLOB_UNSURE, 1, "" },
	{ "half a head of 412", CREATE, { { "PUT", FAKE_CUT_HEAD, 0,
	    "HTTP/1.1 412 Precondition Failed\r\nContent-Le", 0, NULL,
	    NULL } }, 1, BLOB_UNSURE, 1, "broke off" },
	{ "expired token: not done", CREATE, { { "PUT", FAKE_STATUS, 400,
	    "ExpiredToken", 0, NULL, NULL } }, 1, BLOB_UNAVAILABLE, 1,
	    "ExpiredToken" },
	{ "no ETag", CREATE, { { "PUT", FAKE_NO_ETAG, 0, NULL, 0, NULL,
	    NULL } }, 1, BLOB_UNSURE, 1, "ETag" },
	{ "501", CREATE, { { "PUT", FAKE_STATUS, 501, "NotImplemented", 0,
	    NULL, NULL } }, 1, BLOB_ERROR, 1, "NotImplemented" },
	/* Answers that are final. */
	{ "403", GET, { { "GET", FAKE_STATUS, 403, "AccessDenied", 0, NULL,
	    NULL } }, 1, BLOB_DENIED, 1, "AccessDenied" },
	{ "403 on HEAD", HEAD, { { "HEAD", FAKE_STATUS, 403, NULL, 0, NULL,
	    NULL } }, 1, BLOB_DENIED, 1, "" },
	{ "404 of a proxy is not absent", GET, { { "GET", FAKE_BODY, 404,
	    "<html>not found</html>", 0, NULL, NULL } }, 1, BLOB_ERROR, 1,
	    "status=404" },
	{ "301", GET, { { "GET", FAKE_STATUS, 301, "PermanentRedirect", 0,
	    "Location", "http://127.0.0.1:1/" } }, 1, BLOB_ERROR, 1,
	    "PermanentRedirect" },
	{ "400", PUT, { { "PUT", FAKE_STATUS, 400, "InvalidRequest", 0, NULL,
	    NULL } }, 1, BLOB_ERROR, 1, "InvalidRequest" },
	/* Answers that make no sense. */
	{ "garbage for an error", GET, { { "GET", FAKE_BODY, 500, "<<<&",
	    0, NULL, NULL } }, 1, BLOB_DONE, 2, "" },
	{ "entities in an error", GET, { { "GET", FAKE_BODY, 403, DOS, 0,
	    NULL, NULL } }, 1, BLOB_DENIED, 1, "status=403" },
	{ "a body over its bound", GET, { { "GET", FAKE_HUGE, 200, NULL,
	    5000, NULL, NULL } }, 1, BLOB_LONG, 1, "too long" },
	{ "an error over its bound", GET, { { "GET", FAKE_HUGE, 500, NULL,
	    100000, NULL, NULL } }, 1, BLOB_ERROR, 1, "too long" },
	{ "Range ignored", RANGE, { { "GET", FAKE_WHOLE, 0, NULL, 0, NULL,
	    NULL } }, 1, BLOB_ERROR, 1, "" },
	{ "a whole object without an ETag", GET, { { "GET", FAKE_BODY, 200,
	    "hello", 0, NULL, NULL } }, 1, BLOB_ERROR, 1, "ETag" },
	{ "another range", RANGE, { { "GET", FAKE_BODY, 206, "he", 0,
	    "Content-Range", "bytes 0-1/5" } }, 1, BLOB_ERROR, 1,
	    "another range" },
	{ "a list that is none", LIST, { { "GET", FAKE_BODY, 200, "<a></a>",
	    0, NULL, NULL } }, 1, BLOB_ERROR, 1, "ListObjectsV2" },
	{ "a list of other names", LIST, { { "GET", FAKE_BODY, 200,
	    LISTED("<Contents><Key>v/a</Key></Contents>"), 0, NULL, NULL } },
	    1, BLOB_ERROR, 1, "not requested" },
	{ "a list that never ends", LIST, { { "GET", FAKE_BODY, 200,
	    "<ListBucketResult><IsTruncated>true</IsTruncated>"
	    "</ListBucketResult>", 0, NULL, NULL } }, 1, BLOB_ERROR, 1, "" },
	{ "a page of temporary names", LIST, { { "GET", FAKE_BODY, 200,
	    HIDDEN, 0, NULL, NULL }, { "GET", FAKE_BODY, 200, LISTED(""), 0,
	    NULL, NULL } }, 2, BLOB_DONE, 2, "" },
	{ "the same page again", LIST, { { "GET", FAKE_BODY, 200, HIDDEN, 0,
	    NULL, NULL }, { "GET", FAKE_BODY, 200, HIDDEN, 0, NULL, NULL } },
	    2, BLOB_ERROR, 2, "start-after" },
	{ "LIST without the right", LIST, { { "GET", FAKE_STATUS, 403,
	    "AccessDenied", 0, NULL, NULL } }, 1, BLOB_DENIED, 1, "" },
	{ "LIST of no bucket", LIST, { { "GET", FAKE_STATUS, 404,
	    "NoSuchBucket", 0, NULL, NULL } }, 1, BLOB_ERROR, 1, "" },
	{ "one of two was not deleted", DELETE2, { { "POST", FAKE_BODY, 200,
	    "<DeleteResult><Error><Key>u/two</Key><Code>AccessDenied</Code>"
	    "</Error></DeleteResult>", 0, NULL, NULL } }, 1, BLOB_DENIED, 1,
	    "u/two: code=AccessDenied" },
	{ "DeleteObjects without a result", DELETE2, { { "POST", FAKE_BODY,
	    200, "ok", 0, NULL, NULL } }, 1, BLOB_UNSURE, 1, "" },
	{ "DELETE of what is not there", DELETE, { { "DELETE", FAKE_STATUS,
	    404, "NoSuchKey", 0, NULL, NULL } }, 1, BLOB_DONE, 1, "" },
};

static void
test_rows(void)
{
	struct blob_store *s = open_keyed("20", "2", "false");
	struct suite_result r = { 0 };
	const char *new = "u/new";
	unsigned before;
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		/* There is something to read, nothing to create, and a
		 * connection that is kept. */
		run(s, PUT, &r);
		blob_delete(s, &new, 1, BLOB_USER, suite_cb, &r);
		r.called = false;
		suite_wait(base, &r);
		before = s3_fake_count(fake, "");
		s3_fake_script(fake, rows[i].script, rows[i].n);
		run(s, rows[i].verb, &r);
		CHECK_ROW(r.outcome == rows[i].want, "%s: %s %s",
		    rows[i].what, blob_outcome_name(r.outcome), r.why);
		CHECK_ROW(s3_fake_count(fake, "") - before ==
		    rows[i].requests, "%s: %u requests", rows[i].what,
		    s3_fake_count(fake, "") - before);
		CHECK_ROW(strstr(r.why, rows[i].why) != NULL, "%s: %s",
		    rows[i].what, r.why);
		CHECK_ROW(s3_fake_left(fake) == 0, "%s", rows[i].what);
		s3_fake_script(fake, NULL, 0);
	}
	CHECK(s3_fake_bad(fake) == 0);
	CHECK(blob_counts(s)->retries > 10);
	blob_close(s);
	suite_result_free(&r);
}

/* Retry-After is waited for, and not beyond the deadline; a slow answer is
 * given up at the deadline. */
static void
test_times(void)
{
	static const struct fake_step later = { "GET", FAKE_STATUS, 503,
	    "SlowDown", 0, "Retry-After", "1" }, much_later = { "GET",
	    FAKE_STATUS, 503, "SlowDown", 0, "Retry-After", "60" },
	    slow = { "GET", FAKE_SLOW, 0, NULL, 4000, NULL, NULL },
	    slow_put = { "PUT", FAKE_SLOW, 0, NULL, 4000, NULL, NULL },
	    put_later = { "PUT", FAKE_STATUS, 503, "SlowDown", 0,
	    "Retry-After", "7" };
	struct blob_store *s = open_keyed("2", "3", "false");
	struct suite_result r = { 0 };
	uint64_t start;

	run(s, PUT, &r);
	start = clock_ms();
	s3_fake_script(fake, &later, 1);
	run(s, GET, &r);
	/* libevent's clock may be 10 ms behind: a timer is early by as much. */
	CHECK_ROW(r.outcome == BLOB_DONE && clock_ms() - start >= 980,
	    "%s after %llu ms", blob_outcome_name(r.outcome),
	    (unsigned long long)(clock_ms() - start));
	start = clock_ms();
	s3_fake_script(fake, &much_later, 1);
	run(s, GET, &r);
	/* To wait for as long as it may would take 2 s. */
	CHECK(r.outcome == BLOB_UNAVAILABLE && clock_ms() - start < 1900);
	start = clock_ms();
	s3_fake_script(fake, &slow, 1);
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_UNAVAILABLE && clock_ms() - start < 3500);
	CHECK_ROW(strstr(r.why, "timeout") != NULL, "%s", r.why);
	s3_fake_script(fake, &slow_put, 1);
	run(s, CREATE, &r);
	CHECK(r.outcome == BLOB_UNSURE && r.retry_after == 0);
	/* What is sent once leaves it to the commit to wait. */
	s3_fake_script(fake, &put_later, 1);
	run(s, CREATE, &r);
	CHECK(r.outcome == BLOB_UNSURE && r.retry_after == 7000);
	blob_close(s);
	suite_result_free(&r);
}

/* A server that is not there: nothing was sent, nothing is unsure. */
static void
test_refused_connection(void)
{
	struct blob_store *s = open_keyed("1", "1", "false");
	struct suite_result r = { 0 };

	run(s, PUT, &r);
	CHECK(r.outcome == BLOB_DONE);
	blob_close(s);
	s3_fake_free(fake);
	fake = s3_fake_new(base);
	s = open_keyed("1", "1", "false");
	s3_fake_free(fake);
	run(s, CREATE, &r);
	CHECK_ROW(r.outcome == BLOB_UNAVAILABLE, "%s %s",
	    blob_outcome_name(r.outcome), r.why);
	run(s, PUT, &r);
	CHECK(r.outcome == BLOB_UNAVAILABLE);
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_UNAVAILABLE &&
	    strstr(r.why, "connect") != NULL);
	blob_close(s);
	fake = s3_fake_new(base);
	suite_result_free(&r);
}

/* Read back: what is there is compared, not what is said of it. */
static void
test_verify_read(void)
{
	static const struct fake_step other = { "GET", FAKE_BODY, 200,
	    "something else", 0, NULL, NULL }, gone = { "GET", FAKE_STATUS,
	    404, NULL, 0, NULL, NULL }, near = { "GET", FAKE_BODY, 200,
	    "hallo", 0, NULL, NULL };
	struct blob_store *s = open_keyed("5", "2", "read");
	struct suite_result r = { 0 };
	unsigned heads = s3_fake_count(fake, "HEAD");
	unsigned gets = s3_fake_count(fake, "GET");

	run(s, PUT, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s", r.why);
	CHECK(s3_fake_count(fake, "HEAD") == heads);
	CHECK(s3_fake_count(fake, "GET") == gets + 1);
	s3_fake_script(fake, &other, 1);
	run(s, PUT, &r);
	CHECK_ROW(r.outcome == BLOB_UNSURE && strncmp(r.why, "verify: ", 8) ==
	    0, "%s", r.why);
	s3_fake_script(fake, &near, 1);
	run(s, PUT, &r);
	CHECK_ROW(r.outcome == BLOB_UNSURE && strstr(r.why, "not what was") !=
	    NULL, "%s", r.why);
	s3_fake_script(fake, &gone, 1);
	run(s, PUT, &r);
	CHECK_ROW(r.outcome == BLOB_UNSURE && strncmp(r.why, "verify: GET",
	    11) == 0, "%s", r.why);
	blob_close(s);
	suite_result_free(&r);
}

static void
test_verify(void)
{
	static const struct fake_step other = { "HEAD", FAKE_BAD_ETAG, 0,
	    NULL, 0, NULL, NULL }, gone = { "HEAD", FAKE_STATUS, 404, NULL, 0,
	    NULL, NULL };
	struct blob_store *s = open_keyed("5", "2", "true");
	struct suite_result r = { 0 };
	unsigned heads = s3_fake_count(fake, "HEAD");

	run(s, PUT, &r);
	CHECK(r.outcome == BLOB_DONE);
	CHECK(s3_fake_count(fake, "HEAD") == heads + 1);
	s3_fake_script(fake, &other, 1);
	run(s, PUT, &r);
	CHECK(r.outcome == BLOB_UNSURE && strstr(r.why, "\"other\"") != NULL);
	s3_fake_script(fake, &gone, 1);
	run(s, CREATE, &r);
	CHECK_ROW(r.outcome == BLOB_UNSURE && strstr(r.why, "absent") != NULL,
	    "%s %s", blob_outcome_name(r.outcome), r.why);
	blob_close(s);
	suite_result_free(&r);
}

/* -- keys -- */

static void
key_soon(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	suite_day_key(arg, "AKID2", "secret", "eu-west-1");
}

static void
test_keys(void)
{
	static const struct fake_step bad = { "GET", FAKE_STATUS, 403,
	    "InvalidAccessKeyId", 0, NULL, NULL }, expired = { "GET",
	    FAKE_STATUS, 400, "ExpiredToken", 0, NULL, NULL };
	struct blob_store *s = open_s3("2", "3", "false");
	struct s3_refusals refused = { .n = 0 };
	struct cred_key old = { STR("store"), STR("AKID"), STR(""),
	    STR("eu-west-1"), STR("s3"), STR("20200101"),
	    { "01234567890123456789012345678901", 32 }, 0, STR(""), STR("") };
	struct suite_result r = { 0 };
	struct timeval tv = { 0, 200000 };
	struct event *ev = evtimer_new(base, key_soon, s);
	uint64_t start;

	/* Without a key: waits for one, not for ever. */
	CHECK(!blob_ready(s));
	start = clock_ms();
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_UNAVAILABLE && clock_ms() - start >= 1900 &&
	    strstr(r.why, "key") != NULL);
	/* Another day's key is none. */
	blob_set_key(s, &old);
	evtimer_add(ev, &tv);
	start = clock_ms();
	run(s, PUT, &r);
	CHECK(r.outcome == BLOB_DONE && clock_ms() - start >= 190);
	/* A refused key is told to credd, once. */
	blob_on_refused(s, s3_refusals_count, &refused);
	s3_fake_script(fake, &bad, 1);
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_DENIED && refused.n == 1);
	CHECK(strncmp(refused.last, "AKID2 status=403", 16) == 0);
	s3_fake_script(fake, &bad, 1);
	run(s, GET, &r);
	CHECK(refused.n == 1);
	suite_day_key(s, "AKID3", "secret", "eu-west-1");
	s3_fake_script(fake, &expired, 1);
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_DONE && refused.n == 2);
	/* Hostile or mistaken keys are not taken. */
	old.key.len = 31;
	blob_set_key(s, &old);
	run(s, GET, &r);
	CHECK(r.outcome == BLOB_DONE);
	event_free(ev);
	blob_close(s);
	suite_result_free(&r);
}

/* Many at once go through the gate; background ones do not stop users. */
static void
test_gate(void)
{
	struct blob_store *s = open_keyed("20", "2", "false");
	struct suite_result r[300] = { { 0 } }, user = { 0 };
	struct piece piece = { "x", 1 };
	char key[32];
	size_t i, done = 0;

	for (i = 0; i < nitems(r); i++) {
		snprintf(key, sizeof(key), "many/%zu", i);
		blob_put(s, key, &piece, 1, BLOB_ALWAYS, NULL,
		    BLOB_BACKGROUND, suite_cb, &r[i]);
	}
	run(s, HEAD, &user);
	CHECK(user.outcome == BLOB_DONE);
	for (i = 0; i < nitems(r); i++)
		done += r[i].called;
	CHECK_ROW(done < 100, "%zu", done);
	for (i = 0; i < nitems(r); i++) {
		suite_wait(base, &r[i]);
		CHECK(r[i].outcome == BLOB_DONE);
		suite_result_free(&r[i]);
	}
	/* Closed with requests in the air and at the gate. */
	for (i = 0; i < nitems(r); i++)
		blob_head(s, "u/x", BLOB_USER, suite_cb, &r[i]);
	event_base_loop(base, EVLOOP_ONCE);
	blob_close(s);
	for (i = 0; i < nitems(r); i++)
		suite_result_free(&r[i]);
	suite_result_free(&user);
}

/* -- parts -- */

#define BEGUN	"<InitiateMultipartUploadResult><UploadId>a+b</UploadId>" \
	"</InitiateMultipartUploadResult>"
#define ENDED	"<CompleteMultipartUploadResult><ETag>&quot;e-5&quot;" \
	"</ETag></CompleteMultipartUploadResult>"
#define PART(act, status)	{ "PUT", act, status, "InternalError", 0, \
	NULL, NULL }
#define POST(status, text)	{ "POST", FAKE_BODY, status, text, 0, NULL, \
	NULL }

static const struct multipart_row {
	const char *what;
	struct fake_step script[6];
	unsigned n;
	enum blob_outcome want;
	unsigned parts, aborts;
} multipart_rows[] = {
	{ "well", { POST(200, BEGUN), POST(200, ENDED) }, 2, BLOB_DONE, 5,
	    0 },
	{ "a part once more", { POST(200, BEGUN), PART(FAKE_STATUS, 500),
	    POST(200, ENDED) }, 3, BLOB_DONE, 6, 0 },
	{ "a part fails", { POST(200, BEGUN), PART(FAKE_STATUS, 500),
	    PART(FAKE_STATUS, 500) }, 3, BLOB_UNAVAILABLE, 2, 1 },
	{ "a part without ETag", { POST(200, BEGUN), PART(FAKE_NO_ETAG, 0) },
	    2, BLOB_ERROR, 1, 1 },
	{ "200 with an error", { POST(200, BEGUN),
	    POST(200, "<Error><Code>InternalError</Code></Error>") }, 2,
	    BLOB_UNSURE, 5, 1 },
	{ "no UploadId", { POST(200, "<InitiateMultipartUploadResult/>") }, 1,
	    BLOB_ERROR, 0, 0 },
};

static void
test_multipart(void)
{
	struct blob_store *s = open_keyed("20", "1", "false");
	struct suite_result r = { 0 };
	uint64_t len = ((uint64_t)64 << 20) + 5;
	unsigned puts, aborts;
	FILE *f = tmpfile();
	size_t i;
	int k;

	CHECK(f != NULL && ftruncate(fileno(f), (off_t)len) == 0);
	for (i = 0; i < nitems(multipart_rows); i++) {
		const struct multipart_row *m = &multipart_rows[i];

		puts = s3_fake_count(fake, "PUT");
		aborts = s3_fake_count(fake, "DELETE");
		s3_fake_script(fake, m->script, m->n);
		suite_result_free(&r);
		blob_put_file(s, "u/big", fileno(f), len, BLOB_BACKGROUND,
		    suite_cb, &r);
		suite_wait(base, &r);
		CHECK_ROW(r.outcome == m->want, "%s: %s %s", m->what,
		    blob_outcome_name(r.outcome), r.why);
		if (m->want == BLOB_DONE)
			CHECK(strcmp(r.etag, "\"e-5\"") == 0);
		for (k = 0; k < 50 && s3_fake_count(fake, "DELETE") <
		    aborts + m->aborts; k++)
			event_base_loop(base, EVLOOP_ONCE);
		CHECK_ROW(s3_fake_count(fake, "PUT") - puts == m->parts &&
		    s3_fake_count(fake, "DELETE") - aborts == m->aborts,
		    "%s: %u parts", m->what,
		    s3_fake_count(fake, "PUT") - puts);
		s3_fake_script(fake, NULL, 0);
	}
	fclose(f);
	blob_close(s);
	suite_result_free(&r);
}

int
main(void)
{
	log_init("blob_s3_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_rows();
	test_times();
	test_refused_connection();
	test_verify();
	test_verify_read();
	test_keys();
	test_gate();
	test_multipart();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
