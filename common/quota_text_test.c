/* Quotas in words: those that are one, and those that are not. */
#include "common/compat.h"

#include <inttypes.h>

#include "common/quota_text.h"
#include "common/test.h"

#define NONE	UINT64_MAX

int
main(void)
{
	static const struct {
		const char	*text;
		uint64_t	 bytes, messages;
	} rows[] = {
		{ "", 0, 0 }, { "0", 0, 0 }, { ":", 0, 0 }, { "0:0", 0, 0 },
		{ "1", 1, 0 }, { "10K", 10240, 0 }, { "10k", 10240, 0 },
		{ "5M", 5 << 20, 0 }, { "10G", UINT64_C(10) << 30, 0 },
		{ "2T", UINT64_C(2) << 40, 0 },
		{ "1GiB", UINT64_C(1) << 30, 0 },
		{ "10G:100000", UINT64_C(10) << 30, 100000 },
		{ ":7", 0, 7 }, { "0:7", 0, 7 }, { "7:", 7, 0 },
		{ "1024T", QUOTA_BYTES_MAX, 0 },
		{ ":1000000000", 0, QUOTA_MESSAGES_MAX },
		{ "1025T", NONE, 0 }, { ":1000000001", NONE, 0 },
		{ "99999999999999999999", NONE, 0 },
		{ "99999999999999999999999999999999999G", NONE, 0 },
		{ ":99999999999999999999999", NONE, 0 },
		{ "G", NONE, 0 }, { "10X", NONE, 0 }, { "10GG", NONE, 0 },
		{ "10Gi", NONE, 0 }, { "10GB", NONE, 0 }, { "-1", NONE, 0 },
		{ "1.5G", NONE, 0 }, { " 1", NONE, 0 }, { "1 ", NONE, 0 },
		{ "1:2:3", NONE, 0 }, { "1:2K", NONE, 0 }, { "ann", NONE, 0 },
		{ "10\xc7", NONE, 0 }, { "1:x", NONE, 0 }
	};
	uint64_t	b, m;
	size_t		i;
	int		r;

	for (i = 0; i < nitems(rows); i++) {
		r = quota_parse(str_from(rows[i].text), &b, &m);
		CHECK_ROW((r == 0) == (rows[i].bytes != NONE), "%s",
		    rows[i].text);
		if (r == 0)
			CHECK_ROW(b == rows[i].bytes && m == rows[i].messages,
			    "%s: %" PRIu64 ":%" PRIu64, rows[i].text, b, m);
	}
	CHECK(quota_parse((struct str){ "1\0", 2 }, &b, &m) == -1);
	return TEST_END();
}
