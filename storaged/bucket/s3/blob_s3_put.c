/*
 * PUT of the S3 backend.  It must never send a conditional PUT twice, and
 * never say DONE before verify-after-write has seen the object, where that is
 * asked for.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "storaged/bucket/s3/blob_s3_int.h"
#include "storaged/bucket/s3/s3_multipart.h"

static void
verify_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = BLOB_UNSURE, .etag = q->etag,
	    .size = q->put_len, .date = q->put_date };
	char why[800];

	q->call = NULL;
	if (a->outcome != BLOB_DONE)
		snprintf(why, sizeof(why), "verify: HEAD after the PUT: %s %s",
		    blob_outcome_name(a->outcome), a->why);
	else if (!blob_etag_same(a->etag, q->etag))
		snprintf(why, sizeof(why), "verify: the PUT returned ETag %s, "
		    "the HEAD %s", q->etag, a->etag);
	else if (a->size != q->put_len)
		snprintf(why, sizeof(why), "verify: %llu bytes were written, "
		    "HEAD reports %llu", (unsigned long long)q->put_len,
		    (unsigned long long)a->size);
	else {
		r.outcome = BLOB_DONE;
		why[0] = '\0';
	}
	r.why = why;
	s3_blob_over(q, &r);
}

static void
read_done(const char *why, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = why == NULL ? BLOB_DONE :
	    BLOB_UNSURE, .etag = q->etag, .size = q->put_len,
	    .date = q->put_date, .why = why != NULL ? why : "" };

	q->verify = NULL;
	s3_blob_over(q, &r);
}

static void
put_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .size = q->put_len, .date = a->date,
	    .retry_after = a->retry_after, .status = a->status,
	    .why = a->why, .cause = a->cause };

	q->call = NULL;
	q->multipart = NULL;
	if (a->outcome == BLOB_DONE && a->etag[0] == '\0') {
		r.outcome = BLOB_UNSURE;
		r.why = "200 without an ETag, or one over 127 bytes";
	}
	if (r.outcome != BLOB_DONE || !q->s3->verify ||
	    q->s3->unverified) {
		s3_blob_over(q, &r);
		return;
	}
	strlcpy(q->etag, a->etag, sizeof(q->etag));
	q->put_date = a->date;
	if (q->s3->verify_read && q->put_len > 0) {
		q->verify = s3_verify_start(q->s3, q->key, q->etag, q->pieces,
		    q->npieces, q->fd, q->fdlen, q->prio, read_done, q);
		return;
	}
	q->call = s3_call_new(q->s3, "HEAD", q->key, "", S3_HEAD, q->prio);
	/* A HEAD of its own, with at least a second. */
	s3_call_deadline(q->call, q->deadline > clock_ms() + 1000 ?
	    q->deadline : clock_ms() + 1000);
	s3_call_start(q->call, verify_done, q);
}

/* Pieces and file stay until the callback; the array does not. */
static void
put_keep(struct s3_blob *q, const struct piece *pieces, size_t npieces, int fd,
    uint64_t fdlen)
{
	size_t i;

	q->fd = fd;
	q->fdlen = fdlen;
	q->npieces = npieces;
	q->pieces = mem_new(npieces + 1, sizeof(*q->pieces));
	q->put_len = fdlen;
	for (i = 0; i < npieces; i++) {
		q->pieces[i] = pieces[i];
		q->put_len += pieces[i].len;
	}
}

struct blob_request *
blob_s3_put(void *b, const char *key, const struct piece *pieces,
    size_t npieces, int fd, uint64_t fdlen, enum blob_condition cond,
    const char *etag, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, key, prio, cb, arg);

	if (s3_blob_bad(q))
		return &q->r;
	put_keep(q, pieces, npieces, fd, fdlen);
	if (fd != -1 && fdlen > S3_MULTIPART_MIN) {
		q->multipart = s3_multipart_start(s3, q->key, fd, fdlen, prio,
		    put_done, q);
		return &q->r;
	}
	if (cond == BLOB_IF_MATCH &&
	    (etag[0] == '\0' || strlen(etag) >= BLOB_ETAG_MAX))
		return s3_blob_end(q, BLOB_ERROR,
		    "the ETag is empty or too long");
	q->call = s3_call_new(s3, "PUT", q->key, "", S3_CHANGE, prio);
	s3_call_creates(q->call);
	s3_call_deadline(q->call, q->deadline);
	if (fd != -1)
		s3_call_body_fd(q->call, fd, 0, fdlen);
	else
		s3_call_body(q->call, pieces, npieces);
	if (cond != BLOB_ALWAYS) {
		s3_call_header(q->call, cond == BLOB_IF_MATCH ? "If-Match" :
		    "If-None-Match", cond == BLOB_IF_MATCH ? etag : "*");
		s3_call_once(q->call);
	}
	s3_call_start(q->call, put_done, q);
	return &q->r;
}
