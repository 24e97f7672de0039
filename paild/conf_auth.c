/*
 * User databases: keys that must agree with one another, and what they need of
 * this host.  A pair of verifier and lookup that cannot work is an error here,
 * not at somebody's login.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/auth_kind.h"
#include "paild/conf.h"
#include "paild/conf_auth.h"
#include "paild/conf_cert.h"

#define PAM_DIR		"/etc/pam.d"

/* Does it verify passwords, and is not only looked into? */
static bool
is_users(const struct conf *c, const struct conf_item *path)
{
	const char	*type;

	type = conf_at(c, "auth.%lu.type", strtoul(path->path + 5, NULL, 10));
	return type != NULL && strcmp(type, "file") == 0;
}

static void
check_files(struct conf *c)
{
	const struct conf_item	*a, *b;
	struct stat		 st;
	size_t			 i, j;

	for (i = 0; i < c->n; i++) {
		a = &c->items[i];
		if (a->bad || strcmp(a->key->path, "auth.*.path") != 0)
			continue;
		for (j = 0; j < i; j++) {
			b = &c->items[j];
			if (!b->bad && b->key == a->key &&
			    strcmp(a->value, b->value) == 0 &&
			    is_users(c, a) && is_users(c, b))
				conf_error(c, a->at, "%s: the same file as "
				    "%s", a->path, b->path);
		}
		/* A file that is not there yet is made by pailctl. */
		if (stat(a->value, &st) == 0 && !S_ISREG(st.st_mode))
			conf_error(c, a->at, "%s: %s is not a file", a->path,
			    a->value);
		else if (stat(a->value, &st) == -1 && errno == ENOENT)
			conf_warning(c, a->at, "%s: %s does not exist yet: "
			    "\"pailctl user add NAME\" creates it", a->path,
			    a->value);
	}
}

/* The place of a key of entry i, or that of its type. */
static struct tree_mark
place(const struct conf *c, unsigned i, const char *key)
{
	const struct conf_item	*it;
	char			 path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), "auth.%u.%s", i, key);
	if ((it = conf_written(c, path)) == NULL) {
		snprintf(path, sizeof(path), "auth.%u.type", i);
		it = conf_written(c, path);
	}
	return it != NULL ? it->at : (struct tree_mark){ 1, 1 };
}

static void
check_pam(struct conf *c, unsigned i)
{
	const char	*service = conf_at(c, "auth.%u.service", i);
	const char	*user = conf_at(c, "auth.%u.user", i);
	char		 path[128];

#ifndef PAIL_PAM
	conf_error(c, place(c, i, "type"), "auth.%u.type: this build has no "
	    "PAM", i);
#endif
	if (user != NULL && getpwnam(user) == NULL)
		conf_error(c, place(c, i, "user"), "auth.%u.user: there is no "
		    "user %s", i, user);
	if (service == NULL || access(PAM_DIR, X_OK) == -1)
		return;
	snprintf(path, sizeof(path), PAM_DIR "/%s", service);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		conf_warning(c, place(c, i, "service"), "auth.%u.service: %s "
		    "does not exist, so PAM uses " PAM_DIR "/other", i, path);
}

/* SCRAM, where nobody can have its keys: clients choose it, and fail. */
static void
check_scram(struct conf *c)
{
	const struct auth_kind	*kind;
	const struct conf_item	*it;
	const char		*type;
	size_t			 k;
	unsigned		 i;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if ((kind = auth_kind_find(type)) == NULL ||
		    (kind->traits & AUTH_SCRAM) != 0)
			return;
	for (k = 0; i > 0 && k < c->n; k++) {
		it = &c->items[k];
		if (!it->bad && strcmp(it->key->path,
		    "sasl-mechanisms.*") == 0 &&
		    strncmp(it->value, "SCRAM", 5) == 0)
			conf_error(c, it->at, "%s: nobody can use %s: no "
			    "entry of auth has keys for it (\"type: file\" "
			    "may)", it->path, it->value);
	}
}

/* Tokens, where no entry takes them. */
static void
check_bearer(struct conf *c)
{
	const struct conf_item	*it;
	const char		*type;
	size_t			 k;
	unsigned		 i;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if ((auth_kind_takes(type) & AUTH_TAKES_BEARER) != 0)
			return;
	for (k = 0; i > 0 && k < c->n; k++) {
		it = &c->items[k];
		if (!it->bad && it->at.line != 0 &&
		    strcmp(it->key->path, "sasl-mechanisms.*") == 0 &&
		    strstr(it->value, "OAUTH") != NULL)
			conf_error(c, it->at, "%s: nobody can use %s: no "
			    "entry of auth has \"type: oidc\"", it->path,
			    it->value);
	}
}

/* Of an identity provider: what goes only with another key. */
static void
check_oidc(struct conf *c, unsigned i)
{
	static const char *const keys[] = { "introspection-url",
	    "client-secret" };
	const struct conf_item	*it;
	char			 path[CONF_PATH_MAX];
	size_t			 k;

	for (k = 0; k < nitems(keys); k++) {
		snprintf(path, sizeof(path), "auth.%u.%s", i, keys[k]);
		if ((it = conf_written(c, path)) != NULL &&
		    conf_at(c, "auth.%u.client-id", i) == NULL)
			conf_error(c, it->name_at, "%s cannot be used "
			    "without auth.%u.client-id", path, i);
	}
}

/* Each pool has workers, and a queue at the gate. */
static void
check_pools(struct conf *c)
{
	const struct auth_kind	*kind;
	const char		*type, *lookup;
	size_t			 n = 0, shared = 0;
	unsigned		 i;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++) {
		if ((kind = auth_kind_find(type)) == NULL)
			continue;
		n += kind->workers > 0;
		shared |= kind->workers == 0;
		lookup = conf_at(c, "auth.%u.lookup", i);
		if (lookup != NULL && strcmp(lookup, kind->lookup) != 0 &&
		    (kind = auth_kind_find(lookup)) != NULL) {
			n += kind->workers > 0;
			shared |= kind->workers == 0;
		}
		if (n + shared <= AUTH_POOLS_MAX)
			continue;
		conf_error(c, place(c, i, "type"), "auth: these need more "
		    "than %d pools of workers: a database has one, and its "
		    "lookup another", AUTH_POOLS_MAX);
		return;
	}
}

/* A rule that undoes another, and domains that are none. */
static void
check_names(struct conf *c)
{
	const struct conf_item	*def, *it;
	size_t			 i;

	def = conf_item(c, "login-names.default-domain");
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || (it != def && strcmp(it->key->path,
		    "login-names.strip-domains.*") != 0))
			continue;
		if (strchr(it->value, '@') != NULL)
			conf_error(c, it->at, "%s: a domain has no '@'",
			    it->path);
		else if (it != def && def != NULL &&
		    strcasecmp(it->value, def->value) == 0)
			conf_error(c, def->at, "%s: names would lose it again "
			    "by %s", def->path, it->path);
	}
}

void
conf_auth(struct conf *c)
{
	const char	*type;
	unsigned	 i;

	check_files(c);
	check_scram(c);
	check_bearer(c);
	check_pools(c);
	check_names(c);
	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if (strcmp(type, "pam") == 0)
			check_pam(c, i);
		else if (strcmp(type, "oidc") == 0)
			check_oidc(c, i);
		else if (strcmp(type, "certificate") == 0)
			conf_cert(c, i);
}
