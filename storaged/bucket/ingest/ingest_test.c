/*
 * Ingestion on a small S3, with a lmtpd of the test's own: what becomes of an
 * object for each answer, and that none is deleted before it.  (Issue 14, Shows
 * 3: what fails is in failed/ with its reason.)
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_ingest.h"
#include "common/peer.h"
#include "common/json.h"
#include "common/test.h"
#include "storaged/bucket/ingest/ingest_report.h"
#include "storaged/bucket/ingest/test/ingest_rig.h"
#include "storaged/bucket/test/blob_suite.h"

static void
test_delivered(void)
{
	uint64_t	 before = ingest_counts()->delivered;

	rig_lm.outcome = INGEST_DELIVERED;
	rig_drop("in/one", "From: a@b\r\n\r\nhello\r\n");
	CHECK(rig_until(rig_gone, "in/one"));
	CHECK(rig_lm.got.len == 20 && memcmp(rig_lm.got.data, "From: a@b\r\n\r\nhello",
	    18) == 0);
	CHECK_ROW(strncmp(rig_lm.seed, "bucket/in/one|", 14) == 0, "%s", rig_lm.seed);
	CHECK(ingest_counts()->delivered == before + 1);
	CHECK(!rig_has(rig_only("in/")));
	CHECK(s3_fake_objects(rig_fake) == 0);
}

/* Many pieces, a little credit. */
static void
test_large(void)
{
	size_t	 n = 3 * INGEST_PIECE / 2 + 17;
	char	*mail = malloc(n + 1);

	memset(mail, 'x', n);
	mail[n] = '\0';
	rig_lm.credit = 70000;
	rig_drop("in/large", mail);
	CHECK(rig_until(rig_gone, "in/large"));
	CHECK(rig_lm.got.len == n && memcmp(rig_lm.got.data, mail, n) == 0);
	free(mail);
}

/* 451, and then it is delivered: nothing was deleted in between. */
static void
test_later(void)
{
	uint64_t	 n = ingest_counts()->later + 2;

	rig_lm.outcome = INGEST_LATER;
	rig_drop("in/later", "x");
	CHECK(rig_until(rig_tried, &n));
	/* Its claim says who is left, however long that takes. */
	CHECK(rig_has("in/later") && s3_fake_objects(rig_fake) == 2);
	CHECK(strstr(s3_fake_body(rig_fake, rig_only("in/claims/")),
	    "\"left\": \"bob@example.org\"") != NULL);
	CHECK_ROW(strcmp(rig_lm.only, "bob@example.org") == 0, "%s",
	    rig_lm.only);
	rig_lm.outcome = INGEST_DELIVERED;
	CHECK(rig_until(rig_gone, "in/later"));
	CHECK_ROW(strcmp(rig_lm.only, "bob@example.org") == 0, "%s",
	    rig_lm.only);
	CHECK(s3_fake_objects(rig_fake) == 0);
}

/* It stays, with its claim, and is not delivered again: not by this node,
 * which knows it, nor by one that has to ask. */
static void
test_tag(void)
{
	struct ingest_place	*p = rig_place();
	unsigned		 offers = rig_lm.offers + 1;
	uint64_t		 n = ingest_counts()->delivered + 1, puts;

	p->then = INGEST_TAG;
	p->done = ingest_done_new();
	rig_drop("in/tagged", "mail");
	CHECK(rig_until(rig_delivered, &n));
	CHECK(rig_has("in/tagged") && *rig_only("in/claims/") != '\0');
	CHECK(s3_fake_tagged(rig_fake, "in/tagged") &&
	    s3_fake_tagged(rig_fake, rig_only("in/claims/")));
	puts = s3_fake_count(rig_fake, "PUT");
	rig_poll_whole();
	CHECK(s3_fake_count(rig_fake, "PUT") == puts);
	ingest_done_free(p->done);
	p->done = ingest_done_new();
	rig_poll_whole();
	CHECK(s3_fake_count(rig_fake, "PUT") == puts + 1);
	rig_poll_whole();
	CHECK(s3_fake_count(rig_fake, "PUT") == puts + 1);
	CHECK(rig_lm.offers == offers && rig_has("in/tagged"));
	/* Written anew it is another mail. */
	n++;
	rig_drop("in/tagged", "other");
	CHECK(rig_until(rig_delivered, &n));
	CHECK(rig_lm.offers == offers + 1);
	rig_remove("in/");
	p->then = INGEST_DELETE;
	ingest_done_free(p->done);
	p->done = NULL;
}

static char	 told[2000];		/* the report */

