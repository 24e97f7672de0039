/* Which hash a name that does not exist is given. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/dummy.h"
#include "common/test.h"

#define YES	"$y$j9T$saltsaltsaltsalt$hashhashhash"
#define BLOW	"$2b$12$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
#define SHA	"$6$saltsalt$hash"

static void
check_settings(void)
{
	static const struct { const char *hash, *setting; } rows[] = {
		{ YES, "$y$j9T$" },
		{ "$y$jD5.7$abc$def", "$y$jD5.7$" },
		{ "$gy$j9T$abc$def", "$gy$j9T$" },
		{ BLOW, "$2b$12$" },
		{ "$2y$04$abc", "$2y$04$" },
		{ SHA, "$6$" },
		{ "$6$rounds=100000$salt$hash", "$6$rounds=100000$" },
		{ "$5$rounds=5000$salt$hash", "$5$rounds=5000$" },
		{ "$5$roundsalt$hash", "$5$" },
		{ "$7$CU..../....salt$hash", "$7$CU..../...." },
		{ "$7$C", "$7$C" },
		{ "$2b$", "$2b$" },
		{ "$y$", "$y$" },
		{ "", "" }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(hash_setting(rows[i].hash) ==
		    strlen(rows[i].setting), "%s: %zu", rows[i].hash,
		    hash_setting(rows[i].hash));
}

static size_t
share(const struct dummies *d, const char *hash, size_t names)
{
	char	name[32];
	size_t	i, n = 0;

	for (i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "nobody%zu", i);
		n += strcmp(dummy_pick(d, name), hash) == 0;
	}
	return n;
}

static void
check_shares(void)
{
	static struct dummies	 d, e, f;
	char			 name[32];
	size_t			 i, moved = 0, other = 0;

	CHECK(dummy_pick(&d, "ann") == NULL);
	for (i = 0; i < 100; i++) {
		dummy_add(&d, i < 50 ? YES : i < 80 ? BLOW : SHA);
		dummy_add(&e, i < 50 ? YES : i < 80 ? BLOW : SHA);
		dummy_add(&f, i < 50 ? YES : i == 50 ? "$2b$12$ABC" :
		    i < 80 ? BLOW : SHA);
	}
	CHECK(d.n == 3 && d.total == 100);
	/* 4,000 names: as the hashes are, by some 4 standard deviations */
	i = share(&d, YES, 4000);
	CHECK_ROW(i > 1870 && i < 2130, "%zu", i);
	i = share(&d, BLOW, 4000);
	CHECK_ROW(i > 1080 && i < 1320, "%zu", i);
	i = share(&d, SHA, 4000);
	CHECK_ROW(i > 700 && i < 900, "%zu", i);
	/* the same in another worker; few move with a user more; and who
	 * does not know the file cannot tell */
	dummy_add(&d, SHA);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "nobody%zu", i);
		CHECK(strcmp(dummy_pick(&e, name), dummy_pick(&e, name)) == 0);
		moved += strcmp(dummy_pick(&d, name), dummy_pick(&e, name))
		    != 0;
		other += strncmp(dummy_pick(&f, name), dummy_pick(&e, name),
		    3) != 0;
	}
	CHECK_ROW(moved < 30, "%zu", moved);
	CHECK_ROW(other > 300, "%zu", other);
	dummy_clear(&d);
	CHECK(dummy_pick(&d, "ann") == NULL);
}

static void
check_many(void)
{
	static struct dummies	d;
	char			hash[64];
	int			i;

	for (i = 0; i < 1000; i++) {
		snprintf(hash, sizeof(hash), "$6$rounds=%d$s$h", 1000 + i);
		dummy_add(&d, hash);
	}
	CHECK(d.n == DUMMY_SETTINGS && d.total == DUMMY_SETTINGS);
	CHECK(dummy_pick(&d, "ann") != NULL);
	dummy_clear(&d);
	/* one that begins as another does */
	dummy_add(&d, "$6$rounds=1000$s$h");
	dummy_add(&d, SHA);
	dummy_add(&d, "$6$rounds=10000$s$h");
	dummy_add(&d, "$6$other$h");
	CHECK(d.n == 3 && d.total == 4 && d.kind[0].count == 2);
}

#define SCRAM(i, salt)	"SCRAM-SHA-256$" i ":" salt "$"			\
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"			\
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define MANY	SCRAM("10000", "W22ZaJ0SNY7soEsUEjb6gQ==")
#define FEW	SCRAM("4096", "QUFBQUFBQUE=")

/* What is told of names without keys: as it is of those with them, and no user
 * more moves many. */
static void
check_scram(void)
{
	static const char *const key[] = { "one", "two" },
	    *const others[][2] = { { "one", "too" }, { "on", "two" } };
	static struct dummies	 d;
	struct scram_keys	 k[1000], m;
	char			 name[32];
	bool			 alike;
	size_t			 i, j, few = 0, moved = 0;

	dummy_add(&d, SHA);
	dummy_scram(&d, key, "ann", &m, &alike);
	CHECK(!alike && m.iterations == SCRAM_ITERATIONS);
	for (i = 0; i < 100; i++)
		dummy_add(&d, i < 25 ? FEW : MANY);
	for (i = 0; i < nitems(k); i++) {
		snprintf(name, sizeof(name), "nobody%zu", i);
		dummy_scram(&d, key, name, &k[i], &alike);
		CHECK(alike && (k[i].iterations == 4096 ? k[i].saltlen == 8 :
		    k[i].iterations == 10000 && k[i].saltlen == 16));
		few += k[i].iterations == 4096;
		for (j = 0; j < nitems(others); j++) {
			dummy_scram(&d, others[j], name, &m, &alike);
			CHECK(memcmp(m.salt, k[i].salt, 8) != 0);
		}
	}
	CHECK_ROW(few > 190 && few < 310, "%zu", few);
	dummy_add(&d, FEW);
	for (i = 0; i < nitems(k); i++) {
		snprintf(name, sizeof(name), "nobody%zu", i);
		dummy_scram(&d, key, name, &m, &alike);
		moved += m.iterations != k[i].iterations;
		CHECK(memcmp(m.salt, k[i].salt, sizeof(m.salt)) == 0);
	}
	CHECK_ROW(moved < 30, "%zu", moved);
	dummy_clear(&d);
}

int
main(void)
{
	check_settings();
	check_shares();
	check_many();
	check_scram();
	return TEST_END();
}
