/*
 * The parameters of store.url: those of Dovecot's obox, by their names there
 * (doc.dovecot.org, "S3-compatible Storages" and "HTTP-Based Object
 * Storages").  One that means nothing here is named in a warning.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paild/conf_near.h"
#include "paild/conf_type.h"
#include "paild/conf_url_param.h"

#define VALUE_MAX	512

struct param {
	const char	*name;
	int		(*take)(struct url_line *u, const struct param *p,
			    const char *value);
	const char	*key;		/* of store */
};

static int
wrong(struct url_line *u, const struct param *p, const char *what)
{
	conf_error(u->c, u->node->at, "store.url: %s: %s", p->name, what);
	return -1;
}

static int
take_key(struct url_line *u, const struct param *p, const char *value)
{
	url_put(u, u->store, p->key, value);
	return 0;
}

static int
copy_once(struct url_line *u, const struct param *p, const char *value,
    char *dst, size_t size)
{
	if (*value == '\0' || strlen(value) >= size)
		return wrong(u, p, "it is empty or too long");
	if (*dst != '\0' && strcmp(dst, value) != 0)
		return wrong(u, p, "it is there twice");
	strlcpy(dst, value, size);
	return 0;
}

static int
take_bucket(struct url_line *u, const struct param *p, const char *value)
{
	return copy_once(u, p, value, u->bucket, sizeof(u->bucket));
}

static int
take_region(struct url_line *u, const struct param *p, const char *value)
{
	return copy_once(u, p, value, u->region, sizeof(u->region));
}

static int
take_role(struct url_line *u, const struct param *p, const char *value)
{
	return copy_once(u, p, value, u->role, sizeof(u->role));
}

static int
take_auth_host(struct url_line *u, const struct param *p, const char *value)
{
	return copy_once(u, p, value, u->auth_host, sizeof(u->auth_host));
}

/* Dovecot's units, milliseconds without one; -1: no time. */
static long long
milliseconds(const char *s)
{
	static const struct { const char *words; long long ms; } units[] = {
		{ "ms msec msecs", 1 }, { "s sec secs", 1000 },
		{ "m min mins", 60000 },
	};
	unsigned long long	 n;
	char			*end;
	size_t			 i;

	if (!isdigit((unsigned char)*s) || strlen(s) > 16)
		return -1;
	n = strtoull(s, &end, 10);
	if (n > 1000 * 1000 * 1000)
		return -1;
	end += strspn(end, " ");
	if (*end == '\0')
		return (long long)n;
	for (i = 0; i < nitems(units); i++)
		if (conf_word_in(end, units[i].words))
			return (long long)n * units[i].ms;
	return -1;
}

/* In whole seconds, rounded up. */
static int
take_time(struct url_line *u, const struct param *p, const char *value)
{
	long long	ms = milliseconds(value);
	char		s[32];

	if (ms == -1)
		return wrong(u, p, "it is not a time in milliseconds");
	/* Of all tries: it counts instead of a single one's. */
	if (u->absolute && strncmp(p->name, "timeout", 7) == 0) {
		conf_warning(u->c, u->node->at, "store.url: %s has no meaning "
		    "beside absolute_timeout", p->name);
		return 0;
	}
	snprintf(s, sizeof(s), "%llds", (ms + 999) / 1000);
	url_put(u, u->store, p->key, s);
	return 0;
}

/* name:value, any number of them. */
static int
take_header(struct url_line *u, const struct param *p, const char *value)
{
	struct tree_node	*list;
	const char		*colon = strchr(value, ':'), *v;
	char			 text[VALUE_MAX + 8];

	if (colon == NULL)
		return wrong(u, p, "it is not of the form NAME:VALUE");
	v = colon + 1 + strspn(colon + 1, " ");
	snprintf(text, sizeof(text), "%.*s: %s", (int)(colon - value), value,
	    v);
	list = url_map(u, u->store, TREE_LIST, p->key);
	if (list != NULL)
		url_put(u, list, NULL, text);
	return 0;
}

/* 0: single DELETEs, as 1 is here. */
static int
take_deletes(struct url_line *u, const struct param *p, const char *value)
{
	url_put(u, u->store, p->key, strcmp(value, "0") == 0 ? "1" : value);
	return 0;
}

static int
take_bulk_delete(struct url_line *u, const struct param *p, const char *value)
{
	if (strcmp(value, "0") == 0)
		url_put(u, u->store, p->key, "1");
	return 0;
}

