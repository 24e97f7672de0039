/*
 * Memory for small things of our own: if there is none, the process exits and
 * is restarted (README, "House style").  Anything that a peer can make large or
 * numerous is allocated with malloc(3) and friends, and checked: failure
 * affects only that peer.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

/* n elements of size bytes, zeroed.  Never NULL; free() them. */
void	*mem_new(size_t n, size_t size)
	    __attribute__((returns_nonnull, malloc, alloc_size(1, 2)));
/* Resizes p, from here or NULL, to n elements; new ones are not zeroed. */
void	*mem_grow(void *p, size_t n, size_t size)
	    __attribute__((returns_nonnull, alloc_size(2, 3)));
char	*mem_dup(const char *s) __attribute__((returns_nonnull, malloc));
/* A copy of the len bytes at p, with a NUL appended. */
char	*mem_dup_len(const void *p, size_t len)
	    __attribute__((returns_nonnull, malloc));

/*
 * Call it first: large blocks go back to the system when they are freed, so
 * that what a process holds is what it uses.  (glibc would keep as much as
 * the largest had, for each thread.)
 */
void	 mem_init(void);
/* What was freed, of small blocks too, goes back to the system: slow. */
void	 mem_trim(void);

#endif
