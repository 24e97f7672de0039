/* The gate's rules one by one: who is next, and how many run. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/test/gate_rig.h"

static const struct gate_try	*order[8];

/* The order in which they start, one at a time. */
static void
order_of(struct gate_try *t, size_t n, int64_t now)
{
	struct gate_try	*x;
	size_t		 i;
	int64_t		 when;

	for (i = 0; i < n; i++) {
		if ((x = gate_next(g, 0, 1, 1, now, &when)) == NULL)
			x = gate_next(g, 0, 1, 1, now = when, &when);
		order[i] = x;
		if (x != NULL)
			gate_passed(g, x, "nobody", now);
	}
	for (i = 0; i < n; i++)
		gate_leave(g, &t[i]);
}

static void
check_order(void)
{
	struct gate_try	t[8];
	char		text[32];
	int64_t		now;
	int		i, j;

	gate_begin();
	pass(0, "ann", R1, 0);
	now = fail(0, "x", "203.0.113.1", 1, 0);
	now = fail(0, "x", "203.0.113.2", 2, now);
	for (i = 0; i <= GATE_NET_FREE; i++) {
		snprintf(text, sizeof(text), "2001:db8:7:%x::1", i);
		now = fail(0, text, text, 1, now);
	}
	enter_at(&t[0], 0, "x", "203.0.113.2", "t0", now);	/* 2 */
	enter_at(&t[1], 0, "y", "203.0.113.1", "t1", now);	/* 1 */
	enter_at(&t[2], 0, "y", "2001:db8:7:fff::1", "t2", now); /* aside */
	enter_at(&t[3], 0, "y", R2, "t3", now);			/* fresh */
	enter_at(&t[4], 0, "ann", R1, "t4", now);		/* known */
	order_of(t, 5, now);
	/* by rank, but for the place that suspects have at times */
	for (i = 0; i < 5 && order[i] != &t[4]; i++)
		continue;
	for (j = 0; j < 5 && order[j] != &t[3]; j++)
		continue;
	CHECK(i < j && j <= 2);
	for (i = 0; i < 5 && order[i] != &t[2]; i++)
		continue;
	for (j = 0; j < 5 && order[j] != &t[1]; j++)
		continue;
	CHECK(i < j && order[4] == &t[0]);
	gate_end();
}

/* Of four that wait the newest and the oldest in turns; none is last. */
static void
check_ends(void)
{
	struct gate_try	t[4];
	char		text[32];
	int		i, newest, oldest;

	gate_begin();
	for (i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "203.0.113.%d", i);
		enter_at(&t[i], 0, text, text, "x", 0);
	}
	order_of(t, 4, 0);
	newest = order[0] == &t[3] || order[1] == &t[3];
	oldest = order[0] == &t[0] || order[1] == &t[0];
	CHECK(newest && oldest);
	gate_end();
}

/* One address with many waits its turn behind one with one. */
static void
check_round_robin(void)
{
	struct gate_try	t[8];
	char		name[32];
	int		i;

	gate_begin();
	for (i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		enter_at(&t[i], 0, name, R1, "x", 0);
	}
	enter_at(&t[7], 0, "m", R2, "x", 0);
	order_of(t, 8, 0);
	CHECK(order[0] == &t[7] || order[1] == &t[7]);
	/* and so do the users of an address */
	pass(0, "ann", "203.0.113.200", 0);
	pass(0, "bob", "203.0.113.200", 0);
	enter_at(&t[0], 0, "ann", "203.0.113.200", "1", 0);
	enter_at(&t[1], 0, "ann", "203.0.113.200", "2", 0);
	enter_at(&t[2], 0, "ann", "203.0.113.200", "3", 0);
	enter_at(&t[3], 0, "bob", "203.0.113.200", "x", 0);
	order_of(t, 4, 0);
	CHECK(order[0] == &t[0] && order[1] == &t[3] && order[2] == &t[1]);
	/* and so do imapds */
	for (i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "203.0.113.%d", i);
		enter_at(&t[i], 0, name, name, "x", 0);
	}
	enter_at(&t[7], 1, "m", R1, "x", 0);
	order_of(t, 8, 0);
	CHECK(order[0] == &t[7] || order[1] == &t[7]);
	gate_end();
}

