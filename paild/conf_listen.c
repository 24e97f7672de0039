/*
 * The TLS settings of single listeners: are they of any use there?
 */
#include "common/compat.h"

#include <stdio.h>

#include "paild/conf.h"
#include "paild/conf_listen.h"

static bool
has_type(const struct conf *c, const char *type)
{
	const char	*is;
	unsigned	 i;

	for (i = 0; (is = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if (strcmp(is, type) == 0)
			return true;
	return false;
}

static void
check_clients(struct conf *c, const struct conf_item *it, const char *url)
{
	if (strncmp(url, "imap", 4) != 0)
		conf_error(c, it->name_at, "%s: only IMAP clients log in by "
		    "certificate, and %s is not for them", it->path, url);
	else if (strcmp(it->value, "none") != 0 && !has_type(c,
	    "certificate"))
		conf_error(c, it->at, "%s: \"%s\" needs an entry of \"auth\" "
		    "with \"type: certificate\", which has the CAs", it->path,
		    it->value);
}

void
conf_listen(struct conf *c)
{
	const struct conf_item	*it;
	const char		*url;
	bool			 tls;
	size_t			 i;

	tls = conf_written(c, "tls.0.certificate") != NULL ||
	    conf_written(c, "tls.0.private-key") != NULL;
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || strncmp(it->key->path, "listen.*.", 9) != 0 ||
		    (url = conf_at(c, "listen.%lu", strtoul(it->path + 7,
		    NULL, 10))) == NULL)
			continue;
		if (strncmp(url, "http", 4) == 0)
			conf_error(c, it->name_at, "%s: %s has the TLS "
			    "settings of all listeners", it->path, url);
		else if (!tls)
			conf_error(c, it->name_at, "%s needs \"tls\" with a "
			    "certificate and a private-key", it->path);
		else if (strcmp(conf_key_leaf(it->key->path),
		    "client-certificates") == 0)
			check_clients(c, it, url);
	}
}
