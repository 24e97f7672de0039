/*
 * Roles that credd assumes: which STS is asked, and for how long a role is
 * wanted.
 */
#include "common/compat.h"

#include <stdio.h>
#include <strings.h>

#include "paild/conf_roles.h"

#define C		"store.credentials."
#define LIST		C "assume-role"
#define CHAIN_MAX	3600	/* s: AWS's limit for a role's role */

static const struct conf_item *
element(const struct conf *c, unsigned i, const char *key)
{
	char	path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), LIST ".%u.%s", i, key);
	return conf_item(c, path);
}

/* The host of a URL is, or ends with, name. */
static bool
is_host(const char *url, const char *name)
{
	const char	*host = strstr(url, "://");
	size_t		 n, len = strlen(name);

	if (host == NULL)
		return false;
	host += 3;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	return n >= len && strncasecmp(host + n - len, name, len) == 0 &&
	    (n == len || *name == '.');
}

/* On this host nobody else reads along. */
static bool
is_here(const char *url)
{
	return is_host(url, "127.0.0.1") || is_host(url, "[::1]") ||
	    is_host(url, "localhost") || is_host(url, ".localhost");
}

static void
check_url(struct conf *c, const struct conf_item *it)
{
	if (it != NULL && !it->bad && strncmp(it->value, "http:", 5) == 0 &&
	    !is_here(it->value))
		conf_warning(c, it->at, "%s: without TLS, whoever is on the "
		    "way reads the keys (did you mean \"https://\"?)",
		    it->path);
}

/* Is this STS the one that follows from the region? */
static bool
is_derived(const struct conf *c, const struct conf_item *own)
{
	return own == NULL && conf_written(c, C "sts-endpoint") == NULL;
}

/* A store that is not AWS's has no STS that could be derived. */
static void
check_derived(struct conf *c, struct tree_mark at, const char *what)
{
	const char	*endpoint = conf_str(c, "store.endpoint");

	if (endpoint != NULL && !is_host(endpoint, ".amazonaws.com") &&
	    !is_host(endpoint, ".amazonaws.com.cn"))
		conf_error(c, at, "%s needs \"sts-endpoint\": the store's "
		    "endpoint is not AWS's", what);
}

static void
check_role(struct conf *c, unsigned i, bool chained)
{
	const struct conf_item	*arn = element(c, i, "role-arn"), *it;
	char			 path[CONF_PATH_MAX];

	it = element(c, i, "sts-endpoint");
	check_url(c, it);
	snprintf(path, sizeof(path), LIST ".%u", i);
	if (arn != NULL && is_derived(c, it))
		check_derived(c, arn->at, path);
	it = element(c, i, "policy");
	if (it != NULL && !it->bad && it->value[0] != '{')
		conf_error(c, it->at, "%s: a policy is a JSON object, such as "
		    "'{\"Version\": \"2012-10-17\", \"Statement\": [...]}'",
		    it->path);
	it = element(c, i, "duration");
	if (it != NULL && !it->bad && chained &&
	    conf_num(c, it->path) > CHAIN_MAX)
		conf_warning(c, it->at, "%s: AWS allows no more than 1h for a "
		    "role that is assumed with the keys of a role", it->path);
}

void
conf_roles(struct conf *c)
{
	const struct conf_item	*source = conf_written(c, C "source");
	const char		*s = conf_str(c, C "source");
	bool			 role;
	unsigned		 i;

	if (s == NULL)
		return;
	role = strcmp(s, "imds") == 0 || strcmp(s, "container") == 0 ||
	    strcmp(s, "web-identity") == 0;
	check_url(c, conf_written(c, C "sts-endpoint"));
	if (strcmp(s, "web-identity") == 0 && source != NULL &&
	    is_derived(c, NULL))
		check_derived(c, source->at, "store.credentials");
	for (i = 0; element(c, i, "role-arn") != NULL; i++)
		check_role(c, i, role || i > 0);
}
