/*
 * Lines of the users' file.  Written by hand and by editors: what is not
 * seen on a screen must not make another user, so it is named.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

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

enum userline
userline_parse(const char *line, size_t len, char *id, size_t size,
    struct str *hash, char *why, size_t whysize)
{
	const char	*colon, *what;
	size_t		 i, n, at;

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
	for (at = n + 1; at < len; at++)
		if (line[at] <= ' ' || line[at] > '~')
			return bad(why, whysize, line, at, line[at] == '\0' ?
			    "a NUL byte" : "not allowed in a hash");
	if (user_normalize((struct str){ line, n }, id, size) == -1) {
		snprintf(why, whysize, "invalid name");
		return USERLINE_BAD;
	}
	*hash = (struct str){ colon + 1, len - n - 1 };
	return USERLINE_USER;
}
