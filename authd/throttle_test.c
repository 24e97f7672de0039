/* Delays, with a clock of the test's own. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/throttle.h"
#include "common/test.h"

#define R1	"192.0.2.1"
#define R2	"198.51.100.7"

static int64_t
enter(struct throttle *t, const char *user, const char *remote, int64_t now)
{
	int64_t	wait;

	return throttle_enter(t, 0, user, remote, now, &wait) == -1 ? -1 :
	    wait;
}

static void
fail(struct throttle *t, const char *user, const char *remote, int64_t now,
    int n)
{
	while (n-- > 0)
		throttle_failed(t, 0, user, remote, now);
}

static void
check_growth(void)
{
	/* failures, the wait of the next attempt right after the last */
	static const struct { int failures; int64_t user, remote; } rows[] = {
		{ 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 }, { 3, 1000, 1000 },
		{ 4, 2000, 2000 }, { 5, 4000, 4000 }, { 6, 8000, 4000 },
		{ 7, 15000, 4000 }, { 50, 15000, 4000 }, { 2000, 15000, 4000 }
	};
	struct throttle	*t;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		t = throttle_new(100);
		fail(t, "ann", R1, 1000, rows[i].failures);
		/* by user, from elsewhere */
		CHECK_ROW(enter(t, "ann", R2, 1000) == rows[i].user,
		    "row %zu", i);
		/* by address, another user */
		CHECK_ROW(enter(t, "bob", R1, 1000) == rows[i].remote,
		    "row %zu", i);
		/* neither */
		CHECK_ROW(enter(t, "bob", R2, 1000) == 0, "row %zu", i);
		throttle_free(t);
	}
}

static void
check_time(void)
{
	struct throttle	*t = throttle_new(100);

	fail(t, "ann", R1, 1000, 4);
	CHECK(enter(t, "ann", R1, 1500) == 1500);	/* 2 s since 1000 */
	/* the place after that one's */
	CHECK(enter(t, "ann", R1, 1500) == 3500);
	throttle_free(t);
	t = throttle_new(100);
	fail(t, "ann", R1, 1000, 4);
	CHECK(enter(t, "ann", R1, 3000) == 0);		/* it has passed */
	CHECK(enter(t, "ann", R1, 3000) == 2000);	/* but not for two */
	CHECK(enter(t, "ann", R1, 1000 + THROTTLE_FORGET_MS) == 0);
	CHECK(enter(t, "ann", R1, 1000 + THROTTLE_FORGET_MS) == 0);
	throttle_free(t);
}

static void
check_refusal(void)
{
	struct throttle	*t = throttle_new(100);
	int64_t		 w, last = 0;
	int		 i;

	fail(t, "ann", R1, 0, 10);
	for (i = 0; i < 10 && (w = enter(t, "ann", R2, 0)) != -1; i++)
		last = w;
	CHECK(w == -1);
	CHECK(last == THROTTLE_WAIT_MAX_MS);
	CHECK(enter(t, "bob", R2, 0) == 0);	/* the others do not care */
	throttle_free(t);
}

static void
check_success(void)
{
	struct throttle	*t = throttle_new(100);

	/* A known address of the user is not slowed by others' guesses. */
	throttle_passed(t, 0, "ann", R1, 0);
	fail(t, "ann", R2, 0, 20);
	CHECK(enter(t, "ann", R1, 0) == 0);
	CHECK(enter(t, "ann", R2, 0) > 0);
	/* until it fails itself */
	fail(t, "ann", R1, 0, 1);
	CHECK(enter(t, "ann", R1, 0) > 0);
	/* A success clears the user, not the address that tried them all. */
	throttle_passed(t, 0, "ann", R1, 0);
	CHECK(enter(t, "ann", "203.0.113.9", 0) == 0);
	CHECK(enter(t, "bob", R2, 0) > 0);
	throttle_free(t);
}

static void
check_addresses(void)
{
	struct throttle	*t = throttle_new(100);
	int64_t		 wait;

	fail(t, "ann", "2001:db8:1:2::1", 0, 3);
	CHECK(enter(t, "bob", "2001:db8:1:2:ffff::9", 0) > 0);	/* one /64 */
	CHECK(enter(t, "bob", "2001:db8:1:3::1", 0) == 0);
	fail(t, "ann", "::ffff:192.0.2.1", 0, 3);
	CHECK(enter(t, "bob", "::ffff:192.0.2.2", 0) == 0);
	/* no address: only the user counts */
	fail(t, "cid", "", 0, 3);
	CHECK(enter(t, "dee", "", 0) == 0);
	CHECK(enter(t, "cid", "", 0) == 1000);
	/* a proxy's clients are not one client */
	fail(t, "eve", "127.0.0.1", 0, 9);
	fail(t, "eve", "::1", 0, 9);
	CHECK(enter(t, "dee", "127.0.0.1", 0) == 0);
	CHECK(enter(t, "dee", "::1", 0) == 0);
	CHECK(enter(t, "eve", "127.0.0.1", 0) > 0);
	/* another imapd has its own counters */
	CHECK(throttle_enter(t, 1, "cid", "", 0, &wait) == 0 && wait == 0);
	throttle_free(t);
}

static void
check_bounds(void)
{
	struct throttle	*t = throttle_new(64);
	char		 user[32];
	int		 i;

	fail(t, "first", R1, 0, 5);
	for (i = 0; i < 10000; i++) {
		snprintf(user, sizeof(user), "u%d", i);
		throttle_failed(t, 0, user, user, i);
		throttle_passed(t, 0, user, user, i);
		throttle_failed(t, 0, user, user, i);
	}
	CHECK(throttle_entries(t) <= 3 * 64);
	CHECK(enter(t, "first", "", 10000) == 0);	/* made room */
	throttle_free(t);
	throttle_free(NULL);
}

int
main(void)
{
	check_growth();
	check_time();
	check_refusal();
	check_success();
	check_addresses();
	check_bounds();
	return TEST_END();
}
