/* What S3 answers: lists, errors and their meaning; and where it is asked. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "storaged/bucket/s3/s3_error.h"
#include "storaged/bucket/s3/s3_list.h"
#include "storaged/bucket/s3/s3_url.h"

#define NS	"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define ONE	"<Contents><Key>a%2Fb+c</Key><LastModified>" \
	"2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;e&quot;</ETag>" \
	"<Size>434234</Size><Owner><ID>x</ID></Owner></Contents>"

static const char list[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult " NS "><Name>bucket</Name><Prefix></Prefix>"
    "<KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url"
    "</EncodingType><IsTruncated>true</IsTruncated>" ONE
    "<Contents><Key>z</Key><Size>0</Size></Contents></ListBucketResult>";

static void
test_list(void)
{
	struct s3_list l;
	char *copy;
	size_t i;

	CHECK(s3_list_parse(list, strlen(list), 2, &l) == 0);
	CHECK(l.n == 2 && l.more);
	CHECK(strcmp(l.v[0].key, "a/b c") == 0 && l.v[0].size == 434234 &&
	    l.v[0].modified == 1255369830);
	CHECK(strcmp(l.v[1].key, "z") == 0 && l.v[1].modified == 0);
	CHECK(strcmp(l.v[0].etag, "\"e\"") == 0 && l.v[1].etag[0] == '\0');
	s3_list_free(&l);
	CHECK(s3_list_parse(list, strlen(list), 1, &l) == -1);
	for (i = 0; i < strlen(list); i++) {
		copy = malloc(i + 1);
		memcpy(copy, list, i);
		CHECK_ROW(s3_list_parse(copy, i, 10, &l) == -1 && l.n == 0,
		    "prefix %zu", i);
		free(copy);
	}
}

static void
test_bad_lists(void)
{
	static const char *const rows[] = {
		"", "x", "<Error><Code>AccessDenied</Code></Error>",
		"<ListBucketResult><Contents></Contents></ListBucketResult>",
		"<ListBucketResult><Contents><Key>a</Key><Key>b</Key>"
		    "</Contents></ListBucketResult>",
		"<ListBucketResult><Contents><Key>a</Key><Size>-1</Size>"
		    "</Contents></ListBucketResult>",
		"<ListBucketResult><Contents><Key>a</Key><Size>1x</Size>"
		    "</Contents></ListBucketResult>",
		"<ListBucketResult><EncodingType>url</EncodingType><Contents>"
		    "<Key>%0</Key></Contents></ListBucketResult>",
		"<ListBucketResult><EncodingType>url</EncodingType><Contents>"
		    "<Key>a%00b</Key></Contents></ListBucketResult>",
		"<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult/>",
		"<a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>"
		    "</a>",
	};
	struct s3_list l;
	char *huge, *p;
	size_t i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(s3_list_parse(rows[i], strlen(rows[i]), 10, &l) ==
		    -1 && l.n == 0 && l.v == NULL, "%s", rows[i]);
	/* A key of more than a key may have. */
	huge = calloc(1, 8192);
	p = huge + sprintf(huge, "<ListBucketResult><Contents><Key>");
	memset(p, 'k', 1025);
	strcpy(p + 1025, "</Key></Contents></ListBucketResult>");
	CHECK(s3_list_parse(huge, strlen(huge), 10, &l) == -1);
	strcpy(p + 1024, "</Key></Contents></ListBucketResult>");
	CHECK(s3_list_parse(huge, strlen(huge), 10, &l) == 0 && l.n == 1 &&
	    strlen(l.v[0].key) == 1024);
	s3_list_free(&l);
	memset(p, 'k', 5000);
	strcpy(p + 5000, "</Key></Contents></ListBucketResult>");
	CHECK(s3_list_parse(huge, strlen(huge), 10, &l) == -1);
	free(huge);
}

static void
test_error(void)
{
	static const char error[] = "<?xml version=\"1.0\"?><Error><Code>"
	    "NoSuchKey</Code><Message>The key &lt;x&gt; is not there"
	    "</Message><Key>x</Key><RequestId>4442587FB7D0A2F9</RequestId>"
	    "<HostId>h</HostId></Error>";
	static const char some[] = "<DeleteResult " NS "><Deleted><Key>a"
	    "</Key></Deleted><Error><Key>b&amp;c</Key><Code>InternalError"
	    "</Code><Message>m</Message></Error><Error><Key>d</Key><Code>"
	    "AccessDenied</Code></Error></DeleteResult>";
	static const char none[] = "<DeleteResult/>";
	struct s3_error e;
	char key[8];
	size_t i;

	CHECK(s3_error_parse(error, strlen(error), &e) == 0);
	CHECK(strcmp(e.code, "NoSuchKey") == 0 && strcmp(e.message,
	    "The key <x> is not there") == 0 && strcmp(e.request,
	    "4442587FB7D0A2F9") == 0);
	for (i = 0; i < strlen(error); i++)
		CHECK_ROW(s3_error_parse(error, i, &e) == -1 &&
		    e.code[0] == '\0', "prefix %zu", i);
	CHECK(s3_error_parse(some, strlen(some), &e) == -1);
	CHECK(s3_error_deleted(some, strlen(some), &e, key, sizeof(key)) ==
	    1);
	CHECK(strcmp(key, "b&c") == 0 && strcmp(e.code, "InternalError") ==
	    0);
	CHECK(s3_error_deleted(none, strlen(none), &e, key, sizeof(key)) ==
	    0);
	CHECK(s3_error_deleted(error, strlen(error), &e, key, sizeof(key)) ==
	    -1);
}

