/*
 * What OpenBSD's libc has and others lack, written from its manual pages:
 * strlcpy(3), strtonum(3), freezero(3), timingsafe_memcmp(3).
 */
#include "common/compat.h"

#ifndef __OpenBSD__
#include <errno.h>
#include <limits.h>

size_t
strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), n;

	if (size != 0) {
		n = len < size ? len : size - 1;
		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

size_t
strlcat(char *dst, const char *src, size_t size)
{
	size_t used = strnlen(dst, size);

	if (used == size)
		return size + strlen(src);
	return used + strlcpy(dst + used, src, size - used);
}

long long
strtonum(const char *s, long long min, long long max, const char **errstr)
{
	const char	*why = NULL;
	char		*end;
	long long	 v = 0;
	int		 saved = errno;

	errno = 0;
	if (min > max)
		why = "invalid";
	else {
		v = strtoll(s, &end, 10);
		if (end == s || *end != '\0')
			why = "invalid";
		else if ((v == LLONG_MIN && errno == ERANGE) || v < min)
			why = "too small";
		else if ((v == LLONG_MAX && errno == ERANGE) || v > max)
			why = "too large";
	}
	if (why == NULL)
		errno = saved;
	else {
		errno = strcmp(why, "invalid") == 0 ? EINVAL : ERANGE;
		v = 0;
	}
	if (errstr != NULL)
		*errstr = why;
	return v;
}

void
freezero(void *p, size_t len)
{
	if (p == NULL)
		return;
	explicit_bzero(p, len);
	free(p);
}

int
timingsafe_memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char	*x = a, *y = b;
	int			 r = 0, done = 0, lt, gt;
	size_t			 i;

	/* The first difference decides, in time that depends on len only. */
	for (i = 0; i < len; i++) {
		lt = (x[i] - y[i]) >> (int)(sizeof(int) * CHAR_BIT - 1);
		gt = (y[i] - x[i]) >> (int)(sizeof(int) * CHAR_BIT - 1);
		r |= (lt - gt) & ~done;
		done |= lt | gt;
	}
	return r;
}
#endif
