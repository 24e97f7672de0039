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
		policy_iam(&rows[i].s, &iam);
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

int
main(void)
{
	test_rows();
	return TEST_END();
}
