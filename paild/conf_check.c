/*
 * Keys that must agree with one another, and files that must be what they
 * are said to be.
 */
#include "common/compat.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#include "common/b64.h"
#include "paild/command_split.h"
#include "paild/conf.h"
#include "paild/conf_auth.h"
#include "paild/conf_file.h"
#include "paild/conf_http.h"
#include "paild/conf_ingest.h"
#include "paild/conf_ldap.h"
#include "paild/conf_listen.h"
#include "paild/conf_recipient.h"
#include "paild/conf_region.h"
#include "paild/conf_roles.h"
#include "paild/conf_tls.h"

static struct tree_mark
place(const struct conf *c, const char *path)
{
	const struct conf_item	*it = conf_written(c, path);

	return it != NULL ? it->at : (struct tree_mark){ 1, 1 };
}

static bool
is(const struct conf *c, const char *path, const char *value)
{
	const char	*s = conf_str(c, path);

	return s != NULL && strcmp(s, value) == 0;
}

/* Keys that are in the configuration itself: here, or below credentials. */
static void
check_static_keys(struct conf *c)
{
	static const char *const keys[] = { "access-key", "secret-key" };
	const struct conf_item	*source = conf_written(c,
				    "store.credentials.source");
	char			 path[64];
	size_t			 i;

	if (!is(c, "store.credentials.source", "static") || c->bad_url)
		return;
	for (i = 0; i < nitems(keys); i++) {
		snprintf(path, sizeof(path), "store.credentials.%s", keys[i]);
		if (conf_written(c, path) != NULL)
			continue;
		snprintf(path, sizeof(path), "store.%s", keys[i]);
		conf_error(c, source != NULL ? source->at :
		    place(c, "store.type"), "%s needs \"%s\" with \"%s\": "
		    "%s", source != NULL ? "store.credentials" : "store",
		    keys[i], source != NULL ? "source: static" : "type: s3",
		    conf_key_find(path)->doc);
	}
}

/* A command that cannot be run as it is written. */
static void
check_command(struct conf *c)
{
	const struct conf_item	 *it = conf_written(c,
				    "store.credentials.command");
	char			**argv, why[128];

	if (it == NULL || it->bad)
		return;
	if ((argv = command_split(it->value, why, sizeof(why))) == NULL)
		conf_error(c, it->at, "%s: %s", it->path, why);
	else if (!c->no_secrets && *argv[0] == '/' &&
	    access(argv[0], X_OK) == -1)
		conf_warning(c, it->at, "%s: %s: %s", it->path, argv[0],
		    strerror(errno));
	free(argv);
}

/* Options that only go with another. */
static void
check_options(struct conf *c)
{
	const struct conf_item	*it = conf_written(c, "store.kms-key-id");
	const char		*endpoint = conf_str(c, "store.endpoint");

	if (it != NULL && !is(c, "store.server-side-encryption", "aws:kms"))
		conf_error(c, it->name_at, "store.kms-key-id belongs to "
		    "\"server-side-encryption: aws:kms\"");
	it = conf_written(c, "store.allow-invalid-certs");
	if (it != NULL && is(c, "store.allow-invalid-certs", "true")) {
		conf_warning(c, it->at, "store.allow-invalid-certs: whoever is "
		    "on the way to the store can read and forge mail (did "
		    "you mean \"tls-ca-file\"?)");
		if (endpoint != NULL && strncmp(endpoint, "http:", 5) == 0)
			conf_error(c, it->name_at, "store.allow-invalid-certs "
			    "cannot be used: store.endpoint does not use TLS");
		else if (conf_written(c, "store.tls-ca-file") != NULL)
			conf_error(c, it->name_at, "store.allow-invalid-certs "
			    "cannot be used with store.tls-ca-file");
	}
	it = conf_written(c, "store.connect-timeout");
	if (it != NULL && conf_num(c, "store.connect-timeout") >
	    conf_num(c, "store.timeout"))
		conf_error(c, it->at, "store.connect-timeout is longer than "
		    "store.timeout");
}

/* The key of SSE-C goes out with each request. */
static void
check_customer_key(struct conf *c, const char *endpoint)
{
	const struct conf_item	*it = conf_written(c, "store.customer-key");
	uint8_t			 key[32];

	if (it == NULL || it->bad)
		return;
	if (!c->no_secrets && b64_decode((struct str){ it->value, it->len },
	    true, key, sizeof(key)) != sizeof(key))
		conf_error(c, it->at, "store.customer-key: must be 32 bytes in "
		    "base64, as \"openssl rand -base64 32\" prints them");
	explicit_bzero(key, sizeof(key));
	if (!is(c, "store.server-side-encryption", "none"))
		conf_error(c, it->name_at, "store.customer-key cannot be used "
		    "with \"server-side-encryption: %s\": objects have one "
		    "key", conf_str(c, "store.server-side-encryption"));
	if (endpoint != NULL && strncmp(endpoint, "http:", 5) == 0)
		conf_error(c, it->name_at, "store.customer-key cannot be used: "
		    "store.endpoint does not use TLS, and each request holds "
		    "the key (did you mean \"https://\"?)");
	else if (is(c, "store.allow-invalid-certs", "true"))
		conf_error(c, it->name_at, "store.customer-key cannot be used "
		    "with store.allow-invalid-certs: each request holds the "
		    "key");
}

