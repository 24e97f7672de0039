/*
 * DELETE of the S3 backend: one object, or up to 1,000 with one call.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "storaged/bucket/s3/blob_s3_int.h"

static void del_next(struct s3_blob *);

static void
del_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .status = a->status, .why = a->why,
	    .cause = a->cause };
	struct s3_error e;
	char key[200], why[800];

	q->call = NULL;
	if (a->outcome == BLOB_ABSENT)
		r.outcome = BLOB_DONE;
	if (a->outcome == BLOB_DONE && q->xml.len != 0) {
		switch (s3_error_deleted(a->body, a->len, &e, key,
		    sizeof(key))) {
		case 0:
			break;
		case 1:
			r.outcome = strcmp(e.code, "AccessDenied") == 0 ?
			    BLOB_DENIED : BLOB_UNAVAILABLE;
			snprintf(why, sizeof(why), "%s: code=%s %s", key,
			    e.code, e.message);
			r.why = why;
			break;
		default:
			r.outcome = BLOB_UNSURE;
			r.why = "DeleteObjects: 200 without a result";
		}
	}
	if (r.outcome == BLOB_DONE && (q->at += q->batch) < q->nnames)
		del_next(q);
	else
		s3_blob_over(q, &r);
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		default:
			buf_put_u8(b, (uint8_t)*s);
		}
	}
}

/* The body of DeleteObjects. */
static int
del_body(struct s3_blob *q)
{
	size_t i;

	q->xml.len = 0;
	buf_puts(&q->xml, "<Delete xmlns="
	    "\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
	for (i = q->at; i < q->at + q->batch; i++) {
		buf_puts(&q->xml, "<Object><Key>");
		put_escaped(&q->xml, q->names[i]);
		buf_puts(&q->xml, "</Key></Object>");
	}
	return buf_puts(&q->xml, "</Delete>");
}

/* The next keys, as many as one request may have. */
static void
del_next(struct s3_blob *q)
{
	struct piece piece;
	char md5[32];

	q->batch = q->nnames - q->at < q->s3->deletes ? q->nnames - q->at :
	    q->s3->deletes;
	if (q->batch == 1) {
		q->xml.len = 0;
		q->call = s3_call_new(q->s3, "DELETE", q->names[q->at], "",
		    S3_CHANGE, q->prio);
		s3_call_start(q->call, del_done, q);
		return;
	}
	if (del_body(q) == -1 || s3_blob_md5(q, md5) == -1) {
		s3_blob_end(q, BLOB_ERROR,
		    "no memory, or this OpenSSL has no MD5");
		return;
	}
	piece = (struct piece){ q->xml.data, q->xml.len };
	q->call = s3_call_new(q->s3, "POST", "", "delete=", S3_CHANGE,
	    q->prio);
	s3_call_header(q->call, "Content-MD5", md5);
	s3_call_body(q->call, &piece, 1);
	s3_call_max_body(q->call, LIST_BYTES);
	s3_call_start(q->call, del_done, q);
}

struct blob_request *
blob_s3_delete(void *b, const char *const *keys, size_t n,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, "", prio, cb, arg);
	char name[KEY_MAX];
	size_t i;

	if (n == 0)
		return s3_blob_end(q, BLOB_DONE, "");
	if (n > BLOB_DELETE_MAX)
		return s3_blob_end(q, BLOB_ERROR, "more than 1,000 keys");
	q->names = mem_new(n, sizeof(*q->names));
	for (i = 0; i < n; i++) {
		if (key_join(s3->store->prefix, keys[i], name,
		    sizeof(name)) == -1 || !s3_name_valid(name))
			return s3_blob_end(q, BLOB_ERROR,
			    "not a valid object name");
		q->names[q->nnames++] = mem_dup(name);
	}
	del_next(q);
	return &q->r;
}
