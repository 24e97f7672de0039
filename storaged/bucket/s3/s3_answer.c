/*
 * What came back of one try of a call (s3_call.h): what S3's answer means,
 * whether it is to be tried again, what is told of it.  Hostile bytes.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/keyid.h"
#include "common/log.h"
#include "storaged/bucket/s3/s3_request_int.h"

#define RESIGN_MAX	4	/* times for one request; as often for its
				   time */

static uint64_t
retry_after(const struct s3 *s3, const struct http_result *r)
{
	char v[64];
	const char *errstr;
	long long s;
	int64_t when;

	if (!http_header(r, "Retry-After", v, sizeof(v)))
		return 0;
	s = strtonum(v, 0, 86400, &errstr);
	if (errstr == NULL)
		return (uint64_t)s * 1000;
	when = http_date(v);
	s = when != 0 ? when - (long long)s3_clock_now(&s3->clock,
	    (int64_t)time(NULL)) : 0;
	return s > 0 ? (uint64_t)s * 1000 : 0;
}

static void
answer_size(const struct http_result *r, struct s3_answer *a)
{
	char v[96];
	const char *errstr, *slash;
	long long n;

	a->size = r->len;
	if (r->status == 206 &&
	    http_header(r, "Content-Range", v, sizeof(v)) &&
	    strncmp(v, "bytes ", 6) == 0 && (slash = strchr(v, '/')) != NULL) {
		n = strtonum(slash + 1, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			a->size = (uint64_t)n;
		v[6 + strcspn(v + 6, "-")] = '\0';
		n = strtonum(v + 6, 0, INT64_MAX, &errstr);
		a->offset = errstr == NULL ? (uint64_t)n : UINT64_MAX;
	} else if (http_header(r, "Content-Length", v, sizeof(v))) {
		n = strtonum(v, 0, INT64_MAX, &errstr);
		if (errstr == NULL)
			a->size = (uint64_t)n;
	}
}

/* credd hears of a rejected key, once, unless it has sent another since. */
static void
answer_refused(struct s3_call *c)
{
	struct s3 *s3 = c->s3;

	if (s3->refused || s3->store->refused == NULL ||
	    strcmp(c->signer, s3_keys_newest(&s3->keys)) != 0)
		return;
	s3->refused = true;
	s3->store->refused(c->signer, c->why, s3->store->refused_arg);
}

/*
 * Is it for the key that a request was denied?  A set of another account, or
 * of another role, has a good signature and no rights.
 */
static bool
answer_denied(struct s3_call *c, int status, const char *code)
{
	struct s3_keys *keys = &c->s3->keys;

	if (status != 403) {
		if (status >= 200 && status < 500 && status != 400 &&
		    status != 401)
			s3_keys_worked(keys, c->signer);
		return false;
	}
	return c->temporary && s3_keys_doubtful(keys, c->signer) &&
	    (*code == '\0' || strcmp(code, "AccessDenied") == 0 ||
	    strcmp(code, "AllAccessDisabled") == 0);
}

/*
 * The answer of a HEAD has no code.  AWS's is 400 if the session is over;
 * MinIO's 403 may be for that, if there is another key by now.
 */
static bool
answer_headless(const struct s3_call *c, int status, const char *code)
{
	return c->verb == S3_HEAD && c->temporary && *code == '\0' &&
	    (status == 400 || (status == 403 &&
	    strcmp(c->signer, s3_keys_newest(&c->s3->keys)) != 0));
}

/*
 * A temporary key that was rejected has ended, as a rule, and credd gets
 * another: the request waits for it and is signed anew.  So is one that is
 * sent only once: a server checks who asks before it does anything.
 */
static bool
answer_resign(struct s3_call *c)
{
	char id[300];

	if (!c->temporary || c->rejected == RESIGN_MAX ||
	    clock_ms() >= c->deadline)
		return false;
	c->rejected++;
	c->sent = c->sent_before;
	log_debug("s3: method=%s key=%s access-key=\"%s\" result=refused %s",
	    c->method, c->name, keyid_print(id, sizeof(id), c->signer),
	    c->why);
	s3_metric_retry();
	if (strcmp(c->signer, s3_keys_newest(&c->s3->keys)) != 0)
		s3_call_enter(c);
	else
		s3_call_keyless(c);
	return true;
}

/*
 * What an answer tells of the clock.  A request that was refused for its time
 * is signed anew as of another, if one is known now: nothing of it was done.
 */
static bool
answer_redate(struct s3_call *c, int status, const char *code, int64_t date)
{
	struct s3_clock *clock = &c->s3->clock;
	int64_t wall = (int64_t)time(NULL), moved;
	bool refused = s3_clock_refused(status, code, date, c->signed_at);

	s3_clock_heard(clock, date, wall, refused);
	c->s3->store->counts.clock_offset = clock->offset;
	moved = s3_clock_now(clock, wall) - c->signed_at;
	if (!refused || c->skewed == RESIGN_MAX || clock_ms() >= c->deadline ||
	    (moved >= -S3_CLOCK_AGREE && moved <= S3_CLOCK_AGREE))
		return false;
	c->skewed++;
	c->sent = c->sent_before;
	log_debug("s3: method=%s key=%s result=refused %s", c->method,
	    c->name, c->why);
	s3_metric_retry();
	s3_call_enter(c);
	return true;
}

static void
answer_why(struct s3_call *c, const struct http_result *r,
    const struct s3_error *e)
{
	char id[80], id2[120], quoted[300] = "", code[2 * sizeof(e->code)];
	char qid[2 * sizeof(id)], qid2[2 * sizeof(id2)];

	http_header(r, "x-amz-request-id", id, sizeof(id));
	http_header(r, "x-amz-id-2", id2, sizeof(id2));
	if (id[0] == '\0')
		strlcpy(id, e->request, sizeof(id));
	if (e->message[0] != '\0')
		log_quote(quoted, sizeof(quoted), e->message,
		    strlen(e->message));
	/* All of it becomes a part of why="...". */
	log_quote(code, sizeof(code), e->code, strlen(e->code));
	log_quote(qid, sizeof(qid), id, strlen(id));
	log_quote(qid2, sizeof(qid2), id2, strlen(id2));
	s3_call_why(c, "status=%d%s%s%s%s%s%s%s%s%s", r->status,
	    code[0] != '\0' ? " code=" : "", code,
	    quoted[0] != '\0' ? " message='" : "", quoted,
	    quoted[0] != '\0' ? "'" : "",
	    qid[0] != '\0' ? " x-amz-request-id=" : "", qid,
	    qid2[0] != '\0' ? " x-amz-id-2=" : "", qid2);
}

/* What an operator is to mend, if the answer names it. */
static void
answer_cause(struct s3_call *c, const struct http_result *r,
    const struct s3_error *e, int64_t date)
{
	struct s3 *s3 = c->s3;
	struct s3_refusal f = { .status = r->status, .error = e, .date = date,
	    .now = (int64_t)time(NULL), .bucket = s3->bucket,
	    .region = s3->region, .endpoint = s3->url.base,
	    .access_key = c->signer, .token = c->temporary,
	    .customer = s3->customer != NULL &&
	    s3_customer_for(c->method, c->name) };
	char region[65];

	http_header(r, "x-amz-bucket-region", region, sizeof(region));
	f.region_told = region;
	s3_cause(&f, c->cause, sizeof(c->cause));
}

static void
call_answered(struct s3_call *c, const struct http_result *r)
{
	struct s3_answer a = { .status = r->status, .http = r };
	struct s3_error e = { .code = "" };
	struct s3_meaning m;
	char v[64];

	if (r->status >= 300)
		s3_error_parse(r->body, r->len, &e);
	if (http_header(r, "Date", v, sizeof(v)))
		a.date = http_date(v);
	m = s3_error_meaning(r->status, e.code, c->verb);
	if (m.outcome != BLOB_DONE && m.outcome != BLOB_UNCHANGED) {
		answer_why(c, r, &e);
		if (m.outcome != BLOB_ABSENT)
			answer_cause(c, r, &e, a.date);
	}
	if (answer_redate(c, r->status, e.code, a.date))
		return;
	if (answer_denied(c, r->status, e.code)) {
		answer_refused(c);
		s3_keys_back(&c->s3->keys, (int64_t)time(NULL));
		m.refused = true;
	} else if (m.refused || answer_headless(c, r->status, e.code)) {
		answer_refused(c);
		m.refused = true;
	}
	if (m.refused) {
		if (answer_resign(c))
			return;
		/* There may be better ones when it is asked next. */
		if (c->temporary)
			m.outcome = BLOB_UNAVAILABLE;
	}
	if (m.again && s3_call_again(c, retry_after(c->s3, r)))
		return;
	a.outcome = m.outcome;
	/* An earlier try of a change may have landed after all. */
	if (a.outcome == BLOB_CONFLICT && c->verb == S3_CHANGE && !c->once)
		a.outcome = BLOB_UNSURE;
	if (m.again)
		a.retry_after = retry_after(c->s3, r);
	a.error = &e;
	a.body = r->body;
	a.own = r->own;
	a.len = r->len;
	if (http_header(r, "ETag", a.etag, sizeof(a.etag)) == false)
		a.etag[0] = '\0';
	answer_size(r, &a);
	c->s3->store->counts.bytes_in += r->len;
	s3_call_over(c, &a);
}

static void
call_done(struct s3_call *c, const struct http_result *r)
{
	struct s3_asked asked = s3_call_asked(c);

	c->http = NULL;
	s3_metric_done(&asked, r, (c->sent_at - c->queued_at) * 1000);
	s3_call_trace(c, r);
	c->why[0] = '\0';		/* what it waited for before is past */
	c->cause[0] = '\0';
	if (r->error == HTTP_OK || r->error == HTTP_TOO_LONG)
		s3_away_heard(&c->s3->away);
	else
		s3_away_unheard(&c->s3->away, r->sent);
	s3_gate_leave(&c->s3->gate, &c->gate);
	c->sent_before = c->sent;
	if (r->sent) {
		c->sent = true;
		c->s3->store->counts.bytes_out += c->total;
	}
	if (r->cut && c->verb == S3_READ)
		c->s3->store->counts.cut++;
	switch (r->error) {
	case HTTP_OK:
		call_answered(c, r);
		break;
	case HTTP_TOO_LONG:
		s3_call_why(c, "%s", r->why);
		s3_call_failed(c, c->verb == S3_CHANGE ? BLOB_UNSURE :
		    r->status / 100 == 2 ? BLOB_LONG : BLOB_ERROR);
		break;
	case HTTP_LOCAL:
		s3_call_why(c, "%s", r->why);
		s3_call_failed(c, BLOB_UNAVAILABLE);
		break;
	default:
		/* What may pass is tried again, and told as it is. */
		if (!s3_cause_link(r->why, c->s3->url.base, c->cause,
		    sizeof(c->cause)))
			c->cause[0] = '\0';
		s3_call_why(c, "%s: %s", r->error == HTTP_CONNECT ? "connect" :
		    r->error == HTTP_TIMEOUT ? "timeout" : "no response",
		    r->why);
		s3_call_unheard(c);
	}
}

void
s3_call_done(const struct http_result *r, void *arg)
{
	struct s3_call *c = arg;
	struct log_context old;

	/* Its lines are about whoever made it. */
	log_context_swap(&c->context, &old);
	call_done(c, r);
	log_context_swap(&old, NULL);
}