/* Can the bucket's name stand before the endpoint's? */
static void
check_virtual(struct conf *c, const char *endpoint)
{
	const char	*bucket = conf_str(c, "store.bucket"), *host;
	size_t		 n;

	if (!is(c, "store.addressing", "virtual"))
		return;
	if (endpoint != NULL && (host = strstr(endpoint, "://")) != NULL) {
		host += 3;
		n = strcspn(host, ":");
		if (*host == '[' || strspn(host, "0123456789.") == n) {
			conf_error(c, place(c, "store.addressing"),
			    "store.addressing: a bucket cannot be named before "
			    "an IP address (did you mean \"path\"?)");
			return;
		}
	}
	if (bucket != NULL && strchr(bucket, '.') != NULL &&
	    (endpoint == NULL || strncmp(endpoint, "https:", 6) == 0))
		conf_error(c, place(c, "store.addressing"),
		    "store.addressing: no TLS certificate matches a bucket "
		    "name with dots as a host name (did you mean \"path\"?)");
}

static void
check_store_s3(struct conf *c)
{
	const struct conf_item	*it;
	const char		*endpoint;

	check_static_keys(c);
	check_command(c);
	check_options(c);
	conf_region(c);
	conf_roles(c);
	endpoint = conf_str(c, "store.endpoint");
	it = conf_written(c, "store.tls-ca-file");
	if (it != NULL && endpoint != NULL &&
	    strncmp(endpoint, "http://", 7) == 0)
		conf_error(c, it->name_at, "store.tls-ca-file cannot be used: "
		    "store.endpoint does not use TLS (did you mean "
		    "\"https://\"?)");
	check_virtual(c, endpoint);
	check_customer_key(c, endpoint);
}

static void
check_readable(struct conf *c, const char *path, const char *what)
{
	const struct conf_item	*it = conf_item(c, path);
	struct buf		 b;
	char			 why[512];

	if (it == NULL || it->at.line == 0 || it->copied || c->no_secrets)
		return;
	/* A token may be in it. */
	buf_init_secret(&b, 4 * 1024 * 1024 + 65536);
	if (conf_file_read(it->value, 4 * 1024 * 1024, &b, why,
	    sizeof(why)) == -1)
		conf_error(c, it->at, "%s: %s", path, why);
	else if (what != NULL && memmem(b.data, b.len, what,
	    strlen(what)) == NULL)
		conf_error(c, it->at, "%s: %s contains no certificate",
		    path, it->value);
	buf_freezero(&b);
}

/* Those of directories. */
static void
check_ca_files(struct conf *c)
{
	const char	*path, *type;
	size_t		 i;

	for (i = 0; i < c->n; i++) {
		path = c->items[i].path;
		if (strcmp(c->items[i].key->path, "auth.*.ca-file") != 0)
			continue;
		type = conf_at(c, "auth.%lu.type", strtoul(path + 5, NULL,
		    10));
		if (type != NULL && strcmp(type, "ldap") == 0)
			check_readable(c, path, "-----BEGIN CERTIFICATE-----");
	}
}

static void
check_listen(struct conf *c)
{
	const struct conf_item	*a, *b;
	const char		*pa, *pb;
	bool			 tls, implicit, imap = false;
	size_t			 i, j;

	tls = conf_written(c, "tls.0.certificate") != NULL ||
	    conf_written(c, "tls.0.private-key") != NULL;
	for (i = 0; i < c->n; i++) {
		a = &c->items[i];
		if (a->bad || strcmp(a->key->path, "listen.*") != 0)
			continue;
		implicit = strncmp(a->value, "imaps:", 6) == 0 ||
		    strncmp(a->value, "https:", 6) == 0;
		if (implicit && !tls)
			conf_error(c, a->at, "%s: %s needs \"tls\" with a "
			    "certificate and a private-key (did you mean "
			    "\"%.4s://\"?)", a->path, a->value, a->value);
		if (strncmp(a->value, "imap:", 5) == 0)
			imap = true;
		for (j = 0; j < i; j++) {
			b = &c->items[j];
			if (b->bad || strcmp(b->key->path, "listen.*") != 0)
				continue;
			pa = strchr(a->value, ':');
			pb = strchr(b->value, ':');
			if (strcmp(pa, pb) == 0) {
				conf_error(c, a->at,
				    "%s: %s is already used by %s",
				    a->path, strncmp(pa, "://", 3) == 0 ?
				    pa + 3 : pa + 1, b->path);
				break;
			}
		}
	}
	/* a proxy may have it */
	if (imap && !tls && is(c, "plaintext-login", "never") &&
	    conf_item(c, "proxy-protocol.0") == NULL)
		conf_error(c, place(c, "plaintext-login"),
		    "plaintext-login: \"never\" without \"tls\" lets nobody "
		    "log in (did you mean \"loopback\"?)");
}

