/* Login names to ids (DESIGN section 3): forms, refusals, keys, shards. */
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/user.h"

static const struct {
	struct str	 login;
	const char	*id;		/* NULL: refused */
	const char	*key;
} rows[] = {
	{ STR("ann"), "ann", "ann" },
	{ STR("Ann@Example.ORG"), "ann@example.org", "ann@example.org" },
	{ STR("a.b+c=d_e-f"), "a.b+c=d_e-f", "a.b+c=d_e-f" },
	{ STR("."), ".", "%2E" },
	{ STR(".."), "..", "%2E." },
	{ STR("a/b"), "a/b", "a%2Fb" },
	{ STR("a b%"), "a b%", "a%20b%25" },
	/* composed and decomposed are one */
	{ STR("J\xc3\xbcrgen"), "j\xc3\xbcrgen", "j%C3%BCrgen" },
	{ STR("Ju\xcc\x88rgen"), "j\xc3\xbcrgen", "j%C3%BCrgen" },
	/* only ASCII is lowered */
	{ STR("\xc3\x9cwe"), "\xc3\x9cwe", "%C3%9Cwe" },
	/* the Kelvin sign is a K in NFC */
	{ STR("\xe2\x84\xaa"), "k", "k" },
	/* H has no composed form with a line below, h has */
	{ STR("H\xcc\xb1"), "\xe1\xba\x96", "%E1%BA%96" },
	{ STR(""), NULL, NULL },
	{ STR("a\0b"), NULL, NULL },
	{ STR("a\nb"), NULL, NULL },
	{ STR("a\x7f"), NULL, NULL },
	{ STR("a\xc2\x85"), NULL, NULL },		/* U+0085 */
	{ STR("a\xff"), NULL, NULL },
	{ STR("\xc0\x80"), NULL, NULL },		/* overlong */
	{ STR("\xed\xa0\x80"), NULL, NULL },		/* a surrogate */
	{ STR("\xc3"), NULL, NULL }			/* cut off */
};

static void
test_table(void)
{
	char	id[USER_ID_MAX + 1], key[USER_ID_MAX + 1], again[sizeof(id)];
	size_t	i;
	int	r;

	for (i = 0; i < nitems(rows); i++) {
		r = user_normalize(rows[i].login, id, sizeof(id));
		CHECK_ROW((r == 0) == (rows[i].id != NULL), "row %zu", i);
		if (r == -1 || rows[i].id == NULL)
			continue;
		CHECK_ROW(strcmp(id, rows[i].id) == 0, "row %zu: %s", i, id);
		CHECK_ROW(user_key(id, key, sizeof(key)) == 0 &&
		    strcmp(key, rows[i].key) == 0, "row %zu: %s", i, key);
		CHECK_ROW(user_normalize(str_from(id), again,
		    sizeof(again)) == 0 && strcmp(id, again) == 0, "row %zu",
		    i);
	}
}

/* ASCII has a way of its own, which leads to the same. */
static void
test_ascii(void)
{
	char	login[40], id[USER_ID_MAX + 1], other[sizeof(id)];
	size_t	i, n;
	int	c, r;

	for (c = 0; c < 0x80; c++)
		for (n = 1; n < 20; n++) {
			for (i = 0; i < n; i++)
				login[i] = i == n / 2 ? (char)c :
				    (char)(' ' + (c + 7 * (int)(i + n)) % 95);
			r = user_normalize((struct str){ login, n }, id,
			    sizeof(id));
			memcpy(login + n, "\xc3\xa9", 3);
			CHECK_ROW(user_normalize((struct str){ login, n + 2 },
			    other, sizeof(other)) == r, "%d, %zu", c, n);
			CHECK_ROW(r == -1 || (strlen(id) == n &&
			    strncmp(id, other, n) == 0), "%d, %zu", c, n);
			CHECK_ROW((r == 0) == (c >= 0x20 && c != 0x7f),
			    "%d, %zu", c, n);
		}
}

static void
test_lengths(void)
{
	char	login[2000], id[USER_ID_MAX + 1], key[USER_ID_MAX + 1];

	memset(login, 'a', sizeof(login));
	CHECK(user_normalize((struct str){ login, 200 }, id,
	    sizeof(id)) == 0);
	CHECK(user_key(id, key, sizeof(key)) == 0 && strlen(key) == 200);
	CHECK(user_key(id, key, 200) == -1);
	CHECK(user_normalize((struct str){ login, 200 }, id, 200) == -1);
	CHECK(user_normalize((struct str){ login, 201 }, id,
	    sizeof(id)) == -1);
	CHECK(user_normalize((struct str){ login, 2000 }, id,
	    sizeof(id)) == -1);
	memset(login, ' ', 67);			/* 201 bytes as a key */
	CHECK(user_normalize((struct str){ login, 67 }, id,
	    sizeof(id)) == -1);
	CHECK(user_normalize((struct str){ login, 66 }, id,
	    sizeof(id)) == 0);
	CHECK(user_key("", key, sizeof(key)) == -1);
}

static void
test_hash(void)
{
	char		h[9];
	char		user[16];
	uint32_t	i, n[4] = { 0 };

	/* md5("ann@example.org"), md5("a%2Fb"), by md5sum(1) */
	CHECK(user_h8("ann@example.org", h) == 0 && strcmp(h, "8b5a6a28") == 0);
	CHECK(user_h8("a/b", h) == 0 && strcmp(h, "7fa4f7bf") == 0);
	for (i = 0; i < 4000; i++) {
		snprintf(user, sizeof(user), "user%u", i);
		CHECK(user_shard(user, 4) < 4);
		n[user_shard(user, 4)]++;
	}
	for (i = 0; i < 4; i++)
		CHECK_ROW(n[i] > 800 && n[i] < 1200, "%u users", n[i]);
	CHECK(user_shard("x", 1) == 0 && user_shard("x", 0) == 0);
}

int
main(void)
{
	test_table();
	test_ascii();
	test_lengths();
	test_hash();
	return TEST_END();
}
