/*
 * The numbered fields of a struct, to bytes and back by one table
 * (pail-bucket.5, "Fields"): the head, commit blocks, log objects, manifests
 * and records are each a table of rows, read, written and printed by the
 * loops of fields.c.  Bytes decoded here are hostile.
 */
#ifndef STORAGED_FIELDS_H
#define STORAGED_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "storaged/format/object.h"

enum field_kind {
	FIELD_NONE,	/* the number was never given */
	FIELD_NEWER,	/* present but not supported: FORMAT_UNKNOWN */
	FIELD_NUM,	/* bool or unsigned of 1, 2, 4, 8 bytes: a varint */
	FIELD_INT,	/* signed of 2 or 8 bytes: a zigzag varint */
	FIELD_FIX64,	/* uint64_t: 8 bytes (random ids, hashes) */
	FIELD_BYTES,	/* uint8_t[]: exactly as many */
	FIELD_STR,	/* struct str, any bytes, borrowed */
	FIELD_TEXT,	/* struct str: 1 byte or more, no NUL, borrowed */
	FIELD_WORDS,	/* struct str *, and a size_t how many: texts, on the
			   arena; absent when there is none */
	FIELD_UIDS,	/* struct uidset, not empty, on the arena */
	FIELD_OWN	/* by functions of its own */
};

/* m: the member, at the row's offset. */
struct field_own {
	bool	(*empty)(const void *m);	/* NULL: never */
	int	(*put)(const void *m, struct buf *b);	/* 0 or -1 */
	/* The whole cursor.  0, FORMAT_DAMAGED or FORMAT_UNKNOWN. */
	int	(*get)(void *m, struct cursor *c);
	void	(*print)(const void *m, struct buf *b);	/* NULL: not shown */
};

struct field {
	enum field_kind	 kind;
	const char	*name;		/* that pailctl dump prints */
	size_t		 off;		/* FIELD_AT(): of the member, */
	size_t		 size;		/* and its bytes */
	/* NUM: bounds; INT: max is the largest magnitude; STR, TEXT: bytes;
	 * WORDS: how many; UIDS: ranges.  max 0: what the member holds. */
	uint64_t	 min, max;
	size_t		 word_max;	/* WORDS: bytes of each */
	size_t		 count;		/* WORDS: offset of how many */
	const char *const *values;	/* NUM: names of 0 to max, printed */
	bool		 bits;		/* NUM: printed in hex */
	/* Came later, and older nodes may ignore it: not critical, and
	 * printed only when it is there. */
	bool		 newer;
	const struct field_own *own;
};
#define FIELD_AT(type, m)						\
	.off = offsetof(type, m), .size = sizeof(((type *)0)->m)
#define FIELD_BIT(number)	((uint32_t)1 << (number))
#define FIELD_ALL(last)		(FIELD_BIT((last) + 1) - 2)

/* Which of a table's rows (row[n] is field n) a struct has. */
struct fields {
	const struct field	*row;
	uint32_t		 last;		/* number, below 32 */
	uint32_t		 must;		/* FIELD_BIT()s */
	uint32_t		 may;		/* left out when empty */
};

/* Appends the fields of src, which is within its rows' bounds.  0 or -1. */
int	 fields_encode(const struct fields *fs, const void *src,
	    struct buf *b);
/*
 * Reads the whole cursor into *dst, where what is absent keeps its value;
 * strings are borrowed from the bytes, the rest hangs on the arena (NULL
 * where no row needs it).  *rest: non-critical fields over the last, to be
 * written again as they are.  0; FORMAT_DAMAGED: a number twice, descending
 * or none of this struct's, one missing, a value out of bounds;
 * FORMAT_UNKNOWN: critical and newer than we are.
 */
int	 fields_decode(const struct fields *fs, void *dst, struct cursor *c,
	    struct arena *a, struct str *rest);
/* The same of fields behind a 32-bit length, at most max: c then stands
 * behind them.  No row may need an arena. */
int	 fields_decode_sized(const struct fields *fs, void *dst,
	    struct cursor *c, size_t max, struct str *rest);
/*
 * An object of at most max bytes, once decompressed, that consists of fields:
 * object_open(), and fields_decode() of all that is in it.  history: its own
 * has to be that; NULL: any.  No row may borrow or need an arena; what would
 * be the rest is appended to unknown (NULL: left out).  FORMAT_DAMAGED is
 * ENOMEM, too.
 */
int	 fields_open(const struct fields *fs, void *dst, enum object_kind kind,
	    const uint8_t *history, const void *p, size_t len, size_t max,
	    struct buf *unknown);
/* Appends " name=value" for those of the n numbers that src has. */
void	 fields_print(const struct fields *fs, const void *src,
	    const uint8_t *numbers, size_t n, struct buf *b);
void	 fields_print_hex(const uint8_t *p, size_t len, struct buf *b);

#endif
