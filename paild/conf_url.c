/*
 * store.url (conf.h).  The line is
 *
 *	[fscache:SIZE:PATH:][compress:ALGORITHM[:LEVEL]:]
 *	{s3|aws-s3}:http[s]://[KEY:SECRET@]HOST[:PORT]/[PREFIX/][?PARAMETERS]
 *
 * where HOST begins with the bucket unless it is a parameter.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/mem.h"
#include "paild/conf_key.h"
#include "paild/conf_type.h"
#include "paild/conf_url_param.h"

static int
fail(struct url_line *u, const char *what)
{
	conf_error(u->c, u->node->at, "store.url: %s", what);
	return -1;
}

static struct tree_node *
child(const struct tree_node *map, const char *name)
{
	struct tree_node	*n;

	for (n = map->child; n != NULL; n = n->next)
		if (n->name != NULL && strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

void
url_put(struct url_line *u, struct tree_node *map, const char *name,
    const char *value)
{
	struct tree_node	*n = name != NULL ? child(map, name) : NULL;

	if (n != NULL) {
		if (n->kind != TREE_SCALAR || strcmp(n->value, value) != 0)
			conf_error(u->c, u->node->at, "store.url contradicts "
			    "%s.%s in %s: leave one of them out",
			    map->name, name,
			    conf_place_line(u->c, n->name_at));
		return;
	}
	n = tree_add(map, TREE_SCALAR, name, u->node);
	n->value = mem_dup(value);
	n->len = strlen(value);
}

struct tree_node *
url_map(struct url_line *u, struct tree_node *parent, enum tree_kind kind,
    const char *name)
{
	struct tree_node	*n = child(parent, name);

	if (n == NULL)
		return tree_add(parent, kind, name, u->node);
	return n->kind == kind ? n : NULL;	/* told when it is read */
}

int
url_decode(const char *s, size_t len, char *dst, size_t size)
{
	const char	*end = s + len;
	char		 c;

	while (s < end) {
		if ((c = *s++) == '%') {
			if (end - s > 2 && *s == '%')
				s++;		/* as in Dovecot's file */
			if (end - s < 2 || hex_digit(s[0]) == -1 ||
			    hex_digit(s[1]) == -1)
				return -1;
			c = (char)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
			s += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f || size < 2)
			return -1;
		*dst++ = c;
		size--;
	}
	*dst = '\0';
	return 0;
}

/* The word up to the next colon, which is skipped; NULL: there is none. */
static const char *
word(const char **s, char *dst, size_t size)
{
	size_t	n = strcspn(*s, ":");

	if ((*s)[n] != ':' || n == 0 || n >= size)
		return NULL;
	memcpy(dst, *s, n);
	dst[n] = '\0';
	*s += n + 1;
	return dst;
}

/* SIZE:PATH: of the cache.  Dovecot has one for a group of users. */
static int
take_fscache(struct url_line *u, const char **s)
{
	struct tree_node	*cache;
	char			 size[32], path[1024], shown[64], *var;

	if (word(s, size, sizeof(size)) == NULL ||
	    word(s, path, sizeof(path)) == NULL)
		return fail(u, "fscache: must be followed by SIZE:PATH:");
	if ((var = strchr(path, '%')) != NULL) {
		while (var > path && var[-1] != '/')
			var--;
		conf_warning(u->c, u->node->at, "store.url: %s in fscache's "
		    "path has no meaning here: all users share a cache",
		    conf_quote(var, shown, sizeof(shown)));
		if (var > path)
			var--;
		*var = '\0';
	}
	if ((cache = url_map(u, u->root, TREE_MAP, "cache")) == NULL)
		return 0;
	url_put(u, cache, "size", size);
	if (*path != '\0')
		url_put(u, cache, "path", path);
	return 0;
}

/* ALGORITHM[:LEVEL]: */
static int
take_compress(struct url_line *u, const char **s)
{
	char		 name[32], level[16] = "", value[64];
	const char	*end = *s;

	if (word(s, name, sizeof(name)) == NULL)
		return fail(u, "compress: must be followed by "
		    "ALGORITHM:LEVEL:");
	end = *s + strspn(*s, "0123456789");
	if (end > *s && *end == ':')
		word(s, level, sizeof(level));
	if (strcmp(name, "gz") == 0)
		strlcpy(name, "gzip", sizeof(name));
	if (strcmp(name, "lz4") == 0 && *level != '\0') {
		conf_warning(u->c, u->node->at, "store.url: the level of lz4 "
		    "has no meaning here");
		*level = '\0';
	}
	snprintf(value, sizeof(value), "%s%s%s", name,
	    *level != '\0' ? ":" : "", level);
	url_put(u, u->store, "compression", value);
	return 0;
}

