/* OpenSSL's allocator, with a length before each block. */
#include "common/compat.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/openssl_wipe.h"

union head {
	size_t		 len;
	max_align_t	 align;
};

static void *
wipe_malloc(size_t len, const char *file, int line)
{
	union head	*h;

	(void)file;
	(void)line;
	if (len == 0 || len > SIZE_MAX - sizeof(*h) ||
	    (h = malloc(sizeof(*h) + len)) == NULL)
		return NULL;
	h->len = len;
	return h + 1;
}

static void
wipe_free(void *p, const char *file, int line)
{
	union head	*h = p;

	(void)file;
	(void)line;
	if (p != NULL)
		freezero(h - 1, sizeof(*h) + h[-1].len);
}

static void *
wipe_realloc(void *p, size_t len, const char *file, int line)
{
	union head	*h = p;
	void		*q;

	if (p == NULL)
		return wipe_malloc(len, file, line);
	if (len == 0) {
		wipe_free(p, file, line);
		return NULL;
	}
	if ((q = wipe_malloc(len, file, line)) == NULL)
		return NULL;
	memcpy(q, p, h[-1].len < len ? h[-1].len : len);
	wipe_free(p, file, line);
	return q;
}

void
openssl_wipe(void)
{
	if (CRYPTO_set_mem_functions(wipe_malloc, wipe_realloc,
	    wipe_free) != 1)
		fatalx("OpenSSL has memory already");
}
