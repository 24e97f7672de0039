/*
 * AWS's published Signature Version 4 test suite (credentials AKIDEXAMPLE,
 * service "service"; without the cases that normalise paths, which S3 does
 * not), and the examples of "Signature Calculations for the Authorization
 * Header: Transferring Payload in a Single Chunk" of S3's documentation.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/hex.h"
#include "common/sigv4.h"
#include "common/sum.h"
#include "common/test.h"

#define UNRESERVED	"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz"
#define FORM_SHA256	\
	"9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define STS_TOKEN	"AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22" \
	"wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt" \
	"hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KP" \
	"kyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38" \
	"xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4" \
	"rvx3iSIlTJabIQwj2ICCR/oLxBA=="

struct row {
	const char *name, *method, *path, *query;
	struct sigv4_header extra[5];
	const char *payload, *signed_headers, *signature;
};

static const struct row suite[] = {
	{ "get-vanilla", "GET", "/", "", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-empty-query-key", "GET", "/", "Param1=value1",
	    { { 0 } }, SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query-order-key-case", "GET", "/",
	    "Param2=value2&Param1=value1", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-order-key", "GET", "/",
	    "Param1=value2&Param1=Value1", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1" },
	{ "get-vanilla-query-order-value", "GET", "/",
	    "Param1=value2&Param1=value1", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" },
	{ "get-vanilla-query-order-encoded", "GET", "/",
	    "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac" },
	{ "get-vanilla-query-unreserved", "GET", "/",
	    UNRESERVED "=" UNRESERVED, { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
	{ "get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
	{ "get-vanilla-with-session-token", "GET", "/", "",
	    { { "X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763"
	    "fbf315fa00fa31553b73ebf194267" } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date;x-amz-security-token",
	    "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8" },
	{ "get-unreserved", "GET", "/" UNRESERVED, "", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-utf8", "GET", "/\341\210\264", "", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "get-header-key-duplicate", "GET", "/", "",
	    { { "My-Header1", "value2" }, { "My-Header1", "value2" },
	    { "My-Header1", "value1" } }, SIGV4_EMPTY_SHA256,
	    "host;my-header1;x-amz-date",
	    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
	{ "get-header-value-order", "GET", "/", "",
	    { { "My-Header1", "value4" }, { "My-Header1", "value1" },
	    { "My-Header1", "value3" }, { "My-Header1", "value2" } },
	    SIGV4_EMPTY_SHA256, "host;my-header1;x-amz-date",
	    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
	{ "get-header-value-multiline", "GET", "/", "",
	    { { "My-Header1", "value1   value2      value3" } },
	    SIGV4_EMPTY_SHA256, "host;my-header1;x-amz-date",
	    "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd" },
	{ "get-header-value-trim", "GET", "/", "",
	    { { "My-Header1", " value1" },
	    { "My-Header2", " \"a   b   c\"" } }, SIGV4_EMPTY_SHA256,
	    "host;my-header1;my-header2;x-amz-date",
	    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
	{ "post-vanilla", "POST", "/", "", { { 0 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date",
	    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-vanilla-query", "POST", "/", "Param1=value1", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-header-key-sort", "POST", "/", "",
	    { { "My-Header1", "value1" } }, SIGV4_EMPTY_SHA256,
	    "host;my-header1;x-amz-date",
	    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-value-case", "POST", "/", "",
	    { { "My-Header1", "VALUE1" } }, SIGV4_EMPTY_SHA256,
	    "host;my-header1;x-amz-date",
	    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
	{ "post-x-www-form-urlencoded", "POST", "/", "",
	    { { "Content-Type", "application/x-www-form-urlencoded" } },
	    FORM_SHA256, "content-type;host;x-amz-date",
	    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
	{ "post-x-www-form-urlencoded-parameters", "POST", "/", "",
	    { { "Content-Type",
	    "application/x-www-form-urlencoded; charset=utf8" } },
	    FORM_SHA256, "content-type;host;x-amz-date",
	    "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe" },
	{ "post-sts-header-before", "POST", "/", "",
	    { { "X-Amz-Security-Token", STS_TOKEN } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-date;x-amz-security-token",
	    "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
	{ "get-space", "GET", "/example space/", "", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
	{ "get-special-character", "GET", "/example/$delete", "", { { 0 } },
	    SIGV4_EMPTY_SHA256, "host;x-amz-date",
	    "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27" },
};

#define WELCOME_SHA256	\
	"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define PAYLOAD		"x-amz-content-sha256"

static const struct row s3_docs[] = {
	{ "GET Object", "GET", "/test.txt", "", { { "Range", "bytes=0-9" },
	    { PAYLOAD, SIGV4_EMPTY_SHA256 } }, SIGV4_EMPTY_SHA256,
	    "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
	{ "PUT Object", "PUT", "/test$file.text", "",
	    { { "Date", "Fri, 24 May 2013 00:00:00 GMT" },
	    { "x-amz-storage-class", "REDUCED_REDUNDANCY" },
	    { PAYLOAD, WELCOME_SHA256 } }, WELCOME_SHA256,
	    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
	{ "GET Bucket Lifecycle", "GET", "/", "lifecycle",
	    { { PAYLOAD, SIGV4_EMPTY_SHA256 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
	{ "GET Bucket (List Objects)", "GET", "/", "prefix=J&max-keys=2",
	    { { PAYLOAD, SIGV4_EMPTY_SHA256 } }, SIGV4_EMPTY_SHA256,
	    "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

/* As credd derives it. */
static void
derive(const char *secret, struct sigv4_key *k)
{
	const char *const steps[] = { k->date, k->region, k->service,
	    "aws4_request" };
	uint8_t key[128], md[32];
	unsigned len = sizeof(md);
	size_t i, keylen;

	keylen = (size_t)snprintf((char *)key, sizeof(key), "AWS4%s", secret);
	for (i = 0; i < nitems(steps); i++) {
		HMAC(EVP_sha256(), key, (int)keylen,
		    (const uint8_t *)steps[i], strlen(steps[i]), md, &len);
		memcpy(key, md, sizeof(md));
		keylen = sizeof(md);
	}
	memcpy(k->key, md, sizeof(md));
}

