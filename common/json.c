/*
 * A reader of one JSON object (json.h), without a tree: each question walks
 * over the text.  Bounded in depth; copies nothing but what is asked for.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/json_impl.h"

void
json_space(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' ||
	    *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

bool
json_take(struct json *j, char c)
{
	json_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static int
json_hex4(struct json *j, unsigned *v)
{
	int	i, c;

	if (j->end - j->p < 4)
		return -1;
	for (*v = 0, i = 0; i < 4; i++) {
		c = (unsigned char)*j->p++;
		if (!isxdigit(c))
			return -1;
		*v = *v * 16 + (unsigned)(c <= '9' ? c - '0' :
		    tolower(c) - 'a' + 10);
	}
	return 0;
}

/* Appends when there is a dst (NULL: skips); *n counts on past size. */
static void
json_put(char *dst, size_t size, size_t *n, char c)
{
	if (dst != NULL && *n < size)
		dst[*n] = c;
	(*n)++;
}

/* The character of \uXXXX, as UTF-8; what is none, and NUL, as a control
 * character, which no value that is asked for may have. */
static int
json_unicode(struct json *j, char *dst, size_t size, size_t *n)
{
	unsigned	v, low;

	if (json_hex4(j, &v) == -1)
		return -1;
	if (v >= 0xd800 && v < 0xdc00 && j->end - j->p >= 6 &&
	    j->p[0] == '\\' && j->p[1] == 'u') {
		j->p += 2;
		if (json_hex4(j, &low) == -1)
			return -1;
		v = low >= 0xdc00 && low < 0xe000 ?
		    0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00) : 0;
	}
	if (v == 0 || (v >= 0xd800 && v < 0xe000))
		v = 1;
	if (v < 0x80)
		json_put(dst, size, n, (char)v);
	else if (v < 0x800)
		json_put(dst, size, n, (char)(0xc0 | v >> 6));
	else if (v < 0x10000)
		json_put(dst, size, n, (char)(0xe0 | v >> 12));
	else {
		json_put(dst, size, n, (char)(0xf0 | v >> 18));
		json_put(dst, size, n, (char)(0x80 | (v >> 12 & 0x3f)));
	}
	if (v >= 0x800)
		json_put(dst, size, n, (char)(0x80 | (v >> 6 & 0x3f)));
	if (v >= 0x80)
		json_put(dst, size, n, (char)(0x80 | (v & 0x3f)));
	return 0;
}

static int
json_escape(struct json *j, char *dst, size_t size, size_t *n)
{
	static const char	 from[] = "\"\\/bfnrt";
	static const char	 to[] = "\"\\/\b\f\n\r\t";
	const char		*f;

	if (j->p == j->end)
		return -1;
	if (*j->p == 'u') {
		j->p++;
		return json_unicode(j, dst, size, n);
	}
	if (*j->p == '\0' || (f = strchr(from, *j->p)) == NULL)
		return -1;
	j->p++;
	json_put(dst, size, n, to[f - from]);
	return 0;
}

int
json_string(struct json *j, char *dst, size_t size)
{
	size_t	n = 0;
	char	c;

	while (j->p < j->end) {
		c = *j->p++;
		if (c == '"')
			return n > JSON_STRING_MAX ? -1 : (int)n;
		if ((unsigned char)c < 0x20)
			return -1;
		if (c != '\\')
			json_put(dst, size, &n, c);
		else if (json_escape(j, dst, size, &n) == -1)
			return -1;
	}
	return -1;
}

static int
json_digits(struct json *j)
{
	const char	*from = j->p;

	while (j->p < j->end && isdigit((unsigned char)*j->p))
		j->p++;
	return j->p > from ? 0 : -1;
}

static int
json_number(struct json *j)
{
	if (*j->p == '-')
		j->p++;
	if (j->p < j->end && *j->p == '0')
		j->p++;
	else if (json_digits(j) == -1)
		return -1;
	if (j->p < j->end && *j->p == '.') {
		j->p++;
		if (json_digits(j) == -1)
			return -1;
	}
	if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
		j->p++;
		if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
			j->p++;
		return json_digits(j);
	}
	return 0;
}

static int
json_word(struct json *j, const char *word)
{
	size_t	n = strlen(word);

	if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0)
		return -1;
	j->p += n;
	return 0;
}

static int
json_array(struct json *j)
{
	if (json_take(j, ']'))
		return 0;
	do
		if (json_skip(j) == -1)
			return -1;
	while (json_take(j, ','));
	return json_take(j, ']') ? 0 : -1;
}

