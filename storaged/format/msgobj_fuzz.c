/*
 * Hostile message objects.  The input: the content's length in three bytes,
 * then for each chunk its codec, how many bytes are stored in three, and
 * those; what is said of the table's place, and all checksums, are made
 * right unless the codec's highest bit is set.
 */
#include "common/compat.h"

#include <openssl/sha.h>
#include <string.h>

#include "common/fuzz.h"
#include "storaged/format/object.h"
#include "storaged/format/msgobj.h"

#define CHUNKS_MAX	70	/* 2^24 bytes of content have 64 */

/* Table and chunks behind each other, from what is left of c. */
static void
build(struct cursor *c, uint64_t content, struct buf *whole)
{
	struct object_header	 f = { .kind = OBJECT_MSG, .history = "fuzz",
			    .length = content };
	struct buf	 table = BUF_INIT, chunks = BUF_INIT;
	uint64_t	 at = msgobj_start(content);
	size_t		 i, n, count = (size_t)(at - OBJECT_HEADER) / 45;
	const uint8_t	*p;
	uint8_t		 codec, sum[SHA256_DIGEST_LENGTH];

	FUZZ_CHECK(count <= CHUNKS_MAX);
	for (i = 0; i < count && cursor_left(c) > 4; i++) {
		codec = cursor_u8(c);
		n = cursor_u8(c);
		n |= (size_t)cursor_u16(c) << 8;
		if (n > cursor_left(c))
			n = cursor_left(c);
		p = cursor_bytes(c, n);
		SHA256(p, n, sum);
		if (codec & 0x80)
			sum[n % sizeof(sum)] ^= codec;
		buf_put_u64(&table, at + (codec == 0xff));
		buf_put_u32(&table, (uint32_t)n);
		buf_put_u8(&table, codec & 7);
		buf_put(&table, sum, sizeof(sum));
		buf_put(&chunks, p, n);
		at += n;
	}
	object_header_put(&f, table.data, table.len, whole);
	buf_put(whole, table.data, table.len);
	buf_put(whole, chunks.data, chunks.len);
	FUZZ_CHECK(!table.failed && !chunks.failed && !whole->failed);
	buf_free(&table);
	buf_free(&chunks);
}

static void
fuzz_msgobj(const uint8_t *in, size_t len)
{
	static const uint8_t	 history[16] = "fuzz";
	struct buf	 whole = BUF_INIT, out = BUF_INIT;
	struct cursor	 c;
	struct msgobj	 m;
	uint64_t	 off, content, want;
	uint32_t	 stored;
	size_t		 i;

	cursor_init(&c, in, len);
	content = cursor_u16(&c);
	content |= (uint64_t)cursor_u8(&c) << 16;
	if (!c.bad)
		build(&c, content, &whole);
	if (!c.bad && msgobj_open(&m, whole.data, whole.len, history) == 0) {
		FUZZ_CHECK(m.content == content);
		for (i = 0; i < m.nchunks; i++) {
			FUZZ_CHECK(msgobj_chunk(&m, i, &off, &stored) == 0);
			FUZZ_CHECK(off >= m.first);
			if (off > whole.len || stored > whole.len - off)
				continue;
			want = content - i * MSGOBJ_CHUNK;
			if (want > MSGOBJ_CHUNK)
				want = MSGOBJ_CHUNK;
			buf_reset(&out);
			if (msgobj_expand(&m, i, whole.data + off, stored,
			    &out) == 0)
				FUZZ_CHECK(out.len == want);
			else
				FUZZ_CHECK(out.len == 0);
		}
		FUZZ_CHECK(msgobj_chunk(&m, m.nchunks, &off, &stored) != 0);
	}
	codec_thread_end();
	buf_free(&whole);
	buf_free(&out);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_msgobj);
}