/* What stands before the scheme; *s is left at the URL. */
static int
take_wrappers(struct url_line *u, const char **s)
{
	char	name[32], shown[64], why[160];

	while (word(s, name, sizeof(name)) != NULL) {
		if (strcmp(name, "fscache") == 0) {
			if (take_fscache(u, s) == -1)
				return -1;
		} else if (strcmp(name, "compress") == 0) {
			if (take_compress(u, s) == -1)
				return -1;
		} else if (strcmp(name, "s3") == 0 ||
		    strcmp(name, "aws-s3") == 0) {
			if (strncmp(*s, "http://", 7) == 0 ||
			    strncmp(*s, "https://", 8) == 0)
				return 0;
			break;
		} else {
			snprintf(why, sizeof(why), "%s: before the URL is not "
			    "known here: there may be fscache: and compress:, "
			    "and then s3: or aws-s3:", conf_quote(name, shown,
			    sizeof(shown)));
			return fail(u, why);
		}
	}
	return fail(u, "must have the form s3:https://... or "
	    "aws-s3:https://...");
}

/* KEY:SECRET, each encoded. */
static int
take_keys(struct url_line *u, const char *s, size_t len)
{
	const char	*colon = memchr(s, ':', len);
	char		 text[1024];
	int		 r = -1;

	if (colon == NULL)
		return fail(u, "there is an access key, but no secret "
		    "(KEY:SECRET@)");
	if (url_decode(s, (size_t)(colon - s), text, sizeof(text)) == 0) {
		url_put(u, u->store, "access-key", text);
		colon++;
		r = url_decode(colon, len - (size_t)(colon - s), text,
		    sizeof(text));
		if (r == 0)
			url_put(u, u->store, "secret-key", text);
	}
	explicit_bzero(text, sizeof(text));
	u->keys = true;
	return r == 0 ? 0 : fail(u, "a % in the access key or the secret is "
	    "not followed by two hex digits (write % itself as %25)");
}

/* "s3.REGION.amazonaws.com" in host, behind the bucket; NULL: not AWS. */
static const char *
find_aws(const char *host)
{
	const char	*p, *found = NULL, *aws = strstr(host,
			    ".amazonaws.com");

	if (aws == NULL || (strcmp(aws, ".amazonaws.com") != 0 &&
	    strcmp(aws, ".amazonaws.com.cn") != 0))
		return NULL;
	for (p = host; p < aws; p++)
		if ((p == host || p[-1] == '.') &&
		    (strncmp(p, "s3.", 3) == 0 || strncmp(p, "s3-", 3) == 0))
			found = p;
	return found;
}

/* AWS's host says the region, too: s3.REGION or s3-REGION. */
static int
aws_region(struct url_line *u, const char *host)
{
	char	region[65];
	size_t	n = strcspn(host + 3, ".");

	if (strncmp(host + 3 + n, ".amazonaws.com", 14) != 0 || n == 0 ||
	    n >= sizeof(region) || strchr("0123456789", host[2 + n]) == NULL)
		return 0;
	memcpy(region, host + 3, n);
	region[n] = '\0';
	if (*u->region != '\0' && strcmp(u->region, region) != 0)
		return fail(u, "its host and its region contradict each other");
	strlcpy(u->region, region, sizeof(u->region));
	return 0;
}

/* Bucket and endpoint from the host, which is changed. */
static int
take_host(struct url_line *u, char *host, const char *port)
{
	const char	*rest = find_aws(host);
	char		 endpoint[400];
	size_t		 n = strlen(u->bucket);
	bool		 aws = rest != NULL;

	if (aws && aws_region(u, rest) == -1)
		return -1;
	/* With the bucket as a parameter, all of the host is the endpoint. */
	if (!aws || (n > 0 && (size_t)(rest - host) != n + 1) ||
	    strncmp(host, u->bucket, n) != 0)
		rest = host;
	if (aws && rest > host && n == 0) {
		host[rest - host - 1] = '\0';
		if (strlcpy(u->bucket, host, sizeof(u->bucket)) >=
		    sizeof(u->bucket))
			return fail(u, "the bucket's name is too long");
	} else if (!aws && n == 0) {
		n = strcspn(host, ".");
		if (host[n] == '\0' || host[0] == '[' ||
		    strspn(host, "0123456789.") == strlen(host))
			return fail(u, "it names no bucket: add ?bucket=NAME");
		if (n >= sizeof(u->bucket))
			return fail(u, "the bucket's name is too long");
		memcpy(u->bucket, host, n);
		u->bucket[n] = '\0';
		rest = host + n + 1;
		url_put(u, u->store, "addressing", "virtual");
	}
	snprintf(endpoint, sizeof(endpoint), "s3.%s.amazonaws.com%s",
	    u->region, strncmp(u->region, "cn-", 3) == 0 ? ".cn" : "");
	/* It follows from the region; the one without leads elsewhere first. */
	if (aws && u->secure && *port == '\0' && (strcmp(rest, endpoint) == 0 ||
	    strcmp(rest, "s3.amazonaws.com") == 0))
		return 0;
	snprintf(endpoint, sizeof(endpoint), "http%s://%s%s",
	    u->secure ? "s" : "", rest, port);
	url_put(u, u->store, "endpoint", endpoint);
	return 0;
}

