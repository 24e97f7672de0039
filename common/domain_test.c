/* Domains: equal ones in all their forms, those that are none, noise. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/domain.h"
#include "common/test.h"

static void
check_forms(void)
{
	static const struct {
		const char	*in, *unicode, *ascii;
	} rows[] = {
		{ "Example.ORG", "example.org", "example.org" },
		{ "[192.0.2.1]", "[192.0.2.1]", "[192.0.2.1]" },
		{ "localhost", "localhost", "localhost" },
		{ "b\xc3\xbc" "cher.example", "b\xc3\xbc" "cher.example",
		    "xn--bcher-kva.example" },
		{ "B\xc3\x9c" "CHER.Example", "b\xc3\xbc" "cher.example",
		    "xn--bcher-kva.example" },
		{ "bu\xcc\x88" "cher.example", "b\xc3\xbc" "cher.example",
		    "xn--bcher-kva.example" },
		{ "xn--bcher-kva.example", "b\xc3\xbc" "cher.example",
		    "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", "b\xc3\xbc" "cher.example",
		    "xn--bcher-kva.example" },
		/* RFC 3492, section 7.1 (B): Chinese, simplified */
		{ "xn--ihqwcrb4cv8a8dqg056pqjye",
		    "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9"
		    "\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
		    "xn--ihqwcrb4cv8a8dqg056pqjye" },
		/* (L): digits, capitals, kana; it is written lower-case */
		{ "3\xe5\xb9\xb4" "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5"
		    "\x85\x88\xe7\x94\x9f", "3\xe5\xb9\xb4" "b\xe7\xb5\x84\xe9"
		    "\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
		    "xn--3b-ww4c5e180e575a65lsy2b" },
		/* IDNA2008: no other letter */
		{ "stra\xc3\x9f" "e.example", "stra\xc3\x9f" "e.example",
		    "xn--strae-oqa.example" },
		/* these stand for nothing: they stay what they are */
		{ "xn--", "xn--", "xn--" },
		{ "xn--a.example", "xn--a.example", "xn--a.example" },
		{ "xn--ann-.example", "xn--ann-.example", "xn--ann-.example" },
		{ "xn--99999999.example", "xn--99999999.example",
		    "xn--99999999.example" },
		/* "B\xc3\x9c" in A-form is not what "b\xc3\xbc" is */
		{ "xn--tda.example", "\xc3\xbc.example", "xn--tda.example" },
		{ "xn--qca.example", "xn--qca.example", "xn--qca.example" },
	};
	char	u[DOMAIN_MAX + 1], a[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(domain_unicode(str_from(rows[i].in), u,
		    sizeof(u)) == 0 && strcmp(u, rows[i].unicode) == 0,
		    "%s: %s", rows[i].in, u);
		CHECK_ROW(domain_ascii(u, a, sizeof(a)) == 0 &&
		    strcmp(a, rows[i].ascii) == 0, "%s: %s", rows[i].in, a);
		CHECK_ROW(domain_unicode(str_from(a), again,
		    sizeof(again)) == 0 && strcmp(again, u) == 0, "%s: %s", a,
		    again);
	}
}

static void
check_bad(void)
{
	static const char *const rows[] = {
		"", ".", "a..b", ".a", "a.", "a b", "a@b", "a\tb", "\xff",
		"a\302\240b", "a\x7f"
	};
	char	u[DOMAIN_MAX + 1], big[512], longest[DOMAIN_MAX + 2];
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(domain_unicode(str_from(rows[i]), u,
		    sizeof(u)) == -1, "%s", rows[i]);
	CHECK(domain_unicode((struct str){ "a\0b", 3 }, u, sizeof(u)) == -1);
	/* by length */
	memset(longest, 'a', sizeof(longest));
	for (i = 60; i < sizeof(longest); i += 60)
		longest[i] = '.';
	CHECK(domain_unicode((struct str){ longest, DOMAIN_MAX }, u,
	    sizeof(u)) == 0 && strlen(u) == DOMAIN_MAX);
	CHECK(domain_unicode((struct str){ longest, DOMAIN_MAX + 1 }, big,
	    sizeof(big)) == -1);
	CHECK(domain_unicode(STR("example.org"), u, 11) == -1);
	CHECK(domain_unicode(STR("example.org"), u, 12) == 0);
}

/* Whatever it is: in bounds, and what comes out is its own form. */
static void
check_noise(void)
{
	static const char	alphabet[] = "xn--abz09.-\xc3\xbc\xcc\x88\xe4"
				    "\xbb\x96X@";
	char			in[80], u[DOMAIN_MAX + 1], two[DOMAIN_MAX + 1],
				a[DOMAIN_MAX + 1];
	uint32_t		seed = 1, n;
	size_t			len, i;

	for (n = 0; n < 200000; n++) {
		seed = seed * 1664525 + 1013904223;
		len = seed >> 8 & 63;
		memcpy(in, "xn--", 4);
		for (i = n % 2 * 4; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = alphabet[(seed >> 16) %
			    (sizeof(alphabet) - 1)];
		}
		if (domain_unicode((struct str){ in, len }, u,
		    sizeof(u)) == -1)
			continue;
		if (domain_unicode(str_from(u), two, sizeof(two)) == -1 ||
		    strcmp(u, two) != 0 ||
		    (domain_ascii(u, a, sizeof(a)) == 0 &&
		    (domain_unicode(str_from(a), two, sizeof(two)) == -1 ||
		    strcmp(u, two) != 0)))
			CHECK_ROW(false, "%.*s: %s %s", (int)len, in, u, two);
	}
}

int
main(void)
{
	check_forms();
	check_bad();
	check_noise();
	return TEST_END();
}
