/*
 * Copy on the server (CopyObject).  S3 answers 200 before it has copied, and
 * says in the body whether it has: an answer without that is no success.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "storaged/bucket/s3/blob_s3_int.h"

static void
copy_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .retry_after = a->retry_after,
	    .status = a->status, .why = a->why, .cause = a->cause };
	struct s3_error e;
	char why[400];

	q->call = NULL;
	if (a->status == 412)	/* of the source, which a try leaves alone */
		r.outcome = BLOB_CONFLICT;
	if (a->outcome == BLOB_DONE && s3_error_parse(a->body, a->len, &e) ==
	    0) {
		snprintf(why, sizeof(why), "CopyObject: 200 with code=%s %s",
		    e.code, e.message);
		r.outcome = BLOB_UNSURE;
		r.why = why;
	} else if (a->outcome == BLOB_DONE && (a->len == 0 ||
	    memmem(a->body, a->len, "CopyObjectResult", 16) == NULL)) {
		r.outcome = BLOB_UNSURE;
		r.why = "CopyObject: 200 without a result";
	}
	s3_blob_over(q, &r);
}

struct blob_request *
blob_s3_copy(void *b, const char *key, const char *etag, const char *to,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, to, prio, cb, arg);
	char from[KEY_MAX], source[3 * KEY_MAX + 80], *p = source;
	int n;

	if (s3_blob_bad(q))
		return &q->r;
	if (key_join(s3->store->prefix, key, from, sizeof(from)) == -1 ||
	    !s3_name_valid(from) || etag[0] == '\0')
		return s3_blob_end(q, BLOB_ERROR, "not a valid source");
	n = snprintf(source, sizeof(source), "/%s/", s3->bucket);
	sigv4_encode(from, 1, p + n, sizeof(source) - (size_t)n);
	q->call = s3_call_new(s3, "PUT", q->key, "", S3_CHANGE, prio);
	s3_call_creates(q->call);
	s3_call_header(q->call, "x-amz-copy-source", source);
	s3_call_header(q->call, "x-amz-copy-source-if-match", etag);
	s3_call_max_body(q->call, S3_ERROR_MAX);
	s3_call_start(q->call, copy_done, q);
	return &q->r;
}