#define TURNS	8

/* Twenty addresses, each of which has more waiting than can be served soon:
 * half of the places go to the newest, the others to all in turn. */
static void
check_shares(void)
{
	static struct gate_try	 t[20][15];
	static bool		 done[20][15];
	struct gate_try		*x;
	char			 from[32], name[32];
	unsigned		 i, j, n[20] = { 0 };
	int64_t			 now = 0, when;

	gate_begin();
	for (i = 0; i < nitems(t); i++)
		for (j = 0; j < nitems(t[0]); j++) {
			snprintf(from, sizeof(from), "203.0.%u.1", i);
			snprintf(name, sizeof(name), "n%u-%u", i, j);
			enter_at(&t[i][j], 0, name, from, "x", 0);
		}
	for (j = 0; j < TURNS * nitems(t); j++) {
		if ((x = gate_next(g, 0, 1, 1, now, &when)) == NULL)
			x = gate_next(g, 0, 1, 1, now = when, &when);
		CHECK(x != NULL);
		for (i = 0; i < nitems(t); i++)
			if (x >= t[i] && x < t[i] + nitems(t[i]))
				done[i][x - t[i]] = ++n[i] > 0;
		gate_passed(g, x, "nobody", now);
		gate_leave(g, x);
	}
	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(n[i] >= TURNS / 2, "address %u: %u", i, n[i]);
		for (j = 0; j < nitems(t[0]); j++)
			if (!done[i][j])
				gate_leave(g, &t[i][j]);
	}
	gate_end();
}

static void
check_running(void)
{
	struct gate_try	t[8];
	char		text[32];
	int64_t		now, when;
	int		i, n;

	/* one address: GATE_RUNNING names at once, one guess at each */
	gate_begin();
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "n%d", i / 2);
		enter_at(&t[i], 0, text, R1, i % 2 ? "a" : "b", 0);
	}
	for (n = 0; gate_next(g, 0, 8, 8, 0, &when) != NULL; n++)
		continue;
	CHECK(n == GATE_RUNNING && when == INT64_MAX);
	for (i = 0; i < 8; i++)
		gate_leave(g, &t[i]);
	/* one that has failed too often: one at a time */
	now = 0;
	for (i = 0; i <= GATE_FREE; i++) {
		snprintf(text, sizeof(text), "m%d", i);
		now = fail(0, text, R1, 1, now);
	}
	now += GATE_ADDRESS_MS;
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		enter_at(&t[i], 0, text, R1, "x", now);
	}
	CHECK(gate_next(g, 0, 8, 8, now, &when) != NULL);
	CHECK(gate_next(g, 0, 8, 8, now, &when) == NULL);
	for (i = 0; i < 3; i++)
		gate_leave(g, &t[i]);
	/* suspects: half of the workers, one at least */
	now = 0;
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "203.0.%d.113", i);
		now = fail(0, text, text, 1, now);
	}
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "203.0.%d.113", i);
		enter_at(&t[i], 0, text, text, "x", now);
	}
	for (n = 0; gate_next(g, 0, 6, 6, now, &when) != NULL; n++)
		continue;
	CHECK(n == 3);
	CHECK(gate_next(g, 0, 1, 1, now, &when) == NULL);
	for (i = 0; i < 8; i++)
		gate_leave(g, &t[i]);
	enter_at(&t[0], 0, text, text, "x", now);
	CHECK(gate_next(g, 0, 1, 1, now, &when) == &t[0]);
	gate_leave(g, &t[0]);
	/* no worker, no start */
	enter_at(&t[0], 0, "ann", R1, "x", now);
	CHECK(gate_next(g, 0, 1, 0, now, &when) == NULL);
	gate_leave(g, &t[0]);
	gate_end();
}

