/* Hostile META rows: the first byte is what was asked for. */
#include <string.h>

#include "common/fuzz.h"
#include "common/msg_mbox.h"

static void
fuzz_msg_mbox(const uint8_t *in, size_t len)
{
	struct mbox_meta_row	 row;
	struct arena		*a = arena_new(1024 * 1024);
	struct buf		 b = BUF_INIT;

	if (len != 0 && mbox_meta_row_decode(&row, in[0] & 0x7f, in + 1,
	    len - 1, a) == 0)
		FUZZ_CHECK(mbox_meta_row_encode(&row, in[0] & 0x7f, &b) == 0 &&
		    b.len == len - 1 && memcmp(b.data, in + 1, b.len) == 0);
	buf_free(&b);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_msg_mbox);
}
