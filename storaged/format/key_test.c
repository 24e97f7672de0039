/* Object names: made, taken apart, refused; prefixes and the longest ones. */
#include "common/compat.h"

#include <string.h>

#include "common/test.h"
#include "common/user.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/key.h"

static const uint8_t id[16] = { 0x00, 0x1f, 0xa2, 0xff, 5, 6, 7, 8, 9,
    10, 11, 12, 13, 14, 15, 0xfe };
#define HEX "001fa2ff05060708090a0b0c0d0e0ffe"

static void
test_make(void)
{
	char k[KEY_MAX], p[KEY_MAX], want[2 * KEY_MAX];

	CHECK(key_user("ann", p, sizeof(p)) == 0);
	CHECK(strlen(p) == 13 && strcmp(p + 8, "/ann/") == 0);
	CHECK(key_head(p, k, sizeof(k)) == 0);
	snprintf(want, sizeof(want), "%shead", p);
	CHECK(strcmp(k, want) == 0);
	CHECK(key_log(p, 1, 42, id, k, sizeof(k)) == 0);
	snprintf(want, sizeof(want),
	    "%slog/0000000000000001-000000000000002a-%s", p, HEX);
	CHECK_ROW(strcmp(k, want) == 0, "%s", k);
	CHECK(key_object(p, KEY_PACK, id, k, sizeof(k)) == 0);
	snprintf(want, sizeof(want), "%spack/%s", p, HEX);
	CHECK(strcmp(k, want) == 0);
	CHECK(key_object(p, KEY_HEAD, id, k, sizeof(k)) == -1);
	CHECK(key_object(p, KEY_LOG, id, k, sizeof(k)) == -1);
	CHECK(key_head(p, k, 8) == -1);
	CHECK(key_user("", k, sizeof(k)) == -1);
	CHECK(key_user("../x", k, sizeof(k)) == 0);
	CHECK(strcmp(k + 8, "/%2E.%2Fx/") == 0);
	CHECK(strcmp(key_kind_name(KEY_MANIFEST), "manifest") == 0);
}

static void
test_parse(void)
{
	static const struct {
		const char *name; int rc; enum key_kind kind;
	} rows[] = {
		{ "pail", -1, 0 },
		{ "0123abcd/ann/head", 0, KEY_HEAD },
		{ "0123abcd/ann/msg/" HEX, 0, KEY_MSG },
		{ "0123abcd/ann/pack/" HEX, 0, KEY_PACK },
		{ "0123abcd/ann/index/" HEX, 0, KEY_INDEX },
		{ "0123abcd/ann/manifest/" HEX, 0, KEY_MANIFEST },
		{ "0123abcd/ann/log/0000000000000001-0000000000000002-" HEX,
		    0, KEY_LOG },
		{ "0123abcd/ann/log/0000000000000003-0000000000000002-" HEX,
		    -1, 0 },
		{ "0123abcd/ann/log/000000000000001-0000000000000002-" HEX,
		    -1, 0 },
		{ "0123abcd/ann/log/0000000000000001-000000000000000A-" HEX,
		    -1, 0 },
		{ "0123abcd/ann/log/1-2-" HEX, -1, 0 },
		{ "0123abcd/ann/log/" HEX, -1, 0 },
		{ "0123abcd/ann/head/" HEX, -1, 0 },
		{ "0123abcd/ann/pail/" HEX, -1, 0 },
		{ "0123abcd/ann/msg/" HEX "0", -1, 0 },
		{ "0123abcd/ann/msg/001FA2FF05060708090a0b0c0d0e0ffe", -1, 0 },
		{ "0123abcd/ann/msg/", -1, 0 },
		{ "0123abcd/ann/", -1, 0 },
		{ "0123abcd/ann", -1, 0 },
		{ "0123abcd/.ann/head", -1, 0 },
		{ "0123abcd//head", -1, 0 },
		{ "0123abcg/ann/head", -1, 0 },
		{ "0123abcd0/ann/head", -1, 0 },
		{ "head", -1, 0 }, { "", -1, 0 },
	};
	struct key_parts k;
	char name[KEY_MAX], p[KEY_MAX];
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(key_parse(rows[i].name, &k) == rows[i].rc, "%s",
		    rows[i].name);
		if (rows[i].rc == 0)
			CHECK_ROW(k.kind == rows[i].kind, "%s", rows[i].name);
	}
	CHECK(key_user("ann@example.org", p, sizeof(p)) == 0);
	CHECK(key_log(p, 7, 1234567890123ULL, id, name, sizeof(name)) == 0);
	CHECK(key_parse(name, &k) == 0);
	CHECK(k.first == 7 && k.last == 1234567890123ULL &&
	    memcmp(k.id, id, sizeof(id)) == 0 &&
	    strcmp(k.user, "ann@example.org") == 0);
	CHECK(key_name_valid("msg/" HEX));
	CHECK(!key_name_valid("head") && !key_name_valid("msg/") &&
	    !key_name_valid("") && !key_name_valid(name));
}

