/*
 * Compression there and back, and hostile bytes on the way back: damage,
 * wrong lengths, bombs.
 */
#include "common/compat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "common/test.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/codec.h"

static const struct codec_choice choices[] = {
	{ CODEC_NONE, 0 }, { CODEC_ZSTD, 1 }, { CODEC_ZSTD, 3 },
	{ CODEC_ZSTD, 19 }, { CODEC_GZIP, 6 }, { CODEC_GZIP, 9 },
	{ CODEC_LZ4, 0 },
};

/* Text that compresses, the same in each run. */
static uint8_t *
text(size_t len)
{
	static const char *const words[] = { "Received: ", "from ", "mail ",
	    "example.org ", "by ", "with ESMTP", ";\r\n\t", "Subject: " };
	uint8_t *p = malloc(len + 32);
	uint32_t x = 1;
	size_t n = 0, l;

	while (n < len) {
		x = x * 1103515245 + 12345;
		l = strlen(words[x >> 29]);
		memcpy(p + n, words[x >> 29], l);
		n += l;
		p[n++] = (uint8_t)(x >> 16);
	}
	return p;
}

static void
test_parse(void)
{
	static const struct {
		const char *word; int rc; enum codec_id id; int level;
	} rows[] = {
		{ "zstd", 0, CODEC_ZSTD, 3 }, { "zstd:3", 0, CODEC_ZSTD, 3 },
		{ "zstd:19", 0, CODEC_ZSTD, 19 },
		{ "zstd:1", 0, CODEC_ZSTD, 1 },
		{ "gzip", 0, CODEC_GZIP, 6 }, { "gzip:9", 0, CODEC_GZIP, 9 },
		{ "lz4", 0, CODEC_LZ4, 0 }, { "none", 0, CODEC_NONE, 0 },
		{ "zstd:0", -1, 0, 0 }, { "zstd:20", -1, 0, 0 },
		{ "zstd:", -1, 0, 0 }, { "zstd:3x", -1, 0, 0 },
		{ "zstd:+3", -1, 0, 0 }, { "zstd: 3", -1, 0, 0 },
		{ "gzip:10", -1, 0, 0 }, { "lz4:1", -1, 0, 0 },
		{ "none:0", -1, 0, 0 }, { "", -1, 0, 0 }, { "zst", -1, 0, 0 },
		{ "ZSTD", -1, 0, 0 }, { "brotli", -1, 0, 0 },
	};
	struct codec_choice c;
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(codec_parse(rows[i].word, &c) == rows[i].rc, "%s",
		    rows[i].word);
		if (rows[i].rc == 0)
			CHECK_ROW(c.id == rows[i].id &&
			    c.level == rows[i].level, "%s", rows[i].word);
	}
}

static void
test_round_trip(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4096, 65536,
	    262144, 1048576 + 3 };
	struct buf packed = BUF_INIT, plain = BUF_INIT;
	enum codec_id used;
	uint8_t *p = text(2 << 20);
	size_t c, s;

	for (c = 0; c < nitems(choices); c++) {
		for (s = 0; s < nitems(sizes); s++) {
			if (choices[c].level == 19 && sizes[s] > 262144)
				continue;
			buf_reset(&packed);
			buf_reset(&plain);
			buf_puts(&packed, "before");
			buf_puts(&plain, "me");
			CHECK(codec_compress(&choices[c], p, sizes[s],
			    &packed, &used) == 0);
			CHECK(packed.len <= sizes[s] + 6);
			CHECK_ROW(sizes[s] < 4096 || choices[c].id == CODEC_NONE
			    || (used == choices[c].id &&
			    packed.len < sizes[s] * 3 / 4), "%s %zu",
			    codec_name(choices[c].id), sizes[s]);
			CHECK(codec_expand(used, packed.data + 6,
			    packed.len - 6, sizes[s], &plain) == 0);
			CHECK_ROW(plain.len == sizes[s] + 2 &&
			    memcmp(plain.data, "me", 2) == 0 &&
			    memcmp(plain.data + 2, p, sizes[s]) == 0,
			    "%s %zu", codec_name(choices[c].id), sizes[s]);
		}
	}
	free(p);
	buf_free(&packed);
	buf_free(&plain);
}

static void
test_pieces(void)
{
	struct buf packed = BUF_INIT, plain = BUF_INIT;
	struct piece v[5];
	enum codec_id used;
	uint8_t *p = text(400000);
	size_t c;

	v[0] = (struct piece){ p, 1000 };
	v[1] = (struct piece){ p + 1000, 0 };
	v[2] = (struct piece){ p + 1000, 1 };
	v[3] = (struct piece){ p + 1001, 300000 };
	v[4] = (struct piece){ p + 301001, 0 };
	for (c = 0; c < nitems(choices); c++) {
		buf_reset(&packed);
		buf_reset(&plain);
		CHECK(codec_compress_pieces(&choices[c], v, 5, &packed,
		    &used) == 0);
		CHECK(used == choices[c].id);
		CHECK(codec_expand(used, packed.data, packed.len, 301001,
		    &plain) == 0);
		CHECK(plain.len == 301001 && memcmp(plain.data, p, 301001)
		    == 0);
	}
	free(p);
	buf_free(&packed);
	buf_free(&plain);
}

