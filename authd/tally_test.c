/* Tables of tallies: bounds, holding and forgetting. */
#include "common/compat.h"

#include "authd/tally.h"
#include "common/test.h"

static void
key_of(uint8_t key[TALLY_KEY], uint32_t i)
{
	struct str	part = { (const char *)&i, sizeof(i) };

	tally_key(key, 1, &part, 1);
}

static void
check_forgetting(void)
{
	struct tally_table	*t = tally_table_new(10);
	struct tally		*e, *f;
	uint8_t			 key[TALLY_KEY];

	key_of(key, 1);
	e = tally_hold(t, key, 0);
	CHECK(e != NULL && e->failures == 0 && e->holds == 1);
	tally_fail(e, 1000);
	tally_fail(e, 2000);
	e->next = 5000;
	f = tally_hold(t, key, 2000 + TALLY_FORGET_MS - 1);
	CHECK(f == e && e->failures == 2 && e->holds == 2);
	tally_drop(f);
	tally_drop(e);
	e = tally_hold(t, key, 2000 + TALLY_FORGET_MS);
	CHECK(e->failures == 0 && e->next == 0);
	/* one that is held all the time forgets too */
	tally_fail(e, 3000000);
	tally_age(e, 3000000 + TALLY_FORGET_MS);
	CHECK(e->failures == 0);
	tally_drop(e);
	tally_drop(NULL);
	tally_table_free(t);
	tally_table_free(NULL);
}

static void
check_bounds(void)
{
	struct tally_table	*t = tally_table_new(64);
	struct tally		*held[100], *e, *first;
	uint8_t			 key[TALLY_KEY];
	uint32_t		 i;

	key_of(key, 0);
	first = tally_hold(t, key, 0);
	tally_fail(first, 0);
	for (i = 1; i < 10000; i++) {
		key_of(key, i);
		e = tally_hold(t, key, i);
		tally_fail(e, i);
		tally_drop(e);
		if (tally_entries(t) > 64)
			break;
	}
	CHECK(i == 10000);
	/* the one that is held has not made room, the youngest have not */
	key_of(key, 0);
	e = tally_hold(t, key, 10000);
	CHECK(e == first && e->failures == 1);
	tally_drop(e);
	key_of(key, 9999);
	e = tally_hold(t, key, 10000);
	CHECK(e->failures == 1);
	tally_drop(e);
	key_of(key, 9000);
	e = tally_hold(t, key, 10000);
	CHECK(e->failures == 0);
	tally_drop(e);
	/* what is held may be more than the size, until it is let go */
	for (i = 0; i < 100; i++) {
		key_of(key, 20000 + i);
		held[i] = tally_hold(t, key, 10000);
	}
	CHECK(tally_entries(t) == 101);
	for (i = 0; i < 100; i++)
		tally_drop(held[i]);
	tally_drop(first);
	key_of(key, 30000);
	tally_drop(tally_hold(t, key, 10000));
	CHECK(tally_entries(t) == 64);
	tally_table_free(t);
}

/* Who fails without end must not come round to 0. */
static void
check_most(void)
{
	struct tally_table	*t = tally_table_new(1);
	struct tally		*e;
	uint8_t			 key[TALLY_KEY];
	uint32_t		 i;

	key_of(key, 1);
	e = tally_hold(t, key, 0);
	for (i = 0; i < TALLY_MOST - 1; i++)
		tally_fail(e, i);
	CHECK(e->failures == TALLY_MOST - 1);
	for (i = 0; i < 1000; i++)
		tally_fail(e, TALLY_MOST);
	CHECK(e->failures == TALLY_MOST && e->last == TALLY_MOST);
	e->failures = TALLY_MOST - 1;	/* a success has lowered it */
	tally_fail(e, TALLY_MOST);
	CHECK(e->failures == TALLY_MOST);
	tally_drop(e);
	tally_table_free(t);
}

/* In a full table the longest unused makes room: who comes again and again
 * is remembered, whoever passes by is not. */
static void
check_ages(void)
{
	static const struct {
		uint32_t	who;
		bool		remembered;
	} rows[] = {
		{ 1, false }, { 2, false }, { 3, false },
		{ 1, true },			/* 2 3 1, by age */
		{ 4, false },			/* 3 1 4 */
		{ 1, true }, { 3, true },	/* 4 1 3 */
		{ 2, false },			/* 1 3 2 */
		{ 3, true }, { 1, true },	/* 2 3 1 */
		{ 4, false }, { 5, false },	/* 1 4 5 */
		{ 2, false }, { 3, false }, { 1, false }
	};
	struct tally_table	*t = tally_table_new(3);
	struct tally		*e, *long_held;
	uint8_t			 key[TALLY_KEY];
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		key_of(key, rows[i].who);
		e = tally_hold(t, key, 0);
		CHECK_ROW((e->failures > 0) == rows[i].remembered, "row %zu",
		    i);
		tally_fail(e, 0);
		tally_drop(e);
		CHECK_ROW(tally_entries(t) <= 3, "row %zu", i);
	}
	/* used is until it is let go */
	key_of(key, 2);
	long_held = tally_hold(t, key, 0);
	CHECK(long_held->failures > 0);
	for (i = 10; i < 14; i++) {
		if (i == 12)
			tally_drop(long_held);
		key_of(key, (uint32_t)i);
		tally_drop(tally_hold(t, key, 0));
	}
	key_of(key, 2);
	e = tally_hold(t, key, 0);
	CHECK(e == long_held && e->failures > 0);
	tally_drop(e);
	tally_table_free(t);
}

int
main(void)
{
	check_forgetting();
	check_bounds();
	check_most();
	check_ages();
	return TEST_END();
}
