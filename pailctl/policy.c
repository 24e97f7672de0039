/*
 * See policy.h.  Names and condition keys: "Actions, resources, and condition
 * keys for Amazon S3"; what a bucket's name and a prefix may hold needs no
 * escaping in JSON (paild's conf_check.c), but '"' and '\' are escaped all the
 * same.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/sqs_url.h"
#include "pailctl/policy.h"

#define AGE_MS	900000	/* what S3 tolerates of a signature anyway */
#define STORE	1000U	/* no place's number */

static const char *
partition(const char *region)
{
	if (strncmp(region, "cn-", 3) == 0)
		return "aws-cn";
	if (strncmp(region, "us-gov-", 7) == 0)
		return "aws-us-gov";
	return "aws";
}

static void
put_text(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\')
			buf_printf(b, "\\u%04x", (unsigned char)*s);
		else
			buf_put_u8(b, (uint8_t)*s);
	}
}

static void
put_arn(struct buf *b, const struct policy_store *s)
{
	buf_printf(b, "arn:%s:s3:::", partition(s->region));
	put_text(b, s->bucket);
}

/* The prefix as object names have it: with a slash at its end. */
static void
put_prefix(struct buf *b, const struct policy_store *s)
{
	size_t n = strlen(s->prefix);

	put_text(b, s->prefix);
	if (n > 0 && s->prefix[n - 1] != '/')
		buf_puts(b, "/");
}

static void
put_objects(struct buf *b, const struct policy_store *s)
{
	buf_puts(b, "\"");
	put_arn(b, s);
	buf_puts(b, "/");
	put_prefix(b, s);
	buf_puts(b, "*\"");
}

static void
put_kms(struct buf *b, const struct policy_store *s)
{
	if (strncmp(s->kms_key, "arn:", 4) != 0)
		return;
	buf_puts(b, ",\n    {\n      \"Sid\": \"PailKey\",\n"
	    "      \"Effect\": \"Allow\",\n      \"Action\": [\n"
	    "        \"kms:GenerateDataKey\",\n        \"kms:Decrypt\"\n"
	    "      ],\n      \"Resource\": \"");
	put_text(b, s->kms_key);
	buf_puts(b, "\"\n    }");
}

/* "Sid": "Pail" and the words; what follows is the effect, and the actions. */
static void
statement(struct buf *b, const char *sid, unsigned number, const char *actions)
{
	char	 n[16] = "";

	if (number != STORE)
		snprintf(n, sizeof(n), "Ingest%u", number);
	buf_printf(b, "%s    {\n      \"Sid\": \"Pail%s%s\",\n"
	    "      \"Effect\": \"Allow\",\n      \"Action\": %s,\n"
	    "      \"Resource\": ", b->data[b->len - 1] == '}' ? ",\n" : "", n,
	    sid, actions);
}

static void
put_bucket(struct buf *b, const struct policy_store *s, unsigned number,
    const char *actions)
{
	statement(b, "Bucket", number, "\"s3:ListBucket\"");
	buf_puts(b, "\"");
	put_arn(b, s);
	buf_puts(b, "\"");
	if (s->prefix[0] != '\0') {
		/* True also if the request has no prefix: GetObject of a
		 * missing key is answered with 404 only to who may list. */
		buf_puts(b, ",\n      \"Condition\": {\n"
		    "        \"ForAllValues:StringLike\": {\n"
		    "          \"s3:prefix\": \"");
		put_prefix(b, s);
		buf_puts(b, "*\"\n        }\n      }");
	}
	buf_puts(b, "\n    }");
	statement(b, "Objects", number, actions);
	put_objects(b, s);
	buf_puts(b, "\n    }");
}

/* arn:aws:sqs:REGION:ACCOUNT:NAME of https://HOST/ACCOUNT/NAME */
static void
put_queue(struct buf *b, const struct policy_place *p)
{
	char		 region[SQS_REGION_MAX + 1];
	const char	*path = strstr(p->queue, "://");

	if (path == NULL || (path = strchr(path + 3, '/')) == NULL)
		return;
	sqs_url_region(p->queue, p->region, region);
	statement(b, "Queue", p->number, "[\n        \"sqs:ReceiveMessage\",\n"
	    "        \"sqs:DeleteMessage\",\n"
	    "        \"sqs:ChangeMessageVisibility\"\n      ]");
	buf_printf(b, "\"arn:%s:sqs:%s", partition(region), region);
	for (; *path != '\0'; path += strcspn(path + 1, "/") + 1)
		buf_printf(b, ":%.*s", (int)strcspn(path + 1, "/"), path + 1);
	buf_puts(b, "\"\n    }");
}

static void
put_place(struct buf *b, const struct policy_place *p)
{
	const struct policy_store	 s = { p->bucket, p->region, p->prefix,
					    "", false };

	put_bucket(b, &s, p->number, p->tag ?
	    "[\n        \"s3:GetObject\",\n        \"s3:PutObject\",\n"
	    "        \"s3:DeleteObject\",\n        \"s3:PutObjectTagging\"\n"
	    "      ]" :
	    "[\n        \"s3:GetObject\",\n        \"s3:PutObject\",\n"
	    "        \"s3:DeleteObject\"\n      ]");
	if (*p->queue != '\0')
		put_queue(b, p);
}

void
policy_iam(const struct policy_store *s, const struct policy_place *places,
    size_t n, struct buf *b)
{
	size_t	 i;

	buf_puts(b, "{\n  \"Version\": \"2012-10-17\",\n"
	    "  \"Statement\": [\n");
	if (s != NULL) {
		put_bucket(b, s, STORE, "[\n"
		    "        \"s3:GetObject\",\n        \"s3:PutObject\",\n"
		    "        \"s3:DeleteObject\",\n"
		    "        \"s3:AbortMultipartUpload\"\n      ]");
		put_kms(b, s);
	}
	for (i = 0; i < n; i++)
		put_place(b, &places[i]);
	buf_puts(b, "\n  ]\n}\n");
}

static void
deny(struct buf *b, const struct policy_store *s, const char *sid,
    const char *condition)
{
	buf_printf(b, "    {\n      \"Sid\": \"%s\",\n"
	    "      \"Effect\": \"Deny\",\n      \"Principal\": \"*\",\n"
	    "      \"Action\": \"s3:*\",\n      \"Resource\": ", sid);
	if (s->prefix[0] == '\0') {	/* the bucket is Pail's alone */
		buf_puts(b, "[\n        \"");
		put_arn(b, s);
		buf_puts(b, "\",\n        ");
		put_objects(b, s);
		buf_puts(b, "\n      ]");
	} else
		put_objects(b, s);
	buf_printf(b, ",\n      \"Condition\": {\n        %s\n      }\n    }",
	    condition);
}

void
policy_bucket(const struct policy_store *s, struct buf *b)
{
	char age[80];

	snprintf(age, sizeof(age), "\"NumericGreaterThan\": "
	    "{ \"s3:signatureAge\": \"%d\" }", AGE_MS);
	buf_puts(b, "{\n  \"Version\": \"2012-10-17\",\n"
	    "  \"Statement\": [\n");
	deny(b, s, "PailNoPresignedURLs", "\"StringNotEquals\": "
	    "{ \"s3:authType\": \"REST-HEADER\" }");
	buf_puts(b, ",\n");
	deny(b, s, "PailSignatureAge", age);
	if (s->tls) {
		buf_puts(b, ",\n");
		deny(b, s, "PailTLS", "\"Bool\": "
		    "{ \"aws:SecureTransport\": \"false\" }");
	}
	buf_puts(b, "\n  ]\n}\n");
}
