/* Recipients: which names are asked for, in which order; hostile addresses. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/recipient.h"
#include "common/test.h"
#include "common/test/slice_make.h"

#define UE	"\xc3\xbc"

static const char *const base[][2] = {
	{ "login-names.default-domain", "" },
	{ "login-names.unicode", "nfc" },
	{ "login-names.detail-separator", "none" },
	{ "login-names.master-separator", "*" },
	{ "lmtp.detail-separator", "+" }, { "lmtp.postmaster", "" },
	{ "domains.0", "Example.org" },
	{ "domains.1", "xn--bcher-kva.example" },
	{ NULL, NULL }
};

static struct recipient_conf	conf;
static struct names		names;
static struct recipient		got;

static void
rules(const char *key, const char *value, const char *key2,
    const char *value2)
{
	struct slice	*s = slice_make(base, key, value, key2, value2, NULL);
	char		 why[128];

	CHECK(names_read(&names, s, why, sizeof(why)) == 0);
	CHECK(recipient_conf_read(&conf, s, why, sizeof(why)) == 0);
	slice_free(s);
}

/* The names, with a space between them, those without the detail in brackets;
 * "": it is no address. */
static void
is(const char *address, const char *want, const char *detail)
{
	char	text[1024] = "";
	size_t	i;

	if (recipient_read(&got, &conf, &names, str_from(address)) == -1) {
		CHECK_ROW(*want == '\0', "%s", address);
		return;
	}
	for (i = 0; i < got.n; i++) {
		strlcat(text, i > 0 ? " " : "", sizeof(text));
		strlcat(text, got.try[i].cut ? "[" : "", sizeof(text));
		strlcat(text, got.try[i].name, sizeof(text));
		strlcat(text, got.try[i].cut ? "]" : "", sizeof(text));
	}
	CHECK_ROW(strcmp(text, want) == 0, "%s: %s", address, text);
	CHECK_ROW(strcmp(got.detail, detail) == 0, "%s: %s", address,
	    got.detail);
}

/* Shows 1: whole, local part, then both without the detail. */
static void
check_order(void)
{
	rules("index", "0", "role", "authd");
	is("Ann@Example.ORG", "ann@example.org ann", "");
	is("ann@elsewhere.example", "ann@elsewhere.example", "");
	is("ann+Lists@example.org", "ann+lists@example.org ann+lists "
	    "[ann@example.org] [ann]", "Lists");
	is("ann+a+b@elsewhere.example", "ann+a+b@elsewhere.example "
	    "[ann@elsewhere.example]", "a+b");
	is("ann+@example.org", "ann+@example.org ann+ [ann@example.org] "
	    "[ann]", "");
	is("+ann@example.org", "+ann@example.org +ann", "");
	is("ann", "ann", "");
	is("ann+x", "ann+x [ann]", "x");
	is("ann@[192.0.2.1]", "ann@[192.0.2.1]", "");
	is("@a.example,@b.example:ann@example.org", "ann@example.org ann",
	    "");
	/* an international domain in all its forms */
	is("ann@b" UE "cher.example", "ann@b" UE "cher.example "
	    "ann@xn--bcher-kva.example ann", "");
	is("ann+x@XN--Bcher-KVA.Example", "ann+x@b" UE "cher.example "
	    "ann+x@xn--bcher-kva.example ann+x [ann@b" UE "cher.example] "
	    "[ann@xn--bcher-kva.example] [ann]", "x");
	is(UE "nn+" UE "@example.org", UE "nn+" UE "@example.org " UE "nn+" UE
	    " [" UE "nn@example.org] [" UE "nn]", UE);
	/* quoted */
	is("\"Ann\"@example.org", "ann@example.org ann", "");
	is("\"ann smith\"@example.org", "ann smith@example.org ann smith",
	    "");
	is("\"a\\\"b+\\\\\"@example.org", "a\"b+\\@example.org a\"b+\\ "
	    "[a\"b@example.org] [a\"b]", "\\");
	is("\"ann\"", "ann", "");
	CHECK(recipient_local(&conf, STR("EXAMPLE.org")));
	CHECK(recipient_local(&conf, STR("B" UE "cher.example")));
	CHECK(!recipient_local(&conf, STR("xexample.org")));
}

