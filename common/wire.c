/*
 * Structs to bytes and back by their tables.  What is decoded here was
 * written by a process that may have been taken over: nothing is believed,
 * and nothing is allocated that the bytes at hand cannot fill.
 */
#include <string.h>

#include "common/uidset.h"
#include "common/wire.h"

#define WIRE_ELEMENTS	65536	/* of a set or list, if the table is silent */

static int	encode(const struct wire_struct *, const uint8_t *,
		    struct buf *);
static int	decode(const struct wire_struct *, uint8_t *, struct cursor *,
		    struct arena *);

static uint64_t
limit_of(const struct wire_field *f)
{
	if (f->max != 0)
		return f->max;
	switch (f->kind) {
	case WIRE_U8:
		return UINT8_MAX;
	case WIRE_U32:
		return UINT32_MAX;
	case WIRE_SET:
	case WIRE_LIST:
		return WIRE_ELEMENTS;
	default:
		return UINT64_MAX;
	}
}

/* A signed value's distance from zero. */
static uint64_t
magnitude(int64_t v)
{
	return v < 0 ? (uint64_t)-(v + 1) + 1 : (uint64_t)v;
}

static int
put_number(uint64_t v, uint64_t max, struct buf *b)
{
	return v > max ? -1 : buf_put_varint(b, v);
}

static int
encode_list(const struct wire_field *f, const struct wire_list *list,
    struct buf *b)
{
	const uint8_t	*v = list->v;
	size_t		 i;

	if (list->n > limit_of(f) || buf_put_varint(b, list->n) == -1)
		return -1;
	for (i = 0; i < list->n; i++)
		if (encode(f->sub, v + i * f->sub->size, b) == -1)
			return -1;
	return 0;
}

static int
encode_field(const struct wire_field *f, const void *p, struct buf *b)
{
	uint64_t		 max = limit_of(f);
	const struct uidset	*set;
	const struct str	*s;
	int64_t			 i64;

	switch (f->kind) {
	case WIRE_U8:
		if (*(const uint8_t *)p > max)
			return -1;
		return buf_put_u8(b, *(const uint8_t *)p);
	case WIRE_U32:
		return put_number(*(const uint32_t *)p, max, b);
	case WIRE_U64:
		return put_number(*(const uint64_t *)p, max, b);
	case WIRE_I64:
		i64 = *(const int64_t *)p;
		return magnitude(i64) > max ? -1 : buf_put_zigzag(b, i64);
	case WIRE_BOOL:
		return buf_put_u8(b, *(const bool *)p ? 1 : 0);
	case WIRE_FIX64:
		return buf_put_u64(b, *(const uint64_t *)p);
	case WIRE_ID16:
		return buf_put(b, p, 16);
	case WIRE_STR:
	case WIRE_BYTES:
		s = p;
		if (s->len > max || (f->kind == WIRE_STR && s->len != 0 &&
		    memchr(s->p, '\0', s->len) != NULL))
			return -1;
		return buf_put_bytes(b, s->p, s->len);
	case WIRE_SET:
		set = p;
		return set->n > max ? -1 : uidset_encode(set, b);
	case WIRE_LIST:
		return encode_list(f, p, b);
	}
	return -1;
}

static int
encode(const struct wire_struct *ws, const uint8_t *src, struct buf *b)
{
	size_t i;

	for (i = 0; i < ws->nfields; i++)
		if (encode_field(&ws->fields[i], src + ws->fields[i].off,
		    b) == -1)
			return -1;
	return 0;
}

int
wire_encode(const struct wire_struct *ws, const void *src, struct buf *b)
{
	return encode(ws, src, b) == -1 || b->failed ? -1 : 0;
}

static int
get_number(uint64_t *v, uint64_t max, struct cursor *c)
{
	*v = cursor_varint(c);
	return c->bad || *v > max ? -1 : 0;
}

static int
decode_list(const struct wire_field *f, struct wire_list *list,
    struct cursor *c, struct arena *a)
{
	uint64_t	 n, i;
	uint8_t		*v;

	/* An element takes a byte at least. */
	if (get_number(&n, limit_of(f), c) == -1 || n > cursor_left(c))
		return -1;
	if (n == 0)
		return 0;
	if (a == NULL ||
	    (v = arena_array(a, (size_t)n, f->sub->size)) == NULL)
		return -1;
	for (i = 0; i < n; i++)
		if (decode(f->sub, v + i * f->sub->size, c, a) == -1)
			return -1;
	list->v = v;
	list->n = (size_t)n;
	return 0;
}

static int
decode_str(const struct wire_field *f, struct str *s, struct cursor *c)
{
	*s = cursor_str(c);
	if (c->bad || s->len > limit_of(f))
		return -1;
	if (f->kind == WIRE_STR && s->len != 0 &&
	    memchr(s->p, '\0', s->len) != NULL)
		return -1;
	return 0;
}

static int
decode_field(const struct wire_field *f, void *p, struct cursor *c,
    struct arena *a)
{
	uint64_t	 max = limit_of(f), v;
	const uint8_t	*bytes;

	switch (f->kind) {
	case WIRE_U8:
		v = cursor_u8(c);
		*(uint8_t *)p = (uint8_t)v;
		return c->bad || v > max ? -1 : 0;
	case WIRE_U32:
		if (get_number(&v, max < UINT32_MAX ? max : UINT32_MAX,
		    c) == -1)
			return -1;
		*(uint32_t *)p = (uint32_t)v;
		return 0;
	case WIRE_U64:
		return get_number(p, max, c);
	case WIRE_I64:
		*(int64_t *)p = cursor_zigzag(c);
		return c->bad || magnitude(*(int64_t *)p) > max ? -1 : 0;
	case WIRE_BOOL:
		v = cursor_u8(c);
		*(bool *)p = v == 1;
		return c->bad || v > 1 ? -1 : 0;
	case WIRE_FIX64:
		*(uint64_t *)p = cursor_u64(c);
		return c->bad ? -1 : 0;
	case WIRE_ID16:
		if ((bytes = cursor_bytes(c, 16)) == NULL)
			return -1;
		memcpy(p, bytes, 16);
		return 0;
	case WIRE_STR:
	case WIRE_BYTES:
		return decode_str(f, p, c);
	case WIRE_SET:
		return uidset_decode_arena(p, c, (size_t)max, a);
	case WIRE_LIST:
		return decode_list(f, p, c, a);
	}
	return -1;
}

static int
decode(const struct wire_struct *ws, uint8_t *dst, struct cursor *c,
    struct arena *a)
{
	size_t i;

	for (i = 0; i < ws->nfields; i++)
		if (decode_field(&ws->fields[i], dst + ws->fields[i].off, c,
		    a) == -1)
			return -1;
	return 0;
}

int
wire_decode(const struct wire_struct *ws, void *dst, const void *p,
    size_t len, struct arena *a)
{
	struct cursor c;

	memset(dst, 0, ws->size);
	cursor_init(&c, p, len);
	if (decode(ws, dst, &c, a) == -1 || !cursor_done(&c)) {
		memset(dst, 0, ws->size);
		return -1;
	}
	return 0;
}
