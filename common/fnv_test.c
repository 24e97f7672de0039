/* Test vectors of draft-eastlake-fnv. */
#include <string.h>

#include "common/fnv.h"
#include "common/test.h"

static const struct { const char *s; uint32_t h32; uint64_t h64; } t[] = {
	{ "", 0x811c9dc5u, 0xcbf29ce484222325u },
	{ "a", 0xe40c292cu, 0xaf63dc4c8601ec8cu },
	{ "foobar", 0xbf9cf968u, 0x85944171f73967e8u },
};

int
main(void)
{
	size_t	i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CHECK_ROW(fnv32(t[i].s, strlen(t[i].s)) == t[i].h32, "%s",
		    t[i].s);
		CHECK_ROW(fnv32_str(t[i].s) == t[i].h32, "%s", t[i].s);
		CHECK_ROW(fnv64(t[i].s, strlen(t[i].s)) == t[i].h64, "%s",
		    t[i].s);
	}
	/* Octets above 0x7f are not negative. */
	CHECK(fnv32("\xff", 1) == (0x811c9dc5u ^ 0xffu) * 0x01000193u);
	return TEST_END();
}
