/*
 * The outer encoding of every object and the fields inside.  Bytes read
 * here come from the bucket: nothing in them may end the process.  Defined
 * in pail-bucket.5, "The object header" and "Fields".
 */
#include "common/compat.h"

#include <errno.h>
#include <string.h>

#include "common/sum.h"
#include "storaged/format/object.h"

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
object_checksum(const uint8_t header[OBJECT_HEADER], const void *covered,
    size_t len, uint8_t sum[32])
{
	uint8_t		 zeroed[OBJECT_HEADER];
	struct sum	 s;

	memcpy(zeroed, header, sizeof(zeroed));
	memset(zeroed + AT_CHECKSUM, 0, 32);
	sum_begin(&s);
	sum_add(&s, zeroed, sizeof(zeroed));
	sum_add(&s, covered, len);
	sum_end(&s, sum);
}

static void
header_make(const struct object_header *f, const void *covered, size_t len,
    uint8_t h[OBJECT_HEADER])
{
	int	 i;

	memset(h, 0, OBJECT_HEADER);
	memcpy(h + AT_MAGIC, magic, sizeof(magic));
	h[AT_KIND] = (uint8_t)f->kind;
	h[AT_LEVEL] = OBJECT_LEVEL;
	h[AT_CODEC] = f->codec;
	memcpy(h + AT_HISTORY, f->history, 16);
	for (i = 0; i < 8; i++)
		h[AT_LENGTH + i] = (uint8_t)(f->length >> (8 * i));
	object_checksum(h, covered, len, h + AT_CHECKSUM);
}

int
object_header_put(const struct object_header *f, const void *covered,
    size_t len, struct buf *out)
{
	uint8_t	 h[OBJECT_HEADER];

	header_make(f, covered, len, h);
	return buf_put(out, h, sizeof(h));
}

int
object_header_get(struct object_header *f, enum object_kind kind, const void *p,
    size_t len)
{
	const uint8_t	*h = p;
	int		 i;

	memset(f, 0, sizeof(*f));
	if (len < OBJECT_HEADER || memcmp(h, magic, sizeof(magic)) != 0 ||
	    h[AT_KIND] != kind || h[AT_ZERO] != 0 || h[AT_LEVEL] == 0)
		return FORMAT_DAMAGED;
	if (h[AT_LEVEL] > OBJECT_LEVEL)
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
object_header_check(const void *p, const void *covered, size_t len)
{
	const uint8_t	*h = p;
	uint8_t		 sum[32];

	object_checksum(h, covered, len, sum);
	return memcmp(sum, h + AT_CHECKSUM, 32) == 0 ? 0 : FORMAT_DAMAGED;
}

int
object_seal(enum object_kind kind, const uint8_t history[16],
    const struct codec_choice *codec, const void *body, size_t len,
    struct buf *out)
{
	struct object_header	 f = { .kind = kind, .codec = CODEC_NONE,
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
	if (object_header_put(&f, stored, stored_len, out) == -1 ||
	    buf_put(out, stored, stored_len) == -1)
		goto done;
	ret = 0;
done:
	buf_free(&packed);
	return ret;
}

int
object_begin(struct buf *out)
{
	static const uint8_t	 room[OBJECT_HEADER];

	return buf_put(out, room, sizeof(room));
}

int
object_end(enum object_kind kind, const uint8_t history[16], struct buf *out,
    size_t at)
{
	struct object_header	 f = { .kind = kind, .codec = CODEC_NONE };
	uint8_t		*h;

	if (out->failed)
		return -1;
	h = out->data + at;
	f.length = out->len - at - OBJECT_HEADER;
	memcpy(f.history, history, 16);
	header_make(&f, h + OBJECT_HEADER, (size_t)f.length, h);
	return 0;
}

int
object_open(struct object_header *f, enum object_kind kind, const void *p,
    size_t len, size_t max, struct buf *store, const uint8_t **body,
    size_t *body_len)
{
	const uint8_t	*stored;
	size_t		 n;
	int		 r;

	if ((r = object_header_get(f, kind, p, len)) != 0)
		return r;
	stored = (const uint8_t *)p + OBJECT_HEADER;
	n = len - OBJECT_HEADER;
	if (object_header_check(p, stored, n) != 0 || f->length > max)
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
	errno = 0;
	if (codec_expand((enum codec_id)f->codec, stored, n,
	    (size_t)f->length, store) == -1)
		return errno == ENOMEM ? FORMAT_NO_MEMORY : FORMAT_DAMAGED;
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

/* v at p, which has room for ten bytes; how many it took. */
static size_t
varint_at(uint8_t *p, uint64_t v)
{
	size_t	 n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

int
tlv_put_head(struct buf *b, uint32_t number, bool critical, size_t len)
{
	uint8_t	 head[20];
	size_t	 n;

	n = varint_at(head, (uint64_t)number << 1 | (critical ? 1 : 0));
	n += varint_at(head + n, len);
	return buf_put(b, head, n);
}

int
tlv_put(struct buf *b, uint32_t number, bool critical, const void *p,
    size_t len)
{
	tlv_put_head(b, number, critical, len);
	return buf_put(b, p, len);
}

int
tlv_put_num(struct buf *b, uint32_t number, bool critical, uint64_t v)
{
	uint8_t	 field[21];
	size_t	 n, len;

	n = varint_at(field, (uint64_t)number << 1 | (critical ? 1 : 0));
	len = varint_at(field + n + 1, v);
	field[n] = (uint8_t)len;
	return buf_put(b, field, n + 1 + len);
}

size_t
tlv_begin(struct buf *b, uint32_t number, bool critical)
{
	tlv_put_head(b, number, critical, 0);
	return b->len;
}

int
tlv_end(struct buf *b, size_t at)
{
	size_t	 len = b->len - at, more;

	if (b->failed)
		return -1;
	more = varint_len(len) - 1;
	if (more > 0) {
		if (buf_reserve(b, more) == NULL)
			return -1;
		memmove(b->data + at + more, b->data + at, len);
		b->len += more;
	}
	varint_at(b->data + at - 1, len);
	return 0;
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
