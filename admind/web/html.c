/*
 * Where untrusted strings become part of a page: all of them go through
 * put_text() or put_value(), which know what a browser reads as markup.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admind/web/html.h"
#include "common/escape.h"
#include "common/json.h"

#define UNKNOWN	"\xef\xbf\xbd"		/* U+FFFD */

/* Attributes are always quoted; this is right in both places. */
static const char *
entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* The next character: its octets (at least 1), its number, and whether it is
 * one. */
static size_t
next(struct str s, size_t at, uint32_t *c, bool *valid)
{
	size_t	 n = escape_utf8(s.p + at, s.len - at, c);

	*valid = n != 0;
	return n != 0 ? n : 1;
}

/* In an attribute a control character has no place; elsewhere it is shown. */
static bool
is_lost(uint32_t c)
{
	return (c < 0x20 || (c >= 0x7f && c < 0xa0)) && c != '\n' &&
	    c != '\t' && c != '\r';
}

static void
put(struct buf *b, struct str s, bool attr)
{
	const char	*e;
	uint32_t	 c = 0;
	size_t		 i, n;
	bool		 valid;

	for (i = 0; i < s.len; i += n) {
		n = next(s, i, &c, &valid);
		if (!valid || (attr && is_lost(c)))
			buf_puts(b, UNKNOWN);
		else if ((e = entity(c)) != NULL)
			buf_puts(b, e);
		else if (escape_is_fit(c) || (!attr && (c == '\n' ||
		    c == '\t')))
			buf_put(b, s.p + i, n);
		else
			buf_printf(b, attr ? "&#x%" PRIx32 ";" :
			    "\\u{%04" PRIx32 "}", c);
	}
}

void
html_text(struct buf *b, struct str s)
{
	put(b, s, false);
}

void
html_cstr(struct buf *b, const char *s)
{
	html_text(b, str_from(s));
}

void
html_attr(struct buf *b, const char *name, struct str value)
{
	buf_puts(b, " ");
	buf_puts(b, name);
	buf_puts(b, "=\"");
	put(b, value, true);
	buf_puts(b, "\"");
}

void
html_percent(struct buf *b, struct str s)
{
	unsigned char	 c;
	size_t		 i;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~",
		    c) != NULL))
			buf_put_u8(b, c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

void
html_query(struct buf *b, const char *path, const char *name,
    struct str value)
{
	html_raw(b, " href=\"");
	html_cstr(b, path);
	html_raw(b, "?");
	html_cstr(b, name);
	html_raw(b, "=");
	html_percent(b, value);
	html_raw(b, "\"");
}

void
html_hidden(struct buf *b, const char *name, struct str value)
{
	html_raw(b, "<input type=\"hidden\"");
	html_attr(b, "name", str_from(name));
	html_attr(b, "value", value);
	html_raw(b, ">");
}

void
html_number(struct buf *b, uint64_t n)
{
	char	 digits[24];
	int	 i, len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_put_u8(b, ',');
		buf_put_u8(b, (uint8_t)digits[i]);
	}
}

void
html_bytes(struct buf *b, uint64_t n)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB",
				    "PiB", "EiB" };
	double			 v = (double)n;
	size_t			 u = 0;

	if (n < 1024) {
		buf_printf(b, "%" PRIu64 " B", n);
		return;
	}
	/* 1,023.95 of a unit would be rounded to 1024.0 of it. */
	for (v /= 1024; v >= 1023.95 && u + 1 < nitems(units); u++)
		v /= 1024;
	buf_printf(b, "%.1f %s", v, units[u]);
}

void
html_time(struct buf *b, int64_t t)
{
	time_t		 when = (time_t)t;
	struct tm	 tm;
	char		 machine[40], people[40];

	if (t <= 0 || gmtime_r(&when, &tm) == NULL ||
	    strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ",
	    &tm) == 0 || strftime(people, sizeof(people),
	    "%Y-%m-%d %H:%M:%S UTC", &tm) == 0) {
		html_raw(b, "never");
		return;
	}
	html_raw(b, "<time");
	html_attr(b, "datetime", str_from(machine));
	html_raw(b, ">");
	html_cstr(b, people);
	html_raw(b, "</time>");
}

void
html_json(struct buf *b, struct str object, const char *name)
{
	struct str	 v;
	size_t		 len = 0;
	char		*text;

	if (!json_member(object, name, &v) || str_eq(v, STR("null")))
		html_raw(b, HTML_DASH);
	else if (v.len > 0 && v.p[0] == '"') {
		if ((text = json_dup(v, &len)) == NULL)
			b->failed = true;
		else
			html_text(b, (struct str){ text, len });
		free(text);
	} else if (v.len > 0 && v.p[0] != '{' && v.p[0] != '[')
		html_text(b, v);
	else
		html_raw(b, HTML_DASH);
}
