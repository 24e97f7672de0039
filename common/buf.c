/*
 * Growing buffers and safe cursors (buf.h): the only places of the suite where
 * a length from outside meets a pointer.  Nothing here may trust a length,
 * and nothing may read or write without having compared it first.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/compat.h"

#define BUF_FIRST	64	/* bytes of the first allocation */
#define VARINT_MAX	10	/* bytes of the longest varint */
#define DECIMAL_MAX	20	/* digits of the largest number */

struct str
str_from(const char *cstr)
{
	if (cstr == NULL)
		return STR("");
	return (struct str){ cstr, strlen(cstr) };
}

void
str_copy(char *dst, size_t size, struct str s)
{
	size_t	n = s.len < size - 1 ? s.len : size - 1;

	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

struct str
str_trim(struct str s, const char *blank)
{
	while (s.len > 0 && is_one_of(s.p[0], blank)) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_one_of(s.p[s.len - 1], blank))
		s.len--;
	return s;
}

bool
str_split(struct str *rest, char c, struct str *part)
{
	const char	*at = rest->len == 0 ? NULL : memchr(rest->p, c,
			    rest->len);

	if (at == NULL)
		return false;
	part->p = rest->p;
	part->len = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->len -= part->len + 1;
	return true;
}

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static unsigned char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') :
	    (unsigned char)c;
}

bool
str_caseeq(struct str a, struct str b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

void
buf_init(struct buf *b, size_t limit)
{
	*b = BUF_INIT;
	b->limit = limit;
}

void
buf_init_secret(struct buf *b, size_t limit)
{
	buf_init(b, limit);
	b->secret = true;
}

void
buf_free(struct buf *b)
{
	size_t limit = b->limit;
	bool secret = b->secret;

	free(b->data);
	buf_init(b, limit);
	b->secret = secret;
}

void
buf_freezero(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	buf_free(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Make room for len more bytes, and for spare ones that will not stay. */
static int
buf_grow(struct buf *b, size_t len, size_t spare)
{
	size_t	 need, size;
	uint8_t	*data;

	if (b->failed)
		return -1;
	if (len > SIZE_MAX / 2 - b->len - spare ||
	    (b->limit != 0 && (b->len > b->limit || len > b->limit - b->len)))
		goto fail;
	need = b->len + len + spare;
	if (need <= b->size && b->data != NULL)
		return 0;
	size = b->size < BUF_FIRST ? BUF_FIRST : b->size;
	while (size < need)
		size *= 2;
	if (b->limit != 0 && size > b->limit && b->limit >= BUF_FIRST)
		size = b->limit > need ? b->limit : need;
	if (!b->secret)
		data = realloc(b->data, size);
	else if ((data = malloc(size)) != NULL && b->data != NULL) {
		memcpy(data, b->data, b->len);
		freezero(b->data, b->size);
	}
	if (data == NULL)
		goto fail;
	b->data = data;
	b->size = size;
	return 0;
fail:
	b->failed = true;
	return -1;
}

int
buf_put(struct buf *b, const void *p, size_t len)
{
	if ((len == 0 || !buf_has_room(b, len)) && buf_grow(b, len, 0) == -1)
		return -1;
	if (len != 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	return 0;
}

/* The low n bytes of v, the lowest first. */
static int
buf_put_le(struct buf *b, uint64_t v, size_t n)
{
	size_t i;

	if (buf_grow(b, n, 0) == -1)
		return -1;
	for (i = 0; i < n; i++)
		b->data[b->len++] = (uint8_t)(v >> (8 * i));
	return 0;
}

int
buf_put_u8_grow(struct buf *b, uint8_t v)
{
	return buf_put_le(b, v, 1);
}

int
buf_put_u16(struct buf *b, uint16_t v)
{
	return buf_put_le(b, v, 2);
}

int
buf_put_u32(struct buf *b, uint32_t v)
{
	return buf_put_le(b, v, 4);
}

int
buf_put_u64(struct buf *b, uint64_t v)
{
	return buf_put_le(b, v, 8);
}

int
buf_put_varint_long(struct buf *b, uint64_t v)
{
	if (!buf_has_room(b, VARINT_MAX) &&
	    buf_grow(b, varint_len(v), 0) == -1)
		return -1;
	while (v >= 0x80) {
		b->data[b->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	b->data[b->len++] = (uint8_t)v;
	return 0;
}

int
buf_put_zigzag(struct buf *b, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;

	return buf_put_varint(b, v < 0 ? ~u : u);
}

int
buf_put_bytes(struct buf *b, const void *p, size_t len)
{
	if (buf_put_varint(b, len) == -1)
		return -1;
	return buf_put(b, p, len);
}

int
buf_put_decimal(struct buf *b, uint64_t v)
{
	char	 text[DECIMAL_MAX], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	return buf_put(b, p, (size_t)(text + sizeof(text) - p));
}

/* Into the room that is there; once more, with enough of it, if need be. */
int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap, again;
	size_t	 room = b->size - b->len;
	int	 n, r = -1;

	if (b->failed)
		return -1;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room > 0 ? (char *)b->data + b->len : NULL, room, fmt,
	    ap);
	if (n < 0)
		b->failed = true;
	else if (buf_grow(b, (size_t)n, 1) == 0) {	/* 1: the NUL */
		if ((size_t)n >= room)
			vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt,
			    again);
		b->len += (size_t)n;
		r = 0;
	}
	va_end(again);
	va_end(ap);
	return r;
}

uint8_t *
buf_reserve(struct buf *b, size_t len)
{
	if (buf_grow(b, len, 0) == -1)
		return NULL;
	return b->data + b->len;
}

void
buf_drain(struct buf *b, size_t len)
{
	if (len >= b->len) {
		b->len = 0;
		return;
	}
	if (len != 0)
		memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
}

static uint64_t
cursor_le(struct cursor *c, size_t n)
{
	const uint8_t	*p = cursor_bytes(c, n);
	uint64_t	 v = 0;
	size_t		 i;

	if (p == NULL)
		return 0;
	for (i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint16_t
cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_le(c, 2);
}

uint32_t
cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_le(c, 4);
}

uint64_t
cursor_u64(struct cursor *c)
{
	return cursor_le(c, 8);
}

uint64_t
cursor_varint_long(struct cursor *c)
{
	const uint8_t	*p = c->p;
	size_t		 left = cursor_left(c), i;
	uint64_t	 v = 0;

	for (i = 0; i < left && i < VARINT_MAX; i++) {
		v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		if ((p[i] & 0x80) != 0)
			continue;
		/* The tenth byte holds one bit; a zero byte is not shortest. */
		if ((i == VARINT_MAX - 1 && p[i] > 1) || (i > 0 && p[i] == 0))
			break;
		c->p += i + 1;
		return v;
	}
	c->bad = true;
	return 0;
}

int64_t
cursor_zigzag(struct cursor *c)
{
	uint64_t u = cursor_varint(c);

	return (u & 1) != 0 ? -(int64_t)(u >> 1) - 1 : (int64_t)(u >> 1);
}

struct str
cursor_str(struct cursor *c)
{
	uint64_t	 len = cursor_varint(c);
	const uint8_t	*p = NULL;

	if (len > cursor_left(c))
		c->bad = true;
	else
		p = cursor_bytes(c, (size_t)len);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	return (struct str){ (const char *)p, (size_t)len };
}

size_t
varint_len(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}
