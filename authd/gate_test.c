/*
 * The gate's rules one by one: who waits how long.  Who is next is in
 * gate_order_test.c, what they come to in gate_sim_test.c.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/test/gate_rig.h"

static void
check_pauses(void)
{
	static const struct { int failures; int64_t pair, address; } rows[] = {
		{ 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 }, { 3, 1000, 1000 },
		{ 4, 2000, 2000 }, { 5, 4000, 4000 }, { 6, 8000, 4000 },
		{ 7, 15000, 4000 }, { 15, 15000, 4000 }
	};
	int64_t	t;
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		gate_begin();
		t = fail(0, "ann", R1, rows[i].failures, 1000);
		CHECK_ROW(pause_of(0, "ann", R1, t) == rows[i].pair,
		    "row %zu", i);
		CHECK_ROW(pause_of(0, "bob", R1, t) == rows[i].address,
		    "row %zu", i);
		CHECK_ROW(pause_of(0, "bob", R2, t) == 0, "row %zu", i);
		/* nor is the name, from elsewhere: nobody locks ann out */
		CHECK_ROW(pause_of(0, "ann", R2, t) == 0, "row %zu", i);
		/* nor through another imapd */
		CHECK_ROW(pause_of(1, "ann", R1, t) == 0, "row %zu", i);
		CHECK_ROW(pause_of(0, "ann", R1, t + TALLY_FORGET_MS) == 0,
		    "row %zu", i);
		gate_end();
	}
}

/* What a name is guessed at by all together, once it has failed often. */
static void
check_name(void)
{
	struct gate_try	t[4];
	char		text[32];
	int64_t		now = 0, when;
	int		i;

	gate_begin();
	for (i = 0; i <= GATE_NAME_FREE; i++) {
		snprintf(text, sizeof(text), "203.0.%d.1", i);
		now = fail(0, "ann", text, 1, now);
	}
	/* first tries: one each GATE_EARLY_MS */
	for (i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "203.1.%d.1", i);
		enter_at(&t[i], 0, "ann", text, "x", now);
	}
	for (i = 0; i < 4; i++) {
		CHECK(gate_next(g, 0, 8, 8, now, &when) != NULL);
		CHECK(gate_next(g, 0, 8, 8, now, &when) == NULL);
		CHECK(i == 3 || when == now + GATE_EARLY_MS);
		now += GATE_EARLY_MS;
	}
	for (i = 0; i < 4; i++)
		gate_leave(g, &t[i]);
	/* of those that went on, one in two seconds (30 a minute) */
	now += 100000;
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "203.0.%d.1", i);
		now = fail(0, "ann", text, 2, now) + 100000;
		enter_at(&t[i], 0, "ann", text, "x", now);
	}
	for (i = 0; i < 3; i++) {
		CHECK(gate_next(g, 0, 8, 8, now, &when) != NULL);
		CHECK(gate_next(g, 0, 8, 8, now, &when) == NULL);
		CHECK(i == 2 || when == now + 2000);
		now += 2000;
	}
	for (i = 0; i < 3; i++)
		gate_leave(g, &t[i]);
	gate_end();
}

static void
check_trust(void)
{
	struct gate_try	t, k[KNOWN_FIRST + 1];
	int64_t		now;
	int		i, n = 0;

	gate_begin();
	pass(0, "ann", R1, 0);
	now = fail(0, "ann", R2, 30, 0);
	CHECK(pause_of(0, "ann", R1, now) == 0);
	CHECK(pause_of(0, "ann", R2, now) > 0);
	/* a typo costs some of the trust, not all of it */
	now = fail(0, "ann", R1, KNOWN_FIRST - 1, now);
	CHECK(pause_of(0, "ann", R1, now) == 0);
	enter_at(&t, 0, "ann", R1, "right", now);
	CHECK(next_at(now) == &t && t.trusted);
	gate_leave(g, &t);
	/* in another imapd the trust is whole, and so are the counters */
	enter_at(&t, 1, "ann", R1, "right", now);
	CHECK(next_at(now) == &t && t.trusted);
	gate_leave(g, &t);
	now = fail(0, "ann", R1, 1, now);
	CHECK(pause_of(0, "ann", R1, now) > 0);
	/* a success brings it back, and more */
	pass(0, "ann", R1, now);
	now = fail(0, "ann", R1, KNOWN_FIRST, now);
	CHECK(pause_of(0, "ann", R1, now) == 0);
	/* no more guesses at once than are trusted */
	pass(0, "bob", R1, now);
	for (i = 0; i <= KNOWN_FIRST; i++)
		enter_at(&k[i], 0, "bob", R1, i == 0 ? "a" : i == 1 ? "b" :
		    i == 2 ? "c" : "d", now);
	while (next_at(now) != NULL)
		n++;
	CHECK(n == KNOWN_FIRST);
	for (i = 0; i <= KNOWN_FIRST; i++)
		gate_leave(g, &k[i]);
	gate_end();
}

