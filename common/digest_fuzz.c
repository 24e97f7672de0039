/* Hostile digests: what is whole filters to itself, and finds stay inside. */
#include <string.h>

#include "common/digest.h"
#include "common/fuzz.h"

static void
fuzz_digest(const uint8_t *in, size_t len)
{
	struct buf	 b = BUF_INIT;
	struct str	 v;
	int		 i, whole = digest_check(in, len) == 0;

	for (i = 1; i < DIGEST_FIELDS; i++)
		if (digest_find(in, len, (enum digest_field)i, &v))
			FUZZ_CHECK((const uint8_t *)v.p >= in &&
			    (const uint8_t *)v.p + v.len <= in + len);
	FUZZ_CHECK((digest_filter(in, len, UINT64_MAX, &b) == 0) == whole);
	if (whole)
		FUZZ_CHECK(b.len == len && memcmp(b.data, in, len) == 0);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_digest);
}
