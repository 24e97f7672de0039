/* The headers of SSE-C, and keys that are none. */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "storaged/bucket/s3/s3_customer.h"

/* MD5: printf 0123456789abcdef0123456789abcdef | openssl md5 -binary |
 * base64 */
#define KEY	"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define MD5	"hRasmdxgYDKV3nvbahU1MA=="

static void
test_headers(void)
{
	struct sigv4_header	 h[S3_CUSTOMER_HEADERS];
	struct s3_customer	*c, *copy;
	char			 why[200];

	c = s3_customer_new(KEY, why, sizeof(why));
	CHECK(c != NULL);
	s3_customer_headers(c, h);
	CHECK(strcmp(h[0].name,
	    "x-amz-server-side-encryption-customer-algorithm") == 0 &&
	    strcmp(h[0].value, "AES256") == 0);
	CHECK(strcmp(h[1].name,
	    "x-amz-server-side-encryption-customer-key") == 0 &&
	    strcmp(h[1].value, KEY) == 0);
	CHECK(strcmp(h[2].name,
	    "x-amz-server-side-encryption-customer-key-MD5") == 0);
	CHECK_ROW(strcmp(h[2].value, MD5) == 0, "%s", h[2].value);
	copy = s3_customer_copy(c);
	s3_customer_free(c);
	s3_customer_headers(copy, h);
	CHECK(strcmp(h[1].value, KEY) == 0 && strcmp(h[2].value, MD5) == 0);
	s3_customer_free(copy);
	s3_customer_free(NULL);
}

static void
test_bad_keys(void)
{
	static const char *const bad[] = { "", "x", "MDEyMzQ1Njc4OWFiY2Rl",
	    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYx",
	    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
	    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZW\n=" };
	char			 why[200];
	size_t			 i;

	for (i = 0; i < nitems(bad); i++) {
		why[0] = '\0';
		CHECK_ROW(s3_customer_new(bad[i], why, sizeof(why)) == NULL,
		    "%s", bad[i]);
		CHECK_ROW(strcmp(why, "store.customer-key is not the base64 "
		    "of 32 bytes") == 0, "%s", why);
	}
}

static void
test_which_requests(void)
{
	CHECK(s3_customer_for("GET", "pail") && s3_customer_for("PUT", "x") &&
	    s3_customer_for("HEAD", "x") && s3_customer_for("POST", "x"));
	/* A bucket, and what has no body on either side. */
	CHECK(!s3_customer_for("GET", "") && !s3_customer_for("POST", "") &&
	    !s3_customer_for("DELETE", "x"));
}

int
main(void)
{
	test_headers();
	test_bad_keys();
	test_which_requests();
	return TEST_END();
}