static void
check_rules(void)
{
	/* of login-names, all but the detail's */
	rules("login-names.strip-domains.0", "example.org",
	    "login-names.detail-separator", "-");
	is("Ann-x+y@example.org", "ann-x+y [ann-x]", "y");
	rules("login-names.default-domain", "home.example",
	    "login-names.unicode", "precis");
	is("ann@example.org", "ann@example.org ann@home.example", "");
	is("ann", "ann@home.example", "");
	is("\xc3\x9c" "nn@example.org", UE "nn@example.org "
	    UE "nn@home.example", "");
	is("\"ann smith\"@example.org", "", "");	/* no PRECIS name */
	rules("lmtp.detail-separator", "none", "role", "authd");
	is("ann+x@example.org", "ann+x@example.org ann+x", "");
	rules("lmtp.detail-separator", "-", "role", "authd");
	is("ann+x-y@example.org", "ann+x-y@example.org ann+x-y "
	    "[ann+x@example.org] [ann+x]", "y");
}

/* RFC 5321, section 4.5.1. */
static void
check_postmaster(void)
{
	rules("lmtp.postmaster", "Root", "role", "authd");
	is("Postmaster", "postmaster root", "");
	is("POSTMASTER@example.org", "postmaster@example.org postmaster root",
	    "");
	is("postmaster@elsewhere.example", "postmaster@elsewhere.example",
	    "");
	is("postmaster+x@example.org", "postmaster+x@example.org "
	    "postmaster+x [postmaster@example.org] [postmaster] [root]", "x");
	is("postmasters@example.org", "postmasters@example.org postmasters",
	    "");
	rules("index", "0", "role", "authd");
	is("postmaster", "postmaster", "");
}

static void
check_hostile(void)
{
	static const char *const rows[] = {
		"", "@", "@example.org", "ann@", "ann@@example.org",
		"ann@example..org", "a@b@example.org", "ann@exa mple.org",
		"\"ann", "\"ann@example.org", "\"ann\\", "\"\"@example.org",
		"\"ann\"x@example.org", "\"a@b\"@example.org", "@a.example",
		"@a.example:", "ann\n@example.org", "ann\r@example.org",
		"a\tb@example.org", "ann\x7f@example.org", "\xff@example.org",
		"ann@\xff", "\xc0\x80@example.org", "ann\xc2\x85@example.org",
		"ann@example.org\n", "\"ann\\\n\"@example.org"
	};
	static char	 big[65536];
	struct slice	*s;
	char		 why[128];
	size_t		 i;
	uint32_t	 seed = 7;

	rules("index", "0", "role", "authd");
	for (i = 0; i < nitems(rows); i++)
		is(rows[i], "", "");
	CHECK(recipient_read(&got, &conf, &names, (struct str){
	    "ann\0@example.org", 16 }) == -1);
	memset(big, 'a', sizeof(big));
	CHECK(recipient_read(&got, &conf, &names, (struct str){ big,
	    sizeof(big) }) == -1);
	/* a name is too long, and without its detail it is not */
	memcpy(big + 3, "+", 1);
	memcpy(big + RCPT_ADDRESS_MAX - 12, "@example.org", 12);
	CHECK(recipient_read(&got, &conf, &names, (struct str){ big,
	    RCPT_ADDRESS_MAX }) == 0);
	CHECK(got.n == 2 && strcmp(got.try[0].name, "aaa@example.org") == 0 &&
	    got.try[1].cut && strlen(got.detail) == RCPT_ADDRESS_MAX - 16);
	CHECK(recipient_read(&got, &conf, &names, (struct str){ big,
	    RCPT_ADDRESS_MAX + 1 }) == -1);
	/* noise: in bounds, and never more names than there is room for */
	for (i = 0; i < 300000; i++) {
		static const char	alphabet[] = "a+@\"\\.:,x\xc3\xbc\n-";
		char			text[24];
		size_t			n, k;

		seed = seed * 1664525 + 1013904223;
		n = (seed >> 8) % sizeof(text);
		for (k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			text[k] = alphabet[(seed >> 16) %
			    (sizeof(alphabet) - 1)];
		}
		if (recipient_read(&got, &conf, &names, (struct str){ text,
		    n }) == 0 && (got.n == 0 || got.n > RECIPIENT_NAMES_MAX))
			CHECK_ROW(false, "%.*s", (int)n, text);
	}
	s = slice_make(base, "domains.0", "a..b", NULL);
	CHECK(recipient_conf_read(&conf, s, why, sizeof(why)) == -1);
	CHECK(strstr(why, "domains.0") != NULL);
	slice_free(s);
	s = slice_make(base, "lmtp.postmaster", "a\nb", NULL);
	CHECK(recipient_conf_read(&conf, s, why, sizeof(why)) == -1);
	slice_free(s);
}

int
main(void)
{
	check_order();
	check_rules();
	check_postmaster();
	check_hostile();
	return TEST_END();
}
