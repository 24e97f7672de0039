/*
 * Hostile messages: the first byte is the number of a message (msg.h), the rest
 * its payload.  What decodes encodes to itself.
 */
#include <string.h>

#include "common/compat.h"
#include "common/fuzz.h"
#include "common/msg.h"
#include "common/msg_mbox.h"

/* What a message of this number carries; 0: a row in the data of a LIST. */
static const struct wire_struct *
carried(uint8_t number)
{
	const struct msg_rule	*rule = msg_rule(number);

	if (number == 0)
		return &mbox_row_wire;
	return rule != NULL ? rule->ws : NULL;
}

static void
fuzz_wire(const uint8_t *in, size_t len)
{
	union { max_align_t align; char space[1024]; } dst;
	const struct wire_struct *ws;
	struct arena	*a = arena_new(8 * 1024 * 1024);
	struct buf	 b = BUF_INIT;

	if (len != 0 && (ws = carried(in[0])) != NULL) {
		FUZZ_CHECK(ws->size <= sizeof(dst));
		if (wire_decode(ws, &dst, in + 1, len - 1, a) == 0)
			FUZZ_CHECK(wire_encode(ws, &dst, &b) == 0 &&
			    b.len == len - 1 &&
			    (b.len == 0 || memcmp(b.data, in + 1, b.len) == 0));
	}
	buf_free(&b);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_wire);
}
