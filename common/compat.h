/*
 * Functions of OpenBSD that other systems lack.  Include this first in any .c
 * file that uses one of them; on OpenBSD it declares nothing.
 */
#ifndef COMMON_COMPAT_H
#define COMMON_COMPAT_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifndef __OpenBSD__
size_t	 strlcpy(char *dst, const char *src, size_t size);
size_t	 strlcat(char *dst, const char *src, size_t size);
long long strtonum(const char *s, long long min, long long max,
	    const char **errstr);
void	 freezero(void *p, size_t len);	/* wipes, then frees; NULL is fine */
int	 timingsafe_memcmp(const void *a, const void *b, size_t len);
#endif

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, tvar)			\
	for ((var) = TAILQ_FIRST(head);					\
	    (var) != NULL && ((tvar) = TAILQ_NEXT(var, field), 1);	\
	    (var) = (tvar))
#endif
#ifndef SLIST_FOREACH_SAFE
#define SLIST_FOREACH_SAFE(var, head, field, tvar)			\
	for ((var) = SLIST_FIRST(head);					\
	    (var) != NULL && ((tvar) = SLIST_NEXT(var, field), 1);	\
	    (var) = (tvar))
#endif

#define nitems(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * For a large local variable that is always set before use: keeps the compiler
 * from zeroing it on each call, as it does with others (mk/features.sh).
 */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define UNINIT	__attribute__((uninitialized))
#endif
#endif
#ifndef UNINIT
#define UNINIT
#endif

#endif
