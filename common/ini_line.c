/*
 * Lines of AWS's shared files (ini_line.h), as AWS's own parsers take them:
 * a comment is a whole line, or what follows " #" or " ;" in a value, or any
 * '#' or ';' behind a section's bracket; no quotes, no escapes.
 */
#include "common/compat.h"

#include <string.h>

#include "common/ini_line.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_comment(char c)
{
	return c == '#' || c == ';';
}

struct str
ini_trim(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	return (struct str){ p, (size_t)(end - p) };
}

static bool
bad(struct ini_line *l, const char *why)
{
	l->kind = INI_BAD;
	l->why = why;
	return true;
}

/* "[name]", and nothing behind it but a comment. */
static bool
section(struct ini_line *l, const char *p, const char *end)
{
	const char	*close = memchr(p, ']', (size_t)(end - p));
	struct str	 rest;

	if (close == NULL)
		return bad(l, "a section must end with \"]\"");
	rest = ini_trim(close + 1, end);
	if (rest.len > 0 && !is_comment(*rest.p))
		return bad(l, "text behind the \"]\" of a section");
	l->kind = INI_SECTION;
	l->name = ini_trim(p + 1, close);
	return true;
}

static bool
property(struct ini_line *l, const char *p, const char *end)
{
	const char	*equals, *c;

	for (c = p + 1; c < end; c++)
		if (is_comment(*c) && is_blank(c[-1])) {
			end = c;
			break;
		}
	if ((equals = memchr(p, '=', (size_t)(end - p))) == NULL)
		return bad(l, "neither a section nor \"name = value\"");
	l->kind = INI_PROPERTY;
	l->name = ini_trim(p, equals);
	l->value = ini_trim(equals + 1, end);
	if (l->name.len == 0)
		return bad(l, "no name before \"=\"");
	return true;
}

void
ini_begin(struct ini_reader *r, const void *text, size_t len)
{
	static const char	 bom[] = "\xef\xbb\xbf";

	r->p = len > 0 ? text : bom;
	r->end = r->p + len;
	r->number = 0;
	/* What some editors begin UTF-8 with. */
	if (len >= 3 && memcmp(text, bom, 3) == 0)
		r->p += 3;
}

bool
ini_next(struct ini_reader *r, struct ini_line *l)
{
	const char	*p = r->p, *end;
	struct str	 all;

	memset(l, 0, sizeof(*l));
	l->kind = INI_END;
	l->number = r->number;
	if (p == r->end)
		return false;
	if ((end = memchr(p, '\n', (size_t)(r->end - p))) == NULL)
		end = r->end;
	r->p = end < r->end ? end + 1 : end;
	l->number = ++r->number;
	if (end - p > INI_LINE_MAX)
		return bad(l, "the line is too long");
	if (memchr(p, '\0', (size_t)(end - p)) != NULL)
		return bad(l, "NUL byte");
	all = ini_trim(p, end);
	if (all.len == 0 || is_comment(*all.p)) {
		l->kind = INI_NOTHING;
		return true;
	}
	if (*p == '[')
		return section(l, p, end);
	if (is_blank(*p)) {
		l->kind = INI_MORE;
		l->value = all;
		return true;
	}
	return property(l, p, end);
}