/* Is inner the directory outer, or below it? */
static bool
is_within(const char *inner, const char *outer)
{
	size_t	n = strlen(outer);

	return strncmp(inner, outer, n) == 0 &&
	    (inner[n] == '\0' || inner[n] == '/' || strcmp(outer, "/") == 0);
}

static void
check_paths(struct conf *c)
{
	const struct conf_item	*cache, *store, *it;
	size_t			 i;

	cache = conf_item(c, "cache.path");
	store = conf_item(c, "store.path");
	if (cache != NULL && store != NULL && is(c, "store.type", "file") &&
	    (is_within(store->value, cache->value) ||
	    is_within(cache->value, store->value)))
		conf_error(c, cache->at.line != 0 ? cache->at : store->at,
		    "cache.path and store.path must not contain each other: "
		    "the cache may be deleted at any time, the store never");
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || strcmp(it->key->path, "auth.*.path") != 0)
			continue;
		if (cache != NULL && is_within(it->value, cache->value))
			conf_error(c, it->at, "%s is within cache.path, which "
			    "may be deleted at any time", it->path);
	}
}

/* Without app passwords nobody could log in where only they are accepted. */
static void
check_app_passwords(struct conf *c)
{
	const struct conf_item	*it;
	size_t			 i;

	if (!is(c, "app-passwords", "none"))
		return;
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (!it->bad && it->at.line != 0 && strcmp(it->key->path,
		    "auth.*.require-app-password") == 0 &&
		    strcmp(it->value, "true") == 0)
			conf_error(c, it->at, "%s needs \"app-passwords: "
			    "file\" or \"bucket\"", it->path);
	}
}

/* A listener with such a socket cannot be opened. */
static void
check_groups(struct conf *c)
{
	static const char *const paths[] = { "lmtp.socket-group",
	    "metrics-socket-group" };
	const struct conf_item	*it;
	size_t			 i;

	for (i = 0; i < nitems(paths) && !c->no_secrets; i++)
		if ((it = conf_written(c, paths[i])) != NULL && !it->bad &&
		    getgrnam(it->value) == NULL)
			conf_warning(c, it->at, "%s: this host has no group "
			    "%s", it->path, it->value);
}

static void
check_mailboxes(struct conf *c)
{
	const struct conf_item	*a, *b;
	size_t			 i, j;

	for (i = 0; i < c->n; i++) {
		a = &c->items[i];
		if (a->bad || a->at.line == 0 ||
		    strncmp(a->path, "mailboxes.", 10) != 0)
			continue;
		for (j = 0; j < i; j++) {
			b = &c->items[j];
			if (b->bad || b->key != a->key ||
			    strcmp(a->value, b->value) != 0)
				continue;
			conf_error(c, a->at, "%s: \"%s\" is already used by %s",
			    a->path, a->value, b->path);
			break;
		}
	}
}

/* The largest message must fit: as it comes, and as it is packed. */
static void
check_spool(struct conf *c)
{
	static const struct { const char *key, *than; uint64_t times; } v[] = {
		{ "cache.spool-per-user", "append-limit", 2 },
		{ "cache.spool", "append-limit", 2 },
		{ "cache.spool", "cache.spool-per-user", 1 },
	};
	const struct conf_item	*item;
	size_t			 i;

	for (i = 0; i < nitems(v); i++) {
		item = conf_item(c, v[i].key);
		if (item == NULL || item->at.line == 0 ||
		    conf_item(c, v[i].than) == NULL ||
		    conf_num(c, v[i].key) >=
		    v[i].times * conf_num(c, v[i].than))
			continue;
		conf_error(c, item->at, "%s is less than %s%s", v[i].key,
		    v[i].times == 2 ? "twice " : "", v[i].than);
		return;
	}
}

void
conf_check(struct conf *c)
{
	const struct conf_item	*limit;

	if (is(c, "store.type", "s3"))
		check_store_s3(c);
	conf_ingest(c);
	check_readable(c, "store.tls-ca-file", "-----BEGIN CERTIFICATE-----");
	check_readable(c, "store.credentials-file", NULL);
	check_readable(c, "store.config-file", NULL);
	check_readable(c, "store.credentials.credentials-file", NULL);
	check_readable(c, "store.credentials.config-file", NULL);
	check_readable(c, "store.credentials.web-identity-token-file", NULL);
	check_ca_files(c);
	conf_tls(c);
	check_listen(c);
	conf_http(c);
	check_paths(c);
	conf_auth(c);
	conf_ldap(c);
	conf_recipient(c);
	check_app_passwords(c);
	check_groups(c);
	check_mailboxes(c);
	conf_listen(c);
	conf_secure(c);
	check_spool(c);
	limit = conf_item(c, "append-limit");
	if (limit != NULL && conf_item(c, "cache.size") != NULL &&
	    conf_num(c, "append-limit") > conf_num(c, "cache.size"))
		conf_error(c, limit->at.line != 0 ? limit->at :
		    place(c, "cache.size"), "append-limit is larger than "
		    "cache.size: messages pass through the cache");
}
