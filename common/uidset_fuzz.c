/*
 * Hostile UID sets: what decodes is canonical and encodes to itself.  Of two
 * sets, one behind the other: the laws of their algebra.
 */
#include <string.h>

#include "common/arena.h"
#include "common/fuzz.h"
#include "common/uidset.h"

#define RANGES_MAX	65536

static bool
same(const struct uidset *a, const struct uidset *b)
{
	return a->n == b->n && (a->n == 0 ||
	    memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

/* union = (a - b) + (b - a) + both, and the counts agree. */
static void
algebra(const struct uidset *a, const struct uidset *b)
{
	struct uidset	 all = UIDSET_INIT, both = UIDSET_INIT;
	struct uidset	 left = UIDSET_INIT, right = UIDSET_INIT;
	size_t		 i;

	FUZZ_CHECK(uidset_copy(&all, a) == 0 && uidset_union(&all, b) == 0);
	FUZZ_CHECK(uidset_copy(&both, a) == 0 &&
	    uidset_intersect(&both, b) == 0);
	FUZZ_CHECK(uidset_copy(&left, a) == 0 &&
	    uidset_subtract(&left, b) == 0);
	FUZZ_CHECK(uidset_copy(&right, b) == 0 &&
	    uidset_subtract(&right, a) == 0);
	FUZZ_CHECK(uidset_count(&all) + uidset_count(&both) ==
	    uidset_count(a) + uidset_count(b));
	for (i = 0; i < both.n; i++)
		FUZZ_CHECK(uidset_has(a, both.v[i].first) &&
		    uidset_has(b, both.v[i].last) &&
		    !uidset_has(&left, both.v[i].first) &&
		    !uidset_has(&right, both.v[i].last));
	for (i = 0; i < b->n; i++)
		FUZZ_CHECK(uidset_add(&left, b->v[i].first,
		    b->v[i].last) == 0);
	FUZZ_CHECK(same(&left, &all));
	for (i = 0; i < a->n; i++)
		FUZZ_CHECK(uidset_remove(&left, a->v[i].first,
		    a->v[i].last) == 0);
	FUZZ_CHECK(same(&left, &right));
	FUZZ_CHECK(uidset_union(&right, &both) == 0 && same(&right, b));
	uidset_free(&all);
	uidset_free(&both);
	uidset_free(&left);
	uidset_free(&right);
}

static void
fuzz_uidset(const uint8_t *in, size_t len)
{
	struct uidset	 s = UIDSET_INIT, t = UIDSET_INIT, u = UIDSET_INIT;
	struct arena	*a = arena_new(0);
	struct buf	 b = BUF_INIT;
	struct cursor	 c;
	size_t		 used;

	cursor_init(&c, in, len);
	if (uidset_decode(&s, &c, RANGES_MAX) == 0) {
		used = len - cursor_left(&c);
		FUZZ_CHECK(uidset_encode(&s, &b) == 0 && b.len == used &&
		    memcmp(b.data, in, used) == 0);
		FUZZ_CHECK(uidset_count(&s) <= UINT32_MAX);
		cursor_init(&c, in, len);
		FUZZ_CHECK(uidset_decode_arena(&u, &c, RANGES_MAX, a) == 0 &&
		    same(&s, &u));
		buf_reset(&b);
		FUZZ_CHECK(uidset_print(&s, &b) == 0 &&
		    (b.len == 0) == (s.n == 0));
		if (uidset_decode(&t, &c, RANGES_MAX) == 0)
			algebra(&s, &t);
		FUZZ_CHECK(uidset_subtract(&s, &s) == 0 && s.n == 0);
	}
	uidset_free(&s);
	uidset_free(&t);
	buf_free(&b);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_uidset);
}