static void
test_meaning(void)
{
	static const struct {
		int status; const char *code; enum s3_verb verb;
		enum blob_outcome want; bool again;
	} rows[] = {
		{ 200, "", S3_READ, BLOB_DONE, false },
		{ 204, "", S3_CHANGE, BLOB_DONE, false },
		{ 206, "", S3_READ, BLOB_DONE, false },
		{ 304, "", S3_READ, BLOB_UNCHANGED, false },
		{ 404, "NoSuchKey", S3_READ, BLOB_ABSENT, false },
		{ 404, "NoSuchKey", S3_CHANGE, BLOB_ABSENT, false },
		{ 404, "", S3_HEAD, BLOB_ABSENT, false },
		{ 404, "", S3_READ, BLOB_ERROR, false },
		{ 404, "", S3_CHANGE, BLOB_ERROR, false },
		{ 404, "NoSuchBucket", S3_READ, BLOB_ERROR, false },
		{ 403, "", S3_HEAD, BLOB_DENIED, false },
		{ 403, "NoSuchThing", S3_READ, BLOB_DENIED, false },
		{ 401, "", S3_READ, BLOB_DENIED, false },
		{ 403, "RequestTimeTooSkewed", S3_READ, BLOB_UNAVAILABLE,
		    true },
		{ 412, "", S3_CHANGE, BLOB_CONFLICT, false },
		{ 409, "", S3_CHANGE, BLOB_CONFLICT, true },
		{ 500, "", S3_READ, BLOB_UNAVAILABLE, true },
		{ 500, "", S3_CHANGE, BLOB_UNSURE, true },
		{ 503, "SlowDown", S3_CHANGE, BLOB_UNSURE, true },
		{ 504, "", S3_HEAD, BLOB_UNAVAILABLE, true },
		{ 599, "", S3_CHANGE, BLOB_UNSURE, false },
		{ 501, "NotImplemented", S3_CHANGE, BLOB_ERROR, false },
		{ 400, "InvalidRequest", S3_CHANGE, BLOB_ERROR, false },
		{ 416, "InvalidRange", S3_READ, BLOB_BEHIND, false },
		{ 301, "PermanentRedirect", S3_READ, BLOB_ERROR, false },
		{ 200, "NoSuchKey", S3_READ, BLOB_DONE, false },
		{ 0, "", S3_READ, BLOB_ERROR, false },
		{ 100, "", S3_CHANGE, BLOB_ERROR, false },
	};
	struct s3_meaning m;
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		m = s3_error_meaning(rows[i].status, rows[i].code,
		    rows[i].verb);
		CHECK_ROW(m.outcome == rows[i].want &&
		    m.again == rows[i].again, "%d %s %d", rows[i].status,
		    rows[i].code, rows[i].verb);
	}
	CHECK(s3_error_meaning(403, "InvalidAccessKeyId", S3_READ).refused);
	CHECK(!s3_error_meaning(403, "AccessDenied", S3_READ).refused);
}

