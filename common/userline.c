/*
 * Lines of the users' file.  Written by hand and by editors: what is not
 * seen on a screen must not make another user, so it is named.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "common/quota_text.h"
#include "common/user.h"
#include "common/userline.h"

size_t
userline_bom(const void *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* White space but the space, and what is not seen at all. */
static bool
is_unseen(utf8proc_int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202f || (c >= 0x205f && c <= 0x2060) ||
	    c == 0x3000 || c == 0xfeff;
}

static enum userline
bad(char *why, size_t size, const char *line, size_t at, const char *what)
{
	snprintf(why, size, "byte 0x%02x in column %zu: %s",
	    (unsigned)(unsigned char)line[at], at + 1, what);
	return USERLINE_BAD;
}

/* The first octet that no name holds; len: none. */
static size_t
odd_octet(const char *line, size_t len, const char **what)
{
	utf8proc_int32_t	c;
	utf8proc_ssize_t	n;
	size_t			i;

	for (i = 0; i < len; i += (size_t)n) {
		n = utf8proc_iterate((const uint8_t *)line + i,
		    (utf8proc_ssize_t)(len - i), &c);
		*what = n <= 0 ? "not UTF-8" : c == 0 ? "a NUL byte" :
		    c < 0x20 || (c >= 0x7f && c <= 0x9f) ?
		    "a control character" : "invisible white space";
		if (n <= 0 || is_unseen(c))
			return i;
	}
	return len;
}

bool
userline_alias(struct str *rest, struct str *alias)
{
	const char	*comma;

	while (rest->len > 0 && *rest->p == ',') {
		rest->p++;
		rest->len--;
	}
	if (rest->len == 0)
		return false;
	*alias = *rest;
	if ((comma = memchr(rest->p, ',', rest->len)) != NULL)
		alias->len = (size_t)(comma - rest->p);
	rest->p += alias->len;
	rest->len -= alias->len;
	return true;
}

/* Is each of them a name?  Else which is not, in why. */
static bool
aliases_valid(struct str list, char *why, size_t size)
{
	char		id[USER_ID_MAX + 1];
	struct str	alias;

	while (userline_alias(&list, &alias))
		if (user_normalize(alias, id, sizeof(id)) == -1) {
			snprintf(why, size, "aliases: \"%.*s\" is not a name",
			    alias.len > 64 ? 64 : (int)alias.len, alias.p);
			return false;
		}
	return true;
}

/* One word behind the hash. */
static void
read_field(struct userline_more *m, struct str s)
{
	const char	*eq = memchr(s.p, '=', s.len);
	struct str	 key = s, value = STR("");

	if (eq != NULL) {
		key.len = (size_t)(eq - s.p);
		value = (struct str){ eq + 1, s.len - key.len - 1 };
	}
	if (eq != NULL && str_eq(key, STR("aliases"))) {
		if (aliases_valid(value, m->why, sizeof(m->why)))
			m->aliases = value;
	} else if (eq != NULL && str_eq(key, STR("quota"))) {
		m->has_quota = quota_parse(value, &m->bytes,
		    &m->messages) == 0;
		if (!m->has_quota)
			snprintf(m->why, sizeof(m->why),
			    "quota: \"%.*s\": " QUOTA_TEXT_EXPECTED,
			    value.len > 64 ? 64 : (int)value.len, value.p);
	} else
		snprintf(m->why, sizeof(m->why),
		    "\"%.*s\" is neither \"aliases\" nor \"quota\"",
		    key.len > 64 ? 64 : (int)key.len, key.p);
}

static void
read_more(struct userline_more *m, struct str rest)
{
	size_t	i, n;

	for (i = 0; i < rest.len; i += n) {
		for (; i < rest.len && rest.p[i] == ' '; i++)
			;
		for (n = 0; i + n < rest.len && rest.p[i + n] != ' '; n++)
			;
		if (n > 0)
			read_field(m, (struct str){ rest.p + i, n });
	}
}

/* Where the hash ends, and something else may begin. */
static size_t
hash_end(const char *line, size_t at, size_t len)
{
	while (at < len && line[at] > ' ' && line[at] <= '~')
		at++;
	return at;
}

static enum userline
parse(const char *line, size_t len, char *id, size_t size, struct str *hash,
    struct userline_more *more, char *why, size_t whysize)
{
	const char	*colon, *what;
	size_t		 i, n, at, end;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	for (i = 0; i < len && is_blank(line[i]); i++)
		;
	if (i == len || line[i] == '#')
		return USERLINE_NOTHING;
	if ((colon = memchr(line, ':', len)) == NULL) {
		if ((at = odd_octet(line, len, &what)) < len)
			return bad(why, whysize, line, at, what);
		snprintf(why, whysize, "no colon");
		return USERLINE_BAD;
	}
	n = (size_t)(colon - line);
	if (i > 0 && n > 0)
		return bad(why, whysize, line, 0, "white space before the "
		    "name");
	if ((at = odd_octet(line, n, &what)) < n)
		return bad(why, whysize, line, at, what);
	if (n > 0 && is_blank(line[n - 1]))
		return bad(why, whysize, line, n - 1,
		    "white space after the name");
	at = end = hash_end(line, n + 1, len);
	while (more != NULL && end > n + 1 && at < len && line[at] == ' ')
		at++;
	if (at > end && at < len && line[at] >= 'a' && line[at] <= 'z') {
		at += odd_octet(line + at, len - at, &what);
		if (at < len)
			return bad(why, whysize, line, at, what);
	} else
		at = end;
	if (at < len)
		return bad(why, whysize, line, at, line[at] == '\0' ?
		    "a NUL byte" : "not allowed in a hash");
	if (user_normalize((struct str){ line, n }, id, size) == -1) {
		snprintf(why, whysize, "invalid name");
		return USERLINE_BAD;
	}
	*hash = (struct str){ colon + 1, end - n - 1 };
	if (more != NULL)
		read_more(more, (struct str){ line + end, len - end });
	return USERLINE_USER;
}

enum userline
userline_parse(const char *line, size_t len, char *id, size_t size,
    struct str *hash, char *why, size_t whysize)
{
	return parse(line, len, id, size, hash, NULL, why, whysize);
}

enum userline
userline_read(const char *line, size_t len, char *id, size_t size,
    struct str *hash, struct userline_more *more, char *why, size_t whysize)
{
	memset(more, 0, sizeof(*more));
	more->aliases = STR("");
	return parse(line, len, id, size, hash, more, why, whysize);
}

bool
userline_locked(struct str hash)
{
	return hash.len > 1 && hash.p[0] == '!' && hash.p[1] != '!';
}
