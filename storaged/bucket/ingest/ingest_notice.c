/*
 * See ingest_notice.h.  Amazon S3 User Guide, "Event message structure" and
 * "Using EventBridge"; Amazon SES Developer Guide, "Contents of notifications
 * for Amazon SES email receiving"; Amazon SNS Developer Guide, "Parsing message
 * formats".
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/json.h"
#include "storaged/bucket/ingest/ingest_notice.h"
#include "storaged/format/key.h"

#define BUCKET_MAX	63

struct read {
	struct ingest_notice	*n;
	char			*why;
};

static int	 wrong(struct read *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

static int
wrong(struct read *r, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(r->why, INGEST_NOTICE_WHY, fmt, ap);
	va_end(ap);
	return -1;
}

void
ingest_notice_free(struct ingest_notice *n)
{
	size_t	 i;

	if (n == NULL)
		return;
	for (i = 0; i < n->n; i++) {
		free(n->v[i].bucket);
		free(n->v[i].key);
	}
	free(n->v);
	free(n->recipients);
	free(n);
}

/* As forms encode it, in place; -1: that it is not, or a NUL. */
static int
form_decode(char *s)
{
	char	*to = s;
	int	 hi, lo;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*to++ = *s == '+' ? ' ' : *s;
			continue;
		}
		if ((hi = hex_digit(s[1])) == -1 ||
		    (lo = hex_digit(s[2])) == -1 || (hi == 0 && lo == 0))
			return -1;
		*to++ = (char)(hi << 4 | lo);
		s += 2;
	}
	*to = '\0';
	return 0;
}

static int
add_object(struct read *r, struct str bucket, struct str key, bool encoded)
{
	struct ingest_notice_object	*v, *o;
	char				 b[BUCKET_MAX + 1], k[3 * KEY_MAX];

	if (json_text(bucket, b, sizeof(b)) <= 0)
		return wrong(r, "the bucket's name is missing or too long");
	if (json_text(key, k, sizeof(k)) <= 0 ||
	    (encoded && form_decode(k) == -1) || strlen(k) >= KEY_MAX)
		return wrong(r, "the object's key is missing, not encoded or "
		    "too long");
	if (r->n->n == INGEST_NOTICE_OBJECTS)
		return wrong(r, "it names more than %d objects",
		    INGEST_NOTICE_OBJECTS);
	if ((v = reallocarray(r->n->v, r->n->n + 1, sizeof(*v))) == NULL)
		return wrong(r, "out of memory");
	r->n->v = v;
	o = &v[r->n->n];
	o->bucket = strdup(b);
	o->key = strdup(k);
	r->n->n++;
	return o->bucket != NULL && o->key != NULL ? 0 :
	    wrong(r, "out of memory");
}

/* The member of a member. */
static bool
inner(struct str object, const char *a, const char *b, struct str *value)
{
	return json_member(object, a, value) && json_member(*value, b, value);
}

/* Is the text of this member one that begins so? */
static bool
begins(struct str object, const char *name, const char *with)
{
	struct str	 v;
	char		 text[256];

	return json_member(object, name, &v) && json_text(v, text,
	    sizeof(text)) >= 0 && strncmp(text, with, strlen(with)) == 0;
}

/* -- S3 -- */

static int
read_record(struct read *r, struct str record)
{
	struct str	 s3, bucket, key;

	/* Servers that speak S3 have names of their own: "minio:s3". */
	if (!json_member(record, "s3", &s3))
		return wrong(r, "a record is not S3's");
	if (!begins(record, "eventName", "ObjectCreated:") &&
	    !begins(record, "eventName", "s3:ObjectCreated:"))
		return 0;
	if (!inner(s3, "bucket", "name", &bucket) ||
	    !inner(s3, "object", "key", &key))
		return wrong(r, "a record names no object");
	return add_object(r, bucket, key, true);
}

static int
read_s3(struct read *r, struct str records)
{
	struct str	 one;
	size_t		 n = 0;

	for (; json_element(&records, &one); n++)
		if (read_record(r, one) == -1)
			return -1;
	return n > 0 ? 0 : wrong(r, "it has no records");
}

