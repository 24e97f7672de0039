/*
 * Keys: the same for the same, others for whatever differs, and with the first
 * octets that the envelope alone gives.
 */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "lmtpd/envelope.h"
#include "lmtpd/key.h"

static const struct {
	const char	*sender, *envid, *seed, *address;
	uint8_t		 octets;
} rows[] = {
	{ "a@b", NULL, NULL, "ann", 1 },
	{ "a@c", NULL, NULL, "ann", 1 },
	{ "", NULL, NULL, "a@bann", 1 },
	{ "a@b", "1", NULL, "ann", 1 },
	{ "a@b", "1", NULL, "bob", 1 },
	{ "a@b", "1ann", NULL, "", 1 },
	{ "a@b", NULL, "key", "ann", 1 },
	{ "a@b", NULL, "keya", "nn", 1 },
	{ "a@b", NULL, NULL, "ann", 2 }
};

static void
key_of(size_t i, uint8_t octets, uint8_t key[DELIVER_KEY_LEN])
{
	struct envelope	 e = { .sender = rows[i].sender,
			    .envid = rows[i].envid };
	uint8_t		 sha[32];

	if (rows[i].seed != NULL)
		e.seed = str_from(rows[i].seed);
	memset(sha, octets, sizeof(sha));
	key_make(&e, rows[i].address, sha, key);
}

static void
test_begins_with_the_envelope(void)
{
	uint8_t		 key[DELIVER_KEY_LEN], begin[DELIVER_ENVELOPE_LEN];
	struct envelope	 e;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		e = (struct envelope){ .sender = rows[i].sender,
		    .envid = rows[i].envid };
		if (rows[i].seed != NULL)
			e.seed = str_from(rows[i].seed);
		key_of(i, rows[i].octets, key);
		key_envelope(&e, rows[i].address, begin);
		CHECK_ROW(memcmp(key, begin, sizeof(begin)) == 0, "%zu", i);
	}
}

static void
test_differ(void)
{
	uint8_t	 a[DELIVER_KEY_LEN], b[DELIVER_KEY_LEN];
	size_t	 i, k;

	for (i = 0; i < nitems(rows); i++)
		for (k = 0; k < nitems(rows); k++) {
			key_of(i, rows[i].octets, a);
			key_of(k, rows[k].octets, b);
			CHECK_ROW((memcmp(a, b, sizeof(a)) == 0) == (i == k),
			    "%zu %zu", i, k);
		}
	/* Other octets: the rest of the key differs, not its beginning. */
	key_of(0, 1, a);
	key_of(0, 2, b);
	CHECK(memcmp(a, b, DELIVER_ENVELOPE_LEN) == 0);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	/* What an object is called names it, whatever is in it. */
	key_of(6, 1, a);
	key_of(6, 2, b);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
}

int
main(void)
{
	test_begins_with_the_envelope();
	test_differ();
	return TEST_END();
}
