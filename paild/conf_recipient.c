/*
 * Who mail is for: the domains and names that must be some.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/auth_kind.h"
#include "common/domain.h"
#include "common/user.h"
#include "paild/conf.h"
#include "paild/conf_recipient.h"

#define KEY	"domains.*"

/* Is it one, and another than those before? */
static void
check_domain(struct conf *c, const struct conf_item *it)
{
	const struct conf_item	*o;
	char			 form[DOMAIN_MAX + 1], other[DOMAIN_MAX + 1];

	if (strchr(it->value, '@') != NULL) {
		conf_error(c, it->at, "%s: a domain has no '@'", it->path);
		return;
	}
	if (domain_unicode(str_from(it->value), form, sizeof(form)) == -1) {
		conf_error(c, it->at, "%s: \"%s\" is not a domain", it->path,
		    it->value);
		return;
	}
	for (o = c->items; o < it; o++)
		if (o->key == it->key && !o->bad && domain_unicode(
		    str_from(o->value), other, sizeof(other)) == 0 &&
		    strcmp(form, other) == 0)
			conf_error(c, it->at, "%s: the same domain as %s",
			    it->path, o->path);
}

/* Does anything bring mail? */
static bool
takes_mail(const struct conf *c)
{
	const struct conf_item	*it;
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad)
			continue;
		if (strcmp(it->key->path, "listen.*") == 0 &&
		    strncmp(it->value, "lmtp", 4) == 0)
			return true;
		if (strncmp(it->key->path, "ingest.*.", 9) == 0)
			return true;
	}
	return false;
}

/* Can that entry say who somebody is, without a password?  A directory with a
 * template cannot, and as long as it may know a name nobody is unknown. */
static bool
looks_up(struct conf *c, unsigned i, const char *type)
{
	const struct auth_kind	*kind = auth_kind_find(type);
	const char		*lookup = conf_at(c, "auth.%u.lookup", i);
	const struct conf_item	*dn;
	char			 path[CONF_PATH_MAX];

	if (lookup == NULL || lookup[0] == '\0')
		lookup = kind != NULL ? kind->lookup : "";
	if (strcmp(lookup, "token") == 0)
		return false;
	snprintf(path, sizeof(path), "auth.%u.bind-dn", i);
	dn = conf_written(c, path);
	if (strcmp(lookup, "ldap") == 0 && dn != NULL)
		conf_error(c, dn->name_at, "%s cannot be used with lmtp or "
		    "ingest: without a password, the recipients of mail have "
		    "to be searched for (did you mean \"base\", with "
		    "\"service-dn\" if the directory asks who searches?)",
		    dn->path);
	return true;
}

static void
check_lookups(struct conf *c)
{
	const struct conf_item	*first = conf_written(c, "auth.0.type");
	const char		*type;
	unsigned		 i;
	bool			 some = false;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		some |= looks_up(c, i, type);
	if (!some && first != NULL)
		conf_error(c, first->at, "auth: none of these can look up a "
		    "recipient of mail, who shows no token or certificate "
		    "(add an entry of type file or ldap, or \"lookup: "
		    "file\")");
}

void
conf_recipient(struct conf *c)
{
	const struct conf_item	*it;
	char			 id[USER_ID_MAX + 1];
	size_t			 i;

	for (i = 0; i < c->n; i++)
		if (!c->items[i].bad &&
		    strcmp(c->items[i].key->path, KEY) == 0)
			check_domain(c, &c->items[i]);
	if (takes_mail(c))
		check_lookups(c);
	it = conf_written(c, "lmtp.postmaster");
	if (it != NULL && !it->bad && user_normalize(str_from(it->value), id,
	    sizeof(id)) == -1)
		conf_error(c, it->at, "%s: \"%s\" cannot be a user ID",
		    it->path, it->value);
}
