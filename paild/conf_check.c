/*
 * Keys that must agree with one another, and files that must be what they
 * are said to be.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>

#include "paild/conf.h"
#include "paild/conf_file.h"

/* Written in the file (a default is not), good or bad. */
static const struct conf_item *
written(const struct conf *c, const char *path)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (c->items[i].at.line != 0 &&
		    strcmp(c->items[i].path, path) == 0)
			return &c->items[i];
	return NULL;
}

static struct tree_mark
place(const struct conf *c, const char *path)
{
	const struct conf_item	*it = written(c, path);

	return it != NULL ? it->at : (struct tree_mark){ 1, 1 };
}

static bool
is(const struct conf *c, const char *path, const char *value)
{
	const char	*s = conf_str(c, path);

	return s != NULL && strcmp(s, value) == 0;
}

static void
check_store_file(struct conf *c, struct tree_mark type_at)
{
	static const char	*const s3only[] = {
		"bucket", "region", "endpoint", "addressing", "tls-ca-file",
		"access-key", "secret-key",
	};
	const struct conf_item	*it;
	char			 path[64];
	size_t			 i;

	for (i = 0; i < nitems(s3only); i++) {
		snprintf(path, sizeof(path), "store.%s", s3only[i]);
		if ((it = written(c, path)) != NULL)
			conf_error(c, it->name_at, "%s has no sense with "
			    "\"type: file\" (did you mean \"type: s3\"?)",
			    path);
	}
	if (written(c, "store.path") == NULL)
		conf_error(c, type_at, "a file store needs \"path\": "
		    "the store's directory");
}

static void
check_store_s3(struct conf *c, struct tree_mark type_at)
{
	static const struct { const char *key, *what; } needs[] = {
		{ "bucket", "the bucket's name" },
		{ "access-key", "the key's id: a value, {env: NAME} or "
		    "{file: PATH}" },
		{ "secret-key", "the secret: a value, {env: NAME} or "
		    "{file: PATH}" },
		{ "region", "the region that requests are signed for, "
		    "such as us-east-1" },
	};
	const struct conf_item	*it;
	const char		*bucket, *endpoint;
	char			 path[64];
	size_t			 i;

	if ((it = written(c, "store.path")) != NULL)
		conf_error(c, it->name_at, "store.path has no sense with "
		    "\"type: s3\" (did you mean \"bucket\"?)");
	for (i = 0; i < nitems(needs); i++) {
		snprintf(path, sizeof(path), "store.%s", needs[i].key);
		if (written(c, path) == NULL)
			conf_error(c, type_at, "an s3 store needs \"%s\": %s",
			    needs[i].key, needs[i].what);
	}
	endpoint = conf_str(c, "store.endpoint");
	it = written(c, "store.tls-ca-file");
	if (it != NULL && endpoint != NULL &&
	    strncmp(endpoint, "http://", 7) == 0)
		conf_error(c, it->name_at, "store.tls-ca-file has no sense: "
		    "store.endpoint has no TLS (did you mean \"https://\"?)");
	bucket = conf_str(c, "store.bucket");
	if (bucket != NULL && strchr(bucket, '.') != NULL &&
	    is(c, "store.addressing", "virtual") &&
	    (endpoint == NULL || strncmp(endpoint, "https:", 6) == 0))
		conf_error(c, place(c, "store.addressing"),
		    "store.addressing: a bucket with dots in its name has no "
		    "certificate as a host (did you mean \"path\"?)");
}

static void
check_readable(struct conf *c, const char *path, const char *what)
{
	const struct conf_item	*it = conf_item(c, path);
	struct buf		 b;
	char			 why[512];

	if (it == NULL || it->at.line == 0 || c->no_secrets)
		return;
	buf_init(&b, 4 * 1024 * 1024 + 65536);
	if (conf_file_read(it->value, 4 * 1024 * 1024, &b, why,
	    sizeof(why)) == -1)
		conf_error(c, it->at, "%s: %s", path, why);
	else if (what != NULL && memmem(b.data, b.len, what,
	    strlen(what)) == NULL)
		conf_error(c, it->at, "%s: %s has no certificate in it",
		    path, it->value);
	if (b.data != NULL)
		explicit_bzero(b.data, b.size);
	buf_free(&b);
}

/* Secrets that others on this host can read are none. */
static void
check_private(struct conf *c)
{
	const struct conf_item	*it;
	struct stat		 st;
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || it->written == NULL ||
		    strcmp(it->path, "tls.certificate") == 0 ||
		    stat(it->written, &st) == -1 || !(st.st_mode & S_IROTH))
			continue;
		conf_warning(c, it->at, "%s: %s can be read by all users of "
		    "this host: \"chmod o-r\" mends it", it->path,
		    it->written);
	}
}

