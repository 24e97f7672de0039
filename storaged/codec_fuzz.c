/* Any bytes as compressed ones: the first names the codec, the next two the
 * length that is wanted. */
#include "common/compat.h"

#include "common/fuzz.h"
#include "storaged/codec.h"

static void
fuzz_codec(const uint8_t *in, size_t len)
{
	struct buf	 out = BUF_INIT;
	size_t		 want;

	if (len > 3) {
		want = (size_t)in[1] | (size_t)in[2] << 8;
		if (codec_expand((enum codec_id)(in[0] % 5), in + 3, len - 3,
		    want, &out) == 0)
			FUZZ_CHECK(out.len == want);
		else
			FUZZ_CHECK(out.len == 0);
	}
	codec_thread_end();
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_codec);
}
