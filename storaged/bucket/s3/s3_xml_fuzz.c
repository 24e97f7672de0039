/*
 * Any bytes as an answer of S3: a list, an error, the result of a delete;
 * and as its headers.
 */
#include "common/compat.h"

#include "common/fuzz.h"
#include "common/http.h"
#include "storaged/bucket/s3/s3_error.h"
#include "storaged/bucket/s3/s3_list.h"

static void
headers(const uint8_t *in, size_t len)
{
	struct http_result	 r = { .headers = (const char *)in,
				    .headers_len = len };
	char			 value[64];

	if (http_header(&r, "Date", value, sizeof(value)))
		(void)http_date(value);
	else
		FUZZ_CHECK(value[0] == '\0');
	(void)http_header(&r, "ETag", value, sizeof(value));
	FUZZ_CHECK(strlen(value) < sizeof(value));
}

static void
fuzz_s3_xml(const uint8_t *in, size_t len)
{
	struct s3_error	 e;
	struct s3_list	 l;
	size_t		 i;
	char		 key[64], copy[256];

	headers(in, len);
	if (s3_list_parse(in, len, 100, &l) == 0) {
		FUZZ_CHECK(l.n <= 100);
		for (i = 0; i < l.n; i++)
			FUZZ_CHECK(strlen(l.v[i].key) <= KEY_MAX);
		s3_list_free(&l);
	} else
		FUZZ_CHECK(l.n == 0 && l.v == NULL);
	if (s3_error_parse(in, len, &e) == 0)
		s3_error_meaning(403, e.code, S3_READ);
	s3_error_deleted(in, len, &e, key, sizeof(key));
	if (len < sizeof(copy)) {
		if (len != 0)
			memcpy(copy, in, len);
		copy[len] = '\0';
		i = strlen(copy);
		if (s3_list_unescape(copy) == 0)
			FUZZ_CHECK(strlen(copy) <= i);
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_s3_xml);
}
