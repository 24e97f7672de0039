/*
 * Message objects: content of awkward lengths, in pieces of awkward
 * lengths, through every codec; damage anywhere.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/test.h"
#include "storaged/format/object.h"
#include "storaged/format/msgobj.h"

static const uint8_t	history[16] = "a history";

static uint8_t
content(size_t i)
{
	return (uint8_t)(i % 251 * (i >> 16 | 1));
}

static int
write_all(FILE *f, const struct codec_choice *codec, size_t len, size_t piece,
    uint64_t *size)
{
	struct msgobj_writer	 w;
	uint8_t			*p = malloc(piece);
	size_t			 at, n, i;
	int			 ret;

	ret = msgobj_begin(&w, fileno(f), history, codec, len);
	for (at = 0; at < len && ret == 0; at += n) {
		n = len - at < piece ? len - at : piece;
		for (i = 0; i < n; i++)
			p[i] = content(at + i);
		ret = msgobj_write(&w, p, n);
	}
	if (ret == 0)
		ret = msgobj_end(&w, size);
	msgobj_writer_free(&w);
	free(p);
	return ret;
}

static uint8_t *
slurp(FILE *f, uint64_t size)
{
	uint8_t	*p = malloc(size + 1);

	if (pread(fileno(f), p, size + 1, 0) != (ssize_t)size) {
		free(p);
		return NULL;
	}
	return p;
}

/* Reads it all, chunk by chunk; the number of wrong chunks, -1 the table. */
static int
read_all(const uint8_t *p, size_t size, size_t len)
{
	struct msgobj	 m;
	struct buf	 out = BUF_INIT;
	uint64_t	 off;
	uint32_t	 stored;
	size_t		 i, k;
	int		 bad = 0;

	if (msgobj_open(&m, p, size, history) != 0 || m.content != len)
		return -1;
	for (i = 0; i < m.nchunks; i++) {
		buf_reset(&out);
		if (msgobj_chunk(&m, i, &off, &stored) != 0 ||
		    off + stored > size ||
		    msgobj_expand(&m, i, p + off, stored, &out) != 0) {
			bad++;
			continue;
		}
		for (k = 0; k < out.len; k++)
			if (out.data[k] != content(i * MSGOBJ_CHUNK + k))
				break;
		bad += k < out.len;
	}
	bad += msgobj_chunk(&m, m.nchunks, &off, &stored) == 0;
	buf_free(&out);
	return bad;
}

static void
test_lengths(void)
{
	static const size_t	 lengths[] = { 1, 1000, MSGOBJ_CHUNK - 1,
	    MSGOBJ_CHUNK, MSGOBJ_CHUNK + 1, 3 * MSGOBJ_CHUNK + 7 };
	static const size_t	 pieces[] = { 777, 65536, 1000000 };
	static const struct codec_choice codecs[] = { { CODEC_NONE, 0 },
	    { CODEC_ZSTD, 3 }, { CODEC_GZIP, 6 }, { CODEC_LZ4, 0 } };
	uint64_t	 size;
	uint8_t		*p;
	FILE		*f;
	size_t		 i, k;

	for (i = 0; i < nitems(lengths); i++)
		for (k = 0; k < nitems(codecs); k++) {
			f = tmpfile();
			CHECK_ROW(write_all(f, &codecs[k], lengths[i],
			    pieces[(i + k) % nitems(pieces)], &size) == 0,
			    "%zu codec %zu", lengths[i], k);
			p = slurp(f, size);
			CHECK(p != NULL && size >= msgobj_start(lengths[i]));
			CHECK_ROW(p != NULL && read_all(p, size,
			    lengths[i]) == 0, "%zu codec %zu", lengths[i],
			    k);
			free(p);
			fclose(f);
		}
}

static void
test_damage(void)
{
	static const struct codec_choice zstd = { CODEC_ZSTD, 3 };
	struct msgobj	 m;
	size_t		 len = 2 * MSGOBJ_CHUNK + 99, i, start;
	uint64_t	 size = 0;
	uint8_t		*p;
	FILE		*f = tmpfile();

	CHECK(write_all(f, &zstd, len, 5000, &size) == 0);
	p = slurp(f, size);
	start = msgobj_start(len);
	for (i = 0; i < start; i++) {
		uint8_t	*copy = malloc(i + 1);

		memcpy(copy, p, i);
		CHECK(msgobj_open(&m, copy, i, history) == FORMAT_DAMAGED);
		free(copy);
		p[i] ^= 0x10;
		CHECK_ROW(read_all(p, size, len) != 0, "byte %zu", i);
		p[i] ^= 0x10;
	}
	for (i = start; i < size; i += 101) {
		p[i] ^= 0x10;
		CHECK_ROW(read_all(p, size, len) == 1, "byte %zu", i);
		p[i] ^= 0x10;
	}
	free(p);
	fclose(f);
}

static void
test_short(void)
{
	static const struct codec_choice none = { CODEC_NONE, 0 };
	struct msgobj_writer	 w;
	uint64_t		 size;
	FILE			*f = tmpfile();

	CHECK(msgobj_begin(&w, fileno(f), history, &none, 10) == 0);
	CHECK(msgobj_write(&w, "12345", 5) == 0);
	CHECK(msgobj_end(&w, &size) == -1);
	CHECK(msgobj_write(&w, "1234567", 7) == -1);
	msgobj_writer_free(&w);
	CHECK(msgobj_begin(&w, fileno(f), history, &none,
	    MSGOBJ_CONTENT_MAX + 1) == -1);
	msgobj_writer_free(&w);
	fclose(f);
}

int
main(void)
{
	test_lengths();
	test_damage();
	test_short();
	return TEST_END();
}
