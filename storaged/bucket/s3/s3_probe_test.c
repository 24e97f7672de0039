/*
 * The probe against a server of each kind: one row for each property that
 * serving relies on, and what is said of a server that lacks it.
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
#include "storaged/bucket/test/probed.h"
#include "storaged/bucket/test/s3_store.h"

#define FAR_MS	110	/* more than a third of what the races may take, */
#define FARTHER_MS 160	/* and than half of it */
#define SOON_MS	40	/* far away all the same */

static struct event_base *base;
static struct s3_fake *fake;

static struct blob_store *
open_keyed(const char *timeout, const char *retries, const char *verify)
{
	const struct s3_store_conf c = { timeout, retries, verify, NULL,
	    false };

	return s3_store_open(base, fake, &c);
}

static void
probe(struct blob_store *s, bool report, struct probed *p)
{
	probed_run(base, s, &fake, report, p);
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* -- properties -- */

static const struct {
	enum fake_mode mode;
	enum probe_verdict verdict;
	const char *line;
} modes[] = {
	{ FAKE_TRUE, PROBE_GOOD, "creates=21/21 updates=" },
	{ FAKE_IGNORES, PROBE_REFUSED, "on an existing key returns" },
	{ FAKE_TWO_WIN, PROBE_REFUSED, "on an existing key returns" },
	{ FAKE_LOSES, PROBE_REFUSED, "stale ETag returns 412" },
	{ FAKE_NO_LIST, PROBE_AWAY, "s3:ListBucket" },
	{ FAKE_RACES_CREATE, PROBE_REFUSED,
	    "If-None-Match is not atomic" },
	{ FAKE_RACES_MATCH, PROBE_REFUSED, "If-Match is not atomic" },
	{ FAKE_CUTS_RACED, PROBE_REFUSED,
	    "cut off, 0 returned bytes that were never written" },
	{ FAKE_CUTS_SOME, PROBE_GOOD, "creates=21/21" },
	{ FAKE_501, PROBE_REFUSED, "NotImplemented" },
	{ FAKE_WEAK_GET, PROBE_REFUSED, "GET returns what was written, with "
	    "the PUT's ETag" },
	{ FAKE_WEAK_HEAD, PROBE_REFUSED, "HEAD returns the PUT's ETag" },
	{ FAKE_NO_PUT_ETAG, PROBE_REFUSED, "200 without an ETag" },
	{ FAKE_STALE_304, PROBE_REFUSED, "If-None-Match with a stale ETag" },
	{ FAKE_NO_304, PROBE_REFUSED, "If-None-Match with the PUT's" },
	{ FAKE_NO_RANGE, PROBE_REFUSED, "a range request returns that range" },
	{ FAKE_NO_416, PROBE_REFUSED, "a range beyond the end returns 416" },
	{ FAKE_LISTS_LATE, PROBE_REFUSED, "a listing shows what was just" },
	{ FAKE_TEXT, PROBE_REFUSED, "content is not changed in transit" },
	{ FAKE_SIZE_ETAG, PROBE_REFUSED, "the ETag has not changed" },
	{ FAKE_NO_DATE, PROBE_GOOD, "creates=21/21" },
	{ FAKE_OVERWRITES, PROBE_REFUSED, "lost the last update" },
};

static void
test_properties(void)
{
	struct blob_store *s;
	struct probed p;
	unsigned before;
	size_t i;

	for (i = 0; i < nitems(modes); i++) {
		s = open_keyed("5", "3", "true");
		before = s3_fake_objects(fake);
		s3_fake_mode(fake, modes[i].mode);
		probe(s, true, &p);
		CHECK_ROW(p.verdict == modes[i].verdict, "mode %d: %s",
		    (int)modes[i].mode, p.report);
		CHECK_ROW(strstr(p.line, modes[i].line) != NULL, "%s",
		    p.line);
		CHECK_ROW((count(p.report, "FAIL ") > 0) == (p.verdict !=
		    PROBE_GOOD), "%s", p.report);
		if (modes[i].mode == FAKE_NO_DATE)
			CHECK(count(p.report, "warn  the server sends "
			    "no Date") == 1);
		CHECK(s3_fake_objects(fake) == before);
		blob_close(s);
	}
	s3_fake_mode(fake, FAKE_TRUE);
	s = open_keyed("5", "1", "false");
	probe(s, true, &p);
	CHECK(count(p.report, "warn  versioning is on without") == 1);
	CHECK(count(p.report, "exactly one of 8 parallel creates succeeds "
	    "(21 rounds)") == 1);
	CHECK(count(p.report, "a body larger than 1 MiB is accepted") == 1);
	CHECK_ROW(count(p.report, "FAIL") == 0, "%s", p.report);
	blob_close(s);
}

/* Far away, before the first answer has come, the same is seen of it; and it is
 * not called likely before its creates were looked at, nor nearly good after a
 * race that is wrong. */
static void
test_far_properties(void)
{
	struct blob_store *s;
	struct probed p;
	unsigned before;
	size_t i;

	for (i = 0; i < nitems(modes); i++) {
		if (modes[i].mode > FAKE_RACES_MATCH)	/* time is dear */
			continue;
		s = open_keyed("5", "3", "true");
		before = s3_fake_objects(fake);
		s3_fake_mode(fake, modes[i].mode);
		s3_fake_far(fake, SOON_MS);
		probe(s, false, &p);
		CHECK_ROW(p.verdict == modes[i].verdict, "mode %d: %s",
		    (int)modes[i].mode, p.report);
		CHECK_ROW(strstr(p.line, modes[i].line) != NULL, "%s",
		    p.line);
		if (modes[i].mode == FAKE_IGNORES ||
		    modes[i].mode == FAKE_RACES_CREATE ||
		    modes[i].mode == FAKE_NO_LIST)
			CHECK_ROW(!p.likely, "mode %d", (int)modes[i].mode);
		if (modes[i].mode != FAKE_LOSES)	/* seen last */
			CHECK_ROW(p.nearly == (p.verdict == PROBE_GOOD),
			    "mode %d", (int)modes[i].mode);
		CHECK(p.likely || p.verdict != PROBE_GOOD);
		probed_end(base);
		CHECK_ROW(s3_fake_objects(fake) == before, "mode %d: %u left",
		    (int)modes[i].mode, s3_fake_objects(fake) - before);
		blob_close(s);
	}
	s3_fake_mode(fake, FAKE_TRUE);
	s3_fake_far(fake, 0);
}

/* -- causes: the first, from an answer that names it, and no other -- */

#define XML(code, more)	"<Error><Code>" code "</Code><Message>told" \
	"</Message>" more "</Error>"

static const struct {
	int status;
	const char *body;
	const char *header, *value;
	enum probe_verdict verdict;
	const char *cause;
} causes[] = {
	{ 403, XML("SignatureDoesNotMatch", ""), NULL, NULL, PROBE_AWAY,
	    "store.secret-key does not match access key AKID" },
	{ 403, XML("InvalidAccessKeyId", ""), NULL, NULL, PROBE_AWAY,
	    "does not know the access key AKID" },
	{ 404, XML("XAdminUserNotFound", ""), NULL, NULL, PROBE_AWAY,
	    "does not know the access key AKID" },	/* versitygw */
	{ 403, XML("RequestTimeTooSkewed", ""), NULL, NULL, PROBE_AWAY,
	    "the clock of this host differs from the server's" },
	{ 403, XML("RequestTimeTooSkewed", ""), "Date",
	    "Sun, 06 Nov 1994 08:49:37 GMT", PROBE_AWAY, "ahead of" },
	{ 403, XML("AccessDenied", ""), "Date",
	    "Sun, 06 Nov 1994 08:49:37 GMT", PROBE_AWAY,
	    "the clock of this host is" },
	{ 404, XML("NoSuchBucket", ""), NULL, NULL, PROBE_REFUSED,
	    "there is no bucket bucket at http://127.0.0.1" },
	{ 400, XML("AuthorizationHeaderMalformed", "<Region>us-east-2"
	    "</Region>"), NULL, NULL, PROBE_REFUSED,
	    "is in region us-east-2, not eu-west-1" },
	{ 400, XML("AuthorizationHeaderMalformed", ""), NULL, NULL,
	    PROBE_REFUSED, "does not accept region eu-west-1" },
	{ 301, XML("PermanentRedirect", ""), "x-amz-bucket-region",
	    "ap-south-1", PROBE_REFUSED, "is in region ap-south-1, not" },
	{ 301, "", "Location", "https://example.com/", PROBE_REFUSED,
	    "is it an S3 endpoint?" },
	{ 404, "<html>not here</html>", NULL, NULL, PROBE_REFUSED,
	    "does not answer like an S3 server" },
	{ 400, XML("InvalidBucketName", ""), NULL, NULL, PROBE_REFUSED,
	    "is not a valid bucket name" },
	{ 400, XML("ExpiredToken", ""), NULL, NULL, PROBE_AWAY,
	    "the session of access key AKID has expired" },
};

static void
test_causes(bool far)
{
	struct fake_step step = { "", FAKE_BODY, 0, "", 0, NULL, NULL };
	struct blob_store *s;
	struct probed p;
	unsigned puts;
	size_t i;

	for (i = 0; i < nitems(causes); i += far ? 3 : 1) {
		step.status = causes[i].status;
		step.text = causes[i].body;
		step.header = causes[i].header;
		step.value = causes[i].value;
		s3_fake_always(fake, &step);
		puts = s3_fake_count(fake, "PUT");
		s = open_keyed("1", "0", "false");
		if (far)
			s3_fake_far(fake, SOON_MS);
		probe(s, !far, &p);
		probed_end(base);
		CHECK_ROW(p.verdict == causes[i].verdict, "%s: %s",
		    causes[i].body, p.report);
		CHECK_ROW(!p.likely, "%s", causes[i].body);
		CHECK_ROW(strstr(p.line, causes[i].cause) != NULL, "%s",
		    p.line);
		CHECK_ROW(count(p.report, "FAIL ") == 1, "%s", p.report);
		CHECK_ROW(count(p.report, "ok ") == 0, "%s", p.report);
		/* Nothing is written where none answers as a server does. */
		CHECK(far || s3_fake_count(fake, "PUT") == puts);
		blob_close(s);
	}
	s3_fake_far(fake, 0);
	s3_fake_always(fake, NULL);
}

/* -- a step without a clear answer -- */

/*
 * It is asked again, not the whole: a read as it was; of a PUT all that was
 * done with its object, with another one, since what a second try is answered
 * may tell of the first.  puts: of that letter, all in all.
 */
static const struct {
	const char *what;
	struct fake_unsure unsure;
	enum fake_mode mode;
	enum probe_verdict verdict;
	unsigned puts;
	const char *line;
} missing[] = {
	{ "create", { "PUT", 'a', "If-None-Match", 0, 1, true, false }, FAKE_TRUE,
	    PROBE_GOOD, 3, "" },
	{ "create, not done", { "PUT", 'a', "If-None-Match", 0, 1, false, false },
	    FAKE_TRUE, PROBE_GOOD, 3, "" },
	{ "create again", { "PUT", 'a', "If-None-Match", 1, 1, true, false },
	    FAKE_TRUE, PROBE_GOOD, 4, "" },
	{ "create twice", { "PUT", 'a', "If-None-Match", 0, 2, true, false },
	    FAKE_TRUE, PROBE_GOOD, 4, "" },
	{ "large", { "PUT", 'e', NULL, 0, 1, true, false }, FAKE_TRUE, PROBE_GOOD, 2,
	    "" },
	{ "create of what is replaced", { "PUT", 'g', "If-None-Match", 0, 1,
	    true, false }, FAKE_TRUE, PROBE_GOOD, 4, "" },
	{ "replace", { "PUT", 'g', "If-Match", 0, 1, true, false }, FAKE_TRUE,
	    PROBE_GOOD, 5, "" },
	{ "replace, not done", { "PUT", 'g', "If-Match", 0, 1, false, false },
	    FAKE_TRUE, PROBE_GOOD, 5, "" },
	{ "stale", { "PUT", 'g', "If-Match", 1, 1, true, false }, FAKE_TRUE,
	    PROBE_GOOD, 6, "" },
	{ "missing", { "PUT", 'b', "If-Match", 0, 1, false, false }, FAKE_TRUE,
	    PROBE_GOOD, 2, "" },
	{ "read", { "GET", 'a', NULL, 1, 1, false, false }, FAKE_TRUE, PROBE_GOOD, 2,
	    "" },
	{ "head", { "HEAD", 'g', NULL, 0, 1, false, false }, FAKE_TRUE, PROBE_GOOD,
	    3, "" },
	{ "range", { "GET", 'e', "Range", 1, 2, false, false }, FAKE_TRUE,
	    PROBE_GOOD, 1, "" },
	/* Not for ever: then it is away. */
	{ "never", { "PUT", 'b', NULL, 0, 1000, false, false }, FAKE_TRUE,
	    PROBE_AWAY, 9, "on a missing key" },
	{ "never again", { "PUT", 'g', "If-Match", 1, 1000, true, false },
	    FAKE_TRUE, PROBE_AWAY, 19, "the current ETag" },
	/* What would have been seen is seen all the same. */
	{ "two win", { "PUT", 'a', "If-None-Match", 1, 1, true, true },
	    FAKE_TWO_WIN, PROBE_REFUSED, 2, "GET returns what was written" },
	{ "two win, not done", { "PUT", 'a', "If-None-Match", 1, 1, false,
	    true }, FAKE_TWO_WIN, PROBE_REFUSED, 4,
	    "on an existing key returns" },
	{ "loses", { "PUT", 'g', "If-Match", 1, 1, true, true }, FAKE_LOSES,
	    PROBE_REFUSED, 3, "GET returns the replacement" },
	{ "loses, not done", { "PUT", 'g', "If-Match", 1, 1, false, true },
	    FAKE_LOSES, PROBE_REFUSED, 6, "stale ETag returns 412" },
	{ "ignores", { "PUT", 'b', "If-Match", 0, 1, true, true },
	    FAKE_IGNORES, PROBE_REFUSED, 2, "on a missing key" },
};

static void
test_missing_answers(void)
{
	struct blob_store *s;
	struct probed p;
	unsigned before;
	size_t i;

	for (i = 0; i < nitems(missing); i++) {
		s = open_keyed("5", "0", "false");
		before = s3_fake_objects(fake);
		s3_fake_mode(fake, missing[i].mode);
		s3_fake_unsure(fake, &missing[i].unsure);
		probe(s, true, &p);
		CHECK_ROW(p.verdict == missing[i].verdict, "%s: %s",
		    missing[i].what, p.report);
		CHECK_ROW(strstr(p.line, missing[i].line) != NULL, "%s: %s",
		    missing[i].what, p.line);
		CHECK_ROW(s3_fake_puts(fake, missing[i].unsure.letter) ==
		    missing[i].puts, "%s: %u PUTs", missing[i].what,
		    s3_fake_puts(fake, missing[i].unsure.letter));
		CHECK_ROW(p.verdict != PROBE_GOOD || count(p.report,
		    "warn  requests without a response were retried") == 1,
		    "%s: %s", missing[i].what, p.report);
		CHECK_ROW(p.verdict != PROBE_GOOD ||
		    count(p.report, ", with the PUT's ETag") == 2,
		    "%s: %s", missing[i].what, p.report);
		CHECK_ROW(s3_fake_objects(fake) == before, "%s: %u left",
		    missing[i].what, s3_fake_objects(fake) - before);
		blob_close(s);
	}
	s3_fake_mode(fake, FAKE_TRUE);
	s3_fake_unsure(fake, NULL);
}

/* -- what it costs -- */

/* A bad line, of which some reads have no answer at all, is not away. */
static void
test_quiet(void)
{
	static const struct fake_unsure unsure = { "GET", 'e', NULL, 4, 6,
	    false, false };
	struct blob_store *s = open_keyed("5", "0", "false");
	struct probed p;

	s3_fake_mode(fake, FAKE_CUTS_SOME);
	s3_fake_unsure(fake, &unsure);
	probe(s, true, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(count(p.report, "is the network unreliable?") == 1, "%s", p.report);
	s3_fake_unsure(fake, NULL);
	s3_fake_mode(fake, FAKE_TRUE);
	blob_close(s);
}

/* However quick the server is. */
static void
test_cost(void)
{
	struct blob_store *s = open_keyed("5", "0", "false");
	unsigned puts = s3_fake_count(fake, "PUT");
	unsigned gets = s3_fake_count(fake, "GET");
	struct probed p;

	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	puts = s3_fake_count(fake, "PUT") - puts;
	gets = s3_fake_count(fake, "GET") - gets;
	/* Creates, updates, up to 4 waves more of 6 keys; up to 8 beside
	 * each wave that race without a condition; the steps. */
	CHECK_ROW(puts <= 8 * (21 + 12 + 4 * 6) + 1 + 8 * 7 + 7, "%u PUTs",
	    puts);
	/* Readers, the look after the races, the steps, the settings. */
	CHECK_ROW(gets <= 640 + 21 + 18, "%u GETs", gets);
	probed_end(base);
	blob_close(s);
}

/* -- far away -- */

struct far {
	unsigned verdict, end;	/* waits until then */
	unsigned puts;		/* until the verdict */
	unsigned connections;	/* that were opened */
};

/* Probes, and once more if the machine was so busy that what was asked for
 * together was answered apart: then there are more waits than want before the
 * verdict, or more than one after it. */
static void
probe_far_ms(struct blob_store *s, unsigned ms, bool report,
    const struct fake_unsure *unsure, unsigned want, struct probed *p,
    struct far *f)
{
	int tries = 20;

	do {
		s3_fake_unsure(fake, unsure);
		s3_fake_far(fake, ms);
		f->puts = s3_fake_count(fake, "PUT");
		f->connections = s3_fake_connections(fake);
		probe(s, report, p);
		f->puts = s3_fake_count(fake, "PUT") - f->puts;
		f->connections = s3_fake_connections(fake) -
		    f->connections;
		f->verdict = s3_fake_waits(fake);
		probed_end(base);
		f->end = s3_fake_waits(fake);
	} while (--tries > 0 && (f->verdict > want || f->end > want + 1));
}

static void
probe_far(struct blob_store *s, bool report, const struct fake_unsure *unsure,
    unsigned want, struct probed *p, struct far *f)
{
	probe_far_ms(s, FAR_MS, report, unsure, want, p, f);
}

/*
 * Before the verdict nobody is served: it comes after the server's first
 * answers and the creates, what is done with what was created, and what is done
 * with that.  Only then the removal.  That it is likely is known after the
 * first, and that only the last is missing after two.  A report waits for the
 * first answers before anything is created.
 */
static void
test_waits(void)
{
	static const struct fake_unsure unsure = { "PUT", 'b', NULL, 0, 1,
	    false, false };
	struct blob_store *s = open_keyed("30", "0", "false");
	struct probed p;
	struct far f;

	probe_far(s, false, NULL, 3, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(f.verdict == 3 && f.end == 4, "%u %u", f.verdict, f.end);
	CHECK_ROW(p.likely && p.likely_waits == 1, "%u", p.likely_waits);
	CHECK_ROW(p.nearly && p.nearly_waits == 2, "%u", p.nearly_waits);
	CHECK_ROW(strstr(p.line, "creates=21/21 updates=18 ") != NULL, "%s",
	    p.line);
	/* 21 and 18 keys of 8 racers each, the steps, and what races without a
	 * condition: one, and 8 more if that one has been answered by then. */
	CHECK_ROW(f.puts == 8 * (21 + 18) + 7 + 1 ||
	    f.puts == 8 * (21 + 18) + 7 + 9, "%u PUTs", f.puts);
	/* What follows goes over the connections of the creates, and of those
	 * that read beside; a few steps may come too soon for them. */
	CHECK_ROW(f.connections < 8 * 21 + 48 + 48, "%u connections",
	    f.connections);
	/* One that is not answered is asked for alone. */
	probe_far(s, false, &unsure, 4, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(f.verdict == 4, "%u", f.verdict);
	probe_far(s, true, NULL, 100, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD && !p.likely && !p.nearly, "%s",
	    p.report);
	CHECK_ROW(f.verdict >= 5, "%u", f.verdict);
	s3_fake_far(fake, 0);
	blob_close(s);
}

/* A key that one has created is replaced, though another create of it is
 * not answered yet. */
static void
test_key_goes_on(void)
{
	struct blob_store *s = open_keyed("30", "0", "false");
	struct probed p;
	struct far f;

	s3_fake_late(fake, "/c3", 1, 2);
	probe_far(s, false, NULL, 3, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(f.verdict == 3, "%u", f.verdict);
	CHECK_ROW(p.likely && p.likely_waits == 1, "%u", p.likely_waits);
	s3_fake_late(fake, NULL, 0, 0);
	s3_fake_far(fake, 0);
	blob_close(s);
}

/* Farther away, what has won is read back while others have no answer yet; an
 * update that is lost is seen all the same. */
static void
test_read_back_early(void)
{
	struct blob_store *s = open_keyed("30", "0", "false");
	struct probed p;
	struct far f;

	probe_far_ms(s, FARTHER_MS, false, NULL, 3, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(f.verdict == 3, "%u", f.verdict);
	/* What was read while one of the updates was open is read again. */
	s3_fake_late(fake, "/c3", 2, 4);
	probe_far_ms(s, FARTHER_MS, false, NULL, 5, &p, &f);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK_ROW(f.verdict == 5 && p.nearly_waits == 4, "%u %u", f.verdict,
	    p.nearly_waits);
	s3_fake_late(fake, NULL, 0, 0);
	s3_fake_mode(fake, FAKE_OVERWRITES);
	probe_far_ms(s, FARTHER_MS, false, NULL, 100, &p, &f);
	CHECK_ROW(p.verdict == PROBE_REFUSED &&
	    strstr(p.line, "21 objects, 18 lost the last update") != NULL,
	    "%s", p.line);
	s3_fake_mode(fake, FAKE_TRUE);
	s3_fake_far(fake, 0);
	blob_close(s);
}

/* At the start the verdict does not wait for the removal. */
static void
test_early(void)
{
	struct blob_store *s = open_keyed("5", "3", "false");
	unsigned before = s3_fake_objects(fake);
	struct probed p;

	probe(s, false, &p);
	CHECK_ROW(p.verdict == PROBE_GOOD, "%s", p.report);
	CHECK(s3_fake_objects(fake) > before);
	probed_end(base);
	CHECK(s3_fake_objects(fake) == before);
	blob_close(s);
}

int
main(void)
{
	log_init("s3_probe_test");
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	fake = s3_fake_new(base);
	test_properties();
	test_far_properties();
	test_causes(false);
	test_causes(true);
	test_missing_answers();
	test_waits();
	test_key_goes_on();
	test_read_back_early();
	test_quiet();
	test_cost();
	test_early();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
