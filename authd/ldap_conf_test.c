/* What a worker makes of its slice. */
#include "common/compat.h"

#include <ldap.h>

#include "authd/ldap_conf.h"
#include "common/test.h"
#include "common/test/slice_make.h"

static const char *const base[][2] = {
	{ "auth.1.url.0", "ldaps://h:636" }, { "auth.1.bind-dn", "" },
	{ "auth.1.base", "dc=x" }, { "auth.1.scope", "sub" },
	{ "auth.1.filter", "(uid=%u)" }, { "auth.1.service-dn", "" },
	{ "auth.1.service-password", "" }, { "auth.1.group-base", "" },
	{ "auth.1.group-filter", "" }, { "auth.1.ca-file", "" },
	{ "auth.1.attributes.id", "" }, { "auth.1.attributes.aliases", "" },
	{ "auth.1.start-tls", "false" }, { "auth.1.tls-minimum", "1.2" },
	{ "auth.1.timeout", "10" }, { "auth.1.connect-timeout", "3" },
	{ NULL, NULL }
};

static int
take(struct ldap_conf *c, const char *key, const char *value, char *why,
    size_t size)
{
	struct slice	*s = slice_make(base, key, value, NULL);
	int		 r = ldap_conf_read(c, s, 1, why, size);

	slice_free(s);
	return r;
}

static void
check_good(void)
{
	struct ldap_conf	c;
	char			why[160];

	CHECK(take(&c, "auth.1.scope", "one", why, sizeof(why)) == 0);
	CHECK(c.nservers == 1 && c.server[0].port == 636 && c.entry == 1);
	CHECK(c.scope == LDAP_SCOPE_ONELEVEL && ldap_conf_tls(&c));
	CHECK(c.timeout_ms == 10000 && c.connect_ms == 3000 && !c.tls13);
	/* In a search the entry says who it is. */
	CHECK(strcmp(c.id, "uid") == 0 && strcmp(c.group_base, "dc=x") == 0);
	CHECK(take(&c, "auth.1.attributes.aliases", "mail", why,
	    sizeof(why)) == 0);
	CHECK(strcmp(c.filter, "(|(uid=%u)(mail=%u))") == 0);
	CHECK(take(&c, "auth.1.url.0", "ldap://h:389", why,
	    sizeof(why)) == 0 && !ldap_conf_tls(&c));
	CHECK(take(&c, "auth.1.url.1", "ldap://h:389", why,
	    sizeof(why)) == 0 && c.nservers == 2 && ldap_conf_tls(&c));
	CHECK(take(&c, "auth.1.ca-file", "/x/ca.pem", why, sizeof(why)) == 0 &&
	    strcmp(ldap_conf_ca_file(&c), "/x/ca.pem") == 0);
	CHECK(take(&c, "auth.1.tls-minimum", "1.3", why, sizeof(why)) == 0 &&
	    c.tls13);
}

static void
check_bad(void)
{
	struct ldap_conf	c;
	struct slice		*s;
	static char		 big[5000];
	char			 why[160];

	memset(big, 'a', sizeof(big) - 1);
	CHECK(take(&c, "auth.1.bind-dn", "uid=%u", why, sizeof(why)) == -1);
	CHECK(strstr(why, "either bind-dn or base") != NULL);
	CHECK(take(&c, "auth.1.base", "", why, sizeof(why)) == -1);
	CHECK(take(&c, "auth.1.url.0", "http://h", why, sizeof(why)) == -1 &&
	    strstr(why, "auth.1.url.0") != NULL);
	CHECK(take(&c, "auth.1.filter", big, why, sizeof(why)) == -1 &&
	    strstr(why, "too long") != NULL);
	big[1000] = '\0';
	CHECK(take(&c, "auth.1.base", big, why, sizeof(why)) == 0);
	big[1000] = 'a';
	big[1001] = '\0';
	CHECK(take(&c, "auth.1.base", big, why, sizeof(why)) == -1);
	big[1001] = 'a';
	big[LDAP_FILTER_MAX] = '\0';
	s = slice_make(base, "auth.1.filter", big, "auth.1.attributes.aliases",
	    "mail", NULL);
	CHECK(ldap_conf_read(&c, s, 1, why, sizeof(why)) == -1);
	slice_free(s);
	s = slice_make(base, "auth.1.url.1", "ldaps://b", "auth.1.url.2",
	    "ldaps://c", "auth.1.url.3", "ldaps://d", "auth.1.url.4",
	    "ldaps://e", NULL);
	CHECK(ldap_conf_read(&c, s, 1, why, sizeof(why)) == -1);
	slice_free(s);
	s = slice_make(NULL, "auth.1.base", "dc=x", NULL);
	CHECK(ldap_conf_read(&c, s, 1, why, sizeof(why)) == -1 &&
	    strstr(why, "no url") != NULL);
	slice_free(s);
}

int
main(void)
{
	check_good();
	check_bad();
	return TEST_END();
}
