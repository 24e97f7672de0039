/*
 * Allocation that does not fail: fatal() instead.
 */
#include "common/compat.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

/* Bytes; these are mapped each.  It is above what a stream of mail reads at
 * once: to map that anew for each read costs more than the read. */
#define LARGE	(2 * 1024 * 1024)

void *
mem_new(size_t n, size_t size)
{
	/* calloc(0) may be NULL. */
	void	*p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		fatal("out of memory");
	return p;
}

void *
mem_grow(void *p, size_t n, size_t size)
{
	void	*v = reallocarray(p, n != 0 ? n : 1, size != 0 ? size : 1);

	if (v == NULL)
		fatal("out of memory");
	return v;
}

char *
mem_dup(const char *s)
{
	return mem_dup_len(s, strlen(s));
}

char *
mem_dup_len(const void *p, size_t len)
{
	char	*s = mem_new(len + 1, 1);

	if (len > 0)
		memcpy(s, p, len);
	return s;
}

void
mem_init(void)
{
#ifdef __GLIBC__
	/* Either ends glibc's own rule, which raises both. */
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, LARGE);
#endif
}

void
mem_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