static int
take_nothing(struct url_line *u, const struct param *p, const char *value)
{
	(void)value;
	conf_warning(u->c, u->node->at, "store.url: %s has no meaning here",
	    p->name);
	return 0;
}

static const struct param params[] = {
	{ "region", take_region, NULL },
	{ "bucket", take_bucket, NULL },
	{ "auth_role", take_role, NULL },
	{ "auth_host", take_auth_host, NULL },
	{ "absolute_timeout", take_time, "timeout" },
	{ "absolute_timeout_msecs", take_time, "timeout" },
	{ "timeout", take_time, "timeout" },
	{ "timeout_msecs", take_time, "timeout" },
	{ "connect_timeout", take_time, "connect-timeout" },
	{ "connect_timeout_msecs", take_time, "connect-timeout" },
	{ "max_retries", take_key, "max-retries" },
	{ "addhdr", take_header, "request-headers" },
	{ "bulk_delete_limit", take_deletes, "parallel-deletes" },
	{ "bulk_delete", take_bulk_delete, "parallel-deletes" },
	{ "ssl_client_ca_file", take_key, "tls-ca-file" },
	{ "addhdrvar", take_nothing, NULL },
	{ "delete_max_retries", take_nothing, NULL },
	{ "delete_timeout", take_nothing, NULL },
	{ "delete_timeout_msecs", take_nothing, NULL },
	{ "loghdr", take_nothing, NULL },
	{ "max_connect_retries", take_nothing, NULL },
	{ "no_trace_headers", take_nothing, NULL },
	{ "read_max_retries", take_nothing, NULL },
	{ "read_timeout", take_nothing, NULL },
	{ "read_timeout_msecs", take_nothing, NULL },
	{ "reason_header_max_length", take_nothing, NULL },
	{ "slow_warn", take_nothing, NULL },
	{ "slow_warn_msecs", take_nothing, NULL },
	{ "ssl_client_ca_dir", take_nothing, NULL },
	{ "write_max_retries", take_nothing, NULL },
	{ "write_timeout", take_nothing, NULL },
	{ "write_timeout_msecs", take_nothing, NULL },
};

/* A name that is none: the nearest, if one is near. */
static void
unknown(struct url_line *u, const char *name)
{
	char	words[1024] = "", near[64], shown[64], hint[96] = "";
	size_t	i;

	for (i = 0; i < nitems(params); i++) {
		strlcat(words, i > 0 ? " " : "", sizeof(words));
		strlcat(words, params[i].name, sizeof(words));
	}
	if (conf_word_nearest(name, words, near, sizeof(near)) != NULL)
		snprintf(hint, sizeof(hint), " (did you mean \"%s\"?)", near);
	conf_warning(u->c, u->node->at, "store.url: %s is no parameter that "
	    "Pail knows: it is not used%s", conf_quote(name, shown,
	    sizeof(shown)), hint);
}

static int
one(struct url_line *u, const char *s, size_t len)
{
	const char	*eq = memchr(s, '=', len);
	char		 name[64], value[VALUE_MAX];
	size_t		 i, n = eq != NULL ? (size_t)(eq - s) : len;

	if (n == 0 || url_decode(s, n, name, sizeof(name)) == -1) {
		conf_error(u->c, u->node->at, "store.url: a parameter without "
		    "a name, or with one that is too long");
		return -1;
	}
	if (url_decode(eq != NULL ? eq + 1 : s + len, eq != NULL ?
	    len - n - 1 : 0, value, sizeof(value)) == -1) {
		conf_error(u->c, u->node->at, "store.url: the value of %.60s "
		    "is too long, or not encoded as in a URL", name);
		return -1;
	}
	for (i = 0; i < nitems(params); i++)
		if (strcmp(params[i].name, name) == 0)
			return params[i].take(u, &params[i], value);
	unknown(u, name);
	return 0;
}

/* Is there a parameter that begins so? */
static bool
has(const char *s, const char *name)
{
	const char	*p;

	for (p = s; (p = strstr(p, name)) != NULL; p++)
		if (p == s || p[-1] == '&')
			return true;
	return false;
}

int
url_params(struct url_line *u, const char *s)
{
	size_t	n;

	u->absolute = has(s, "absolute_timeout");
	for (; *s != '\0'; s += n + (s[n] == '&')) {
		n = strcspn(s, "&");
		if (n > 0 && one(u, s, n) == -1)
			return -1;
	}
	return 0;
}
