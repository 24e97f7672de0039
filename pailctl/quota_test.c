/* What pailctl quota makes of an answer, and how it shows sizes. */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "pailctl/quota.h"

static void
test_parse(void)
{
	static const char *const bad[] = {
		"", "\n", "error: no such user\n",
		"bytes=1 of=2 messages=3 of=4",
		"bytes=1 of=2 messages=3 of=4\n\n",
		"bytes=1 of=2 messages=3 of=4 5\n",
		"bytes= of=2 messages=3 of=4\n",
		"bytes=-1 of=2 messages=3 of=4\n",
		"bytes=1 of= 2 messages=3 of=4\n",
		"bytes=18446744073709551616 of=2 messages=3 of=4\n",
		"bytes=1 messages=3 of=4 of=2\n"
	};
	uint64_t	 v[4];
	size_t		 i;

	CHECK(quota_line("bytes=18446744073709551615 of=2 messages=3 of=0\n",
	    v) == 0);
	CHECK(v[0] == UINT64_MAX && v[1] == 2 && v[2] == 3 && v[3] == 0);
	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(quota_line(bad[i], v) == -1, "%s", bad[i]);
}

static void
test_size(void)
{
	static const struct { uint64_t bytes; const char *text; } t[] = {
		{ 0, "0" }, { 1023, "1023" }, { 1024, "1.0K" },
		{ 1536, "1.5K" }, { (1 << 20) - 1, "1023.9K" },
		{ 1 << 20, "1.0M" }, { 1288490189, "1.2G" },
		{ UINT64_C(10) << 30, "10.0G" },
		{ UINT64_C(1024) << 40, "1.0P" }, { UINT64_MAX, "16.0E" }
	};
	char	 text[16];
	size_t	 i;

	for (i = 0; i < nitems(t); i++) {
		quota_size(t[i].bytes, text);
		CHECK_ROW(strcmp(text, t[i].text) == 0, "%s: %s", t[i].text,
		    text);
	}
}

int
main(void)
{
	test_parse();
	test_size();
	return TEST_END();
}