static void
on_report(const char *text, void *arg)
{
	(void)arg;
	strlcpy(told, text, sizeof(told));
}

static bool
was_told(const void *arg)
{
	(void)arg;
	return told[0] != '\0' && ingest_idle();
}

/* Does the report say that? */
static void
report(bool retry, const char *id, const char *want)
{
	bool	json = *want == '{' || *want == ',';

	told[0] = '\0';
	if (retry)
		ingest_retry(id, json, on_report, NULL);
	else
		ingest_list(json, on_report, NULL);
	CHECK(rig_until(was_told, NULL));
	CHECK(!json || json_check(told, strlen(told)) == 0);
	CHECK_ROW(strstr(told, want) != NULL, "%s: %s", want, told);
}

/* 550 of one: failed/ has it and why; a retry is for that one only, with the
 * key that the mail had. */
static void
test_refused(void)
{
	char		 seed[sizeof(rig_lm.seed)];
	unsigned	 n;

	rig_lm.outcome = INGEST_FAILED;
	rig_drop("in/failing", "mail");
	CHECK(rig_until(rig_gone, "in/failing"));
	CHECK(s3_fake_objects(rig_fake) == 2);
	strlcpy(seed, rig_lm.seed, sizeof(seed));
	report(false, "", " bucket/in/failing: bob@example.org: 550 5.1.1 no "
	    "such user");
	report(false, "", "{\"mails\":[{\"state\":\"failed\",\"id\":\"");
	report(false, "", ",\"bucket\":\"bucket\",\"key\":\"in/failing\","
	    "\"reason\":\"bob@example.org: 550 5.1.1 no such user\",\"at\":"
	    "\"20");
	report(true, "", ",\"error\":\"1 of 1 were not delivered\"}");
	report(true, "../x", "{\"error\":\"not an ID");
	report(true, "", "error: 1 of 1 were not delivered");
	CHECK(s3_fake_objects(rig_fake) == 2);
	CHECK_ROW(strcmp(rig_lm.only, "bob@example.org") == 0, "%s", rig_lm.only);
	CHECK_ROW(strcmp(rig_lm.seed, seed) == 0, "%s", rig_lm.seed);
	rig_lm.outcome = INGEST_LATER;
	report(true, "", "later ");
	CHECK(s3_fake_objects(rig_fake) == 2);
	rig_lm.outcome = INGEST_DELIVERED;
	n = rig_lm.offers;
	report(true, "0123456789abcdef0123456789abcdef", "error: nothing in");
	report(true, "../x", "error: not an ID");
	CHECK(rig_lm.offers == n);
	report(true, "", "delivered ");
	CHECK(rig_lm.offers == n + 1 && s3_fake_objects(rig_fake) == 0);
	report(true, "", "nothing has failed");
	report(false, "", "nothing waits, nothing has failed");
	report(false, "", "{\"mails\":[]}");
}

static unsigned int	 ends;

static void
on_end(const char *text, void *arg)
{
	on_report(text, arg);
	ends++;
}

static bool
all_ended(const void *arg)
{
	return ends == *(const unsigned int *)arg && ingest_idle();
}

/* Each reads all that has failed: few at once, whoever asks how often. */
static void
test_reports_at_once(void)
{
	unsigned int	 i, want = 6;

	ends = 0;
	for (i = 0; i < want; i++) {
		told[0] = '\0';
		ingest_list(true, on_end, NULL);
		CHECK_ROW(ends == (i < 4 ? 0 : i - 3), "%u: %u", i, ends);
	}
	CHECK_ROW(strcmp(told, "{\"error\":\"too many lists and retries at "
	    "once: try again\"}") == 0, "%s", told);
	CHECK(rig_until(all_ended, &want));
	report(false, "", "{\"mails\":[]}");
}

/* A reason that somebody has written there: no mail moves by it. */
static void
test_forged_reason(void)
{
	static const char	 name[] =
	    "in/failed/0123456789abcdef0123456789abcdef/reason.json";
	unsigned		 n = rig_lm.offers;

	rig_drop("in/failed/0123456789abcdef0123456789abcdef/mail", "x");
	rig_drop(name, "{}");
	report(true, "", "error: 1 of 1");
	rig_drop(name, "{\"key\": \"in/x\", \"etag\": \"e\", \"at\": \"\", "
	    "\"why\": \"\", \"answers\": []}");
	report(true, "", "the reason is another mail's");
	rig_drop(name, "{\"key\": \"\", \"etag\": \"e\", \"at\": \"\", "
	    "\"why\": \"\", \"answers\": []}");
	report(true, "", "the reason is another mail's");
	CHECK(rig_lm.offers == n);
	rig_remove("in/failed/");
}

