/* Arenas: zeroed, aligned, apart from one another, never over the limit. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "common/test.h"

static void
test_alloc(void)
{
	struct arena	*a = arena_new(0);
	unsigned char	*p[200];
	size_t		 i, j, len;
	int		 bad = 0;

	for (i = 0; i < 200; i++) {
		len = i * i % 3000;
		p[i] = arena_alloc(a, len);
		CHECK(p[i] != NULL);
		CHECK((uintptr_t)p[i] % _Alignof(max_align_t) == 0);
		for (j = 0; j < len; j++)
			bad |= p[i][j];
		memset(p[i], (int)i, len);
	}
	for (i = 0; i < 200; i++)
		for (j = 0; j < i * i % 3000; j++)
			bad |= p[i][j] != (unsigned char)i;
	CHECK(bad == 0);
	arena_reset(a);
	CHECK(arena_used(a) == 0);
	p[0] = arena_alloc(a, 900);
	for (j = 0; j < 900; j++)
		bad |= p[0][j];
	CHECK(bad == 0);
	arena_free(a);
	arena_free(NULL);
}

static void
test_limit(void)
{
	struct arena *a = arena_new(1000);

	CHECK(arena_alloc(a, 500) != NULL);
	errno = 0;
	CHECK(arena_alloc(a, 500) == NULL && errno == ENOMEM);
	CHECK(arena_alloc(a, 400) != NULL);
	CHECK(arena_used(a) <= 1000);
	CHECK(arena_alloc(a, SIZE_MAX) == NULL);
	CHECK(arena_array(a, SIZE_MAX / 4, 8) == NULL);
	arena_reset(a);
	CHECK(arena_array(a, 100, 8) != NULL);
	arena_free(a);
	a = arena_new(0);
	CHECK(arena_array(a, SIZE_MAX / 4, 8) == NULL);
	CHECK(arena_alloc(a, SIZE_MAX - 8) == NULL);
	CHECK(arena_array(a, 0, 8) != NULL);
	arena_free(a);
}

static void
test_text(void)
{
	struct arena *a = arena_new(0);

	CHECK(strcmp(arena_dup(a, "abcdef", 3), "abc") == 0);
	CHECK(strcmp(arena_dup(a, NULL, 0), "") == 0);
	arena_free(a);
}

int
main(void)
{
	test_alloc();
	test_limit();
	test_text();
	return TEST_END();
}
