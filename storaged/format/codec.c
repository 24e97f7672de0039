/*
 * Compression of what goes into the bucket (pail-bucket.5, "Codecs").  Each
 * object and message names its own codec, so a mixed bucket reads well.
 * What is expanded comes from the bucket and is hostile: nothing here trusts
 * a size or a window that the bytes claim, and memory is bounded by what the
 * caller declared (zstd frames: RFC 8878; gzip: RFC 1952; lz4: its frame
 * format, version 1.6).
 */
#include "common/compat.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "common/log.h"
#include "storaged/format/codec.h"

#define WINDOW_MAX	((uint64_t)8 << 20)

/* Making these costs more than a small message's compression does: a thread
 * keeps its own until it ends. */
static _Thread_local ZSTD_CCtx	*zstd_c;
static _Thread_local ZSTD_DCtx	*zstd_d;
static pthread_key_t		 thread_key;
static pthread_once_t		 thread_once = PTHREAD_ONCE_INIT;

static const struct codec_info {
	const char	*name;
	enum codec_id	 id;
	int		 min, max;	/* levels; 0: it has none */
	int		 level;		/* the default */
} codecs[] = {
	{ "none", CODEC_NONE, 0, 0, 0 },
	/* Higher levels of zstd have windows over 8 MiB. */
	{ "zstd", CODEC_ZSTD, 1, 19, 3 },
	{ "gzip", CODEC_GZIP, 1, 9, 6 },
	{ "lz4", CODEC_LZ4, 0, 0, 0 },
};

const char *
codec_name(enum codec_id id)
{
	size_t i;

	for (i = 0; i < nitems(codecs); i++) {
		if (codecs[i].id == id)
			return codecs[i].name;
	}
	return "unknown";
}

int
codec_parse(const char *word, struct codec_choice *c)
{
	const char *colon = strchr(word, ':'), *errstr;
	size_t i, len = colon != NULL ? (size_t)(colon - word) : strlen(word);

	for (i = 0; i < nitems(codecs); i++) {
		if (strlen(codecs[i].name) != len ||
		    memcmp(codecs[i].name, word, len) != 0)
			continue;
		c->id = codecs[i].id;
		c->level = codecs[i].level;
		if (colon == NULL)
			return 0;
		if (codecs[i].max == 0 || colon[1] < '0' || colon[1] > '9')
			return -1;
		c->level = (int)strtonum(colon + 1, codecs[i].min,
		    codecs[i].max, &errstr);
		return errstr == NULL ? 0 : -1;
	}
	return -1;
}

void
codec_thread_end(void)
{
	ZSTD_freeCCtx(zstd_c);
	ZSTD_freeDCtx(zstd_d);
	zstd_c = NULL;
	zstd_d = NULL;
}

static void
thread_ended(void *arg)
{
	(void)arg;
	codec_thread_end();
}

static void
thread_key_make(void)
{
	if (pthread_key_create(&thread_key, thread_ended) != 0)
		fatalx("codec: pthread_key_create");
}

/* Has thread_ended() called when this thread ends. */
static void
thread_begin(void)
{
	if (zstd_c != NULL || zstd_d != NULL)
		return;
	pthread_once(&thread_once, thread_key_make);
	pthread_setspecific(thread_key, &thread_key);
}

/*
 * The compressors write at most cap bytes to dst and return how many, or 0
 * when it did not fit or failed.
 */
