/*
 * Paths and parameters.  What a path holds is one address and no more: nothing
 * of it can end a line of a header field or of the log.
 */
#include "common/compat.h"

#include <ctype.h>

#include "lmtpd/path.h"

/* The length of one character of UTF-8 beyond ASCII; 0: malformed, or one of
 * the controls. */
static size_t
utf8_len(const unsigned char *s)
{
	unsigned int	 c, min;
	size_t		 n, i;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	c = s[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	min = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    c < 0xa0 || c == 0x2028 || c == 0x2029)
		return 0;
	return n;
}

static bool
is_atext(unsigned char c)
{
	return isalnum(c) || strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL;
}

/* One character of an atom, or (quoted) of a quoted string. */
static size_t
char_len(const char *s, bool quoted, struct path *p)
{
	unsigned char	 c = (unsigned char)*s;
	size_t		 n;

	if (c >= 0x80) {
		if ((n = utf8_len((const unsigned char *)s)) > 0)
			p->utf8 = true;
		return n;
	}
	if (c < 0x20 || c == 0x7f)
		return 0;
	if (quoted)
		return c == '\\' ? (s[1] >= 0x20 && s[1] < 0x7f ? 2 : 0) : 1;
	return is_atext(c) ? 1 : 0;
}

static int
put(struct path *p, size_t *n, const char *s, size_t len)
{
	if (*n + len > PATH_ADDRESS_MAX)
		return -1;
	memcpy(p->address + *n, s, len);
	*n += len;
	p->address[*n] = '\0';
	return 0;
}

/* "a b": with its quotes, unless it were an atom without. */
static int
quoted_read(const char **s, struct path *p, size_t *n)
{
	const char	*from = *s, *at = from + 1;
	bool		 plain = true;
	size_t		 k;

	for (; *at != '"'; at += k) {
		if ((k = char_len(at, true, p)) == 0)
			return -1;
		if ((unsigned char)*at < 0x80 && !is_atext((unsigned char)*at))
			plain = false;
	}
	*s = at + 1;
	if (plain && at > from + 1)
		return put(p, n, from + 1, (size_t)(at - from - 1));
	return put(p, n, from, (size_t)(at + 1 - from));
}

static int
atom_read(const char **s, struct path *p, size_t *n)
{
	const char	*from = *s;
	size_t		 k;

	while ((k = char_len(*s, false, p)) > 0)
		*s += k;
	return *s == from ? -1 : put(p, n, from, (size_t)(*s - from));
}

/* A name, or an address in brackets. */
static int
domain_read(const char **s, struct path *p, size_t *n)
{
	const char	*from = *s;

	if (*from != '[')
		return atom_read(s, p, n);
	for (*s = from + 1; isalnum((unsigned char)**s) ||
	    (**s != '\0' && strchr(".:-", **s) != NULL); (*s)++)
		;
	if (**s != ']' || *s == from + 1)
		return -1;
	(*s)++;
	return put(p, n, from, (size_t)(*s - from));
}

/* @a,@b: before an address, which nobody has a use for any more. */
static int
skip_route(const char **s)
{
	struct path	 ignored = { .utf8 = false };
	size_t		 n;

	while (**s == '@') {
		(*s)++;
		n = 0;
		if (domain_read(s, &ignored, &n) == -1)
			return -1;
		if (**s == ':') {
			(*s)++;
			return 0;
		}
		if (*(*s)++ != ',')
			return -1;
	}
	return -1;
}

int
path_read(const char **s, struct path *p)
{
	const char	*at = *s;
	size_t		 n = 0;

	p->address[0] = '\0';
	p->utf8 = false;
	if (*at++ != '<')
		return -1;
	if (*at == '@' && skip_route(&at) == -1)
		return -1;
	if (*at != '>') {
		if ((*at == '"' ? quoted_read(&at, p, &n) :
		    atom_read(&at, p, &n)) == -1)
			return -1;
		if (*at == '@') {
			at++;
			if (put(p, &n, "@", 1) == -1 ||
			    domain_read(&at, p, &n) == -1)
				return -1;
		}
	}
	if (*at++ != '>' || (*at != ' ' && *at != '\0'))
		return -1;
	while (*at == ' ')
		at++;
	*s = at;
	return 0;
}

int
path_param(char **s, char **name, char **value)
{
	char	*at = *s;

	*value = NULL;
	if (*at == '\0')
		return 0;
	*name = at;
	if (!isalnum((unsigned char)*at))
		return -1;
	while (isalnum((unsigned char)*at) || *at == '-')
		at++;
	if (*at == '=') {
		*at++ = '\0';
		*value = at;
		while (*at != ' ' && *at != '\0')
			at++;
		if (at == *value)
			return -1;
	}
	if (*at != ' ' && *at != '\0')
		return -1;
	while (*at == ' ')
		*at++ = '\0';
	*s = at;
	return 1;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
path_xtext(char *s)
{
	char	*to = s;
	int	 v;

	for (; *s != '\0'; s++) {
		if (*s != '+') {
			if (*s == '=')
				return -1;
			*to++ = *s;
			continue;
		}
		if (hex(s[1]) == -1 || hex(s[2]) == -1)
			return -1;
		v = hex(s[1]) * 16 + hex(s[2]);
		if (v < 0x20 || v == 0x7f)
			return -1;
		*to++ = (char)v;
		s += 2;
	}
	*to = '\0';
	return 0;
}
