/*
 * The check against s3_fake: what it says of answers that no true server
 * gives.  What true ones say is test_first_run's (regress).
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/s3/s3_check.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

#define UNSIGNED { "GET", FAKE_STATUS, 403, "AccessDenied", 0, NULL, NULL }
#define EMPTY_LIST "<ListBucketResult><IsTruncated>false</IsTruncated>" \
		"</ListBucketResult>"
#define LISTING { "GET", FAKE_BODY, 200, EMPTY_LIST, 0, NULL, NULL }
#define DENIED(verb) { verb, FAKE_STATUS, 403, "AccessDenied", 0, NULL, NULL }
#define UPLOAD	{ "POST", FAKE_BODY, 200, "<InitiateMultipartUploadResult>" \
		"<UploadId>u&amp;/1</UploadId></InitiateMultipartUploadResult>", \
		0, NULL, NULL }
#define GONE	{ "DELETE", FAKE_BODY, 204, "", 0, NULL, NULL }

struct checked {
	bool	 done, good;
	char	 line[2048];
	char	 report[8192];
};

static struct event_base *base;
static struct s3_fake *fake;

static void
on_check(const struct s3_check_result *r, void *arg)
{
	struct checked *c = arg;

	CHECK(!c->done);
	c->done = true;
	c->good = r->good;
	strlcpy(c->line, r->line, sizeof(c->line));
	snprintf(c->report, sizeof(c->report), "%.*s", (int)r->report->len,
	    (const char *)r->report->data);
}

static void
check(const struct fake_step *steps, unsigned n, const char *source,
    struct checked *c)
{
	const struct s3_store_conf conf = { "2", "0", NULL, "a/b", false };
	struct blob_store *s = s3_store_open(base, fake, &conf);
	struct s3_check_who who = { "", "arn:aws:sts::1:role\nx" };

	memset(c, 0, sizeof(*c));
	strlcpy(who.source, source, sizeof(who.source));
	s3_fake_script(fake, steps, n);
	s3_check_start(base, s, &who, on_check, c);
	CHECK(!c->done);		/* later */
	while (!c->done)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_NONBLOCK);
	blob_close(s);
	s3_fake_script(fake, NULL, 0);
}

