/*
 * Sets of UIDs against a plain array of bools, under random changes; the
 * binary form, and what of it must be refused.
 */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/uidset.h"

#define MODEL	64
#define TOP	UINT32_MAX

static uint32_t	seed = 1;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Where a model's index lies: near both ends of the numbers. */
static uint32_t
uid_of(int i)
{
	if (i < MODEL / 2)
		return (uint32_t)i + 1;
	return TOP - (uint32_t)(MODEL - 1 - i);
}

static bool
well_formed(const struct uidset *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->v[i].first == 0 || s->v[i].first > s->v[i].last)
			return false;
		if (i != 0 && s->v[i].first <= (uint64_t)s->v[i - 1].last + 1)
			return false;
	}
	return true;
}

static bool
agrees(const struct uidset *s, const bool *model)
{
	uint64_t	count = 0;
	uint32_t	last = 0;
	int		i;

	for (i = 0; i < MODEL; i++) {
		if (uidset_has(s, uid_of(i)) != model[i])
			return false;
		count += model[i];
		if (model[i])
			last = uid_of(i);
	}
	return count == uidset_count(s) && last == uidset_last(s) &&
	    well_formed(s);
}

static void
round_trip(const struct uidset *s)
{
	struct buf	b = BUF_INIT;
	struct uidset	t = UIDSET_INIT;
	struct cursor	c;
	size_t		i;

	CHECK(uidset_encode(s, &b) == 0);
	cursor_init(&c, b.data, b.len);
	CHECK(uidset_decode(&t, &c, s->n) == 0 && cursor_done(&c));
	CHECK(t.n == s->n && (t.n == 0 ||
	    memcmp(t.v, s->v, t.n * sizeof(t.v[0])) == 0));
	for (i = 0; i < b.len; i++) {
		cursor_init(&c, b.data, i);
		CHECK(uidset_decode(&t, &c, 1000) == -1 && t.n == 0);
	}
	if (s->n != 0) {
		cursor_init(&c, b.data, b.len);
		CHECK(uidset_decode(&t, &c, s->n - 1) == -1);
	}
	uidset_free(&t);
	buf_free(&b);
}

/* One range within a half of the model. */
static void
pick(int *i, int *j)
{
	int half = rnd(2) == 0 ? 0 : MODEL / 2;

	*i = half + (int)rnd(MODEL / 2);
	*j = *i + (int)rnd((uint32_t)(half + MODEL / 2 - *i));
}

static void
test_random(void)
{
	struct uidset	a = UIDSET_INIT, b = UIDSET_INIT, t = UIDSET_INIT;
	bool		ma[MODEL] = { false }, mb[MODEL] = { false };
	int		round, i, j, k;

	for (round = 0; round < 4000; round++) {
		pick(&i, &j);
		switch (rnd(9)) {
		case 0:
		case 1:
		case 2:
			CHECK(uidset_add(&a, uid_of(i), uid_of(j)) == 0);
			for (k = i; k <= j; k++)
				ma[k] = true;
			break;
		case 3:
		case 4:
			CHECK(uidset_remove(&a, uid_of(i), uid_of(j)) == 0);
			for (k = i; k <= j; k++)
				ma[k] = false;
			break;
		case 5:
			uidset_union(&a, &b);
			for (k = 0; k < MODEL; k++)
				ma[k] = ma[k] || mb[k];
			break;
		case 6:
			uidset_subtract(&a, &b);
			for (k = 0; k < MODEL; k++)
				ma[k] = ma[k] && !mb[k];
			break;
		case 7:
			uidset_intersect(&a, &b);
			for (k = 0; k < MODEL; k++)
				ma[k] = ma[k] && mb[k];
			break;
		default:
			CHECK(uidset_copy(&t, &a) == 0);
			uidset_take(&a, &b);
			uidset_take(&b, &t);
			for (k = 0; k < MODEL; k++) {
				bool m = ma[k];

				ma[k] = mb[k];
				mb[k] = m;
			}
		}
		CHECK_ROW(agrees(&a, ma) && agrees(&b, mb), "round %d",
		    round);
		for (k = 0; k < MODEL && !(ma[k] && mb[k]); k++)
			;
		CHECK(uidset_overlap(&a, &b) == (k < MODEL) &&
		    uidset_overlap(&b, &a) == (k < MODEL));
		if (round % 50 == 0)
			round_trip(&a);
	}
	uidset_free(&a);
	uidset_free(&b);
}

