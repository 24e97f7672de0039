/* The cache of logins: what counts, for how long, and what ends it. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/cache.h"
#include "common/test.h"

static enum cache_answer
find(struct cache *c, const char *name, const char *password, int64_t now)
{
	const char	*user = NULL;
	uint8_t		 mac[MAC_LEN];
	uint32_t	 backend = 99;
	enum cache_answer r;

	cache_mac(mac, name, str_from(password));
	r = cache_find(c, name, mac, now, &user, &backend);
	if (r == CACHE_HIT)
		CHECK(user != NULL && strcmp(user, name) == 0);
	if (r == CACHE_STALE)
		CHECK(backend == 0);
	return r;
}

static void
put(struct cache *c, const char *name, const char *password,
    const char *generation, int64_t now)
{
	uint8_t	mac[MAC_LEN];

	cache_mac(mac, name, str_from(password));
	cache_put(c, name, mac, name, 0, str_from(generation), now);
}

static void
check_life(void)
{
	struct cache	*c = cache_new(10, 300000);

	CHECK(find(c, "ann", "pw", 0) == CACHE_MISS);
	put(c, "ann", "pw", "g1", 0);
	CHECK(find(c, "ann", "pw", 0) == CACHE_HIT);
	CHECK(find(c, "ann", "pW", 0) == CACHE_MISS);
	CHECK(find(c, "bob", "pw", 0) == CACHE_MISS);
	CHECK(find(c, "ann", "pw", CACHE_FRESH_MS) == CACHE_HIT);
	/* the generation must be confirmed from time to time */
	CHECK(find(c, "ann", "pw", CACHE_FRESH_MS + 1) == CACHE_STALE);
	cache_generation(c, 0, STR("g1"), 5000);
	CHECK(find(c, "ann", "pw", 5000) == CACHE_HIT);
	/* the time to live counts from the check */
	cache_generation(c, 0, STR("g1"), 299999);
	CHECK(find(c, "ann", "pw", 299999) == CACHE_HIT);
	CHECK(find(c, "ann", "pw", 300000) == CACHE_MISS);
	CHECK(cache_entries(c) == 0);
	cache_free(c);
	cache_free(NULL);
}

static void
check_changes(void)
{
	struct cache	*c = cache_new(10, 300000);

	put(c, "ann", "pw", "g1", 0);
	cache_generation(c, 0, STR("g2"), 1);
	CHECK(find(c, "ann", "pw", 1) == CACHE_MISS);
	cache_generation(c, 0, STR("g1"), 2);
	CHECK(find(c, "ann", "pw", 2) == CACHE_MISS);	/* it is forgotten */
	put(c, "ann", "pw", "g1", 3);
	put(c, "bob", "pw", "g1", 3);
	cache_revoke(c, "ann");
	CHECK(find(c, "ann", "pw", 3) == CACHE_MISS);
	CHECK(find(c, "bob", "pw", 3) == CACHE_HIT);
	/* a new password replaces the old one */
	put(c, "bob", "new", "g1", 4);
	CHECK(find(c, "bob", "pw", 4) == CACHE_MISS);
	CHECK(find(c, "bob", "new", 4) == CACHE_HIT);
	/* revoked by the user id that it became */
	{
		uint8_t		 mac[MAC_LEN];
		const char	*user;
		uint32_t	 b;

		cache_mac(mac, "c", STR("pw"));
		cache_put(c, "c", mac, "cid", 0, STR("g1"), 5);
		CHECK(cache_find(c, "c", mac, 5, &user, &b) == CACHE_HIT &&
		    strcmp(user, "cid") == 0);
		cache_revoke(c, "cid");
		CHECK(cache_find(c, "c", mac, 5, &user, &b) == CACHE_MISS);
	}
	cache_reset(c, 1000);
	CHECK(cache_entries(c) == 0);
	cache_free(c);
}