static void
test_url(void)
{
	static const struct {
		const char *endpoint, *region, *bucket, *addressing;
		int rc;
		const char *base, *host, *path;	/* or what why has */
	} rows[] = {
		{ "", "eu-west-1", "mail", "auto", 0,
		    "https://mail.s3.eu-west-1.amazonaws.com",
		    "mail.s3.eu-west-1.amazonaws.com", "/a%2Bb/%25" },
		{ "", "eu-west-1", "ma.il", "auto", 0,
		    "https://s3.eu-west-1.amazonaws.com",
		    "s3.eu-west-1.amazonaws.com", "/ma.il/a%2Bb/%25" },
		{ "", "cn-north-1", "mail", "path", 0,
		    "https://s3.cn-north-1.amazonaws.com.cn",
		    "s3.cn-north-1.amazonaws.com.cn", "/mail/a%2Bb/%25" },
		{ "https://S3.dualstack.eu-west-1.amazonaws.com:443",
		    "eu-west-1", "mail", "auto", 0,
		    "https://mail.S3.dualstack.eu-west-1.amazonaws.com",
		    "mail.S3.dualstack.eu-west-1.amazonaws.com",
		    "/a%2Bb/%25" },
		{ "http://s3.eu-west-1.amazonaws.com:81", "eu-west-1", "mail",
		    "auto", 0, "http://mail.s3.eu-west-1.amazonaws.com:81",
		    "mail.s3.eu-west-1.amazonaws.com:81", "/a%2Bb/%25" },
		{ "https://s3.eu-west-1.amazonaws.com", "eu-west-1", "ma.il",
		    "auto", 0, "https://s3.eu-west-1.amazonaws.com",
		    "s3.eu-west-1.amazonaws.com", "/ma.il/a%2Bb/%25" },
		{ "https://bucket.vpce-1a2b.s3.eu-west-1.vpce.amazonaws.com",
		    "eu-west-1", "mail", "auto", 0,
		    "https://bucket.vpce-1a2b.s3.eu-west-1.vpce.amazonaws.com",
		    "bucket.vpce-1a2b.s3.eu-west-1.vpce.amazonaws.com",
		    "/mail/a%2Bb/%25" },
		{ "https://oss-cn-beijing.aliyuncs.com", "oss-cn-beijing",
		    "mail", "auto", 0,
		    "https://mail.oss-cn-beijing.aliyuncs.com",
		    "mail.oss-cn-beijing.aliyuncs.com", "/a%2Bb/%25" },
		{ "https://notamazonaws.com", "eu-west-1", "mail", "auto", 0,
		    "https://notamazonaws.com", "notamazonaws.com",
		    "/mail/a%2Bb/%25" },
		{ "http://minio:9000", "us-east-1", "mail", "auto", 0,
		    "http://minio:9000", "minio:9000", "/mail/a%2Bb/%25" },
		{ "http://127.0.0.1:9000", "us-east-1", "mail", "auto", 0,
		    "http://127.0.0.1:9000", "127.0.0.1:9000",
		    "/mail/a%2Bb/%25" },
		{ "http://127.0.0.1:80/", "us-east-1", "mail", "virtual", 0,
		    "http://127.0.0.1", "127.0.0.1", "/mail/a%2Bb/%25" },
		{ "http://localhost:9000", "us-east-1", "mail", "virtual", 0,
		    "http://localhost:9000", "localhost:9000",
		    "/mail/a%2Bb/%25" },
		{ "http://s3.localhost:9000", "us-east-1", "mail", "virtual",
		    0, "http://mail.s3.localhost:9000",
		    "mail.s3.localhost:9000", "/a%2Bb/%25" },
		{ "https://s3.example.org:443", "us-east-1", "mail", "auto",
		    0, "https://s3.example.org", "s3.example.org",
		    "/mail/a%2Bb/%25" },
		{ "https://[::1]:9000", "us-east-1", "mail", "virtual", 0,
		    "https://[::1]:9000", "[::1]:9000", "/mail/a%2Bb/%25" },
		{ "ftp://x", "us-east-1", "mail", "auto", -1,
		    "store.endpoint", 0, 0 },
		{ "https://x/path", "us-east-1", "mail", "auto", -1,
		    "store.endpoint", 0, 0 },
		{ "https://u:p@x", "us-east-1", "mail", "auto", -1,
		    "store.endpoint", 0, 0 },
		{ "https://x:", "us-east-1", "mail", "auto", -1,
		    "store.endpoint", 0, 0 },
		{ "x:9000", "us-east-1", "mail", "auto", -1,
		    "store.endpoint", 0, 0 },
		{ "", "", "mail", "auto", -1, "store.region", 0, 0 },
		{ "", "us east", "mail", "auto", -1, "store.region", 0, 0 },
		{ "", "us-east-1", "", "auto", -1, "store.bucket", 0, 0 },
		{ "", "us-east-1", "a/b", "auto", -1, "store.bucket", 0, 0 },
		{ "", "us-east-1", "a..b", "auto", -1, "store.bucket", 0, 0 },
		{ "", "us-east-1", "mail", "host", -1, "store.addressing", 0,
		    0 },
	};
	struct s3_url u;
	char why[256], path[S3_PATH_MAX];
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		why[0] = '\0';
		CHECK_ROW(s3_url_init(&u, rows[i].endpoint, rows[i].region,
		    rows[i].bucket, rows[i].addressing, why, sizeof(why)) ==
		    rows[i].rc, "%s: %s", rows[i].endpoint, why);
		if (rows[i].rc == -1) {
			CHECK_ROW(strstr(why, rows[i].base) == why, "%s",
			    why);
			continue;
		}
		CHECK_ROW(strcmp(u.base, rows[i].base) == 0, "%s", u.base);
		CHECK_ROW(strcmp(u.host, rows[i].host) == 0, "%s", u.host);
		CHECK(s3_url_path(&u, "a+b/%", path, sizeof(path)) == 0);
		CHECK_ROW(strcmp(path, rows[i].path) == 0, "%s", path);
		CHECK(s3_url_path(&u, "", path, sizeof(path)) == 0 &&
		    path[0] == '/');
		CHECK(s3_url_path(&u, "long name", path, 8) == -1);
	}
}

int
main(void)
{
	test_list();
	test_bad_lists();
	test_error();
	test_meaning();
	test_url();
	return TEST_END();
}
