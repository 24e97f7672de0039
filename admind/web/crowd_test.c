/* Who guesses, from however many addresses, makes room for who does not. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "admind/web/crowd.h"
#include "common/test.h"

#define HELD	15000		/* ms until a guess is answered, at most */

/* Only their addresses are of interest here. */
static char	 here[4 * CROWD_MAX];
static bool	 gone[sizeof(here)];	/* they had to make room */
static size_t	 at;

static struct web *
next(void)
{
	return (struct web *)(void *)&here[at++];
}

static void
clear(void)
{
	size_t	 i;

	for (i = 0; i < at; i++)
		crowd_remove((struct web *)(void *)&here[i]);
	memset(gone, 0, sizeof(gone));
	at = 0;
}

/* One more from there: -1 it was refused, 0, or 1: another made room. */
static int
login(const char *remote, int64_t now, struct web **w)
{
	struct web	*out;

	if (!crowd_room(remote, now, &out))
		return -1;
	if (out != NULL) {
		gone[(char *)(void *)out - here] = true;
		crowd_remove(out);
	}
	*w = next();
	crowd_add(*w, remote, now);
	return out != NULL;
}

static bool
is_there(const struct web *w)
{
	return !gone[(const char *)(const void *)w - here];
}

static void
test_one_address(void)
{
	struct web	*w[CROWD_FROM + 1], *out;
	int		 i;

	for (i = 0; i < CROWD_FROM; i++)
		CHECK(login("192.0.2.1", i, &w[i]) == 0);
	CHECK(login("192.0.2.1", crowd_sure_ms - 1, &w[i]) == -1);
	CHECK(crowd_room("192.0.2.1", crowd_sure_ms, &out) && out == w[0]);
	CHECK(crowd_room("192.0.2.2", 0, &out) && out == NULL);
	CHECK(login("::ffff:192.0.2.1", crowd_sure_ms, &w[i]) == 1);
	clear();
	/* One host of IPv6 has many addresses. */
	for (i = 0; i < CROWD_FROM; i++)
		CHECK(login(i % 2 == 0 ? "2001:db8::1" : "2001:db8::2", 0,
		    &w[i]) == 0);
	CHECK(login("2001:db8::3", 1, &w[i]) == -1);
	CHECK(login("2001:db8:0:1::3", 1, &w[i]) == 0);
	clear();
}

/* From so many addresses that all places are taken, each for as long as a
 * guess can be. */
static void
test_many_addresses(void)
{
	struct web	*w, *admin;
	char		 from[32];
	int64_t		 now = 0;
	int		 i;

	for (i = 0; i < CROWD_MAX; i++, now += 50) {
		snprintf(from, sizeof(from), "198.51.100.%d", i /
		    CROWD_FROM);
		CHECK(login(from, now, &w) == 0);
	}
	CHECK(login("192.0.2.1", now, &admin) == 1);
	/* They go on, and only lose their own. */
	for (i = 0; i < CROWD_MAX; i++, now += 50) {
		snprintf(from, sizeof(from), "198.51.100.%d", i % 8);
		(void)login(from, now, &w);
	}
	CHECK(now < HELD && is_there(admin));
	clear();
	/* The loopback is many: it has all, and of it the oldest goes. */
	for (i = 0, now = 0; i < CROWD_MAX; i++, now += 50)
		CHECK(login("127.0.0.1", now, &w) == 0);
	CHECK(login("127.0.0.1", now, &admin) == 1);
	CHECK(login("::1", now, &w) == 1);
	clear();
	/* However many come at once, who has a place has it for a while. */
	for (i = 0; i < CROWD_MAX; i++)
		CHECK(login("127.0.0.1", 0, &admin) == 0);
	for (i = 0; i < 1000; i++)
		CHECK(login("127.0.0.1", crowd_sure_ms - 1, &w) == -1);
	CHECK(is_there(admin));
	clear();
}

int
main(void)
{
	test_one_address();
	test_many_addresses();
	crowd_remove((struct web *)(void *)&here[0]);
	return TEST_END();
}