static void
check_none(void)
{
	struct cache	*c = cache_new(10, 0);
	char		 text[CACHE_GENERATION_MAX + 2];

	put(c, "ann", "pw", "g1", 0);
	CHECK(find(c, "ann", "pw", 0) == CACHE_MISS);
	cache_free(c);
	c = cache_new(10, 1000);
	put(c, "ann", "pw", "", 0);
	CHECK(find(c, "ann", "pw", 0) == CACHE_MISS);
	memset(text, 'g', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(c, "ann", "pw", text, 0);
	CHECK(find(c, "ann", "pw", 0) == CACHE_MISS);
	cache_free(c);
}

static void
check_bounds(void)
{
	struct cache	*c = cache_new(16, 1000);
	char		 name[16];
	int		 i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		put(c, name, "pw", "g", 0);
	}
	CHECK(cache_entries(c) == 16);
	CHECK(find(c, "u999", "pw", 0) == CACHE_HIT);
	CHECK(find(c, "u0", "pw", 0) == CACHE_MISS);
	cache_free(c);
}

/* A directory cannot tell what has changed: time alone counts. */
static void
check_lasting(void)
{
	struct cache	*c = cache_new(10, 300000);

	put(c, "ann", "pw", CACHE_LASTING, 0);
	CHECK(find(c, "ann", "pw", CACHE_FRESH_MS + 1) == CACHE_HIT);
	CHECK(find(c, "ann", "pw", 299999) == CACHE_HIT);
	CHECK(find(c, "ann", "Pw", 299999) == CACHE_MISS);
	CHECK(find(c, "ann", "pw", 300000) == CACHE_MISS);
	put(c, "ann", "pw", CACHE_LASTING, 0);
	cache_revoke(c, "ann");
	CHECK(find(c, "ann", "pw", 0) == CACHE_MISS);
	cache_free(c);
}

static void
check_denied(void)
{
	struct cache	*c = cache_new(10, 300000);
	uint8_t		 mac[MAC_LEN], other[MAC_LEN];
	size_t		 i;

	cache_mac(mac, "ann", STR("old"));
	cache_mac(other, "ann", STR("new"));
	CHECK(!cache_denied(c, mac, 1, 0));
	/* Of a file that may have changed meanwhile nothing is kept. */
	cache_deny(c, mac, 1, STR("g1"), 0);
	cache_deny(c, mac, 1, STR(""), 0);
	CHECK(!cache_denied(c, mac, 1, 0));
	cache_deny(c, mac, 1, STR(CACHE_LASTING), 0);
	CHECK(cache_denied(c, mac, 1, 0));
	CHECK(!cache_denied(c, mac, 2, 0));
	CHECK(!cache_denied(c, other, 1, 0));
	CHECK(cache_denied(c, mac, 1, CACHE_DENIED_MS - 1));
	CHECK(!cache_denied(c, mac, 1, CACHE_DENIED_MS));
	/* A flood takes the place of others, and no more room. */
	for (i = 0; i < 4 * CACHE_DENIED; i++) {
		memcpy(other, &i, sizeof(i));
		cache_deny(c, other, 1, STR(CACHE_LASTING), 0);
	}
	CHECK(cache_denied(c, other, 1, 0));
	CHECK(!cache_denied(c, mac, 1, 0));
	cache_deny(c, mac, 1, STR(CACHE_LASTING), 0);
	cache_revoke(c, "bob");
	CHECK(!cache_denied(c, mac, 1, 0));
	cache_deny(c, mac, 1, STR(CACHE_LASTING), 0);
	cache_reset(c, 2000);
	CHECK(!cache_denied(c, mac, 1, 0));
	cache_deny(c, mac, 1, STR(CACHE_LASTING), 0);
	CHECK(cache_denied(c, mac, 1, 1999) && !cache_denied(c, mac, 1, 2000));
	cache_reset(c, 0);
	cache_deny(c, mac, 1, STR(CACHE_LASTING), 0);
	CHECK(!cache_denied(c, mac, 1, 0));
	cache_free(c);
}

int
main(void)
{
	check_life();
	check_lasting();
	check_denied();
	check_changes();
	check_none();
	check_bounds();
	return TEST_END();
}
