/*
 * Converts structs to bytes and back, according to a table of fields: both ends
 * of a message use the same table, so they cannot disagree.  Used for messages
 * between our processes (common/msg_*.c); bytes decoded here are hostile.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

enum wire_kind {
	WIRE_U8,	/* uint8_t */
	WIRE_U32,	/* uint32_t, varint */
	WIRE_U64,	/* uint64_t, varint */
	WIRE_I64,	/* int64_t, zigzag varint */
	WIRE_BOOL,	/* bool; only 0 and 1 are valid */
	WIRE_FIX64,	/* uint64_t, 8 bytes (random ids) */
	WIRE_ID16,	/* uint8_t[16] */
	WIRE_STR,	/* struct str; no NUL; borrowed from the message */
	WIRE_BYTES,	/* struct str, any byte; borrowed */
	WIRE_SET,	/* struct uidset; ranges allocated on the arena (do not
			   uidset_free or change a decoded one) */
	WIRE_LIST	/* struct wire_list of structs of sub, on the arena */
};

struct wire_list {
	void	*v;		/* array of n structs of sub->size */
	size_t	 n;
};

struct wire_field {
	enum wire_kind		 kind;
	size_t			 off;	/* offsetof in the struct */
	uint64_t		 max;	/* number: largest value; STR, BYTES:
					   bytes; SET, LIST: elements; 0: the
					   kind's own (sets and lists: 65536) */
	const struct wire_struct *sub;	/* WIRE_LIST */
};

struct wire_struct {
	const char		*name;
	size_t			 size;
	const struct wire_field	*fields;
	size_t			 nfields;
};

/* 0, or -1 if b is full or a field exceeds its maximum. */
int	 wire_encode(const struct wire_struct *ws, const void *src,
	    struct buf *b);
/*
 * Fills *dst (ws->size bytes).  -1 if it is not exactly one struct: truncated,
 * trailing bytes, a value above its maximum, or the arena's limit.
 */
int	 wire_decode(const struct wire_struct *ws, void *dst, const void *p,
	    size_t len, struct arena *a);

#endif
