/*
 * What pail.yaml(5) says of a directory; paild has checked it.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ldap.h>

#include "authd/ldap_conf.h"
#include "common/slice.h"

static const char *
value(const struct slice *s, uint32_t entry, const char *key)
{
	const char	*v = slice_at(s, "auth.%u.%s", entry, key);

	return v != NULL ? v : "";
}

/* Into a field of fixed size: paild's table has the same limits. */
static int
take(const struct slice *s, uint32_t entry, const char *key, char *dst,
    size_t n, char *why, size_t size)
{
	if (strlcpy(dst, value(s, entry, key), n) < n)
		return 0;
	snprintf(why, size, "auth.%u.%s is too long", entry, key);
	return -1;
}

static int
take_servers(struct ldap_conf *c, const struct slice *s, char *why,
    size_t size)
{
	const char	*url;
	char		 text[160];
	uint32_t	 i;

	for (i = 0; (url = slice_at(s, "auth.%u.url.%u", c->entry, i)) !=
	    NULL; i++) {
		if (i == LDAP_SERVERS_MAX) {
			snprintf(why, size, "auth.%u.url: more than %d",
			    c->entry, LDAP_SERVERS_MAX);
			return -1;
		}
		if (ldap_addr_parse(url, &c->server[i], text,
		    sizeof(text)) == -1) {
			snprintf(why, size, "auth.%u.url.%u: %s", c->entry, i,
			    text);
			return -1;
		}
	}
	if ((c->nservers = i) == 0) {
		snprintf(why, size, "auth.%u has no url", c->entry);
		return -1;
	}
	return 0;
}

static int
take_all(struct ldap_conf *c, const struct slice *s, char *why, size_t size)
{
	const struct { const char *key; char *dst; size_t size; } t[] = {
		{ "ca-file", c->ca_file, sizeof(c->ca_file) },
		{ "bind-dn", c->bind_dn, sizeof(c->bind_dn) },
		{ "base", c->base, sizeof(c->base) },
		{ "filter", c->filter, sizeof(c->filter) },
		{ "service-dn", c->service_dn, sizeof(c->service_dn) },
		{ "service-password", c->password, sizeof(c->password) },
		{ "group-base", c->group_base, sizeof(c->group_base) },
		{ "group-filter", c->group_filter, sizeof(c->group_filter) },
		{ "attributes.id", c->id, sizeof(c->id) },
		{ "attributes.quota", c->quota, sizeof(c->quota) },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		if (take(s, c->entry, t[i].key, t[i].dst, t[i].size, why,
		    size) == -1)
			return -1;
	return 0;
}

static int64_t
take_ms(const struct slice *s, uint32_t entry, const char *key)
{
	char	path[64];

	snprintf(path, sizeof(path), "auth.%u.%s", entry, key);
	return (int64_t)slice_num(s, path) * 1000;
}

/* A login by another name than the id: the filter finds both. */
static int
alias_filter(struct ldap_conf *c, const char *aliases, char *why, size_t size)
{
	char	text[sizeof(c->filter)];

	if (aliases[0] == '\0')
		return 0;
	if ((size_t)snprintf(text, sizeof(text), "(|%s(%s=%%u))", c->filter,
	    aliases) >= sizeof(text)) {
		snprintf(why, size, "auth.%u.filter is too long", c->entry);
		return -1;
	}
	strlcpy(c->filter, text, sizeof(c->filter));
	return 0;
}

int
ldap_conf_read(struct ldap_conf *c, const struct slice *s, uint32_t entry,
    char *why, size_t size)
{
	const char	*scope = value(s, entry, "scope");

	memset(c, 0, sizeof(*c));
	c->entry = entry;
	if (take_servers(c, s, why, size) == -1 ||
	    take_all(c, s, why, size) == -1)
		return -1;
	c->start_tls = strcmp(value(s, entry, "start-tls"), "true") == 0;
	c->tls13 = strcmp(value(s, entry, "tls-minimum"), "1.3") == 0;
	c->scope = strcmp(scope, "base") == 0 ? LDAP_SCOPE_BASE :
	    strcmp(scope, "one") == 0 ? LDAP_SCOPE_ONELEVEL :
	    LDAP_SCOPE_SUBTREE;
	c->timeout_ms = take_ms(s, entry, "timeout");
	c->connect_ms = take_ms(s, entry, "connect-timeout");
	if ((c->bind_dn[0] == '\0') == (c->base[0] == '\0')) {
		snprintf(why, size, "auth.%u needs either bind-dn or base",
		    entry);
		return -1;
	}
	if (c->group_base[0] == '\0')
		strlcpy(c->group_base, c->base, sizeof(c->group_base));
	/* Whatever matched the filter, the entry says who it is. */
	if (c->bind_dn[0] == '\0' && c->id[0] == '\0')
		strlcpy(c->id, "uid", sizeof(c->id));
	return alias_filter(c, value(s, entry, "attributes.aliases"), why,
	    size);
}

bool
ldap_conf_tls(const struct ldap_conf *c)
{
	size_t	i;

	for (i = 0; i < c->nservers; i++)
		if (c->server[i].scheme == LDAP_SCHEME_LDAPS ||
		    (c->server[i].scheme == LDAP_SCHEME_LDAP && c->start_tls))
			return true;
	return false;
}

const char *
ldap_conf_ca_file(const struct ldap_conf *c)
{
	static const char *const systems[] = {
		"/etc/ssl/certs/ca-certificates.crt",	/* Debian, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",	/* Fedora */
		"/etc/ssl/cert.pem",			/* OpenBSD */
	};
	const char	*env = getenv("SSL_CERT_FILE");
	size_t		 i;

	if (c->ca_file[0] != '\0')
		return c->ca_file;
	if (env != NULL && env[0] != '\0')
		return env;
	for (i = 0; i < nitems(systems); i++)
		if (access(systems[i], F_OK) == 0)
			return systems[i];
	return "";
}