/* However many have never failed, who has mistyped comes among the next. */
static void
check_reserve(void)
{
	static struct gate_try	t[64], typo;
	struct gate_try		*x;
	char			text[32];
	int64_t			now, when;
	int			i, n;

	gate_begin();
	now = fail(0, "ann", R1, 1, 0);
	enter_at(&typo, 0, "ann", R1, "right", now);
	for (i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "203.0.%d.1", i);
		enter_at(&t[i], 0, text, text, "x", now);
	}
	for (n = 0; (x = gate_next(g, 0, 2, 2, now, &when)) != &typo; n++)
		if (n == 64)
			break;
	CHECK_ROW(n < GATE_RESERVE, "behind %d", n);
	gate_leave(g, &typo);
	for (i = 0; i < 64; i++)
		gate_leave(g, &t[i]);
	gate_end();
}

/* The same password on several connections is one attempt. */
static void
check_riders(void)
{
	struct gate_try	t[6], *x;
	int64_t		when, due;
	int		i, riders = 0;

	gate_begin();
	for (i = 0; i < 5; i++)
		enter_at(&t[i], 0, "ann", R1, "same", 0);
	enter_at(&t[5], 0, "ann", R1, "other", 0);
	CHECK(gate_next(g, 0, 1, 1, 0, &when) != NULL);
	gate_leave(g, &t[2]);		/* one goes before it is given out */
	while ((x = gate_next(g, 0, 1, 0, 0, &when)) != NULL)
		riders += x->rider;
	CHECK(riders == 3 && gate_waiting(g) == 1);
	for (i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		due = gate_failed(g, &t[i], 20);
		CHECK(due == 1000);
	}
	CHECK(gate_next(g, 0, 1, 1, 999, &when) == NULL);
	for (i = 0; i < 5; i++)
		gate_leave(g, &t[i]);
	/* what has been given out is no rider that waits */
	enter_at(&t[0], 0, "bob", R2, "same", 999);
	enter_at(&t[1], 0, "bob", R2, "same", 999);
	enter_at(&t[2], 0, "bob", R2, "same", 999);
	CHECK(gate_next(g, 0, 1, 1, 999, &when) != NULL);
	x = gate_next(g, 0, 1, 0, 999, &when);
	CHECK(x != NULL && x->rider);
	gate_leave(g, x);
	x = gate_next(g, 0, 1, 0, 999, &when);
	CHECK(x != NULL && x->rider);
	CHECK(gate_next(g, 0, 1, 0, 999, &when) == NULL);
	for (i = 0; i < 3; i++)
		gate_leave(g, &t[i]);
	CHECK(gate_next(g, 0, 1, 1, 1000, &when) == &t[5]);
	CHECK(t[5].pair->failures == 1 && t[5].address->failures == 1);
	gate_leave(g, &t[5]);
	/* a client that repeats a password: no other guess, but a failure */
	for (i = 0; i < 3; i++) {
		enter_at(&t[0], 0, "ann", R1, "same", 2000 + 20000 * i);
		CHECK(gate_next(g, 0, 1, 1, 20000 * (i + 1), &when) == &t[0]);
		(void)gate_failed(g, &t[0], 20000 * (i + 1));
		CHECK(t[0].pair->failures == 1);
		CHECK(t[0].address->failures == (unsigned int)i + 2);
		gate_leave(g, &t[0]);
	}
	gate_end();
}

