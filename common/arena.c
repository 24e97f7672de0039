/*
 * Regions: a list of chunks, each handed out from its front.  An arena never
 * hands out more than its limit, so that what hangs on it is bounded
 * whatever a peer says.  On the ASan build each allocation is a chunk of its
 * own, so that the sanitizer sees its edges.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

#define ARENA_FIRST	1024		/* bytes of the first chunk */
#define ARENA_MOST	(64 * 1024)	/* chunks grow up to this */
#define ARENA_ALIGN	_Alignof(max_align_t)

struct chunk {
	struct chunk	*next;		/* the one made before */
	size_t		 size;
	size_t		 used;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct chunk	*chunks;	/* the newest first */
	size_t		 next_size;
	size_t		 limit;
	size_t		 used;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->limit = limit;
	a->next_size = ARENA_FIRST;
	return a;
}

static void
free_chunks(struct arena *a, bool keep_first)
{
	struct chunk *b, *next;

	for (b = a->chunks; b != NULL; b = next) {
		next = b->next;
		if (keep_first && next == NULL && b->size <= ARENA_MOST) {
			b->used = 0;
			break;
		}
		free(b);
	}
	a->chunks = b;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	free_chunks(a, false);
	free(a);
}

void
arena_reset(struct arena *a)
{
#ifdef PAIL_ASAN
	free_chunks(a, false);
#else
	free_chunks(a, true);
#endif
	a->used = 0;
	a->next_size = ARENA_FIRST;
}

static struct chunk *
new_chunk(struct arena *a, size_t len)
{
	struct chunk	*b;
	size_t		 size = a->next_size;

#ifdef PAIL_ASAN
	size = len;
#else
	if (a->next_size < ARENA_MOST)
		a->next_size *= 2;
	if (size < len)
		size = len;
#endif
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		return NULL;
	b->size = size;
	b->used = 0;
	/*
	 * A large chunk for one allocation must not waste what is left of
	 * the chunk before it: put it behind.
	 */
	if (a->chunks != NULL && size == len && len > ARENA_FIRST) {
		b->next = a->chunks->next;
		a->chunks->next = b;
	} else {
		b->next = a->chunks;
		a->chunks = b;
	}
	return b;
}

/* len bytes, not zeroed. */
static void *
take(struct arena *a, size_t len)
{
	struct chunk	*b = a->chunks;
	void		*p;
	size_t		 want;

	if (len > SIZE_MAX / 2)
		goto nomem;
	if (len == 0)
		len = 1;
	want = (len + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	if (a->limit != 0 && (a->used > a->limit || want > a->limit - a->used))
		goto nomem;
#ifdef PAIL_ASAN
	b = new_chunk(a, len);
#else
	if (b == NULL || want > b->size - b->used)
		b = new_chunk(a, want);
#endif
	if (b == NULL)
		goto nomem;
	p = b->data + b->used;
#ifdef PAIL_ASAN
	b->used += len;
#else
	b->used += want;
#endif
	a->used += want;
	return p;
nomem:
	errno = ENOMEM;
	return NULL;
}

void *
arena_alloc(struct arena *a, size_t len)
{
	void *p = take(a, len);

	if (p != NULL && len != 0)
		memset(p, 0, len);
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return arena_alloc(a, n * size);
}

char *
arena_dup(struct arena *a, const void *src, size_t len)
{
	char *p;

	if (len >= SIZE_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	if ((p = take(a, len + 1)) == NULL)
		return NULL;
	if (len != 0)
		memcpy(p, src, len);
	p[len] = '\0';
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
