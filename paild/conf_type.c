/*
 * The types of scalars.  Every message says what was found and what would
 * be right; no secret comes through here.
 */
#include "common/compat.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "paild/conf_near.h"
#include "paild/conf_parse.h"
#include "paild/conf_type.h"

#define DOLLAR		1000000000ULL	/* nanodollars */
#define DOLLAR_DIGITS	9

const char *
conf_quote(const char *s, char *dst, size_t size)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 i = 0;
	unsigned char		 c;

	dst[i++] = '"';
	for (; *s != '\0'; s++) {
		if (i + 9 > size) {
			memcpy(dst + i, "...", 3);
			i += 3;
			break;
		}
		c = (unsigned char)*s;
		if (c < 0x20 || c == 0x7f) {
			dst[i++] = '\\';
			dst[i++] = 'x';
			dst[i++] = hex[c >> 4];
			dst[i++] = hex[c & 15];
		} else
			dst[i++] = (char)c;
	}
	dst[i++] = '"';
	dst[i] = '\0';
	return dst;
}

int
conf_wrong(struct parse *p, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->size, fmt, ap);
	va_end(ap);
	return -1;
}

/* "a b c" as "a, b or c". */
static const char *
alternatives(char *dst, size_t size, const char *words)
{
	const char	*last = strrchr(words, ' ');

	dst[0] = '\0';
	for (; *words != '\0'; words++) {
		char	c[2] = { *words, '\0' };

		strlcat(dst, *words != ' ' ? c : words == last ? " or " : ", ",
		    size);
	}
	return dst;
}

static int
parse_word(struct parse *p)
{
	char	near[32], list[160];

	if (conf_word_in(p->s, p->key->words))
		return buf_puts(p->out, p->s);
	if (conf_word_nearest(p->s, p->key->words, near, sizeof(near)) != NULL)
		return conf_wrong(p,
		    "%s is not a valid value (did you mean \"%s\"?)",
		    p->shown, near);
	return conf_wrong(p, "%s is not a valid value: must be %s", p->shown,
	    alternatives(list, sizeof(list), p->key->words));
}

static int
parse_bool(struct parse *p)
{
	static const struct { const char *said, *meant; } t[] = {
		{ "yes", "true" }, { "on", "true" }, { "1", "true" },
		{ "True", "true" }, { "TRUE", "true" }, { "no", "false" },
		{ "off", "false" }, { "0", "false" }, { "False", "false" },
		{ "FALSE", "false" },
	};
	size_t	i;

	if (strcmp(p->s, "true") == 0 || strcmp(p->s, "false") == 0)
		return buf_puts(p->out, p->s);
	for (i = 0; i < nitems(t); i++)
		if (strcmp(p->s, t[i].said) == 0)
			return conf_wrong(p, "%s is not a boolean "
			    "(did you mean %s?)", p->shown, t[i].meant);
	return conf_wrong(p, "%s is not a boolean: must be true or false",
	    p->shown);
}