/* What waits for another pool is counted there, and holds up nobody here. */
static void
check_move(void)
{
	struct gate_try	t[6], other, typo, known_one;
	int64_t		when;
	size_t		i;

	gate_begin();
	for (i = 0; i < GATE_RUNNING; i++) {
		char	name[16];

		snprintf(name, sizeof(name), "user%zu", i);
		enter_at(&t[i], 0, name, R1, "pw", 0);
		CHECK(gate_next(g, 0, 4, 4, 0, &when) == &t[i]);
		gate_move(g, &t[i], 1);
	}
	CHECK(gate_waiting_for(g, 0) == 0 && gate_waiting_for(g, 1) == 4);
	CHECK(gate_next(g, 0, 4, 4, 0, &when) == NULL && when == INT64_MAX);
	CHECK(gate_next(g, 1, 4, 0, 0, &when) == NULL);
	for (i = 0; i < GATE_RUNNING; i++)
		CHECK(gate_next(g, 1, 4, 4, 0, &when) != NULL);
	/* that address has as many there as it may, and none here */
	enter_at(&t[4], 0, "user4", R1, "pw", 0);
	CHECK(gate_next(g, 0, 4, 4, 0, &when) == &t[4]);
	gate_move(g, &t[4], 1);
	CHECK(gate_next(g, 1, 8, 4, 0, &when) == NULL);
	/* of its pair there is one under way, wherever it is */
	enter_at(&t[5], 0, "user4", R1, "other", 0);
	CHECK(gate_next(g, 0, 4, 4, 0, &when) == NULL);
	gate_leave(g, &t[4]);
	CHECK(gate_next(g, 0, 4, 4, 0, &when) == &t[5]);
	/* the answer's time is counted from when it first began */
	gate_move(g, &t[5], 1);
	gate_move(g, &t[5], 2);		/* while it waits, too */
	CHECK(gate_waiting_for(g, 1) == 0);
	gate_leave(g, &t[0]);
	CHECK(gate_next(g, 2, 2, 2, 700, &when) == &t[5]);
	CHECK(gate_failed(g, &t[5], 900) == 1000);
	gate_leave(g, &t[5]);
	for (i = 1; i < GATE_RUNNING; i++)
		gate_leave(g, &t[i]);
	/* suspects that hang there leave room for one here */
	fail(0, "dan", R2, 1, 1000);
	fail(0, "eve", "203.0.113.1", 1, 1000);
	enter_at(&other, 0, "dan", R2, "x", 60000);
	CHECK(gate_next(g, 0, 1, 1, 60000, &when) == &other);
	gate_move(g, &other, 1);
	CHECK(gate_next(g, 1, 1, 1, 60000, &when) == &other);
	enter_at(&typo, 0, "eve", "203.0.113.1", "y", 60000);
	CHECK(gate_next(g, 0, 1, 1, 60000, &when) == &typo);
	/* denied here and unknown there: that name pays for it, the address
	 * does not */
	gate_unsure(g, &typo, 60000);
	gate_leave(g, &typo);
	CHECK(enter_at(&typo, 0, "eve", "203.0.113.1", "z", 60000) == 0);
	CHECK(gate_next(g, 0, 1, 1, 60000, &when) == &typo);
	gate_unsure(g, &typo, 60000);
	gate_leave(g, &typo);
	CHECK(enter_at(&typo, 0, "eve", "203.0.113.1", "a", 60000) == 1000);
	CHECK(typo.address->failures == 1);
	gate_leave(g, &typo);
	gate_leave(g, &other);
	/* known ones pass their address's limit there as well */
	enter_at(&known_one, 0, "fay", R1, "pw", 70000);
	CHECK(gate_next(g, 0, 1, 1, 70000, &when) == &known_one);
	gate_passed(g, &known_one, "fay", 70000);
	gate_leave(g, &known_one);
	enter_at(&known_one, 0, "fay", R1, "pw", 70000);
	CHECK(gate_next(g, 0, 1, 1, 70000, &when) == &known_one);
	gate_move(g, &known_one, 1);
	CHECK(gate_next(g, 1, 1, 1, 70000, &when) == &known_one);
	gate_leave(g, &known_one);
	gate_end();
}

int
main(void)
{
	check_order();
	check_ends();
	check_round_robin();
	check_shares();
	check_running();
	check_reserve();
	check_riders();
	check_move();
	return TEST_END();
}