static void
test_done(void)
{
	const char	*name;

	rig_place()->then = INGEST_KEEP;
	rig_drop("in/a/kept", "mail");
	CHECK(rig_until(rig_gone, "in/a/kept"));
	name = rig_only("in/done/");
	CHECK_ROW(strlen(name) == 8 + 33 + 4 && strcmp(name + 41, "kept") ==
	    0, "%s", name);
	CHECK(s3_fake_objects(rig_fake) == 1);
	rig_poll();
	CHECK(rig_lm.ends > 0);
	rig_place()->then = INGEST_DELETE;
}

/* What is no mail stays, and is not offered. */
static void
test_others(void)
{
	unsigned	 n = rig_lm.offers + 1;

	rig_drop("in/AMAZON_SES_SETUP_NOTIFICATION", "x");
	rig_drop("in/mail", "mail");
	CHECK(rig_until(rig_offered, &n) && rig_until(rig_gone, "in/mail"));
	CHECK(rig_lm.offers == n && rig_has("in/AMAZON_SES_SETUP_NOTIFICATION"));
}

static bool
odd_is(const void *name)
{
	return strcmp(rig_place()->odd_told, name) == 0;
}

/* A name that nobody can use stays, and is told; so is one that is too long
 * for us, and others are not held up by either. */
static void
test_odd(void)
{
	static char		 text[2 * KEY_MAX];
	struct fake_step	 step = { "GET", FAKE_BODY, 200, text, 0, NULL,
				    NULL };
	char			 name[KEY_MAX + 1] = "in/", first[200];

	rig_drop("in/a\002b", "x");
	rig_drop("in/mail", "mail");
	CHECK(rig_until(rig_gone, "in/mail") && rig_until(odd_is, "a\002b"));
	CHECK(rig_has("in/a\002b"));
	rig_remove("in/a");
	CHECK(rig_until(odd_is, ""));
	memset(name + 3, 'k', KEY_MAX - 3);
	snprintf(text, sizeof(text), "<ListBucketResult><Contents><Key>%s"
	    "</Key></Contents></ListBucketResult>", name);
	strlcpy(first, name + 3, sizeof(first));
	while (!ingest_idle() || !rig_place()->waits)
		event_base_loop(rig_base, EVLOOP_ONCE);
	s3_fake_script(rig_fake, &step, 1);
	CHECK(rig_until(odd_is, first) && rig_place()->why[0] == '\0');
	rig_drop("in/mail", "mail");
	CHECK(rig_until(rig_gone, "in/mail"));
}

static void
test_empty(void)
{
	unsigned	 n = s3_fake_objects(rig_fake), offers = rig_lm.offers;

	rig_drop("in/empty", "");
	CHECK(rig_until(rig_gone, "in/empty"));
	CHECK(s3_fake_objects(rig_fake) == n + 2 && rig_lm.offers == offers);
}

/* lmtpd ends while it has a mail: that is offered again. */
static void
test_lmtpd_ends(void)
{
	unsigned	 n = rig_lm.offers + 1;

	rig_lm.outcome = -1;
	rig_drop("in/again", "mail");
	CHECK(rig_until(rig_offered, &n));
	peer_close(rig_lm.peer);
	n = (unsigned)ingest_counts()->later;
	while (rig_lm.other != NULL)
		event_base_loop(rig_base, EVLOOP_ONCE);
	CHECK(ingest_counts()->later == n + 1 && rig_has("in/again"));
	rig_connect();
	rig_lm.outcome = INGEST_DELIVERED;
	CHECK(rig_until(rig_gone, "in/again"));
}

/* A forged result deletes nothing. */
static void
test_forged(void)
{
	uint64_t	 n = ingest_counts()->later + 1;

	/* Delivered, though nothing of it was read. */
	rig_lm.early = true;
	rig_lm.outcome = INGEST_DELIVERED;
	rig_drop("in/forged", "mail");
	CHECK(rig_until(rig_tried, &n));
	CHECK(rig_has("in/forged") && rig_lm.other == NULL);
	rig_lm.early = false;
	rig_connect();
	CHECK(rig_until(rig_gone, "in/forged"));
}

static bool
is_noted(const void *etag)
{
	return ingest_seen_find(rig_place()->seen, "claimed", etag) != NULL &&
	    ingest_idle();
}

static bool
is_put_off(const void *note)
{
	return ((const struct ingest_note *)note)->next_ms != 0 &&
	    ingest_idle();
}

static bool
has_first(const void *arg)
{
	(void)arg;
	return rig_lm.got.len >= 5;
}