static void
check_tls(struct conf *c)
{
	const struct conf_item	*cert, *key;

	cert = conf_item(c, "tls.certificate");
	key = conf_item(c, "tls.private-key");
	if (cert == NULL || key == NULL || c->no_secrets)
		return;
	switch (conf_pem_match(cert->value, cert->len, key->value, key->len)) {
	case CONF_PEM_BAD_CERTIFICATE:
		conf_error(c, cert->at, "tls.certificate: %s holds no PEM "
		    "certificate", cert->written);
		break;
	case CONF_PEM_BAD_KEY:
		conf_error(c, key->at, "tls.private-key: %s holds no PEM key, "
		    "or one with a pass phrase", key->written);
		break;
	case CONF_PEM_MISMATCH:
		conf_error(c, key->at, "tls.private-key: %s is not the key of "
		    "tls.certificate %s", key->written, cert->written);
		break;
	case CONF_PEM_EXPIRED:
		conf_warning(c, cert->at, "tls.certificate: %s has expired",
		    cert->written);
		break;
	case CONF_PEM_FINE:
		break;
	}
}

static void
check_listen(struct conf *c)
{
	const struct conf_item	*a, *b;
	const char		*pa, *pb;
	bool			 tls, imap = false;
	size_t			 i, j;

	tls = written(c, "tls.certificate") != NULL ||
	    written(c, "tls.private-key") != NULL;
	for (i = 0; i < c->n; i++) {
		a = &c->items[i];
		if (a->bad || strncmp(a->path, "listen.", 7) != 0)
			continue;
		if (strncmp(a->value, "imaps:", 6) == 0 && !tls)
			conf_error(c, a->at, "%s: %s needs \"tls\" with a "
			    "certificate and a private-key (did you mean "
			    "\"imap://\"?)", a->path, a->value);
		if (strncmp(a->value, "imap:", 5) == 0)
			imap = true;
		for (j = 0; j < i; j++) {
			b = &c->items[j];
			if (b->bad || strncmp(b->path, "listen.", 7) != 0)
				continue;
			pa = strchr(a->value, ':');
			pb = strchr(b->value, ':');
			if (strcmp(pa, pb) == 0) {
				conf_error(c, a->at, "%s: %s is taken by %s",
				    a->path, a->value + (pa - a->value) + 3,
				    b->path);
				break;
			}
		}
	}
	if (imap && !tls && is(c, "plaintext-login", "never"))
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
		    "cache.path and store.path lie within one another: the "
		    "cache may be deleted at any time, the store never");
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || strcmp(it->key->path, "auth.*.path") != 0)
			continue;
		if (cache != NULL && is_within(it->value, cache->value))
			conf_error(c, it->at, "%s is within cache.path, which "
			    "may be deleted at any time", it->path);
	}
}

static void
check_auth(struct conf *c)
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
			    strcmp(a->value, b->value) == 0)
				conf_error(c, a->at, "%s: the same file as "
				    "%s", a->path, b->path);
		}
		/* A file that is not there yet is made by pailctl. */
		if (stat(a->value, &st) == 0 && !S_ISREG(st.st_mode))
			conf_error(c, a->at, "%s: %s is not a file", a->path,
			    a->value);
		else if (stat(a->value, &st) == -1 && errno == ENOENT)
			conf_warning(c, a->at, "%s: %s is not there yet: "
			    "\"pailctl user add NAME\" makes it", a->path,
			    a->value);
	}
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
			conf_error(c, a->at, "%s: \"%s\" is taken by %s",
			    a->path, a->value, b->path);
			break;
		}
	}
}

void
conf_check(struct conf *c)
{
	const struct conf_item	*limit;

	if (is(c, "store.type", "file"))
		check_store_file(c, place(c, "store.type"));
	else if (is(c, "store.type", "s3"))
		check_store_s3(c, place(c, "store.type"));
	check_readable(c, "store.tls-ca-file", "-----BEGIN CERTIFICATE-----");
	check_tls(c);
	check_private(c);
	check_listen(c);
	check_paths(c);
	check_auth(c);
	check_mailboxes(c);
	limit = conf_item(c, "append-limit");
	if (limit != NULL && conf_item(c, "cache.size") != NULL &&
	    conf_num(c, "append-limit", 0) > conf_num(c, "cache.size", 0))
		conf_error(c, limit->at.line != 0 ? limit->at :
		    place(c, "cache.size"), "append-limit is more "
		    "than cache.size: a message passes through the cache");
}
