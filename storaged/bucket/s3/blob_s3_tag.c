/* Tags of an object (PutObjectTagging). */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "storaged/bucket/s3/blob_s3_int.h"

static void
tag_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .retry_after = a->retry_after,
	    .status = a->status, .why = a->why, .cause = a->cause };

	q->call = NULL;
	s3_blob_over(q, &r);
}

struct blob_request *
blob_s3_tag(void *b, const char *key, const char *name, const char *value,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, key, prio, cb, arg);
	struct piece piece;
	char md5[32];

	if (s3_blob_bad(q))
		return &q->r;
	buf_puts(&q->xml, "<Tagging xmlns="
	    "\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	buf_printf(&q->xml, "<TagSet><Tag><Key>%s</Key><Value>%s</Value></Tag>"
	    "</TagSet></Tagging>", name, value);
	if (q->xml.failed || s3_blob_md5(q, md5) == -1)
		return s3_blob_end(q, BLOB_ERROR,
		    "no memory, or this OpenSSL has no MD5");
	piece = (struct piece){ q->xml.data, q->xml.len };
	q->call = s3_call_new(s3, "PUT", q->key, "tagging=", S3_CHANGE, prio);
	s3_call_header(q->call, "Content-MD5", md5);
	s3_call_body(q->call, &piece, 1);
	s3_call_max_body(q->call, S3_ERROR_MAX);
	s3_call_start(q->call, tag_done, q);
	return &q->r;
}