static void
run(const struct row *rows, size_t n, const char *host, const char *date,
    const struct sigv4_key *key)
{
	struct sigv4_header headers[8];
	struct sigv4_request r;
	char path[256], got[SIGV4_AUTH_MAX], want[SIGV4_AUTH_MAX];
	size_t i, k;

	for (i = 0; i < n; i++) {
		memset(&r, 0, sizeof(r));
		r.method = rows[i].method;
		CHECK(sigv4_encode(rows[i].path, 1, path, sizeof(path)) > 0);
		r.path = path;
		r.query = rows[i].query;
		headers[0] = (struct sigv4_header){ "X-Amz-Date", date };
		headers[1] = (struct sigv4_header){ "Host", host };
		r.nheaders = 2;
		for (k = 0; rows[i].extra[k].name != NULL; k++)
			headers[r.nheaders++] = rows[i].extra[k];
		r.headers = headers;
		r.payload = rows[i].payload;
		r.date = date;
		snprintf(want, sizeof(want), "AWS4-HMAC-SHA256 Credential=%s/"
		    "%s/us-east-1/%s/aws4_request, SignedHeaders=%s, "
		    "Signature=%s", key->access_key, key->date, key->service,
		    rows[i].signed_headers, rows[i].signature);
		CHECK_ROW(sigv4_sign(key, &r, got, sizeof(got)) == 0, "%s",
		    rows[i].name);
		CHECK_ROW(strcmp(got, want) == 0, "%s: %s", rows[i].name, got);
	}
}

