/*
 * The outer encoding of every object and the fields inside.  Bytes read
 * here come from the bucket: nothing in them may end the process.  Defined
 * in pail-bucket.5, "The frame" and "Fields".
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/frame.h"
#include "storaged/sum.h"

static const uint8_t magic[4] = { 'P', 'a', 'i', 'l' };

enum {				/* offsets in the header */
	AT_MAGIC = 0,
	AT_KIND = 4,
	AT_LEVEL = 5,
	AT_CODEC = 6,
	AT_ZERO = 7,
	AT_HISTORY = 8,
	AT_CRYPT = 24,		/* algorithm, key id, nonce: 32 bytes */
	AT_LENGTH = 56,
	AT_CHECKSUM = 64
};

static void
frame_checksum(const uint8_t header[FRAME_HEADER], const void *covered,
    size_t len, uint8_t sum[32])
{
	uint8_t		 zeroed[FRAME_HEADER];
	struct sum	 s;

	memcpy(zeroed, header, sizeof(zeroed));
	memset(zeroed + AT_CHECKSUM, 0, 32);
	sum_begin(&s);
	sum_add(&s, zeroed, sizeof(zeroed));
	sum_add(&s, covered, len);
	sum_end(&s, sum);
}

static void
header_make(const struct frame *f, const void *covered, size_t len,
    uint8_t h[FRAME_HEADER])
{
	int	 i;

	memset(h, 0, FRAME_HEADER);
	memcpy(h + AT_MAGIC, magic, sizeof(magic));
	h[AT_KIND] = (uint8_t)f->kind;
	h[AT_LEVEL] = FRAME_LEVEL;
	h[AT_CODEC] = f->codec;
	memcpy(h + AT_HISTORY, f->history, 16);
	for (i = 0; i < 8; i++)
		h[AT_LENGTH + i] = (uint8_t)(f->length >> (8 * i));
	frame_checksum(h, covered, len, h + AT_CHECKSUM);
}

int
frame_header_put(const struct frame *f, const void *covered, size_t len,
    struct buf *out)
{
	uint8_t	 h[FRAME_HEADER];

	header_make(f, covered, len, h);
	return buf_put(out, h, sizeof(h));
}

int
frame_header_get(struct frame *f, enum frame_kind kind, const void *p,
    size_t len)
{
	const uint8_t	*h = p;
	int		 i;

	memset(f, 0, sizeof(*f));
	if (len < FRAME_HEADER || memcmp(h, magic, sizeof(magic)) != 0 ||
	    h[AT_KIND] != kind || h[AT_ZERO] != 0 || h[AT_LEVEL] == 0)
		return FORMAT_DAMAGED;
	if (h[AT_LEVEL] > FRAME_LEVEL)
		return FORMAT_UNKNOWN;
	for (i = AT_CRYPT; i < AT_LENGTH; i++)
		if (h[i] != 0)
			return FORMAT_UNKNOWN;	/* encrypted */
	f->kind = kind;
	f->codec = h[AT_CODEC];
	memcpy(f->history, h + AT_HISTORY, 16);
	for (i = 7; i >= 0; i--)
		f->length = f->length << 8 | h[AT_LENGTH + i];
	return 0;
}

int
frame_header_check(const void *p, const void *covered, size_t len)
{
	const uint8_t	*h = p;
	uint8_t		 sum[32];

	frame_checksum(h, covered, len, sum);
	return memcmp(sum, h + AT_CHECKSUM, 32) == 0 ? 0 : FORMAT_DAMAGED;
}

int
frame_seal(enum frame_kind kind, const uint8_t history[16],
    const struct codec_choice *codec, const void *body, size_t len,
    struct buf *out)
{
	struct frame	 f = { .kind = kind, .codec = CODEC_NONE,
			    .length = len };
	struct buf	 packed = BUF_INIT;
	enum codec_id	 used = CODEC_NONE;
	const void	*stored = body;
	size_t		 stored_len = len;
	int		 ret = -1;

	memcpy(f.history, history, 16);
	if (codec != NULL && codec->id != CODEC_NONE && len > 0) {
		if (codec_compress(codec, body, len, &packed, &used) == -1)
			goto done;
		f.codec = (uint8_t)used;
		stored = packed.data;
		stored_len = packed.len;
	}
	if (frame_header_put(&f, stored, stored_len, out) == -1 ||
	    buf_put(out, stored, stored_len) == -1)
		goto done;
	ret = 0;
done:
	buf_free(&packed);
	return ret;
}

