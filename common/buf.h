/*
 * A growing byte buffer with a limit, and a cursor that reads bytes safely.
 * All integers in our formats are little-endian; varints are LEB128 of at
 * most 10 bytes in the shortest form (a longer form is an error).
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes owned by someone else. */
struct str {
	const char	*p;
	size_t		 len;
};
#define STR(lit)	((struct str){ (lit), sizeof(lit) - 1 })
struct str str_from(const char *cstr);		/* NULL: an empty one */
bool	 str_eq(struct str a, struct str b);
bool	 str_caseeq(struct str a, struct str b);	/* ASCII case only */
/* Without the octets of blank at both ends. */
struct str str_trim(struct str s, const char *blank);
/* Moves what is before the first c of *rest to *part, and takes c off, too.
 * False: there is no c, and nothing has changed. */
bool	 str_split(struct str *rest, char c, struct str *part);
/* As much of s as there is room for, and a NUL; size > 0. */
void	 str_copy(char *dst, size_t size, struct str s);

struct buf {
	uint8_t	*data;
	size_t	 len;
	size_t	 size;
	size_t	 limit;		/* 0: none */
	bool	 failed;	/* a put did not fit, or ENOMEM: sticky */
	bool	 secret;	/* leaves no copy behind when it grows */
};

/* A buf on the stack: struct buf b = BUF_INIT; ... buf_free(&b) */
#define BUF_INIT	((struct buf){ 0 })
void	 buf_init(struct buf *b, size_t limit);
void	 buf_init_secret(struct buf *b, size_t limit);	/* buf_freezero() it */
void	 buf_free(struct buf *b);		/* and leaves it initialised */
void	 buf_freezero(struct buf *b);		/* the same, wiped before */
void	 buf_reset(struct buf *b);		/* keeps the memory */

/*
 * The buf_put functions return 0, or -1 with b->failed set; after a failure all
 * others fail, too, so that it is enough to check once at the end.
 */
int	 buf_put(struct buf *b, const void *p, size_t len);
int	 buf_put_u16(struct buf *b, uint16_t v);
int	 buf_put_u32(struct buf *b, uint32_t v);
int	 buf_put_u64(struct buf *b, uint64_t v);
int	 buf_put_zigzag(struct buf *b, int64_t v);	/* signed: 0, -1, 1 */
/* varint len, bytes */
int	 buf_put_bytes(struct buf *b, const void *p, size_t len);
int	 buf_put_decimal(struct buf *b, uint64_t v);	/* as %llu, but fast */
int	 buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Makes room for len bytes at the end; the caller fills it and adds to
 * b->len. */
uint8_t	*buf_reserve(struct buf *b, size_t len);
void	 buf_drain(struct buf *b, size_t len);	/* drop len from the front */

/*
 * The short ones, of which FETCH writes dozens for each message, are compiled
 * into their callers.  A buf with a limit has all of them checked in buf.c.
 */
static inline bool
buf_has_room(const struct buf *b, size_t len)
{
	return b->limit == 0 && !b->failed && len <= b->size - b->len;
}

int	 buf_put_u8_grow(struct buf *b, uint8_t v);
int	 buf_put_varint_long(struct buf *b, uint64_t v);	/* any length */

static inline int
buf_put_u8(struct buf *b, uint8_t v)
{
	if (!buf_has_room(b, 1))
		return buf_put_u8_grow(b, v);
	b->data[b->len++] = v;
	return 0;
}

static inline int
buf_put_varint(struct buf *b, uint64_t v)
{
	if (v >= 0x80)
		return buf_put_varint_long(b, v);
	return buf_put_u8(b, (uint8_t)v);
}

static inline int
buf_puts(struct buf *b, const char *cstr)		/* without the NUL */
{
	return buf_put(b, cstr, strlen(cstr));
}

struct cursor {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		 bad;	/* read past the end or bad form: sticky */
};

/*
 * Once bad, all reads give 0 or NULL.  What every row is read with stands here,
 * so that it is compiled into its callers: SEARCH and FETCH of a mailbox are
 * little else.
 */
static inline void
cursor_init(struct cursor *c, const void *p, size_t len)
{
	static const uint8_t none[1];

	if (p == NULL) {
		p = none;
		len = 0;
	}
	c->p = p;
	c->end = c->p + len;
	c->bad = false;
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return c->bad ? 0 : (size_t)(c->end - c->p);
}

/* len raw bytes, borrowed */
static inline const uint8_t *
cursor_bytes(struct cursor *c, size_t len)
{
	const uint8_t *p = c->p;

	if (c->bad || len > (size_t)(c->end - c->p)) {
		c->bad = true;
		return NULL;
	}
	c->p += len;
	return p;
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);

	return p == NULL ? 0 : *p;
}

uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);

uint64_t cursor_varint_long(struct cursor *c);	/* of any length */

static inline uint64_t
cursor_varint(struct cursor *c)
{
	if (cursor_left(c) > 0 && c->p[0] < 0x80)	/* as nearly all are */
		return *c->p++;
	return cursor_varint_long(c);
}

int64_t	 cursor_zigzag(struct cursor *c);
/* varint len, bytes; borrowed */
struct str cursor_str(struct cursor *c);

/* true if there was no error and nothing is left. */
static inline bool
cursor_done(const struct cursor *c)
{
	return !c->bad && c->p == c->end;
}

size_t	 varint_len(uint64_t v);

#endif
