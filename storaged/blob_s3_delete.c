/*
 * DELETE of the S3 backend: one object, or up to 1,000 with one call.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "storaged/blob_s3_int.h"

static void
del_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .why = a->why };
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

/* The body of DeleteObjects; -1: a name that cannot be. */
static int
del_body(struct s3_blob *q, const char *const *keys, size_t n)
{
	char name[BLOB_KEY_MAX];
	size_t i;

	buf_puts(&q->xml, "<Delete xmlns="
	    "\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
	for (i = 0; i < n; i++) {
		if (key_join(q->s3->store->prefix, keys[i], name,
		    sizeof(name)) == -1 || !s3_name_valid(name))
			return -1;
		buf_puts(&q->xml, "<Object><Key>");
		put_escaped(&q->xml, name);
		buf_puts(&q->xml, "</Key></Object>");
	}
	return buf_puts(&q->xml, "</Delete>");
}

struct blob_request *
blob_s3_delete(void *b, const char *const *keys, size_t n,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, n == 1 ? keys[0] : "", prio, cb,
	    arg);
	uint8_t md[EVP_MAX_MD_SIZE];
	char md5[32];
	struct blob_piece piece;
	unsigned mdlen;

	if (n == 0)
		return s3_blob_end(q, BLOB_DONE, "");
	if (n == 1) {
		if (s3_blob_bad(q))
			return &q->r;
		q->call = s3_call_new(s3, "DELETE", q->key, "", S3_CHANGE,
		    prio);
		s3_call_start(q->call, del_done, q);
		return &q->r;
	}
	if (n > BLOB_DELETE_MAX || del_body(q, keys, n) == -1)
		return s3_blob_end(q, BLOB_ERROR,
		    "over 1,000 keys, or not a valid object name");
	if (EVP_Digest(q->xml.data, q->xml.len, md, &mdlen, EVP_md5(), NULL)
	    != 1)
		return s3_blob_end(q, BLOB_ERROR, "no MD5 in this OpenSSL");
	EVP_EncodeBlock((uint8_t *)md5, md, (int)mdlen);
	piece = (struct blob_piece){ q->xml.data, q->xml.len };
	q->call = s3_call_new(s3, "POST", "", "delete=", S3_CHANGE, prio);
	s3_call_header(q->call, "Content-MD5", md5);
	s3_call_body(q->call, &piece, 1);
	s3_call_max_body(q->call, LIST_BYTES);
	s3_call_start(q->call, del_done, q);
	return &q->r;
}
