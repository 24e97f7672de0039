/* See fnv.h; draft-eastlake-fnv. */
#include <string.h>

#include "common/fnv.h"

uint32_t
fnv32(const void *p, size_t len)
{
	const uint8_t	*c = p;
	uint32_t	 h = 0x811c9dc5u;

	while (len-- > 0)
		h = (h ^ *c++) * 0x01000193u;
	return h;
}

uint32_t
fnv32_str(const char *s)
{
	return fnv32(s, strlen(s));
}

uint64_t
fnv64(const void *p, size_t len)
{
	const uint8_t	*c = p;
	uint64_t	 h = 0xcbf29ce484222325u;

	while (len-- > 0)
		h = (h ^ *c++) * 0x100000001b3u;
	return h;
}
