/*
 * A region of small allocations that are freed together, such as those for one
 * command, one message or one batch.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

struct arena;

/*
 * limit: how many bytes the arena may hand out in total (between resets); 0:
 * unlimited.  NULL on ENOMEM.
 */
struct arena *arena_new(size_t limit);
void	 arena_free(struct arena *a);		/* NULL is fine */
void	 arena_reset(struct arena *a);		/* keeps the first chunk */

/* Zeroed, aligned for any type; NULL (errno ENOMEM) past the limit. */
void	*arena_alloc(struct arena *a, size_t len);
/* n * size bytes, zeroed; NULL on overflow too. */
void	*arena_array(struct arena *a, size_t n, size_t size);
/* A copy of len bytes, with a NUL appended. */
char	*arena_dup(struct arena *a, const void *src, size_t len);
size_t	 arena_used(const struct arena *a);	/* bytes handed out */

#endif