int
frame_begin(struct buf *out)
{
	static const uint8_t	 room[FRAME_HEADER];

	return buf_put(out, room, sizeof(room));
}

int
frame_end(enum frame_kind kind, const uint8_t history[16], struct buf *out,
    size_t at)
{
	struct frame	 f = { .kind = kind, .codec = CODEC_NONE };
	uint8_t		*h;

	if (out->failed)
		return -1;
	h = out->data + at;
	f.length = out->len - at - FRAME_HEADER;
	memcpy(f.history, history, 16);
	header_make(&f, h + FRAME_HEADER, (size_t)f.length, h);
	return 0;
}

int
frame_open(struct frame *f, enum frame_kind kind, const void *p, size_t len,
    size_t max, struct buf *store, const uint8_t **body, size_t *body_len)
{
	const uint8_t	*stored;
	size_t		 n;
	int		 r;

	if ((r = frame_header_get(f, kind, p, len)) != 0)
		return r;
	stored = (const uint8_t *)p + FRAME_HEADER;
	n = len - FRAME_HEADER;
	if (frame_header_check(p, stored, n) != 0 || f->length > max)
		return FORMAT_DAMAGED;
	if (f->codec == CODEC_NONE) {
		if (f->length != n)
			return FORMAT_DAMAGED;
		*body = stored;
		*body_len = n;
		return 0;
	}
	if (f->codec > CODEC_LZ4)
		return FORMAT_UNKNOWN;
	buf_reset(store);
	if (codec_expand((enum codec_id)f->codec, stored, n,
	    (size_t)f->length, store) == -1)
		return FORMAT_DAMAGED;
	*body = store->data;
	*body_len = store->len;
	return 0;
}

uint64_t
zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ ((v & 1) ? -1 : 0);
}

int
tlv_put(struct buf *b, uint32_t number, bool critical, const void *p,
    size_t len)
{
	buf_put_varint(b, (uint64_t)number << 1 | (critical ? 1 : 0));
	return buf_put_bytes(b, p, len);
}

int
tlv_put_varint(struct buf *b, uint32_t number, uint64_t v)
{
	buf_put_varint(b, (uint64_t)number << 1 | 1);
	buf_put_varint(b, varint_len(v));
	return buf_put_varint(b, v);
}

int
tlv_put_zigzag(struct buf *b, uint32_t number, int64_t v)
{
	return tlv_put_varint(b, number, zigzag(v));
}

int
tlv_next(struct cursor *c, struct tlv *t)
{
	uint64_t	 tag;
	struct str	 s;

	if (c->bad)
		return FORMAT_DAMAGED;
	if (cursor_left(c) == 0)
		return 0;
	tag = cursor_varint(c);
	s = cursor_str(c);
	if (c->bad || tag >> 1 > UINT32_MAX || tag >> 1 <= t->number) {
		c->bad = true;
		return FORMAT_DAMAGED;
	}
	t->number = (uint32_t)(tag >> 1);
	t->critical = tag & 1;
	cursor_init(&t->value, s.p, s.len);
	return 1;
}

int
tlv_rest(struct cursor *c, const struct tlv *first, const uint8_t *start,
    struct str *rest)
{
	struct tlv	 t = *first;
	bool		 critical = t.critical;
	int		 r;

	while ((r = tlv_next(c, &t)) == 1)
		critical = critical || t.critical;
	if (r != 0)
		return r;
	if (critical)
		return FORMAT_UNKNOWN;
	rest->p = (const char *)start;
	rest->len = (size_t)(c->p - start);
	return 0;
}

int
tlv_varint(struct tlv *t, uint64_t *v)
{
	*v = cursor_varint(&t->value);
	return cursor_done(&t->value) ? 0 : FORMAT_DAMAGED;
}

int
tlv_zigzag(struct tlv *t, int64_t *v)
{
	uint64_t	 u;

	if (tlv_varint(t, &u) != 0)
		return FORMAT_DAMAGED;
	*v = unzigzag(u);
	return 0;
}

int
tlv_copy(struct tlv *t, void *dst, size_t len)
{
	const uint8_t	*p = cursor_bytes(&t->value, len);

	if (p == NULL || !cursor_done(&t->value))
		return FORMAT_DAMAGED;
	memcpy(dst, p, len);
	return 0;
}