/* Another node's claim is left alone until it is old by the server's clock. */
static void
test_claimed(void)
{
	struct ingest_id	 id;
	struct ingest_note	*n;
	struct suite_result	 r = { 0 };
	char			 name[KEY_MAX], path[KEY_MAX + 8];
	unsigned		 offers = rig_lm.offers, puts;
	char			 etag[BLOB_ETAG_MAX];

	rig_lm.outcome = INGEST_DELIVERED;
	/* The listing must not show it before its claim: it is written with
	 * the ETag that it gets once more. */
	rig_drop("elsewhere", "mail");
	blob_head(rig_store, "elsewhere", BLOB_USER, suite_cb, &r);
	suite_wait(rig_base, &r);
	snprintf(etag, sizeof(etag), "\"%032lx\"", strtoul(r.etag + 1, NULL,
	    16) + 2);
	suite_result_free(&r);
	ingest_id(&id, "bucket", "in/", "claimed", etag);
	ingest_claim_name(&id, name);
	snprintf(path, sizeof(path), "in/%s", name);
	rig_drop(path, "theirs");
	rig_drop("in/claimed", "mail");
	puts = s3_fake_count(rig_fake, "PUT");
	CHECK(rig_until(is_noted, etag));
	if ((n = ingest_seen_find(rig_place()->seen, "claimed", etag)) == NULL)
		return;
	CHECK(n->foreign && n->next_ms > clock_ms());
	CHECK(s3_fake_count(rig_fake, "PUT") == puts + 1);
	/* Due, but its holder has renewed it. */
	n->next_ms = 0;
	CHECK(rig_until(is_put_off, n));
	CHECK(rig_lm.offers == offers && strcmp(s3_fake_body(rig_fake, path),
	    "theirs") == 0);
	/* Old: it is taken, and the mail delivered. */
	s3_fake_age(rig_fake, path, 1000);
	n->next_ms = 0;
	CHECK(rig_until(rig_gone, "in/claimed"));
	CHECK(rig_lm.offers == offers + 1 && !rig_has(path));
}

/* Steps of the settling that fail: the object stays, and is settled when it
 * was delivered again. */
static void
test_faults(void)
{
	static const struct {
		const char *what;
		struct fake_step step;
		int outcome;
	} rows[] = {
		{ "claim", { "PUT", FAKE_STATUS, 403, "AccessDenied", 0, NULL,
		    NULL }, INGEST_DELIVERED },
		{ "claim, unsure", { "PUT", FAKE_CLOSE, 0, NULL, 0, NULL,
		    NULL }, INGEST_DELIVERED },
		{ "check", { "HEAD", FAKE_STATUS, 403, NULL, 0, NULL, NULL },
		    INGEST_DELIVERED },
		{ "delete", { "POST", FAKE_STATUS, 403, "AccessDenied", 0,
		    NULL, NULL }, INGEST_DELIVERED },
	};
	uint64_t	 n;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		rig_lm.outcome = rows[i].outcome;
		n = ingest_counts()->later + 1;
		rig_drop("in/fault", rows[i].what);
		s3_fake_script(rig_fake, &rows[i].step, 1);
		CHECK_ROW(rig_until(rig_tried, &n), "%s", rows[i].what);
		CHECK_ROW(rig_has("in/fault"), "%s", rows[i].what);
		CHECK_ROW(rig_until(rig_gone, "in/fault"), "%s", rows[i].what);
	}
}

/* Written anew while lmtpd had it: the new mail is not deleted. */
static void
test_rewritten(void)
{
	unsigned	 n = rig_lm.offers + 1;

	rig_lm.outcome = -1;
	rig_drop("in/twice", "first");
	CHECK(rig_until(rig_offered, &n));
	CHECK(rig_until(has_first, NULL));
	rig_drop("in/twice", "second");
	rig_lm.outcome = INGEST_DELIVERED;
	rig_answer(rig_lm.id);
	CHECK(rig_until(rig_gone, "in/twice"));
	CHECK(rig_lm.got.len == 6 && memcmp(rig_lm.got.data, "second", 6) == 0);
}

int
main(void)
{
	log_init("ingest_test");
	log_set_level(LOG_LEVEL_ERROR);
	rig_start();
	test_delivered();
	test_large();
	test_later();
	test_refused();
	test_reports_at_once();
	test_forged_reason();
	test_done();
	test_others();
	test_odd();
	test_empty();
	test_lmtpd_ends();
	test_forged();
	test_claimed();
	test_faults();
	test_rewritten();
	test_tag();
	return TEST_END();
}