static int
read_eventbridge(struct read *r, struct str text)
{
	struct str	 detail, bucket, key;

	if (!begins(text, "source", "aws.s3"))
		return wrong(r, "an event that is not S3's");
	if (!begins(text, "detail-type", "Object Created"))
		return 0;
	if (!json_member(text, "detail", &detail) ||
	    !inner(detail, "bucket", "name", &bucket) ||
	    !inner(detail, "object", "key", &key))
		return wrong(r, "an event that names no object");
	return add_object(r, bucket, key, false);
}

/* -- SES -- */

/* Addresses that cannot be in such a list are no users of ours. */
static int
read_recipients(struct read *r, struct str list)
{
	struct str	 one;
	struct buf	 b;
	char		 address[INGEST_ADDRESS_MAX + 1];

	buf_init(&b, INGEST_ENVELOPE_MAX + 1);
	while (json_element(&list, &one))
		if (json_text(one, address, sizeof(address)) > 0 &&
		    strchr(address, ',') == NULL)
			buf_printf(&b, "%s%s", b.len > 0 ? "," : "", address);
	buf_put_u8(&b, '\0');
	if (b.failed) {
		buf_free(&b);
		return wrong(r, "it has more than %d bytes of recipients",
		    INGEST_ENVELOPE_MAX);
	}
	r->n->recipients = (char *)b.data;
	return 0;
}

static int
read_ses(struct read *r, struct str text)
{
	struct str	 receipt, action, mail, list, bucket, key, from;

	if (!begins(text, "notificationType", "Received"))
		return wrong(r, "a notification of SES that is not about a "
		    "mail that has come");
	if (!json_member(text, "receipt", &receipt) ||
	    !json_member(text, "mail", &mail) ||
	    !json_member(receipt, "action", &action) ||
	    !begins(action, "type", "S3"))
		return wrong(r, "SES has not put this mail in a bucket");
	if (!json_member(action, "bucketName", &bucket) ||
	    !json_member(action, "objectKey", &key))
		return wrong(r, "a notification that names no object");
	/* Those that the rule is for, else all of them. */
	if (!json_member(receipt, "recipients", &list) || list.p[0] != '[')
		if (!json_member(mail, "destination", &list))
			return wrong(r, "a notification without recipients");
	if (!json_member(mail, "source", &from) || json_text(from,
	    r->n->sender, sizeof(r->n->sender)) == -1)
		r->n->sender[0] = '\0';
	return read_recipients(r, list) == -1 ? -1 : add_object(r, bucket, key,
	    false);
}

/* -- what it is -- */

static int	 read_text(struct read *, struct str, bool);

/* SNS's envelope; there is none in another. */
static int
read_sns(struct read *r, struct str text)
{
	static const char	 hello[] = "Successfully validated SNS topic";
	struct str		 message;
	char			*copy;
	size_t			 len;
	int			 rv;

	if (!begins(text, "Type", "Notification"))
		return wrong(r, "a message of SNS that is no notification: is "
		    "its subscription confirmed?");
	if (!json_member(text, "Message", &message) ||
	    (copy = json_dup(message, &len)) == NULL)
		return wrong(r, "a notification of SNS without a message");
	if (len >= sizeof(hello) - 1 && memcmp(copy, hello, sizeof(hello) -
	    1) == 0)
		rv = 0;
	else
		rv = read_text(r, (struct str){ copy, len }, true);
	free(copy);
	return rv;
}

static int
read_text(struct read *r, struct str text, bool in_sns)
{
	struct str	 v;

	if (text.len > INGEST_NOTICE_MAX)
		return wrong(r, "it has more than %d bytes",
		    INGEST_NOTICE_MAX);
	if (!json_strict(text))
		return wrong(r, "it is not a JSON object");
	if (json_member(text, "Records", &v))
		return read_s3(r, v);
	if (begins(text, "Event", "s3:TestEvent"))
		return 0;
	if (json_member(text, "notificationType", &v))
		return read_ses(r, text);
	if (json_member(text, "detail-type", &v))
		return read_eventbridge(r, text);
	if (!in_sns && json_member(text, "Type", &v))
		return read_sns(r, text);
	return wrong(r, "it is neither S3's nor SES's");
}

struct ingest_notice *
ingest_notice_read(struct str text, char *why)
{
	struct read	 r = { calloc(1, sizeof(*r.n)), why };

	why[0] = '\0';
	if (r.n == NULL) {
		wrong(&r, "out of memory");
		return NULL;
	}
	if (read_text(&r, text, false) == -1) {
		ingest_notice_free(r.n);
		return NULL;
	}
	return r.n;
}