static void
test_prefix(void)
{
	static const struct {
		const char *conf; int rc; const char *canon;
	} rows[] = {
		{ "", 0, "" }, { "a", 0, "a/" }, { "a/", 0, "a/" },
		{ "a/b.c", 0, "a/b.c/" }, { "/a", -1, NULL },
		{ "a//b", -1, NULL }, { "a//", -1, NULL },
		{ "../a", -1, NULL }, { "a/./b", -1, NULL },
		{ "a/.b", -1, NULL }, { "a b", -1, NULL },
		{ "a\tb", -1, NULL }, { "\303\244", -1, NULL },
		{ "/", -1, NULL },
	};
	char dst[KEY_PREFIX_MAX + 1], longer[600];
	char key[KEY_MAX];
	const char *why;
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		why = NULL;
		CHECK_ROW(key_prefix(rows[i].conf, dst, sizeof(dst), &why)
		    == rows[i].rc, "%s", rows[i].conf);
		CHECK((why == NULL) == (rows[i].rc == 0));
		if (rows[i].rc == 0)
			CHECK_ROW(strcmp(dst, rows[i].canon) == 0, "%s", dst);
	}
	memset(longer, 'a', sizeof(longer));
	longer[511] = '\0';
	CHECK(key_prefix(longer, dst, sizeof(dst), &why) == 0);
	CHECK(strlen(dst) == 512);
	longer[511] = 'a';
	longer[512] = '\0';
	CHECK(key_prefix(longer, dst, sizeof(dst), &why) == -1);

	CHECK(key_join("p/", "pail", key, sizeof(key)) == 0 &&
	    strcmp(key, "p/pail") == 0);
	CHECK(key_join(dst, "pail", key, 10) == -1);
}

/* The whole name is at most 1,023 bytes, whatever the user is called. */
static void
test_longest(void)
{
	char user[USER_ID_MAX + 8], prefix[KEY_PREFIX_MAX + 1];
	char name[KEY_MAX], whole[KEY_MAX], p[KEY_MAX];
	struct key_parts k;

	memset(user, 'u', sizeof(user));
	user[USER_ID_MAX] = '\0';
	memset(prefix, 'p', sizeof(prefix));
	strlcpy(prefix + 511, "/", 2);
	CHECK(key_user(user, p, sizeof(p)) == 0);
	CHECK(key_log(p, UINT64_MAX, UINT64_MAX, id, name, sizeof(name)) == 0);
	CHECK(strlen(name) - strlen(p) < KEY_NAME_MAX);
	CHECK(key_parse(name, &k) == 0 && strcmp(k.user, user) == 0);
	CHECK(key_join(prefix, name, whole, sizeof(whole)) == 0);
	user[USER_ID_MAX] = 'u';
	user[USER_ID_MAX + 1] = '\0';
	CHECK(key_user(user, name, sizeof(name)) == -1);
}

/* Fewer digits, and none. */
static void
test_dispersion(void)
{
	static const struct { unsigned digits; const char *user, *key; } rows[]
	    = {
		{ 8, "ann@example.org", "8b5a6a28/ann@example.org/" },
		{ 7, "ann@example.org", "8b5a6a2/ann@example.org/" },
		{ 2, "ann@example.org", "8b/ann@example.org/" },
		{ 1, "ann@example.org", "8/ann@example.org/" },
		{ 0, "ann@example.org", "u/ann@example.org/" },
		{ 0, "pail", "u/pail/" },
		{ 0, "u", "u/u/" },
	};
	struct key_parts k;
	char p[KEY_MAX], name[KEY_MAX];
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		key_disperse(rows[i].digits);
		CHECK(key_dispersion() == rows[i].digits);
		CHECK(key_user(rows[i].user, p, sizeof(p)) == 0);
		CHECK_ROW(strcmp(p, rows[i].key) == 0, "%s", p);
		CHECK(key_head(p, name, sizeof(name)) == 0);
		CHECK(key_parse(name, &k) == 0 &&
		    strcmp(k.user, rows[i].user) == 0);
		/* A name with another number of digits is none of ours. */
		CHECK(key_parse(name + 1, &k) == -1);
	}
	key_disperse(KEY_DISPERSION);
}

int
main(void)
{
	uint8_t a[16], b[16];

	test_make();
	test_parse();
	test_dispersion();
	test_prefix();
	test_longest();
	key_new_id(a);
	key_new_id(b);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	return TEST_END();
}