static size_t
zstd_pack(int level, const struct piece *v, size_t n, size_t total,
    uint8_t *dst, size_t cap)
{
	ZSTD_outBuffer out = { dst, cap, 0 };
	ZSTD_inBuffer in;
	size_t i, left;

	thread_begin();
	if (zstd_c == NULL && (zstd_c = ZSTD_createCCtx()) == NULL)
		return 0;
	ZSTD_CCtx_reset(zstd_c, ZSTD_reset_session_only);
	ZSTD_CCtx_setParameter(zstd_c, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setPledgedSrcSize(zstd_c, total);
	for (i = 0; i < n; i++) {
		in = (ZSTD_inBuffer){ v[i].p, v[i].len, 0 };
		do {
			left = ZSTD_compressStream2(zstd_c, &out, &in,
			    i + 1 == n ? ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(left))
				return 0;
			if (out.pos == out.size)
				return 0;
		} while (in.pos < in.size || (i + 1 == n && left != 0));
	}
	return out.pos;
}

static size_t
gzip_pack(int level, const struct piece *v, size_t n, size_t total,
    uint8_t *dst, size_t cap)
{
	z_stream z = { 0 };
	size_t i, used = 0;
	int rc = Z_OK;

	(void)total;
	if (cap > UINT_MAX || deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	z.next_out = dst;
	z.avail_out = (uInt)cap;
	for (i = 0; i < n && rc == Z_OK; i++) {
		/* zlib reads only; its type lacks the const */
		memcpy(&z.next_in, &v[i].p, sizeof(z.next_in));
		z.avail_in = (uInt)v[i].len;
		rc = deflate(&z, i + 1 == n ? Z_FINISH : Z_NO_FLUSH);
		if (rc == Z_OK && (z.avail_in != 0 || i + 1 == n))
			rc = Z_BUF_ERROR;	/* out of room */
		if (rc == Z_BUF_ERROR && i + 1 < n && v[i].len == 0)
			rc = Z_OK;
	}
	if (rc == Z_STREAM_END)
		used = cap - z.avail_out;
	deflateEnd(&z);
	return used;
}

static size_t
lz4_pack(int level, const struct piece *v, size_t n, size_t total,
    uint8_t *dst, size_t cap)
{
	LZ4F_preferences_t prefs = { 0 };
	size_t i, bound, used, off = 0;
	uint8_t *tmp, *src = NULL;
	const void *p = v[0].p;

	(void)level;
	prefs.frameInfo.contentSize = total;
	prefs.frameInfo.blockMode = LZ4F_blockLinked;
	bound = LZ4F_compressFrameBound(total, &prefs);
	if ((tmp = malloc(bound)) == NULL)
		return 0;
	if (n > 1) {
		if ((src = malloc(total)) == NULL) {
			free(tmp);
			return 0;
		}
		for (i = 0; i < n; i++) {
			if (v[i].len != 0)
				memcpy(src + off, v[i].p, v[i].len);
			off += v[i].len;
		}
		p = src;
	}
	used = LZ4F_compressFrame(tmp, bound, p, total, &prefs);
	if (LZ4F_isError(used) || used > cap)
		used = 0;
	else
		memcpy(dst, tmp, used);
	free(src);
	free(tmp);
	return used;
}

static int
put_plain(const struct piece *v, size_t n, struct buf *out,
    enum codec_id *used)
{
	size_t i;

	*used = CODEC_NONE;
	for (i = 0; i < n; i++) {
		if (buf_put(out, v[i].p, v[i].len) == -1)
			return -1;
	}
	return 0;
}

int
codec_compress_pieces(const struct codec_choice *c, const struct piece *v,
    size_t n, struct buf *out, enum codec_id *used)
{
	size_t i, cap, got, total = 0, room = SIZE_MAX;
	uint8_t *dst;

	if (out->failed)
		return -1;
	for (i = 0; i < n; i++) {
		if (v[i].len > INT_MAX || (total += v[i].len) > INT_MAX)
			return -1;
	}
	if (out->limit != 0)
		room = out->limit - out->len;
	cap = total < room ? total : room;
	if (c->id == CODEC_NONE || cap < 16)
		return put_plain(v, n, out, used);
	if ((dst = buf_reserve(out, cap)) == NULL)
		return -1;
	switch (c->id) {
	case CODEC_ZSTD:
		got = zstd_pack(c->level, v, n, total, dst, cap);
		break;
	case CODEC_GZIP:
		got = gzip_pack(c->level, v, n, total, dst, cap);
		break;
	case CODEC_LZ4:
		got = lz4_pack(c->level, v, n, total, dst, cap);
		break;
	default:
		return -1;
	}
	if (got == 0 || got >= total)
		return put_plain(v, n, out, used);
	out->len += got;
	*used = c->id;
	return 0;
}

int
codec_compress(const struct codec_choice *c, const void *src, size_t len,
    struct buf *out, enum codec_id *used)
{
	struct piece one = { src, len };

	return codec_compress_pieces(c, &one, 1, out, used);
}

/* RFC 8878 section 3.1.1.1: the window that the frame wants. */
static int
zstd_window(const uint8_t *p, size_t len, uint64_t *window)
{
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t fcs_len[4] = { 1, 2, 4, 8 };
	static const uint8_t dict_len[4] = { 0, 1, 2, 4 };
	uint64_t base;
	size_t at, i, n;

	if (len < 6 || memcmp(p, magic, 4) != 0)
		return -1;
	if ((p[4] & 0x20) == 0) {		/* a window descriptor */
		base = (uint64_t)1 << (10 + (p[5] >> 3));
		*window = base + base / 8 * (p[5] & 7);
		return 0;
	}
	n = fcs_len[p[4] >> 6];			/* a single segment */
	at = 5 + dict_len[p[4] & 3];
	if (len < at + n)
		return -1;
	*window = 0;
	for (i = 0; i < n; i++)
		*window |= (uint64_t)p[at + i] << (8 * i);
	return 0;
}

static int
zstd_unpack(const uint8_t *src, size_t len, uint8_t *dst, size_t want)
{
	uint64_t window;

	if (zstd_window(src, len, &window) == -1 || window > WINDOW_MAX ||
	    ZSTD_findFrameCompressedSize(src, len) != len)
		return -1;
	thread_begin();
	if (zstd_d == NULL && (zstd_d = ZSTD_createDCtx()) == NULL)
		return -1;
	return ZSTD_decompressDCtx(zstd_d, dst, want, src, len) == want ?
	    0 : -1;
}

static int
gzip_unpack(const uint8_t *src, size_t len, uint8_t *dst, size_t want)
{
	z_stream z = { 0 };
	int rc;

	if (len > UINT_MAX || want > UINT_MAX ||
	    inflateInit2(&z, 15 + 16) != Z_OK)
		return -1;
	memcpy(&z.next_in, &src, sizeof(z.next_in));
	z.avail_in = (uInt)len;
	z.next_out = dst;
	z.avail_out = (uInt)want;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0 ?
	    0 : -1;
}

static int
lz4_unpack(const uint8_t *src, size_t len, uint8_t *dst, size_t want)
{
	LZ4F_dctx *d;
	size_t in, out, at = 0, done = 0, rc = 1;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
		return -1;
	while (rc != 0) {
		in = len - at;
		out = want - done;
		rc = LZ4F_decompress(d, dst + done, &out, src + at, &in, NULL);
		if (LZ4F_isError(rc) || (rc != 0 && in == 0 && out == 0)) {
			rc = 1;
			break;
		}
		at += in;
		done += out;
	}
	LZ4F_freeDecompressionContext(d);
	return rc == 0 && at == len && done == want ? 0 : -1;
}

int
codec_expand(enum codec_id id, const void *src, size_t len, size_t want,
    struct buf *out)
{
	uint8_t none[1], *dst = none;
	int rc = -1;

	if (id == CODEC_NONE)
		return len == want ? buf_put(out, src, len) : -1;
	if (want != 0 && (dst = buf_reserve(out, want)) == NULL)
		return -1;
	switch (id) {
	case CODEC_ZSTD:
		rc = zstd_unpack(src, len, dst, want);
		break;
	case CODEC_GZIP:
		rc = gzip_unpack(src, len, dst, want);
		break;
	case CODEC_LZ4:
		rc = lz4_unpack(src, len, dst, want);
		break;
	default:
		break;
	}
	if (rc == 0)
		out->len += want;
	return rc;
}