static void
test_refusals(const struct sigv4_key *key)
{
	struct sigv4_header h[2] = { { "host", "h" },
	    { "x-amz-date", "20130524T000000Z" } };
	struct sigv4_request r = { "GET", "/", "", h, 2, SIGV4_EMPTY_SHA256,
	    "20130524T000000Z" };
	char got[SIGV4_AUTH_MAX], hash[65];

	CHECK(sigv4_sign(key, &r, got, sizeof(got)) == 0);
	CHECK(sigv4_sign(key, &r, got, 100) == -1);
	r.date = "20130525T000000Z";		/* another day */
	CHECK(sigv4_sign(key, &r, got, sizeof(got)) == -1);
	r.date = "20130524";
	CHECK(sigv4_sign(key, &r, got, sizeof(got)) == -1);
	r.date = "20130524T000000Z";
	h[0].value = "h\r\nx-evil: 1";
	CHECK(sigv4_sign(key, &r, got, sizeof(got)) == -1);
	CHECK(sigv4_canonical_hash(&r, hash) == -1);
	h[0].value = "h";
	CHECK(sigv4_canonical_hash(&r, hash) == 0 && strlen(hash) == 64);
}

static void
test_encode(void)
{
	char dst[64], date[SIGV4_DATE_LEN + 1];

	CHECK(sigv4_encode("a/b c+%&=~\377", 1, dst, sizeof(dst)) == 23);
	CHECK(strcmp(dst, "a/b%20c%2B%25%26%3D~%FF") == 0);
	CHECK(sigv4_encode("a/b", 0, dst, sizeof(dst)) == 5 &&
	    strcmp(dst, "a%2Fb") == 0);
	CHECK(sigv4_encode("abc", 0, dst, 3) == -1);
	CHECK(sigv4_encode("abc", 0, dst, 4) == 3);
	CHECK(sigv4_encode("  ", 0, dst, 6) == -1);
	sigv4_date(1440938160, date);
	CHECK(strcmp(date, "20150830T123600Z") == 0);
}

/* Parameters are sorted by name, a name before one that begins with it, then
 * by value, "1" before "1/": in whatever order they come, the request is the
 * same. */
static void
test_order(void)
{
	static const char *const queries[] = {
		"a=1&a=1%2F&a=2&aa=0&ab=&b", "b&ab=&aa=0&a=2&a=1%2F&a=1",
		"aa=0&a=2&b=&a=1&ab&a=1%2F", "ab&b&a=1%2F&a=1&aa=0&a=2",
		"a=1%2F&aa=0&a=1&a=2&b&ab=",
	};
	static const char	 canonical[] = "GET\n/\n"
	    "a=1&a=1%2F&a=2&aa=0&ab=&b=\n"
	    "host:h\nx-amz-date:20150830T123600Z\n\n"
	    "host;x-amz-date\n" SIGV4_EMPTY_SHA256;
	struct sigv4_header	 h[] = { { "host", "h" },
				    { "x-amz-date", "20150830T123600Z" } };
	struct sigv4_request	 r = { .method = "GET", .path = "/",
				    .headers = h, .nheaders = 2,
				    .payload = SIGV4_EMPTY_SHA256,
				    .date = "20150830T123600Z" };
	char			 want[65], hash[65];
	uint8_t			 md[32];
	size_t			 i;

	sum_of(canonical, sizeof(canonical) - 1, md);
	hex_print(md, sizeof(md), want);
	for (i = 0; i < nitems(queries); i++) {
		r.query = queries[i];
		CHECK(sigv4_canonical_hash(&r, hash) == 0);
		CHECK_ROW(strcmp(want, hash) == 0, "%s", queries[i]);
	}
}

int
main(void)
{
	struct sigv4_key k = { .access_key = "AKIDEXAMPLE", .region = "us-east-1",
	    .service = "service", .date = "20150830" };

	derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &k);
	run(suite, nitems(suite), "example.amazonaws.com", "20150830T123600Z",
	    &k);
	strlcpy(k.access_key, "AKIAIOSFODNN7EXAMPLE", sizeof(k.access_key));
	strlcpy(k.service, "s3", sizeof(k.service));
	strlcpy(k.date, "20130524", sizeof(k.date));
	derive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &k);
	run(s3_docs, nitems(s3_docs), "examplebucket.s3.amazonaws.com",
	    "20130524T000000Z", &k);
	test_refusals(&k);
	test_encode();
	test_order();
	return TEST_END();
}
