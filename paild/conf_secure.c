/*
 * What others on this host, or on the way to the store, could read or
 * change.  Changing is an error: who writes to these files decides what
 * root does, or who may log in.  Reading is a warning.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <limits.h>
#include <stdio.h>
#include <strings.h>

#include "paild/conf.h"
#include "paild/conf_type.h"
#include "paild/safedir.h"

static const struct tree_mark	 first = { 1, 1 };

/* Who else can change path, or put another in its place? */
static bool
can_be_changed(const char *path, char *why, size_t size)
{
	struct stat	 st;
	char		 text[PATH_MAX + 128], *real;
	bool		 r;

	if (stat(path, &st) == 0 &&
	    safedir_foreign(&st, false, NULL, text, sizeof(text))) {
		snprintf(why, size, "%s can be modified by others: %s (\"chown "
		    "root\" or \"chmod go-w\" fixes it)", path, text);
		return true;
	}
	r = safedir_foreign_above(path, NULL, text, sizeof(text));
	/* Where a symbolic link leads to counts, too. */
	if (!r && (real = realpath(path, NULL)) != NULL) {
		r = safedir_foreign_above(real, NULL, text, sizeof(text));
		free(real);
	}
	if (r)
		snprintf(why, size, "%s can be replaced by others: %s", path,
		    text);
	return r;
}

/* The file that an item is about, or holds the bytes of; NULL: none. */
static const char *
file_of(const struct conf_item *it)
{
	if (it->bad || it->at.line == 0 || it->copied)
		return NULL;
	if (it->key->flags & CONF_GUARDED)
		return it->value;
	return it->written;
}

static void
check_changed(struct conf *c)
{
	char		 why[2 * PATH_MAX];
	const char	*path, *slash = strrchr(c->file, '/');
	char		 file[PATH_MAX];
	size_t		 i;

	snprintf(file, sizeof(file), "%s/%s", strcmp(c->base, "/") == 0 ? "" :
	    c->base, slash != NULL ? slash + 1 : c->file);
	if (can_be_changed(file, why, sizeof(why)))
		conf_error(c, first, "%s", why);
	for (i = 0; i < c->n; i++)
		if ((path = file_of(&c->items[i])) != NULL &&
		    can_be_changed(path, why, sizeof(why)))
			conf_error(c, c->items[i].at, "%s: %s",
			    c->items[i].path, why);
}

/* Secrets that others on this host can read are none. */
static void
check_private(struct conf *c)
{
	const struct conf_item	*it;
	struct stat		 st, own;
	bool			 open;
	size_t			 i;

	open = stat(c->file, &own) == 0 &&
	    (own.st_mode & (S_IRGRP | S_IROTH)) != 0;
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || (it->key->type == CONF_FILE &&
		    (it->key->flags & CONF_PUBLIC)))
			continue;
		if (it->inside && open && !(it->key->flags & CONF_PUBLIC))
			conf_warning(c, it->at, "%s: this configuration file "
			    "can be read by %s: use {file: PATH} or \"chmod "
			    "600\"",
			    it->path, own.st_mode & S_IROTH ?
			    "all users of this host" : "its group");
		if (it->written != NULL && stat(it->written, &st) == 0 &&
		    (st.st_mode & S_IROTH))
			conf_warning(c, it->at, "%s: %s can be read by all "
			    "users of this host: \"chmod o-r\" fixes it",
			    it->path, it->written);
	}
}

bool
conf_loopback(const char *host)
{
	struct in_addr	 v4;
	struct in6_addr	 v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) ||
		    (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	return strcasecmp(host, "localhost") == 0;
}

static void
check_endpoint(struct conf *c)
{
	const struct conf_item	*it = conf_item(c, "store.endpoint");
	char			 scheme[8], host[256], port[32];

	if (it == NULL || strncmp(it->value, "http://", 7) != 0 ||
	    conf_listen_split(it->value, scheme, sizeof(scheme), host,
	    sizeof(host), port, sizeof(port)) == -1 || conf_loopback(host))
		return;
	conf_warning(c, it->at, "store.endpoint: %s does not use TLS: mail can "
	    "be read and responses forged in transit (did you mean "
	    "\"https://\"?)", it->value);
}

static void
check_plaintext(struct conf *c)
{
	const struct conf_item	*it = conf_item(c, "plaintext-login"), *l;
	char			 scheme[8], host[64], port[32];
	size_t			 i;

	if (it == NULL || strcmp(it->value, "always") != 0)
		return;
	for (i = 0; i < c->n; i++) {
		l = &c->items[i];
		if (l->bad || strcmp(l->key->path, "listen.*") != 0 ||
		    strncmp(l->value, "imap:", 5) != 0 ||
		    conf_listen_split(l->value, scheme, sizeof(scheme), host,
		    sizeof(host), port, sizeof(port)) == -1 ||
		    conf_loopback(host))
			continue;
		conf_warning(c, it->at, "plaintext-login: with \"always\", "
		    "passwords are sent in the clear to %s (did you mean "
		    "\"loopback\"?)", l->value);
		return;
	}
}

void
conf_secure(struct conf *c)
{
	check_changed(c);
	check_private(c);
	check_endpoint(c);
	check_plaintext(c);
}
