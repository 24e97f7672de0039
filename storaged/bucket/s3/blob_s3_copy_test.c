/* CopyObject and metadata: what S3 says of them, and what is made of it. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"

static struct event_base *base;
static struct s3_fake *fake;

static struct blob_store *
open_s3(void)
{
	const struct s3_store_conf c = { "5", "2", "false", NULL, true };
	struct blob_store *s = s3_store_open(base, fake, &c);

	suite_day_key(s, "AKID", "secret", "eu-west-1");
	return s;
}

static enum blob_outcome
copied(struct blob_store *s, const char *from, const char *etag,
    const char *to, struct suite_result *r)
{
	suite_result_free(r);
	blob_copy(s, from, etag, to, BLOB_USER, suite_cb, r);
	suite_wait(base, r);
	return r->outcome;
}

/* Only while the ETag is the same, and only what was said to be done. */
static void
test_copy(void)
{
	static const struct {
		struct fake_step step;
		enum blob_outcome want;
		const char *why;
	} rows[] = {
		{ { "PUT", FAKE_BODY, 200, "<Error><Code>InternalError</Code>"
		    "<Message>later</Message></Error>", 0, NULL, NULL },
		    BLOB_UNSURE, "code=InternalError later" },
		{ { "PUT", FAKE_BODY, 200, " ", 0, NULL, NULL }, BLOB_UNSURE,
		    "without a result" },
		{ { "PUT", FAKE_STATUS, 403, "AccessDenied", 0, NULL, NULL },
		    BLOB_DENIED, "AccessDenied" },
	};
	struct blob_store *s = open_s3();
	struct piece piece = { "hello", 5 };
	struct suite_result r = { 0 };
	char etag[BLOB_ETAG_MAX];
	size_t i;

	blob_put(s, "in/a b%", &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(base, &r);
	strlcpy(etag, r.etag, sizeof(etag));
	CHECK(copied(s, "in/a b%", etag, "done/a", &r) == BLOB_DONE);
	suite_result_free(&r);
	blob_get(s, "done/a", 0, 0, 100, NULL, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE && r.len == 5);
	CHECK(copied(s, "in/a b%", "\"x\"", "done/b", &r) == BLOB_CONFLICT);
	CHECK(copied(s, "in/gone", etag, "done/b", &r) == BLOB_ABSENT);
	CHECK(copied(s, "in/../x", etag, "done/b", &r) == BLOB_ERROR);
	CHECK(copied(s, "in/a b%", "", "done/b", &r) == BLOB_ERROR);
	for (i = 0; i < nitems(rows); i++) {
		s3_fake_script(fake, &rows[i].step, 1);
		CHECK_ROW(copied(s, "in/a b%", etag, "done/b", &r) ==
		    rows[i].want && strstr(r.why, rows[i].why) != NULL,
		    "row %zu: %s %s", i, blob_outcome_name(r.outcome), r.why);
	}
	blob_close(s);
	suite_result_free(&r);
}

struct meta { char value[2][16]; bool there[2]; bool called; };

static void
meta_cb(const struct blob_result *r, void *arg)
{
	struct meta *m = arg;

	m->there[0] = blob_metadata(r, "recipients", m->value[0], 16);
	m->there[1] = blob_metadata(r, "sender", m->value[1], 16);
	m->called = true;
}

static void
test_metadata(void)
{
	static const struct {
		const char *head;
		bool there[2];
	} rows[] = {
		{ "X-Amz-Meta-Recipients: ann, bob\r\n", { true, false } },
		{ "x-amz-meta-recipients: ann@example.org, bob@example.org\r\n"
		    "x-amz-meta-sender: a@x\r\n", { false, true } },
		{ "x-amz-meta-recipient: ann\r\n", { false, false } },
	};
	struct blob_store *s = open_s3();
	struct fake_step step = { "GET", FAKE_CUT_HEAD, 0, NULL, 0, NULL,
	    NULL };
	struct meta m;
	char head[300];
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nETag: \"x\""
		    "\r\n%sContent-Length: 0\r\n\r\n", rows[i].head);
		step.text = head;
		s3_fake_script(fake, &step, 1);
		memset(&m, 0, sizeof(m));
		blob_get(s, "in/a", 0, 0, 100, NULL, BLOB_USER, meta_cb, &m);
		while (!m.called)
			event_base_loop(base, EVLOOP_ONCE);
		CHECK_ROW(m.there[0] == rows[i].there[0] && m.there[1] ==
		    rows[i].there[1], "row %zu", i);
		CHECK_ROW(!m.there[0] || strcmp(m.value[0], "ann, bob") == 0,
		    "row %zu", i);
	}
	blob_close(s);
}

int
main(void)
{
	log_init("blob_s3_copy_test");
	log_set_level(LOG_LEVEL_ERROR);
	if ((base = event_base_new()) == NULL ||
	    (fake = s3_fake_new(base)) == NULL)
		fatal("test");
	test_copy();
	test_metadata();
	s3_fake_free(fake);
	event_base_free(base);
	return TEST_END();
}
