/*
 * GET and HEAD of the S3 backend.  What comes is checked against what was
 * asked for: some servers ignore Range.
 */
#include "common/compat.h"

#include <stdio.h>

#include "storaged/bucket/s3/blob_s3_int.h"

static void
get_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .date = a->date, .retry_after = a->retry_after,
	    .status = a->status, .why = a->why, .cause = a->cause,
	    .http = a->http };

	q->call = NULL;
	if (a->outcome == BLOB_LONG && q->want != 0)
		r.outcome = BLOB_ERROR;		/* the server ignores Range */
	if (a->outcome == BLOB_DONE) {
		r.body = a->body;
		r.own = a->own;
		r.len = a->len;
		r.size = a->size;
		if (a->status == 200 && q->want != 0 &&
		    (q->offset != 0 || a->len > q->want)) {
			r.outcome = BLOB_ERROR;
			r.why = "the server ignores Range";
		} else if (a->status == 206 && (a->offset != q->offset ||
		    a->len > q->want || (a->len < q->want &&
		    a->offset + a->len != a->size))) {
			r.outcome = BLOB_ERROR;
			r.why = "the server returned another range";
		} else if (q->want == 0 && a->etag[0] == '\0') {
			r.outcome = BLOB_ERROR;
			r.why = "200 without an ETag, or one over 127 bytes";
		}
		if (r.outcome != BLOB_DONE)
			r.len = 0;
	}
	s3_blob_over(q, &r);
}

struct blob_request *
blob_s3_get(void *b, const char *key, uint64_t offset, uint64_t len,
    size_t max_len, const char *none_match, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, key, prio, cb, arg);
	char range[64];

	if (s3_blob_bad(q))
		return &q->r;
	if (len != 0 && (offset > INT64_MAX || len > INT64_MAX - offset))
		return s3_blob_end(q, BLOB_ERROR, "the range is out of bounds");
	q->want = len;
	q->offset = len != 0 ? offset : 0;
	q->call = s3_call_new(s3, "GET", q->key, "", S3_READ, prio);
	s3_call_max_body(q->call, len != 0 ? (size_t)len : max_len);
	if (len != 0) {
		snprintf(range, sizeof(range), "bytes=%llu-%llu",
		    (unsigned long long)offset,
		    (unsigned long long)(offset + len - 1));
		s3_call_header(q->call, "Range", range);
	}
	if (none_match != NULL)
		s3_call_header(q->call, "If-None-Match", none_match);
	s3_call_start(q->call, get_done, q);
	return &q->r;
}

static void
head_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .size = a->size, .date = a->date, .status = a->status,
	    .why = a->why, .cause = a->cause, .http = a->http };

	q->call = NULL;
	s3_blob_over(q, &r);
}

struct blob_request *
blob_s3_head(void *b, const char *key, enum blob_priority prio, blob_cb cb,
    void *arg)
{
	struct s3_blob *q = s3_blob_new(b, key, prio, cb, arg);

	if (s3_blob_bad(q))
		return &q->r;
	q->call = s3_call_new(q->s3, "HEAD", q->key, "", S3_HEAD, prio);
	s3_call_start(q->call, head_done, q);
	return &q->r;
}

bool
blob_metadata(const struct blob_result *r, const char *name, char *dst,
    size_t size)
{
	char header[80];

	if (r->http == NULL || (size_t)snprintf(header, sizeof(header),
	    "x-amz-meta-%s", name) >= sizeof(header))
		return false;
	return http_header(r->http, header, dst, size);
}