static void
test_print(void)
{
	struct uidset	s = UIDSET_INIT;
	struct buf	b = BUF_INIT;

	CHECK(uidset_print(&s, &b) == 0 && b.len == 0);
	CHECK(uidset_add(&s, 0, 5) == -1 && uidset_add(&s, 5, 4) == -1);
	CHECK(uidset_remove(&s, 0, 5) == -1);
	uidset_add(&s, 5, 5);
	uidset_add(&s, 1, 3);
	uidset_add(&s, 4294967290u, TOP);
	CHECK(uidset_print(&s, &b) == 0);
	CHECK(b.len == 27 && memcmp(b.data, "1:3,5,4294967290:4294967295",
	    27) == 0);
	uidset_add(&s, 4, 4);
	CHECK(s.n == 2 && uidset_find(&s, 6) == 1 && uidset_find(&s, 5) == 0);
	uidset_add(&s, 1, TOP);
	CHECK(s.n == 1 && uidset_count(&s) == TOP);
	CHECK(!uidset_has(&s, 0) && uidset_find(&s, TOP) == 0);
	uidset_remove(&s, 1, TOP);
	CHECK(s.n == 0 && uidset_last(&s) == 0);
	buf_free(&b);
	buf_init(&b, 2);
	uidset_add(&s, 100, 100);
	CHECK(uidset_print(&s, &b) == -1 && uidset_encode(&s, &b) == -1);
	buf_free(&b);
	uidset_free(&s);
}

static void
test_bad(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} rows[] = {
		{ "\x01\x00\x00", 3 },			/* UID 0 */
		{ "\x02\x01\x00\x01\x00", 5 },		/* touching */
		{ "\x02\x01\x00\x00\x00", 5 },		/* the same again */
		{ "\x01\x01\xff\xff\xff\xff\x0f", 7 },	/* past 2^32-1 */
		{ "\x01\x80\x80\x80\x80\x10\x00", 7 },	/* first 2^32 */
		{ "\x02\x01\xfe\xff\xff\xff\x0f\x02\x00", 9 }, /* behind it */
		{ "\x01\x81\x00\x00", 4 },		/* a long varint */
		{ "\xff\xff\xff\xff\x0f\x01\x00", 7 },	/* a count too high */
		{ "\x05\x01\x00", 3 }
	};
	struct uidset	s = UIDSET_INIT, on = UIDSET_INIT;
	struct arena	*a = arena_new(1024);
	struct cursor	c;
	size_t		i;

	for (i = 0; i < nitems(rows); i++) {
		cursor_init(&c, rows[i].bytes, rows[i].len);
		CHECK_ROW(uidset_decode(&s, &c, SIZE_MAX) == -1 && c.bad &&
		    s.n == 0, "%zu", i);
		cursor_init(&c, rows[i].bytes, rows[i].len);
		CHECK_ROW(uidset_decode_arena(&on, &c, SIZE_MAX, a) == -1 &&
		    on.n == 0, "%zu", i);
	}
	/* A set on an arena may be freed and changed: it is copied. */
	cursor_init(&c, "\x02\x01\x00\x02\x00", 5);
	CHECK(uidset_decode_arena(&on, &c, 2, a) == 0 && on.n == 2);
	CHECK(uidset_add(&on, 10, 11) == 0 && on.n == 3 && on.size != 0);
	CHECK(uidset_has(&on, 1) && uidset_has(&on, 3) && !uidset_has(&on, 2));
	uidset_free(&on);
	cursor_init(&c, "\x02\x01\x00\x02\x00", 5);
	CHECK(uidset_decode_arena(&on, &c, 2, a) == 0);
	uidset_free(&on);
	uidset_free(&s);
	arena_free(a);
}

int
main(void)
{
	test_random();
	test_print();
	test_bad();
	return TEST_END();
}
