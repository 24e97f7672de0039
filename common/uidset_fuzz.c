/* Hostile UID sets: what decodes is canonical and encodes to itself. */
#include <string.h>

#include "common/fuzz.h"
#include "common/uidset.h"

static void
fuzz_uidset(const uint8_t *in, size_t len)
{
	struct uidset	 s = UIDSET_INIT;
	struct buf	 b = BUF_INIT;
	struct cursor	 c;
	size_t		 used;

	cursor_init(&c, in, len);
	if (uidset_decode(&s, &c, 65536) == 0) {
		used = len - cursor_left(&c);
		FUZZ_CHECK(uidset_encode(&s, &b) == 0 && b.len == used &&
		    memcmp(b.data, in, used) == 0);
		FUZZ_CHECK(uidset_count(&s) <= UINT32_MAX);
		FUZZ_CHECK(uidset_subtract(&s, &s) == 0 && s.n == 0);
	}
	uidset_free(&s);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_uidset);
}