/* What to do with the members of an object. */
struct json_want {
	const char	*name;
	char		*dst;
	size_t		 size;
	int		 len;		/* -1: not there, or no such value */
	unsigned	 seen;
	unsigned	 null;		/* of these */
};

/* The value of the member that is asked for. */
static int
json_wanted(struct json *j, struct json_want *w)
{
	const char	*from;
	size_t		 n;

	json_space(j);
	if (j->p < j->end && *j->p == '"') {
		j->p++;
		if ((w->len = json_string(j, w->dst, w->size)) == -1)
			return -1;
	} else {
		from = j->p;
		if (json_skip(j) == -1)
			return -1;
		n = (size_t)(j->p - from);
		w->len = -1;
		w->null += *from == 'n';
		if ((*from == '-' || isdigit((unsigned char)*from)) &&
		    n < w->size) {
			memcpy(w->dst, from, n);
			w->len = (int)n;
		}
	}
	if (w->len != -1 && (size_t)w->len >= w->size)
		w->len = -1;
	return 0;
}

/* Behind the brace. */
static int
json_object(struct json *j, struct json_want *w)
{
	char	name[64];
	int	n;

	if (json_take(j, '}'))
		return 0;
	do {
		if (!json_take(j, '"') ||
		    (n = json_string(j, name, sizeof(name))) == -1 ||
		    !json_take(j, ':'))
			return -1;
		if (w != NULL && (size_t)n == strlen(w->name) &&
		    (size_t)n < sizeof(name) &&
		    memcmp(name, w->name, (size_t)n) == 0) {
			w->seen++;
			if (json_wanted(j, w) == -1)
				return -1;
		} else if (json_skip(j) == -1)
			return -1;
	} while (json_take(j, ','));
	return json_take(j, '}') ? 0 : -1;
}

int
json_skip(struct json *j)
{
	int	r = -1;

	json_space(j);
	if (j->p == j->end || j->depth == JSON_DEPTH_MAX)
		return -1;
	j->depth++;
	switch (*j->p) {
	case '{':
		j->p++;
		r = json_object(j, NULL);
		break;
	case '[':
		j->p++;
		r = json_array(j);
		break;
	case '"':
		j->p++;
		r = json_string(j, NULL, 0) == -1 ? -1 : 0;
		break;
	case 't':
		r = json_word(j, "true");
		break;
	case 'f':
		r = json_word(j, "false");
		break;
	case 'n':
		r = json_word(j, "null");
		break;
	default:
		if (*j->p == '-' || isdigit((unsigned char)*j->p))
			r = json_number(j);
	}
	j->depth--;
	return r;
}

static int
json_top(const void *p, size_t len, struct json_want *w)
{
	struct json	j = { p, (const char *)p + len, 1 };

	if (len == 0 || !json_take(&j, '{') || json_object(&j, w) == -1)
		return -1;
	json_space(&j);
	return j.p == j.end ? 0 : -1;
}

int
json_check(const void *p, size_t len)
{
	return json_top(p, len, NULL);
}

int
json_get(const void *p, size_t len, const char *name, char *dst, size_t size)
{
	struct json_want	w = { name, dst, size, -1, 0, 0 };

	if (json_top(p, len, &w) == -1 || w.seen != 1 || w.len == -1) {
		explicit_bzero(dst, size);
		return -1;
	}
	dst[w.len] = '\0';
	return w.len;
}

bool
json_has(const void *p, size_t len, const char *name)
{
	char			none[1];
	struct json_want	w = { name, none, sizeof(none), -1, 0, 0 };

	return json_top(p, len, &w) == 0 && w.seen > w.null;
}

int64_t
json_time(const char *s)
{
	struct tm	 tm = { 0 };
	const char	*end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	char		 sign = '+';
	int		 n = 0, hours = 0, minutes = 0;

	if (end == NULL || end - s != 19 || strlen(s) > 40)
		return -1;
	if (*end == '.')
		for (end++; isdigit((unsigned char)*end); end++)
			;
	if (strcmp(end, "Z") != 0 && (sscanf(end, "%c%2d:%2d%n", &sign, &hours,
	    &minutes, &n) != 3 || (sign != '+' && sign != '-') ||
	    end[n] != '\0'))
		return -1;
	if (tm.tm_year < 70 || tm.tm_sec > 60 || hours < 0 || hours > 23 ||
	    minutes < 0 || minutes > 59)
		return -1;
	return (int64_t)timegm(&tm) - (sign == '-' ? -1 : 1) *
	    (hours * 3600 + minutes * 60);
}
