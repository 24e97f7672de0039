/*
 * Who mail is for: the domains and names that must be some.
 */
#include "common/compat.h"

#include <stdio.h>

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
	it = conf_written(c, "lmtp.postmaster");
	if (it != NULL && !it->bad && user_normalize(str_from(it->value), id,
	    sizeof(id)) == -1)
		conf_error(c, it->at, "%s: \"%s\" cannot be a user ID",
		    it->path, it->value);
}
