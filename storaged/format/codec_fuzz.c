/*
 * Any bytes as compressed ones: the first names the codec, the next two the
 * length that is wanted.  And as bytes to be compressed: they come back.
 */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/format/codec.h"

static void
there_and_back(enum codec_id id, const uint8_t *p, size_t len)
{
	struct codec_choice	 c = { id, id == CODEC_NONE ? 0 : 1 };
	struct buf		 packed = BUF_INIT, out = BUF_INIT;
	enum codec_id		 used;

	FUZZ_CHECK(codec_compress(&c, p, len, &packed, &used) == 0);
	FUZZ_CHECK(used == id || (used == CODEC_NONE && packed.len == len));
	FUZZ_CHECK(codec_expand(used, packed.data, packed.len, len,
	    &out) == 0 && out.len == len &&
	    (len == 0 || memcmp(out.data, p, len) == 0));
	buf_reset(&out);
	FUZZ_CHECK(codec_expand(used, packed.data, packed.len, len + 1,
	    &out) == -1 && out.len == 0);
	buf_free(&packed);
	buf_free(&out);
}

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
		there_and_back((enum codec_id)(in[0] % 4), in + 3, len - 3);
	}
	codec_thread_end();
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_codec);
}
