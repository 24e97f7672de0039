/*
 * Keys of a directory (auth, type ldap) that must agree with one another: how
 * users are found, and that no password goes where it can be read.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/ldap_addr.h"
#include "paild/conf.h"
#include "paild/conf_ldap.h"
#include "paild/conf_type.h"

#define ENTRIES	16	/* of auth */

/* The key of an entry as it is written in the file, or NULL. */
static const struct conf_item *
written(const struct conf *c, unsigned entry, const char *key)
{
	char	path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), "auth.%u.%s", entry, key);
	return conf_written(c, path);
}

static bool
is_true(const struct conf *c, unsigned entry, const char *key)
{
	const char	*v = conf_at(c, "auth.%u.%s", entry, key);

	return v != NULL && strcmp(v, "true") == 0;
}

/* By a template, or by a search: one of the two, and what belongs to it. */
static void
check_mode(struct conf *c, unsigned i)
{
	static const char *const search[] = { "base", "scope", "filter",
	    "service-dn", "service-password", "attributes.aliases" };
	const struct conf_item	*dn = written(c, i, "bind-dn"), *it;
	const struct conf_item	*service = written(c, i, "service-dn");
	size_t			 k;

	for (k = 0; dn != NULL && k < nitems(search); k++)
		if ((it = written(c, i, search[k])) != NULL)
			conf_error(c, it->name_at, "%s cannot be used with "
			    "%s: users are either named by a template or "
			    "searched for", it->path, dn->path);
	if (dn != NULL)
		return;
	if (written(c, i, "base") == NULL)
		conf_error(c, written(c, i, "type")->at, "auth.%u needs "
		    "\"bind-dn\" (the DN of a user) or \"base\" (where users "
		    "are searched for) with \"ldap\"", i);
	it = written(c, i, "service-password");
	if (service != NULL && it == NULL)
		conf_error(c, service->name_at, "%s needs "
		    "\"service-password\"", service->path);
	else if (service == NULL && it != NULL)
		conf_error(c, it->name_at, "%s needs \"service-dn\"",
		    it->path);
}

static void
check_groups(struct conf *c, unsigned i)
{
	const struct conf_item	*base = written(c, i, "group-base");
	const struct conf_item	*filter = written(c, i, "group-filter");

	if (base != NULL && filter == NULL)
		conf_error(c, base->name_at, "%s needs \"group-filter\"",
		    base->path);
	else if (filter != NULL && base == NULL &&
	    written(c, i, "bind-dn") != NULL)
		conf_error(c, filter->name_at, "%s needs \"group-base\" with "
		    "\"bind-dn\"", filter->path);
}

/* One URL: is it safe, and is it another? */
static void
check_url(struct conf *c, unsigned i, const struct conf_item *it, bool start,
    bool plain)
{
	struct ldap_addr	 a;
	const struct conf_item	*o;
	char			 why[160];

	for (o = c->items; o < it; o++)
		if (o->key == it->key && !o->bad &&
		    strncmp(o->path, it->path, strcspn(it->path + 5, ".") +
		    6) == 0 && strcmp(o->value, it->value) == 0)
			conf_error(c, it->at, "%s: the same server as %s",
			    it->path, o->path);
	if (ldap_addr_parse(it->value, &a, why, sizeof(why)) == -1 ||
	    a.scheme != LDAP_SCHEME_LDAP || start)
		return;
	if (!plain)
		conf_error(c, it->at, "%s: %s does not use TLS: passwords "
		    "could be read in transit (did you mean \"ldaps://\", or "
		    "\"start-tls: true\"? \"allow-plaintext: true\" permits "
		    "it)", it->path, it->value);
	else if (!conf_loopback(a.host))
		conf_warning(c, written(c, i, "allow-plaintext")->at,
		    "auth.%u.allow-plaintext: passwords can be read in "
		    "transit to %s (did you mean \"start-tls\"?)", i,
		    it->value);
}

static void
check_urls(struct conf *c, unsigned i)
{
	const struct conf_item	*it, *start = written(c, i, "start-tls");
	const struct conf_item	*plain = written(c, i, "allow-plaintext");
	static const char *const tls[] = { "ca-file", "tls-minimum" };
	bool			 some = false, any = false, s, p;
	char			 path[CONF_PATH_MAX];
	size_t			 k;

	s = is_true(c, i, "start-tls");
	p = is_true(c, i, "allow-plaintext");
	for (k = 0; k < c->n; k++) {
		it = &c->items[k];
		snprintf(path, sizeof(path), "auth.%u.url.", i);
		if (strncmp(it->path, path, strlen(path)) != 0)
			continue;
		if (it->bad)
			return;		/* that was told */
		some |= strncmp(it->value, "ldap:", 5) == 0;
		any |= strncmp(it->value, "ldaps:", 6) == 0;
		check_url(c, i, it, s, p);
	}
	if (s && p)
		conf_error(c, plain->name_at, "%s cannot be used with %s",
		    plain->path, start->path);
	else if ((s || p) && !some) {
		it = s ? start : plain;
		conf_error(c, it->name_at, "%s is of use only for ldap://",
		    it->path);
	}
	any |= some && s;
	for (k = 0; k < nitems(tls) && !any; k++)
		if ((it = written(c, i, tls[k])) != NULL)
			conf_error(c, it->name_at, "%s cannot be used: no URL "
			    "of it uses TLS", it->path);
}

static void
check_times(struct conf *c, unsigned i)
{
	const struct conf_item	*it = written(c, i, "connect-timeout");
	char			 path[CONF_PATH_MAX], other[CONF_PATH_MAX];

	if (it == NULL && (it = written(c, i, "timeout")) == NULL)
		return;
	snprintf(path, sizeof(path), "auth.%u.connect-timeout", i);
	snprintf(other, sizeof(other), "auth.%u.timeout", i);
	if (conf_item(c, path) != NULL && conf_item(c, other) != NULL &&
	    conf_num(c, path) > conf_num(c, other))
		conf_error(c, it->at, "%s is longer than %s", path, other);
}

/* A lookup has no password to bind with: it must search. */
static void
check_lookup(struct conf *c, unsigned i)
{
	const struct conf_item	*dn = written(c, i, "bind-dn");

	if (dn != NULL)
		conf_error(c, dn->name_at, "%s cannot be used with \"lookup: "
		    "ldap\": without the password, users have to be searched "
		    "for (did you mean \"base\"?)", dn->path);
}

void
conf_ldap(struct conf *c)
{
	const char	*type, *lookup;
	unsigned	 i;
	bool		 verifies, looks;

	for (i = 0; i < ENTRIES; i++) {
		type = conf_at(c, "auth.%u.type", i);
		lookup = conf_at(c, "auth.%u.lookup", i);
		verifies = type != NULL && strcmp(type, "ldap") == 0;
		looks = type != NULL && lookup != NULL && !verifies &&
		    strcmp(lookup, "ldap") == 0;
		if (!verifies && !looks)
			continue;
		if (looks)
			check_lookup(c, i);
		if (!looks || written(c, i, "bind-dn") == NULL)
			check_mode(c, i);
		check_groups(c, i);
		check_urls(c, i);
		check_times(c, i);
	}
}
