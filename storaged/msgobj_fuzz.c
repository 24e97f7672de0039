/* Hostile seek tables, with a right checksum, and hostile frames. */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/frame.h"
#include "storaged/msgobj.h"

static void
fuzz_msgobj(const uint8_t *in, size_t len)
{
	size_t		 i;
	struct buf	 whole = BUF_INIT, out = BUF_INIT;
	struct frame	 f = { .kind = FRAME_MSG, .history = "fuzz" };
	struct msgobj	 m;
	uint64_t	 off;
	uint32_t	 stored;

	if (len >= 3) {
		f.length = (uint64_t)in[0] | (uint64_t)in[1] << 8 |
		    (uint64_t)in[2] << 16;
		i = (size_t)(msgobj_start(f.length) - FRAME_HEADER);
		if (i > len - 3)
			i = len - 3;
		frame_header_put(&f, in + 3, i, &whole);
		buf_put(&whole, in + 3, len - 3);
		if (msgobj_open(&m, whole.data, whole.len, f.history) == 0)
			for (i = 0; i < m.nframes; i++) {
				FUZZ_CHECK(msgobj_frame(&m, i, &off,
				    &stored) == 0);
				if (off > whole.len ||
				    stored > whole.len - off)
					continue;
				buf_reset(&out);
				if (msgobj_expand(&m, i, whole.data + off,
				    stored, &out) == 0)
					FUZZ_CHECK(out.len <= MSGOBJ_FRAME);
			}
	}
	buf_free(&whole);
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_msgobj);
}
