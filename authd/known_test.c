/* Trust in addresses: how it is won, and that nobody else takes it. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/known.h"
#include "common/test.h"

static struct addr_key
from(const char *text)
{
	struct addr_key	k;

	addr_key_parse(&k, text);
	return k;
}

static void
check_trust(void)
{
	struct known	*k = known_new(10);
	struct addr_key	 a = from("192.0.2.1"), b = from("192.0.2.2");
	int		 i;

	CHECK(known_trust(k, "ann", &a, 0) == 0);
	CHECK(known_passed(k, "ann", &a, 0));
	CHECK(known_trust(k, "ann", &a, 0) == KNOWN_FIRST);
	CHECK(known_trust(k, "ann", &b, 0) == 0);
	CHECK(known_trust(k, "bob", &a, 0) == 0);
	for (i = 0; i < 20; i++)	/* the credit is not given again */
		CHECK(!known_passed(k, "ann", &a, 1000));
	CHECK(known_trust(k, "ann", &a, 1000) == KNOWN_MOST);
	CHECK(known_passed(k, "ann", &a, KNOWN_CREDIT_MS));
	CHECK(!known_passed(k, "ann", &a, KNOWN_CREDIT_MS + 1));
	CHECK(known_trust(k, "ann", &a, KNOWN_CREDIT_MS + KNOWN_LIFE_MS) > 0);
	CHECK(known_trust(k, "ann", &a, KNOWN_CREDIT_MS + KNOWN_LIFE_MS + 1)
	    == 0);
	CHECK(known_passed(k, "ann", &a, 3 * KNOWN_LIFE_MS));
	known_revoke(k, "ann");
	known_revoke(k, "nobody");
	CHECK(known_trust(k, "ann", &a, 3 * KNOWN_LIFE_MS) == 0);
	CHECK(known_users(k) == 0);
	known_free(k);
	known_free(NULL);
}

/* Many addresses of one user cost that user's own, and no other's. */
static void
check_bounds(void)
{
	struct known	*k = known_new(10);
	struct addr_key	 a = from("192.0.2.1"), b = from("2001:db8::1");
	struct addr_key	 x;
	char		 text[32];
	int		 i;

	(void)known_passed(k, "ann", &a, 0);
	(void)known_passed(k, "mallory", &a, 0);
	(void)known_passed(k, "mallory", &b, 0);
	for (i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "2001:db8:0:%x::1", i + 1);
		x = from(text);
		(void)known_passed(k, "mallory", &x, i + 1);
		/* one that is used stays */
		(void)known_passed(k, "mallory", &b, i + 1);
	}
	CHECK(known_trust(k, "ann", &a, 2000) > 0);
	CHECK(known_trust(k, "mallory", &a, 2000) == 0);
	CHECK(known_trust(k, "mallory", &b, 2000) > 0);
	CHECK(known_trust(k, "mallory", &x, 2000) > 0);
	CHECK(known_users(k) == 2);
	for (i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "u%d", i);
		(void)known_passed(k, text, &a, 3000);
	}
	CHECK(known_users(k) == 10);
	CHECK(known_trust(k, "u19", &a, 3000) > 0);
	CHECK(known_trust(k, "ann", &a, 3000) == 0);
	known_free(k);
}

/* All of a user's addresses are kept, then the longest unused goes. */
static void
check_oldest(void)
{
	struct known	*k = known_new(10);
	struct addr_key	 a[KNOWN_ADDRESSES + 2];
	char		 text[32];
	int		 i;

	for (i = 0; i < KNOWN_ADDRESSES + 2; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		a[i] = from(text);
		if (i < KNOWN_ADDRESSES)
			(void)known_passed(k, "ann", &a[i], 100 + i);
	}
	for (i = 0; i < KNOWN_ADDRESSES; i++)
		CHECK_ROW(known_trust(k, "ann", &a[i], 200) > 0, "%d", i);
	(void)known_passed(k, "ann", &a[0], 200);
	(void)known_passed(k, "ann", &a[KNOWN_ADDRESSES], 201);
	(void)known_passed(k, "ann", &a[KNOWN_ADDRESSES + 1], 202);
	for (i = 0; i < KNOWN_ADDRESSES + 2; i++)
		CHECK_ROW((known_trust(k, "ann", &a[i], 203) > 0) ==
		    (i != 1 && i != 2), "%d", i);
	known_free(k);
}

int
main(void)
{
	check_trust();
	check_oldest();
	check_bounds();
	return TEST_END();
}
