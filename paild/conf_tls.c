/*
 * The certificates that clients are shown.  credd asks for their files
 * (give.c); here they are only tried, so that a mistake is told with its place.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>

#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_tls.h"

static bool
read_file(struct conf *c, const struct conf_item *it, struct buf *b, bool pem)
{
	char	why[512];

	if (conf_file_read(it->value, CONF_FILE_MAX, b, why, sizeof(why)) ==
	    -1)
		conf_error(c, it->at, "%s: %s", it->path, why);
	else if (pem && b->len > 0 && memchr(b->data, '\0', b->len) != NULL)
		conf_error(c, it->at, "%s: %s is not a PEM file", it->path,
		    it->value);
	else
		return true;
	return false;
}

static void
check_pair(struct conf *c, const struct conf_item *cert,
    const struct conf_item *key)
{
	struct buf	cb, kb;
	bool		both;

	buf_init(&cb, CONF_FILE_MAX + 8192);
	buf_init_secret(&kb, CONF_FILE_MAX + 8192);
	both = read_file(c, cert, &cb, true);
	both = read_file(c, key, &kb, true) && both;
	switch (both ? conf_pem_match((char *)cb.data, cb.len,
	    (char *)kb.data, kb.len) : CONF_PEM_FINE) {
	case CONF_PEM_BAD_CERTIFICATE:
		conf_error(c, cert->at, "%s: %s contains no PEM certificate",
		    cert->path, cert->value);
		break;
	case CONF_PEM_BAD_KEY:
		conf_error(c, key->at, "%s: %s contains no PEM key, or one "
		    "with a passphrase", key->path, key->value);
		break;
	case CONF_PEM_MISMATCH:
		conf_error(c, key->at, "%s: %s does not match %s %s",
		    key->path, key->value, cert->path, cert->value);
		break;
	case CONF_PEM_EXPIRED:
		conf_warning(c, cert->at, "%s: %s has expired", cert->path,
		    cert->value);
		break;
	case CONF_PEM_FINE:
		break;
	}
	buf_freezero(&kb);
	buf_free(&cb);
}

static const struct conf_item *
item_of(const struct conf *c, unsigned i, const char *name)
{
	const struct conf_item	*it;
	char			 path[CONF_PATH_MAX];

	snprintf(path, sizeof(path), "tls.%u.%s", i, name);
	it = conf_item(c, path);
	return it != NULL && !it->bad ? it : NULL;
}

void
conf_tls(struct conf *c)
{
	const struct conf_key	*list = conf_key_find("tls");
	const struct conf_item	*cert, *key, *ocsp;
	struct buf		 b;
	unsigned		 i;

	for (i = 0; i < list->max && !c->no_secrets; i++) {
		cert = item_of(c, i, "certificate");
		key = item_of(c, i, "private-key");
		if (cert != NULL && key != NULL)
			check_pair(c, cert, key);
		ocsp = item_of(c, i, "ocsp-response");
		buf_init(&b, CONF_FILE_MAX + 8192);
		if (ocsp != NULL)
			(void)read_file(c, ocsp, &b, false);
		buf_free(&b);
	}
}

int
conf_tls_mark(const struct conf *c, struct buf *b)
{
	struct stat	 st;
	size_t		 i;

	for (i = 0; i < c->n; i++) {
		if (c->items[i].bad || c->items[i].key->type != CONF_FILE)
			continue;
		if (stat(c->items[i].value, &st) == -1)
			(void)buf_printf(b, "%s: %d\n", c->items[i].path,
			    errno);
		else
			(void)buf_printf(b, "%s: %ju %ju %jd %jd.%09ld "
			    "%jd.%09ld\n", c->items[i].path,
			    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
			    (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
			    st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
			    st.st_ctim.tv_nsec);
	}
	return b->failed ? -1 : 0;
}
