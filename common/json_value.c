/*
 * Values of a JSON text (json.h) as the bytes that they are written with.
 * Must never take two members of one name for one: who reads the other one
 * would see another object.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_impl.h"

static int	 strict_value(struct json *);

/* The name at j, which stands behind its quote: its length, or -1. */
static int
strict_name(struct json *j, const struct json *seen, size_t n)
{
	char		name[JSON_NAME_MAX + 1], other[JSON_NAME_MAX + 1];
	struct json	before;
	size_t		i;
	int		len = json_string(j, name, sizeof(name)), k;

	if (len == -1 || (size_t)len >= sizeof(name))
		return -1;
	for (i = 0; i < n; i++) {
		before = seen[i];
		k = json_string(&before, other, sizeof(other));
		if (k == len && memcmp(name, other, (size_t)len) == 0)
			return -1;
	}
	return len;
}

static int
strict_object(struct json *j)
{
	struct json	seen[JSON_MEMBERS_MAX];
	size_t		n = 0;

	if (json_take(j, '}'))
		return 0;
	do {
		if (!json_take(j, '"') || n == JSON_MEMBERS_MAX)
			return -1;
		seen[n] = *j;
		if (strict_name(j, seen, n) == -1)
			return -1;
		n++;
		if (!json_take(j, ':') || strict_value(j) == -1)
			return -1;
	} while (json_take(j, ','));
	return json_take(j, '}') ? 0 : -1;
}

static int
strict_array(struct json *j)
{
	if (json_take(j, ']'))
		return 0;
	do
		if (strict_value(j) == -1)
			return -1;
	while (json_take(j, ','));
	return json_take(j, ']') ? 0 : -1;
}

static int
strict_value(struct json *j)
{
	int	r;

	json_space(j);
	if (j->p == j->end || j->depth == JSON_DEPTH_MAX)
		return -1;
	if (*j->p != '{' && *j->p != '[')
		return json_skip(j);
	j->depth++;
	r = *j->p++ == '{' ? strict_object(j) : strict_array(j);
	j->depth--;
	return r;
}

bool
json_strict(struct str text)
{
	struct json	j = { text.p, text.p + text.len, 1 };

	if (text.len == 0 || !json_take(&j, '{') || strict_object(&j) == -1)
		return false;
	json_space(&j);
	return j.p == j.end;
}

bool
json_member(struct str object, const char *name, struct str *value)
{
	struct json	 j = { object.p, object.p + object.len, 1 };
	char		 at[JSON_NAME_MAX + 1];
	const char	*from;
	int		 n;

	if (object.len == 0 || !json_take(&j, '{') || json_take(&j, '}'))
		return false;
	do {
		if (!json_take(&j, '"') ||
		    (n = json_string(&j, at, sizeof(at))) == -1 ||
		    !json_take(&j, ':'))
			return false;
		json_space(&j);
		from = j.p;
		if (json_skip(&j) == -1)
			return false;
		if ((size_t)n == strlen(name) && (size_t)n < sizeof(at) &&
		    memcmp(at, name, (size_t)n) == 0) {
			*value = (struct str){ from, (size_t)(j.p - from) };
			return true;
		}
	} while (json_take(&j, ','));
	return false;
}

bool
json_element(struct str *rest, struct str *value)
{
	struct json	 j = { rest->p, rest->p + rest->len, 1 };
	const char	*from;

	if (rest->len == 0 || (!json_take(&j, '[') && !json_take(&j, ',')))
		return false;
	json_space(&j);
	from = j.p;
	if (j.p == j.end || *j.p == ']' || json_skip(&j) == -1)
		return false;
	*value = (struct str){ from, (size_t)(j.p - from) };
	*rest = (struct str){ j.p, (size_t)(j.end - j.p) };
	return true;
}

int
json_text(struct str value, char *dst, size_t size)
{
	struct json	j = { value.p, value.p + value.len, 1 };
	int		n, i;

	if (value.len == 0 || *j.p++ != '"' ||
	    (n = json_string(&j, dst, size)) == -1 || j.p != j.end ||
	    (size_t)n >= size)
		return -1;
	for (i = 0; i < n; i++)
		if ((unsigned char)dst[i] < 0x20 || dst[i] == 0x7f)
			return -1;
	dst[n] = '\0';
	return n;
}

char *
json_dup(struct str value, size_t *len)
{
	struct json	 j = { value.p, value.p + value.len, 1 };
	char		*dst;
	int		 n;

	/* No escape is longer than what it is written as. */
	if (value.len == 0 || *j.p++ != '"' ||
	    (dst = malloc(value.len)) == NULL)
		return NULL;
	if ((n = json_string(&j, dst, value.len)) == -1 || j.p != j.end) {
		free(dst);
		return NULL;
	}
	dst[n] = '\0';
	*len = (size_t)n;
	return dst;
}

bool
json_is_text(struct str value, const char *text)
{
	char	dst[1024];

	return json_text(value, dst, sizeof(dst)) != -1 &&
	    strcmp(dst, text) == 0;
}

bool
json_int(struct str value, int64_t *n)
{
	const char	*p = value.p, *end = value.p + value.len;
	bool		 minus = value.len > 0 && *p == '-';
	int64_t		 v = 0;
	size_t		 digits = 0;

	for (p += minus; p < end && isdigit((unsigned char)*p); p++) {
		if (++digits > 15)
			return false;
		v = v * 10 + (*p - '0');
	}
	if (digits == 0)
		return false;
	if (p < end && *p == '.')
		for (p++; p < end && isdigit((unsigned char)*p); p++)
			;
	if (p != end)
		return false;
	*n = minus ? -v : v;
	return true;
}

int
json_put_text(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\')
			buf_printf(b, "\\%c", *s);
		else
			buf_put_u8(b, (unsigned char)*s < 0x20 || *s == 0x7f ?
			    '?' : (uint8_t)*s);
	return buf_puts(b, "\"");
}
