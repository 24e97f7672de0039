/* DNs and filters made of names: whatever the name, it stays a value. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/ldap_name.h"
#include "common/test.h"

static void
check_templates(void)
{
	static const struct {
		const char	*text;
		bool		 dn, filter, good;
	} t[] = {
		{ "uid=%u,ou=people,dc=example", false, false, true },
		{ "uid=%n,ou=%d,dc=example", false, false, true },
		{ "%u", false, false, true }, { "100%%,uid=%u", false, false,
		  true },
		{ "uid=ann", false, false, false },
		{ "", false, false, false }, { "%", false, false, false },
		{ "uid=%u%", false, false, false },
		{ "uid=%x", false, false, false },
		{ "ou=%d", false, false, false },
		{ "uid=%D", false, false, false },
		{ "member=%D", true, false, true },
		{ "(uid=%u)", false, true, true },
		{ "(&(a=b)(|(uid=%u)(mail=%u)))", false, true, true },
		{ "(member=%D)", true, true, true },
		{ "(member=%D)", false, true, false },
		{ "uid=%u", false, true, false }, { "", false, true, false },
		{ "(uid=%u", false, true, false },
		{ "(uid=%u))", false, true, false },
		{ "(uid=%u)(a=b)", false, true, false },
		{ ")uid=%u(", false, true, false },
		{ "(objectClass=*)", false, true, false },
	};
	const char	*wrong;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		wrong = t[i].filter ? ldap_name_wrong_filter(t[i].text,
		    t[i].dn) : ldap_name_wrong(t[i].text, t[i].dn);
		CHECK_ROW((wrong == NULL) == t[i].good, "%s: %s", t[i].text,
		    wrong != NULL ? wrong : "good");
	}
}

static void
check_expand(void)
{
	static const struct { const char *template, *user, *out; } t[] = {
		{ "uid=%u,dc=x", "ann", "uid=ann,dc=x" },
		{ "uid=%u,dc=x", "ann@example.org",
		  "uid=ann@example.org,dc=x" },
		{ "uid=%n,ou=%d", "a@b@example.org",
		  "uid=a@b,ou=example.org" },
		{ "uid=%n", "ann", "uid=ann" },
		{ "ou=%d", "ann", NULL }, { "ou=%d", "ann@", NULL },
		{ "uid=%n", "@d", NULL }, { "uid=%u", "", NULL },
		{ "x=100%%,uid=%u", "a", "x=100%,uid=a" },
		{ "(uid=%u)", "*", "(uid=\\2a)" },
		{ "(uid=%u)", "a)(uid=*", "(uid=a\\29\\28uid\\3d\\2a)" },
		{ "(uid=%u)", "a\\2a", "(uid=a\\5c2a)" },
		{ "(uid=%u)", "%u%n%D", "(uid=\\25u\\25n\\25D)" },
		{ "uid=%u,dc=x", "a,dc=y", "uid=a\\2cdc\\3dy,dc=x" },
		{ "uid=%u,dc=x", " a ", "uid=\\20a\\20,dc=x" },
		{ "uid=%u,dc=x", "#04024869", "uid=\\2304024869,dc=x" },
		{ "uid=%u", "a+cn=b;<\">", "uid=a\\2bcn\\3db\\3b\\3c\\22\\3e" },
		{ "uid=%u", "\303\244", "uid=\\c3\\a4" },
		{ "(member=%D)", "ann", "(member=cn\\3da\\2cdc\\3dx)" },
	};
	char		out[200], why[200];
	size_t		i;
	int		r;

	for (i = 0; i < nitems(t); i++) {
		r = ldap_name_expand(t[i].template, str_from(t[i].user),
		    STR("cn=a,dc=x"), out, sizeof(out));
		CHECK_ROW((r == 0) == (t[i].out != NULL) && strcmp(out, r == 0 ?
		    t[i].out : "") == 0, "%s, %s: %s", t[i].template,
		    t[i].user, out);
	}
	/* A NUL octet is one, and no end. */
	CHECK(ldap_name_expand("(uid=%u)", (struct str){ "a\0*", 3 }, STR(""),
	    out, sizeof(out)) == 0 && strcmp(out, "(uid=a\\00\\2a)") == 0);
	/* All sizes: it fits, or is nothing. */
	for (i = 1; i < 20; i++) {
		memset(why, 'x', sizeof(why));
		r = ldap_name_expand("(uid=%u)", STR("a*"), STR(""), why, i);
		CHECK_ROW(r == 0 ? strcmp(why, "(uid=a\\2a)") == 0 :
		    why[0] == '\0', "%zu", i);
		CHECK_ROW(why[i] == 'x', "%zu", i);
	}
}

/* Every octet, and a name of 64 KiB of the worst. */
static void
check_octets(void)
{
	static char	name[65536], out[4 * 65536];
	const char	*p;
	char		one;
	int		c;

	for (c = 0; c < 256; c++) {
		one = (char)c;
		CHECK(ldap_name_expand("<%u>", (struct str){ &one, 1 },
		    STR(""), out, sizeof(out)) == 0);
		for (p = out + 1; *p != '>'; p++)
			CHECK_ROW(*p != '\0' && strchr("*(),+\";<=#/ ", *p) ==
			    NULL && (unsigned char)*p < 0x7f, "%d: %s", c, out);
		CHECK_ROW(p[1] == '\0', "%d", c);
	}
	memset(name, '*', sizeof(name));
	CHECK(ldap_name_expand("(uid=%u)", (struct str){ name, sizeof(name) },
	    STR(""), out, LDAP_FILTER_MAX) == -1);
	CHECK(ldap_name_expand("(uid=%u)", (struct str){ name, sizeof(name) },
	    STR(""), out, sizeof(out)) == 0);
	CHECK(strlen(out) == 3 * sizeof(name) + 6 && strchr(out, '*') == NULL);
}

static void
check_plain(void)
{
	static const struct { const char *name; bool plain; } t[] = {
		{ "ann", true }, { "ann@example.org", true },
		{ "j\303\244ger", true }, { "\346\227\245\346\234\254", true },
		{ "Ann", false }, { "J\303\204GER", false },
		{ "j\303\204ger", false }, { "an n", false },
		{ "ann ", false }, { "\357\275\201nn", false },	/* wide a */
		{ "a\302\255nn", false },		/* soft hyphen */
		{ "wei\303\237", false },		/* sharp s: ss */
		{ "a\314\210", false },			/* not composed */
		{ "\357\254\201x", false },		/* fi */
		{ "\377", false },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(ldap_name_plain(t[i].name) == t[i].plain, "%zu %s",
		    i, t[i].name);
}

int
main(void)
{
	check_templates();
	check_expand();
	check_octets();
	check_plain();
	return TEST_END();
}
