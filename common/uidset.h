/*
 * A set of UIDs (or sequence numbers): 1 to 2^32-1, kept as sorted,
 * disjoint, non-adjacent ranges.
 */
#ifndef COMMON_UIDSET_H
#define COMMON_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

struct uidrange {
	uint32_t	first;
	uint32_t	last;		/* inclusive, >= first */
};

struct uidset {
	struct uidrange	*v;		/* owned, but when size is 0 */
	size_t		 n;
	size_t		 size;		/* 0: v is empty or an arena's */
};
#define UIDSET_INIT	((struct uidset){ 0 })

void	 uidset_free(struct uidset *s);		/* and leaves it empty */
void	 uidset_clear(struct uidset *s);	/* keeps the memory */
/* The changing ones: 0, or -1 on ENOMEM or first > last or first == 0. */
int	 uidset_add(struct uidset *s, uint32_t first, uint32_t last);
int	 uidset_remove(struct uidset *s, uint32_t first, uint32_t last);
int	 uidset_copy(struct uidset *dst, const struct uidset *src);
int	 uidset_union(struct uidset *dst, const struct uidset *src);
int	 uidset_subtract(struct uidset *dst, const struct uidset *src);
int	 uidset_intersect(struct uidset *dst, const struct uidset *src);
void	 uidset_take(struct uidset *dst, struct uidset *src); /* moves */

bool	 uidset_has(const struct uidset *s, uint32_t uid);	/* O(log n) */
/* Whether they intersect.  O(n); O(log n) if they are far apart. */
bool	 uidset_overlap(const struct uidset *a, const struct uidset *b);
uint64_t uidset_count(const struct uidset *s);			/* O(n) */
uint32_t uidset_last(const struct uidset *s);	/* 0 when empty */
/* The index of the first range whose last >= uid (n if there is none). */
size_t	 uidset_find(const struct uidset *s, uint32_t uid);

/* IMAP syntax, "1:3,5"; an empty set writes nothing.  -1 if b is full. */
int	 uidset_print(const struct uidset *s, struct buf *b);
/*
 * Binary form: varint number of ranges, then per range varint (first - previous
 * last) and varint (last - first).  Decoding fails if it is not in that
 * canonical form or has more than max_ranges ranges; *s must be initialised and
 * is replaced.
 */
int	 uidset_encode(const struct uidset *s, struct buf *b);
int	 uidset_decode(struct uidset *s, struct cursor *c, size_t max_ranges);
/* The same with the ranges on an arena: nothing to free. */
int	 uidset_decode_arena(struct uidset *s, struct cursor *c,
	    size_t max_ranges, struct arena *a);

#endif