/* What does not compress stays as it is; a full buffer fails. */
static void
test_plain(void)
{
	struct buf out = BUF_INIT;
	enum codec_id used;
	uint8_t noise[5000];
	uint8_t *p = text(100000);
	size_t c;

	arc4random_buf(noise, sizeof(noise));
	for (c = 0; c < nitems(choices); c++) {
		buf_reset(&out);
		CHECK(codec_compress(&choices[c], noise, sizeof(noise), &out,
		    &used) == 0);
		CHECK(used == CODEC_NONE && out.len == sizeof(noise) &&
		    memcmp(out.data, noise, out.len) == 0);
	}
	buf_free(&out);
	for (c = 0; c < nitems(choices); c++) {
		buf_init(&out, 1000);
		CHECK(codec_compress(&choices[c], p, 100000, &out, &used)
		    == -1);
		buf_free(&out);
	}
	/* Room for what is compressed, though not for the plain bytes. */
	buf_init(&out, 90000);
	CHECK(codec_compress(&choices[2], p, 100000, &out, &used) == 0);
	CHECK(used == CODEC_ZSTD);
	buf_free(&out);
	free(p);
}

/* Every prefix, every wrong length, and flipped bytes fail or give the
 * wanted length: never more, never a crash. */
static void
test_damage(void)
{
	struct buf packed = BUF_INIT, out = BUF_INIT;
	enum codec_id used;
	uint8_t *p = text(8192), *copy;
	size_t c, i, wrong;

	for (c = 1; c < nitems(choices); c++) {
		buf_reset(&packed);
		CHECK(codec_compress(&choices[c], p, 3000, &packed, &used)
		    == 0);
		CHECK(used == choices[c].id);
		for (i = 0; i < packed.len; i++) {
			copy = malloc(i + 1);
			memcpy(copy, packed.data, i);
			buf_reset(&out);
			CHECK_ROW(codec_expand(used, copy, i, 3000, &out)
			    == -1 && out.len == 0, "%s prefix %zu",
			    codec_name(used), i);
			free(copy);
		}
		for (wrong = 2990; wrong < 3010; wrong++) {
			buf_reset(&out);
			CHECK_ROW((codec_expand(used, packed.data, packed.len,
			    wrong, &out) == 0) == (wrong == 3000), "%zu",
			    wrong);
		}
		for (i = 0; i < packed.len; i++) {
			copy = malloc(packed.len);
			memcpy(copy, packed.data, packed.len);
			copy[i] ^= (uint8_t)(1 << (i % 8));
			buf_reset(&out);
			if (codec_expand(used, copy, packed.len, 3000, &out)
			    == 0)
				CHECK(out.len == 3000);
			else
				CHECK(out.len == 0);
			free(copy);
		}
		/* Twice the stream, and bytes behind it. */
		buf_reset(&out);
		buf_put(&out, packed.data, packed.len);
		buf_put(&packed, out.data, out.len);
		buf_reset(&out);
		CHECK(codec_expand(used, packed.data, packed.len, 6000, &out)
		    == -1);
		CHECK(codec_expand(used, packed.data, packed.len, 3000, &out)
		    == -1);
		CHECK(codec_expand(used, packed.data, packed.len / 2 + 1, 3000,
		    &out) == -1);
	}
	CHECK(codec_expand((enum codec_id)9, p, 10, 10, &out) == -1);
	CHECK(codec_expand(CODEC_NONE, p, 10, 11, &out) == -1);
	free(p);
	buf_free(&packed);
	buf_free(&out);
}

/* A gigabyte of zeros in a few KiB gives no more than was declared. */
static void
test_bombs(void)
{
	size_t c, len = 64 << 20;
	struct buf packed = BUF_INIT, out = BUF_INIT;
	uint8_t *zeros = calloc(1, len);
	enum codec_id used;
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n, size = ZSTD_compressBound(9 << 20);
	uint8_t *frame = malloc(size);

	for (c = 1; c < nitems(choices); c++) {
		if (choices[c].level == 19)
			continue;
		buf_reset(&packed);
		CHECK(codec_compress(&choices[c], zeros, len, &packed, &used)
		    == 0);
		buf_reset(&out);
		CHECK(codec_expand(used, packed.data, packed.len, 4096, &out)
		    == -1);
		CHECK(out.size < 65536);
	}
	/* A window of 16 MiB is refused, whatever is in it. */
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, 24);
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, 1);
	{
		ZSTD_outBuffer o = { frame, size, 0 };
		ZSTD_inBuffer in = { zeros, 9 << 20, 0 };

		while (in.pos < in.size)
			ZSTD_compressStream2(z, &o, &in, ZSTD_e_continue);
		while (ZSTD_compressStream2(z, &o, &in, ZSTD_e_end) != 0)
			;
		n = o.pos;
	}
	buf_reset(&out);
	CHECK(codec_expand(CODEC_ZSTD, frame, n, 9 << 20, &out) == -1);
	free(frame);
	ZSTD_freeCCtx(z);
	free(zeros);
	buf_free(&packed);
	buf_free(&out);
}

int
main(void)
{
	test_parse();
	test_round_trip();
	test_pieces();
	test_plain();
	test_damage();
	test_bombs();
	codec_thread_end();
	return TEST_END();
}
