/* Addresses of directories: what is accepted, as what, and what is not. */
#include "common/compat.h"

#include "common/ldap_addr.h"
#include "common/test.h"

static void
check_good(void)
{
	static const struct { const char *url, *out; bool named; } t[] = {
		{ "ldap://ldap.example.org", "ldap://ldap.example.org:389",
		  true },
		{ "ldap://ldap.example.org/", "ldap://ldap.example.org:389",
		  true },
		{ "ldaps://h", "ldaps://h:636", true },
		{ "ldaps://h:1", "ldaps://h:1", true },
		{ "ldaps://192.0.2.1:65535", "ldaps://192.0.2.1:65535",
		  false },
		{ "ldap://[2001:db8::1]", "ldap://[2001:db8::1]:389", false },
		{ "ldap://[::1]:1389/", "ldap://[::1]:1389", false },
		{ "ldapi:///run/slapd/ldapi", "ldapi://%2Frun%2Fslapd%2Fldapi",
		  false },
		{ "ldapi://%2frun%2Fa%20b", "ldapi://%2Frun%2Fa%20b", false },
	};
	struct ldap_addr	a;
	char			url[LDAP_ADDR_URL_MAX], why[128];
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		why[0] = '\0';
		CHECK_ROW(ldap_addr_parse(t[i].url, &a, why, sizeof(why)) == 0,
		    "%s: %s", t[i].url, why);
		ldap_addr_url(&a, url, sizeof(url));
		CHECK_ROW(strcmp(url, t[i].out) == 0, "%s: %s", t[i].url, url);
		CHECK_ROW(ldap_addr_named(&a) == t[i].named, "%s", t[i].url);
		/* What is written means the same. */
		CHECK(ldap_addr_parse(url, &a, why, sizeof(why)) == 0);
		ldap_addr_url(&a, url, sizeof(url));
		CHECK_ROW(strcmp(url, t[i].out) == 0, "%s", url);
	}
}

static void
check_bad(void)
{
	static const struct { const char *url, *why; } t[] = {
		{ "", "scheme" }, { "ldap.example.org", "ldaps://ldap.ex" },
		{ "http://h", "must begin" }, { "LDAP://h", "must begin" },
		{ "ldapx://h", "must begin" }, { "ldap://", "no host" },
		{ "ldap://:389", "no host" }, { "ldap://h:", "not a port" },
		{ "ldap://h:0", "not a port" },
		{ "ldap://h:65536", "not a port" },
		{ "ldap://h:99999999999999999999", "not a port" },
		{ "ldap://h:1x", "not a port" }, { "ldap://h:-1", "not a port" },
		{ "ldap://2001:db8::1", "brackets" },
		{ "ldap://[::1", "brackets" }, { "ldap://[::1]x", "brackets" },
		{ "ldap://[h]", "not an IPv6" },
		{ "ldap://h/dc=example", "separate keys" },
		{ "ldap://h/?uid", "separate keys" },
		{ "ldap://u@h", "service-dn" }, { "ldap://a b", "' '" },
		{ "ldap://h%20", "'%'" }, { "ldap://h\x01", "'?'" },
		{ "ldapi://", "socket's path" }, { "ldapi:///", "socket's" },
		{ "ldapi://run/slapd", "socket's path" },
		{ "ldapi://%2", "hex digits" }, { "ldapi://%2Fa%00", "control" },
	};
	struct ldap_addr	a;
	char			why[160], big[600];
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		why[0] = '\0';
		CHECK_ROW(ldap_addr_parse(t[i].url, &a, why, sizeof(why)) ==
		    -1, "%s", t[i].url);
		CHECK_ROW(strstr(why, t[i].why) != NULL, "%s: %s", t[i].url,
		    why);
	}
	memset(big, 'a', sizeof(big));
	memcpy(big, "ldap://", 7);
	big[7 + LDAP_ADDR_HOST_MAX] = '\0';
	CHECK(ldap_addr_parse(big, &a, why, sizeof(why)) == 0);
	big[7 + LDAP_ADDR_HOST_MAX] = 'a';
	big[599] = '\0';
	CHECK(ldap_addr_parse(big, &a, why, sizeof(why)) == -1);
	big[7 + LDAP_ADDR_HOST_MAX + 1] = '\0';
	CHECK(ldap_addr_parse(big, &a, why, sizeof(why)) == -1);
	memcpy(big, "ldapi:///", 9);
	big[8 + LDAP_ADDR_PATH_MAX] = '\0';
	CHECK(ldap_addr_parse(big, &a, why, sizeof(why)) == 0);
	big[8 + LDAP_ADDR_PATH_MAX] = 'a';
	big[9 + LDAP_ADDR_PATH_MAX] = '\0';
	CHECK(ldap_addr_parse(big, &a, why, sizeof(why)) == -1);
}

int
main(void)
{
	check_good();
	check_bad();
	return TEST_END();
}