static void
test_rows(void)
{
	static const struct {
		const char	*what;
		struct fake_step steps[7];
		unsigned	 n;
		bool		 good;
		const char	*want;		/* in the report */
		const char	*line;		/* at its beginning */
	} rows[] = {
		{ "all is well", { UNSIGNED, LISTING, UPLOAD, GONE }, 4, true,
		    "ok    rights: s3:ListBucket, s3:GetObject", "" },
		{ "who it is, in one line", { UNSIGNED, LISTING, UPLOAD,
		    GONE }, 4, true, "access key AKID, source imds, identity "
		    "arn:aws:sts::1:role\\x0ax, expires never\n", "" },
		{ "HTML", { UNSIGNED, { "GET", FAKE_BODY, 200, "<html>", 0,
		    NULL, NULL } }, 2, false,
		    "does not answer like an S3 server", "probe=refused" },
		{ "another document", { UNSIGNED, { "GET", FAKE_BODY, 200,
		    "<Error><Code>x</Code></Error>", 0, NULL, NULL } }, 2,
		    false, "is no ListBucketResult", "probe=refused" },
		{ "a region that is told", { UNSIGNED, { "GET", FAKE_STATUS,
		    301, "PermanentRedirect", 0, "x-amz-bucket-region",
		    "eu-north-1" } }, 2, false,
		    "write \"region: eu-north-1\"", "probe=refused" },
		{ "a 502 without S3's words", { { "GET", FAKE_BODY, 502,
		    "<html>", 0, NULL, NULL } }, 1, false,
		    "a load balancer that does not reach it", "probe=away" },
		{ "no answer", { { "GET", FAKE_CLOSE, 0, NULL, 0, NULL,
		    NULL } }, 1, false, "closes the connection", "probe=away" },
		{ "half an answer", { { "GET", FAKE_CUT, 0, NULL, 0, NULL,
		    NULL } }, 1, false, "FAIL  connection: ", "probe=away" },
		{ "a listing that breaks off", { UNSIGNED, { "GET",
		    FAKE_CUT, 0, NULL, 0, NULL, NULL } }, 2, false,
		    "FAIL  bucket: ", "probe=away" },
		{ "a huge listing", { UNSIGNED, { "GET", FAKE_HUGE, 200, NULL,
		    1000000, NULL, NULL } }, 2, false, "FAIL  bucket: ",
		    "probe=" },
		{ "no right to list", { UNSIGNED, DENIED("GET"), UPLOAD,
		    GONE }, 4, false, "lacks s3:ListBucket on bucket/a/b/:",
		    "probe=away" },
		{ "no right to write", { UNSIGNED, LISTING, DENIED("PUT"),
		    DENIED("POST") }, 4, false, "lacks s3:PutObject on",
		    "probe=away" },
		{ "no right to read", { UNSIGNED, LISTING, DENIED("GET"),
		    UPLOAD, GONE }, 5, false, "lacks s3:GetObject on",
		    "probe=away" },
		{ "no right to make parts", { UNSIGNED, LISTING,
		    DENIED("POST") }, 3, false,
		    "lacks s3:PutObject (CreateMultipartUpload) on",
		    "probe=away" },
		{ "no right to end an upload", { UNSIGNED, LISTING, UPLOAD,
		    DENIED("DELETE") }, 4, false,
		    "lacks s3:AbortMultipartUpload on", "probe=away" },
		{ "no right to delete", { UNSIGNED, LISTING, UPLOAD, GONE,
		    DENIED("DELETE") }, 5, false, "lacks s3:DeleteObject on",
		    "probe=away" },
		{ "no right at all", { UNSIGNED, DENIED("GET"),
		    DENIED("PUT"), DENIED("GET"), DENIED("POST"),
		    DENIED("DELETE") }, 6, false, "has no rights to "
		    "bucket/a/b/: is the bucket of another account",
		    "probe=away" },
		{ "an upload without an ID", { UNSIGNED, LISTING, { "POST",
		    FAKE_BODY, 200, "<a/>", 0, NULL, NULL } }, 3, true,
		    "warn  multipart: no UploadId", "" },
		{ "a write that nobody knows of", { UNSIGNED, LISTING, { "PUT",
		    FAKE_STATUS, 500, "InternalError", 0, NULL, NULL } }, 3,
		    false, "FAIL  rights: PutObject: status=500",
		    "probe=away" },
		{ "one write of a key a second", { UNSIGNED, LISTING, { "PUT",
		    FAKE_BODY, 200, "", 0, "ETag", "\"e\"" }, { "PUT",
		    FAKE_STATUS, 429, "SlowDown", 0, NULL, NULL }, UPLOAD,
		    GONE }, 6, true, "warn  rate: the server does not accept "
		    "two writes of a key at once: write \"head-interval: "
		    "1s\"", "" },
		{ "a denial that is not S3's", { UNSIGNED, LISTING, { "PUT",
		    FAKE_BODY, 403, "<html>", 0, NULL, NULL } }, 3, false,
		    "FAIL  rights: PutObject: status=403", "probe=away" },
	};
	struct checked c;
	const char *at;
	size_t i, fails;

	for (i = 0; i < nitems(rows); i++) {
		check(rows[i].steps, rows[i].n, "imds", &c);
		CHECK_ROW(c.good == rows[i].good, "%s: %s", rows[i].what,
		    c.report);
		CHECK_ROW(strstr(c.report, rows[i].want) != NULL, "%s: %s",
		    rows[i].what, c.report);
		CHECK_ROW(strncmp(c.line, rows[i].line,
		    strlen(rows[i].line)) == 0, "%s: %s", rows[i].what,
		    c.line);
		fails = 0;
		for (at = c.report; (at = strstr(at, "FAIL ")) != NULL; at++)
			fails++;
		CHECK_ROW(fails == (rows[i].good ? 0 : 1), "%s: %s",
		    rows[i].what, c.report);
	}
}

int
main(void)
{
	log_init("s3_check_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_rows();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
