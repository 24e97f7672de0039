/*
 * Allocation that does not fail: fatal() instead.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

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
