/* The policies that pailctl store check --policy prints (policy.h). */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/test.h"
#include "pailctl/policy.h"

static void
test_rows(void)
{
	static const struct {
		struct policy_store	 s;
		const char		*iam[3];	/* has these */
		const char		*not;		/* and not this */
		const char		*bucket[3];
		const char		*not_bucket;
	} rows[] = {
		{ { "mail", "eu-west-1", "", "", true },
		    { "\"Resource\": \"arn:aws:s3:::mail\"\n",
		    "\"Resource\": \"arn:aws:s3:::mail/*\"\n",
		    "\"s3:AbortMultipartUpload\"\n" }, "Condition",
		    { "        \"arn:aws:s3:::mail\",\n"
		    "        \"arn:aws:s3:::mail/*\"\n",
		    "{ \"s3:authType\": \"REST-HEADER\" }",
		    "{ \"aws:SecureTransport\": \"false\" }" }, "aws-cn" },
		{ { "mail", "cn-north-1", "a/b", "", false },
		    { "\"arn:aws-cn:s3:::mail\",\n",
		    "\"arn:aws-cn:s3:::mail/a/b/*\"\n",
		    "\"s3:prefix\": \"a/b/*\"\n" }, "kms",
		    { "\"Resource\": \"arn:aws-cn:s3:::mail/a/b/*\",\n",
		    "{ \"s3:signatureAge\": \"900000\" }",
		    "\"Effect\": \"Deny\"" }, "SecureTransport" },
		{ { "mail", "us-gov-west-1", "a/", "arn:aws-us-gov:kms:k",
		    true }, { "\"arn:aws-us-gov:s3:::mail/a/*\"\n",
		    "\"kms:GenerateDataKey\",\n        \"kms:Decrypt\"\n",
		    "\"Resource\": \"arn:aws-us-gov:kms:k\"\n" }, "a//",
		    { "arn:aws-us-gov:s3:::mail/a/*", "", "" }, "mail\"" },
		{ { "mail", "fr-par", "x\"y", "alias/mail", true },
		    { "mail/x\\u0022y/*", "", "" }, "kms",
		    { "x\\u0022y", "", "" }, "x\"y" },
	};
	struct buf iam, bucket;
	size_t i, k;

	for (i = 0; i < nitems(rows); i++) {
		buf_init(&iam, 65536);
		buf_init(&bucket, 65536);
		policy_iam(&rows[i].s, NULL, 0, &iam);
		policy_bucket(&rows[i].s, &bucket);
		buf_put_u8(&iam, 0);
		buf_put_u8(&bucket, 0);
		CHECK(!iam.failed && !bucket.failed);
		for (k = 0; k < 3; k++) {
			CHECK_ROW(strstr((char *)iam.data, rows[i].iam[k]) !=
			    NULL, "%zu: %s: %s", i, rows[i].iam[k], iam.data);
			CHECK_ROW(strstr((char *)bucket.data,
			    rows[i].bucket[k]) != NULL, "%zu: %s: %s", i,
			    rows[i].bucket[k], bucket.data);
		}
		CHECK_ROW(strstr((char *)iam.data, rows[i].not) == NULL,
		    "%zu: %s", i, iam.data);
		CHECK_ROW(strstr((char *)bucket.data, rows[i].not_bucket) ==
		    NULL, "%zu: %s", i, bucket.data);
		buf_free(&iam);
		buf_free(&bucket);
	}
}

/* Those of ingestion: their bucket, prefix and queue, and no more. */
static void
test_places(void)
{
	static const struct policy_store store = { "mail", "eu-west-1", "", "",
	    true };
	static const struct policy_place places[] = {
		{ 0, "drop", "eu-west-1", "in", "https://sqs.us-east-1."
		    "amazonaws.com/123456789012/mail", true },
		{ 3, "other", "cn-north-1", "", "", false },
	};
	static const char *const has[] = {
		"\"Sid\": \"PailBucket\"", "\"Sid\": \"PailIngest0Bucket\"",
		"\"arn:aws:s3:::drop/in/*\"", "\"s3:prefix\": \"in/*\"",
		"\"s3:PutObjectTagging\"\n", "\"Sid\": \"PailIngest0Queue\"",
		"\"arn:aws:sqs:us-east-1:123456789012:mail\"\n",
		"\"sqs:ReceiveMessage\"", "\"sqs:DeleteMessage\"",
		"\"sqs:ChangeMessageVisibility\"",
		"\"Sid\": \"PailIngest3Objects\"",
		"\"arn:aws-cn:s3:::other/*\"",
	};
	struct buf	 b;
	size_t		 i;

	buf_init(&b, 65536);
	policy_iam(&store, places, 2, &b);
	buf_put_u8(&b, 0);
	for (i = 0; i < nitems(has); i++)
		CHECK_ROW(strstr((char *)b.data, has[i]) != NULL, "%s: %s",
		    has[i], b.data);
	CHECK(strstr((char *)b.data, "Ingest3Queue") == NULL);
	CHECK(strstr((char *)b.data, "}\n    {") == NULL);
	buf_reset(&b);
	policy_iam(NULL, &places[1], 1, &b);
	buf_put_u8(&b, 0);
	CHECK(strstr((char *)b.data, "mail") == NULL);
	CHECK(strstr((char *)b.data, "Tagging") == NULL);
	CHECK(strstr((char *)b.data, "[\n    {\n      \"Sid\": "
	    "\"PailIngest3Bucket\"") != NULL);
	buf_free(&b);
}

int
main(void)
{
	test_rows();
	test_places();
	return TEST_END();
}
