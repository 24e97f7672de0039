/* Login names by each rule, and by several at once. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/names.h"
#include "common/test.h"
#include "common/test/slice_make.h"

static const char *const base[][2] = {
	{ "login-names.default-domain", "" },
	{ "login-names.unicode", "nfc" },
	{ "login-names.detail-separator", "none" },
	{ "login-names.master-separator", "*" },
	{ NULL, NULL }
};

static struct names	names;

static void
rules(const char *key, const char *value)
{
	struct slice	*s = slice_make(base, "login-names.strip-domains.0",
			    "Old.example.org", key, value, NULL);
	char		 why[128];

	CHECK(names_read(&names, s, why, sizeof(why)) == 0);
	slice_free(s);
}

/* NULL: it is no name. */
static void
is(const char *login, const char *want)
{
	char	got[USER_ID_MAX + 1] = "";
	int	r = names_map(&names, str_from(login), got, sizeof(got));

	CHECK_ROW((r == 0) == (want != NULL), "%s", login);
	if (r == 0 && want != NULL)
		CHECK_ROW(strcmp(got, want) == 0, "%s: %s", login, got);
}

static void
check_rules(void)
{
	struct slice	*s = slice_make(base, "index", "0", NULL);
	char		 why[128], key[64];
	size_t		 i;

	/* none: DESIGN's, for ever */
	CHECK(names_read(&names, s, why, sizeof(why)) == 0);
	slice_free(s);
	is("Ann+x@Old.Example.Org", "ann+x@old.example.org");
	is("\xc3\x84nn smith", "\xc3\x84nn smith");
	is("ann*admin", "ann*admin");
	is("", NULL);
	is("a\nb", NULL);
	rules("login-names.default-domain", "Example.org");
	is("Ann", "ann@example.org");
	is("ann@other", "ann@other");
	is("ann@OLD.example.org", "ann@example.org");	/* both rules */
	is("@old.example.org", "@old.example.org");
	is("ann@x@old.example.org", "ann@x");
	rules("login-names.detail-separator", "+");
	is("ann+lists", "ann");
	is("ann+lists+more@example.org", "ann@example.org");
	is("ann+lists@old.example.org", "ann");
	is("+ann", "+ann");
	is("ann@a+b", "ann@a+b");
	is("ann-lists", "ann-lists");
	rules("login-names.unicode", "precis");
	is("\xc3\x84nn", "\xc3\xa4nn");
	is("ann smith", NULL);
	is("Ann@old.example.org", "ann");
	rules("login-names.default-domain",
	    "\xc3\xa4.example");
	is("ann", "ann@\xc3\xa4.example");
	/* too long once it has one */
	memset(names.domain, 'x', 150);
	names.domain[150] = '\0';
	for (i = 0; i < 60; i++)
		key[i] = 'y';
	key[60] = '\0';
	is(key, NULL);
	s = slice_make(base, "login-names.strip-domains.0", "a\nb", NULL);
	CHECK(names_read(&names, s, why, sizeof(why)) == -1);
	CHECK(strstr(why, "strip-domains.0") != NULL);
	slice_free(s);
	s = slice_make(base, "login-names.default-domain", "\xff", NULL);
	CHECK(names_read(&names, s, why, sizeof(why)) == -1);
	slice_free(s);
}

static void
check_masters(void)
{
	static const struct { const char *login, *user, *master; } rows[] = {
		{ "ann*admin", "ann", "admin" },
		{ "Ann*Admin", "Ann", "admin" },
		{ "a*b*admin", "a*b", "admin" },
		{ "ann*admin@old.example.org", "ann", "admin" },
		{ "ann@x*admin", "ann@x", "admin" },
		{ "ann*ann", NULL, NULL }, { "*admin", NULL, NULL },
		{ "ann*", NULL, NULL }, { "admin", NULL, NULL },
		{ "ann/admin", NULL, NULL }, { "", NULL, NULL },
		{ "admin*ann", NULL, NULL }, { "ann*admin*x", NULL, NULL }
	};
	char		 master[USER_ID_MAX + 1];
	struct str	 user;
	size_t		 i;
	bool		 r;

	rules("login-names.master-users.0", "Admin");
	for (i = 0; i < nitems(rows); i++) {
		r = names_master(&names, str_from(rows[i].login), &user,
		    master);
		CHECK_ROW(r == (rows[i].user != NULL), "%s", rows[i].login);
		if (!r || rows[i].user == NULL)
			continue;
		CHECK_ROW(str_eq(user, str_from(rows[i].user)), "%s",
		    rows[i].login);
		CHECK(strcmp(master, rows[i].master) == 0);
	}
	/* off, unless somebody is named */
	rules("login-names.master-separator", "*");
	CHECK(!names_master(&names, STR("ann*admin"), &user, master));
}

int
main(void)
{
	check_rules();
	check_masters();
	return TEST_END();
}