/* A prefix of all names; Dovecot's variables are its own names. */
static void
take_path(struct url_line *u, const char *s, size_t len)
{
	char	path[256], shown[64];

	while (len > 0 && *s == '/') {
		s++;
		len--;
	}
	while (len > 0 && s[len - 1] == '/')
		len--;
	if (len == 0)
		return;
	snprintf(path, sizeof(path), "%.*s", len < sizeof(path) ? (int)len :
	    (int)sizeof(path) - 1, s);
	if (memchr(s, '%', len) != NULL)
		conf_warning(u->c, u->node->at, "store.url: the path %s has "
		    "no meaning here: Pail gives objects names of its own",
		    conf_quote(path, shown, sizeof(shown)));
	else
		url_put(u, u->store, "key-prefix", path);
}

/* The instance's role, and where the metadata service is, if not EC2's. */
static int
take_role(struct url_line *u)
{
	struct tree_node	*map;
	char			 url[300];

	if (*u->role == '\0' && *u->auth_host != '\0')
		conf_warning(u->c, u->node->at, "store.url: auth_host has no "
		    "meaning without auth_role");
	if (*u->role == '\0')
		return 0;
	if (u->keys)
		return fail(u, "it has an access key as well as auth_role");
	url_put(u, u->store, "auth-role", u->role);
	if (*u->auth_host == '\0')
		return 0;
	snprintf(url, sizeof(url), "http://%s", u->auth_host);
	if ((map = url_map(u, u->store, TREE_MAP, "credentials")) != NULL) {
		url_put(u, map, "source", "imds");
		url_put(u, map, "endpoint", url);
	}
	return 0;
}

/* After the parameters: what they are about. */
static int
take_rest(struct url_line *u)
{
	if (*u->bucket != '\0')
		url_put(u, u->store, "bucket", u->bucket);
	if (*u->region != '\0')
		url_put(u, u->store, "region", u->region);
	return take_role(u);
}

/* From the URL on; s is a copy that may be changed. */
static int
expand(struct url_line *u, char *s)
{
	char	*at, *host, *path, *query, *colon, port[16] = "";
	size_t	 n;

	u->secure = s[4] == 's';
	s += u->secure ? 8 : 7;
	if ((query = strchr(s, '?')) != NULL)
		*query++ = '\0';
	path = s + strcspn(s, "/");
	if ((at = strrchr(s, '@')) > path)
		return fail(u, "a / in the access key or the secret must be "
		    "written as %2F");
	host = s;
	if (at != NULL && (host = at + 1) != NULL &&
	    take_keys(u, s, (size_t)(at - s)) == -1)
		return -1;
	take_path(u, path, strlen(path));
	*path = '\0';
	n = *host == '[' ? strcspn(host, "]") : 0;
	if ((colon = strchr(host + n, ':')) != NULL) {
		if (strlcpy(port, colon, sizeof(port)) >= sizeof(port))
			return fail(u, "its port is none");
		*colon = '\0';
	}
	if (*host == '\0' || strlen(host) > 300)
		return fail(u, "it has no host, or one that is too long");
	if (query != NULL && url_params(u, query) == -1)
		return -1;
	return take_host(u, host, port) == -1 || take_rest(u) == -1 ? -1 : 0;
}

void
conf_url(struct conf *c, struct tree_node *root)
{
	struct url_line		 u = { .c = c, .root = root };
	const struct tree_node	*type;
	const char		*s;
	char			 line[URL_LINE_MAX];

	if (root->kind != TREE_MAP ||
	    (u.store = child(root, "store")) == NULL ||
	    u.store->kind != TREE_MAP ||
	    (u.node = child(u.store, "url")) == NULL ||
	    u.node->kind != TREE_SCALAR || u.node->len == 0)
		return;
	type = child(u.store, "type");
	if (type != NULL && (type->kind != TREE_SCALAR ||
	    strcmp(type->value, "s3") != 0))
		return;			/* which has no URL: told there */
	if (type == NULL)
		url_put(&u, u.store, "type", "s3");
	s = u.node->value;
	c->bad_url = true;
	if (u.node->len >= sizeof(line))
		fail(&u, "it is too long");
	else if (take_wrappers(&u, &s) == 0) {
		strlcpy(line, s, sizeof(line));
		c->bad_url = expand(&u, line) == -1;
		explicit_bzero(line, sizeof(line));
	}
}