/* Digits from *s on; false on overflow or none. */
static bool
digits(const char **s, uint64_t *v)
{
	const char	*start = *s;

	for (*v = 0; isdigit((unsigned char)**s); (*s)++) {
		if (*v > (UINT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(**s - '0');
	}
	return *s != start;
}

static int
parse_number(struct parse *p)
{
	const char	*s = p->s;
	uint64_t	 v;

	if (!digits(&s, &v) || *s != '\0')
		return conf_wrong(p, "%s is not a number", p->shown);
	if (v < p->key->min || v > p->key->max)
		return conf_wrong(p, "%s is out of range: must be %llu to "
		    "%llu", p->shown, (unsigned long long)p->key->min,
		    (unsigned long long)p->key->max);
	return buf_printf(p->out, "%llu", (unsigned long long)v);
}

/* "0.0004" as nanodollars. */
static int
parse_dollars(struct parse *p)
{
	const char	*s = p->s, *point;
	uint64_t	 v, nano = 0;
	int		 n;

	if (!digits(&s, &v))
		goto bad;
	if (*s == '.') {
		point = ++s;
		if (!digits(&s, &nano) || s - point > DOLLAR_DIGITS)
			goto bad;
		for (n = (int)(s - point); n < DOLLAR_DIGITS; n++)
			nano *= 10;
	}
	if (*s != '\0')
		goto bad;
	if (v > p->key->max / DOLLAR || v * DOLLAR + nano > p->key->max)
		return conf_wrong(p, "%s is out of range: must be 0 to %llu",
		    p->shown, (unsigned long long)(p->key->max / DOLLAR));
	return buf_printf(p->out, "%llu",
	    (unsigned long long)(v * DOLLAR + nano));
bad:
	return conf_wrong(p, "%s is not a price: use dollars with up to %d "
	    "decimals, such as 0.0004", p->shown, DOLLAR_DIGITS);
}

static int
parse_processes(struct parse *p)
{
	const char	*s = p->s;
	uint64_t	 v;

	if (strcmp(s, "auto") == 0)
		return buf_puts(p->out, s);
	if (!digits(&s, &v) || *s != '\0')
		return conf_wrong(p, "%s is not a number of processes: "
		    "must be auto or a number", p->shown);
	if (v < p->key->min || v > p->key->max)
		return conf_wrong(p, "%s is out of range: must be auto, or "
		    "%llu to %llu", p->shown, (unsigned long long)p->key->min,
		    (unsigned long long)p->key->max);
	return buf_printf(p->out, "%llu", (unsigned long long)v);
}

struct unit { char letter; uint64_t factor; };

/* In the largest unit that v is a multiple of; 0 needs one, too, if v is a
 * duration. */
static void
with_unit(char *dst, size_t size, uint64_t v, const struct unit *u, size_t n)
{
	size_t	i;

	for (i = n; i-- > 0; ) {
		if (v % u[i].factor == 0 && (v != 0 || u[i].factor == 1)) {
			snprintf(dst, size, "%llu%c",
			    (unsigned long long)(v / u[i].factor), u[i].letter);
			return;
		}
	}
	snprintf(dst, size, "%llu", (unsigned long long)v);
}

static int
in_range(struct parse *p, uint64_t v, const struct unit *u, size_t n)
{
	char	lo[32], hi[32];

	if (v >= p->key->min && v <= p->key->max)
		return buf_printf(p->out, "%llu", (unsigned long long)v);
	with_unit(lo, sizeof(lo), p->key->min, u, n);
	with_unit(hi, sizeof(hi), p->key->max, u, n);
	return conf_wrong(p, "%s is out of range: must be %s to %s",
	    p->shown, lo, hi);
}

static int
parse_size(struct parse *p)
{
	static const struct unit u[] = {
		{ 'K', 1ULL << 10 }, { 'M', 1ULL << 20 },
		{ 'G', 1ULL << 30 }, { 'T', 1ULL << 40 },
	};
	const char	*s = p->s;
	uint64_t	 v, factor = 1;
	size_t		 i;

	if (!digits(&s, &v))
		goto bad;
	for (i = 0; i < nitems(u) && *s != '\0'; i++)
		if (toupper((unsigned char)*s) == u[i].letter) {
			factor = u[i].factor;
			s++;
			if (strcmp(s, "iB") == 0)
				s += 2;
			break;
		}
	if (*s != '\0')
		goto bad;
	if (v > UINT64_MAX / factor)
		v = UINT64_MAX, factor = 1;
	return in_range(p, v * factor, u, nitems(u));
bad:
	return conf_wrong(p, "%s is not a size: use a number with K, M, G or "
	    "T, such as 512M", p->shown);
}

static int
parse_duration(struct parse *p)
{
	static const struct unit u[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	const char	*s = p->s;
	uint64_t	 v;
	size_t		 i;

	if (!digits(&s, &v))
		return conf_wrong(p, "%s is not a duration: use a number with "
		    "s, m, h or d, such as 30s", p->shown);
	if (*s == '\0')
		return conf_wrong(p, "%s has no unit (did you mean %llus?)",
		    p->shown, (unsigned long long)v);
	for (i = 0; i < nitems(u); i++)
		if (s[0] == u[i].letter && s[1] == '\0')
			return in_range(p, v > UINT64_MAX / u[i].factor ?
			    UINT64_MAX : v * u[i].factor, u, nitems(u));
	return conf_wrong(p, "%s is not a duration: use a number with s, m, h "
	    "or d, such as 30s", p->shown);
}

int
conf_check_length(struct parse *p)
{
	size_t	n = strlen(p->s);

	if (n >= p->key->min && n <= p->key->max)
		return 0;
	if (n == 0)
		return conf_wrong(p, "\"\" is empty: %s needs a value",
		    p->key->path);
	return conf_wrong(p, "%s is %zu bytes long, must be %llu to %llu",
	    p->shown, n, (unsigned long long)p->key->min,
	    (unsigned long long)p->key->max);
}

int
conf_check_printable(struct parse *p)
{
	const char	*s;

	for (s = p->s; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return conf_wrong(p, "%s contains a control character",
			    p->shown);
	return 0;
}

static int
parse_string(struct parse *p)
{
	const char	*s;

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	for (s = p->s; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("-_.", *s) == NULL)
			return conf_wrong(p, "%s may contain only letters, "
			    "digits, '-', '_' and '.'", p->shown);
	return buf_puts(p->out, p->s);
}

static int
parse_text(struct parse *p)
{
	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	return buf_puts(p->out, p->s);
}

static int
parse_claim(struct parse *p)
{
	const char	*eq = strchr(p->s, '=');

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (eq == NULL || eq == p->s || eq[1] == '\0' || eq - p->s > 250)
		return conf_wrong(p, "%s: must be of the form NAME=VALUE",
		    p->shown);
	return buf_puts(p->out, p->s);
}

int
conf_path_join(const char *base, const char *path, struct buf *out)
{
	static const char	 var[] = "$" CREDENTIALS_ENV "/";
	const char		*dir;
	size_t			 start = out->len, n = strlen(var);

	if (strncmp(path, var, n) == 0) {
		/* Where others than the service find its credentials. */
		if ((dir = getenv(CREDENTIALS_ENV)) == NULL || *dir != '/')
			dir = CREDENTIALS_DIR;
		base = dir;
		path += n;
	}
	if (*path != '/') {
		while (strncmp(path, "./", 2) == 0)
			path += 2;
		buf_puts(out, base);
		if (strcmp(base, "/") != 0)
			buf_puts(out, "/");
	}
	buf_puts(out, path);
	while (!out->failed && out->len > start + 1 &&
	    out->data[out->len - 1] == '/')
		out->len--;
	return out->failed || out->len - start >= PATH_MAX ? -1 : 0;
}

static int
parse_path(struct parse *p)
{
	size_t	start = p->out->len, n;

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (conf_path_join(p->base, p->s, p->out) == -1)
		return conf_wrong(p, "%s is too long for a path", p->shown);
	n = p->out->len - start;
	if (n > p->key->max) {
		p->out->len = start;
		return conf_wrong(p,
		    "%s expands to a path of %zu bytes, more than %llu",
		    p->shown, n, (unsigned long long)p->key->max);
	}
	return 0;
}

static int
parse_compression(struct parse *p)
{
	static const struct {
		const char	*name;
		uint64_t	 max, def;
	} t[] = { { "zstd", 19, 3 }, { "gzip", 9, 6 }, { "lz4", 0, 0 },
	    { "none", 0, 0 } };
	const char	*level;
	char		 name[16], near[16];
	uint64_t	 v;
	size_t		 i, n = strcspn(p->s, ":");

	snprintf(name, sizeof(name), "%.*s", n < 15 ? (int)n : 15, p->s);
	level = p->s[n] == ':' ? p->s + n + 1 : NULL;
	for (i = 0; i < nitems(t) && strcmp(name, t[i].name) != 0; i++)
		;
	if (i == nitems(t)) {
		if (conf_word_nearest(name, "zstd gzip lz4 none", near,
		    sizeof(near)) != NULL)
			return conf_wrong(p, "%s is not a valid value (did you "
			    "mean \"%s\"?)", p->shown, near);
		return conf_wrong(p, "%s is not a valid value: must be "
		    "zstd[:level], gzip[:level], lz4 or none", p->shown);
	}
	if (t[i].max == 0) {
		if (level != NULL)
			return conf_wrong(p, "%s: %s has no levels", p->shown,
			    name);
		return buf_puts(p->out, name);
	}
	v = t[i].def;
	if (level != NULL && (!digits(&level, &v) || *level != '\0' ||
	    v < 1 || v > t[i].max))
		return conf_wrong(p, "%s: the level of %s must be 1 to %llu",
		    p->shown, name, (unsigned long long)t[i].max);
	return buf_printf(p->out, "%s:%llu", name, (unsigned long long)v);
}

static int
parse_mailbox(struct parse *p)
{
	size_t	n = strlen(p->s);

	if (conf_check_length(p) == -1 || conf_check_printable(p) == -1)
		return -1;
	if (strpbrk(p->s, "*%") != NULL)
		return conf_wrong(p,
		    "%s: a mailbox name cannot contain '*' or '%%'",
		    p->shown);
	if (p->s[0] == '/' || p->s[n - 1] == '/' ||
	    strstr(p->s, "//") != NULL)
		return conf_wrong(p, "%s: '/' separates levels, and no level "
		    "may be empty", p->shown);
	if (strcasecmp(p->s, "INBOX") == 0)
		return conf_wrong(p,
		    "INBOX is always created: leave it out here");
	return buf_puts(p->out, p->s);
}

/* conf_url() has told what is wrong with it, and put all of it into other
 * items; a secret less to keep. */
static int
parse_line(struct parse *p)
{
	(void)p;
	return 0;
}

int
conf_type_parse(const struct conf_key *key, const char *s, const char *base,
    struct buf *out, char *why, size_t size)
{
	static int	(*const parsers[])(struct parse *) = {
		[CONF_WORD] = parse_word,
		[CONF_BOOL] = parse_bool,
		[CONF_NUMBER] = parse_number,
		[CONF_SIZE] = parse_size,
		[CONF_DURATION] = parse_duration,
		[CONF_DOLLARS] = parse_dollars,
		[CONF_PROCESSES] = parse_processes,
		[CONF_STRING] = parse_string,
		[CONF_TEXT] = parse_text,
		[CONF_PATH] = parse_path,
		[CONF_FILE] = parse_path,
		[CONF_LISTEN] = conf_parse_listen,
		[CONF_LINE] = parse_line,
		[CONF_NETWORK] = conf_parse_network,
		[CONF_URL] = conf_parse_url,
		[CONF_PROXY] = conf_parse_proxy,
		[CONF_WEB] = conf_parse_web,
		[CONF_CLAIM] = parse_claim,
		[CONF_BUCKET] = conf_parse_bucket,
		[CONF_PREFIX] = conf_parse_prefix,
		[CONF_ARN] = conf_parse_arn,
		[CONF_ID] = conf_parse_id,
		[CONF_HEADER] = conf_parse_header,
		[CONF_COMPRESSION] = parse_compression,
		[CONF_LDAP_URL] = conf_parse_ldap_url,
		[CONF_LDAP_DN] = conf_parse_ldap_dn,
		[CONF_LDAP_FILTER] = conf_parse_ldap_filter,
		[CONF_MAILBOX] = parse_mailbox,
	};
	struct parse	 p = { .key = key, .s = s, .base = base, .out = out,
			    .why = why, .size = size };

	conf_quote(s, p.shown, sizeof(p.shown));
	if ((size_t)key->type >= nitems(parsers) || parsers[key->type] == NULL)
		return conf_wrong(&p, "%s cannot be a plain value", key->path);
	if (parsers[key->type](&p) == -1)
		return -1;
	if (out->failed)
		return conf_wrong(&p, "out of memory");
	return 0;
}