/* Those that wait are known from the moment that one of them got in. */
static void
check_waiting_trust(void)
{
	struct gate_try	a, b;
	int64_t		when;

	gate_begin();
	(void)fail(0, "ann", R1, 4, 0);
	enter_at(&a, 0, "ann", R1, "right", 0);
	enter_at(&b, 0, "ann", R1, "other", 0);
	CHECK(gate_next(g, 0, 1, 1, 0, &when) == NULL && when > 0);
	CHECK(gate_next(g, 0, 1, 1, when, &when) != NULL);
	gate_passed(g, a.state == GATE_STARTED ? &a : &b, "ann", 100000);
	CHECK(gate_next(g, 0, 1, 1, 0, &when) != NULL);
	CHECK(a.trusted || b.trusted);
	gate_leave(g, &a);
	gate_leave(g, &b);
	gate_end();
}

/* Who has a password of his own does not clear his address with it. */
static void
check_credit(void)
{
	int64_t	now;
	int	i;

	gate_begin();
	now = fail(0, "ann", R1, 8, 0);
	CHECK(pause_of(0, "cid", R1, now) == GATE_ADDRESS_MS);
	for (i = 0; i < 20; i++)
		pass(0, "mallory", R1, now += 10000);
	now = fail(0, "bob", R1, 1, now);
	CHECK(pause_of(0, "cid", R1, now) >= 4000);
	gate_end();
}

static void
check_addresses(void)
{
	int64_t	now;
	char	text[32];
	int	i;

	gate_begin();
	now = fail(0, "ann", "2001:db8:1:2::1", 4, 0);
	CHECK(pause_of(0, "bob", "2001:db8:1:2:ffff::9", now) > 0);
	CHECK(pause_of(0, "bob", "2001:db8:1:3::1", now) == 0);
	now = fail(0, "ann", "::ffff:192.0.2.1", 4, now);
	CHECK(pause_of(0, "bob", "192.0.2.1", now) > 0);
	CHECK(pause_of(0, "bob", "::ffff:192.0.2.2", now) == 0);
	/* many clients: only the pair counts */
	now = fail(0, "cid", "", 4, now);
	now = fail(0, "cid", "127.0.0.1", 4, now);
	now = fail(0, "cid", "::1", 4, now);
	CHECK(pause_of(0, "dee", "", now) == 0);
	CHECK(pause_of(0, "dee", "127.0.0.1", now) == 0);
	CHECK(pause_of(0, "dee", "::1", now) == 0);
	CHECK(pause_of(0, "cid", "::1", now) > 0);
	now = fail(0, "cid", "127.0.0.2", 4, now);
	CHECK(pause_of(0, "dee", "127.0.0.2", now) > 0);
	/* a /48 of many first tries is aside, not paused */
	for (i = 0; i <= GATE_NET_FREE; i++) {
		snprintf(text, sizeof(text), "2001:db8:7:%x::1", i);
		now = fail(0, text, text, 1, now);
	}
	CHECK(pause_of(0, "bob", "2001:db8:7:ffff::1", now) == 0);
	gate_end();
}

/* When a wrong password is answered, by how long its check took. */
static void
check_answer_time(void)
{
	static const struct { int64_t took, answer; } rows[] = {
		{ 0, 1000 }, { 1, 1000 }, { 11, 1000 }, { 51, 1000 },
		{ 999, 1000 }, { 1000, 1000 }, { 1001, 2000 },
		{ 4500, 5000 }
	};
	struct gate_try	t;
	size_t		i;

	for (i = 0; i < nitems(rows); i++) {
		gate_begin();
		enter_at(&t, 0, "ann", R1, "x", 777);
		CHECK(next_at(777) == &t);
		CHECK_ROW(gate_failed(g, &t, 777 + rows[i].took) ==
		    777 + rows[i].answer, "row %zu", i);
		/* and what it holds up is held up from then */
		CHECK_ROW(t.pair->next == 777 + rows[i].answer, "row %zu", i);
		CHECK_ROW(t.address->next == t.pair->next, "row %zu", i);
		gate_leave(g, &t);
		gate_end();
	}
}

static void
check_bounds(void)
{
	struct gate_conf	conf = { 1000, 30 };
	char			text[48];
	int64_t			now = 0;
	int			i;

	known = known_new(100);
	g = gate_new(known, &conf, 64);
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x:%x::1", i & 0xff, i);
		now = fail((uint32_t)i % 2, text, text, 1, now);
	}
	CHECK(gate_tallies(g) <= 2 * 4 * 64);
	gate_end();
	gate_free(NULL);
}

int
main(void)
{
	check_pauses();
	check_name();
	check_trust();
	check_waiting_trust();
	check_credit();
	check_addresses();
	check_answer_time();
	check_bounds();
	return TEST_END();
}
