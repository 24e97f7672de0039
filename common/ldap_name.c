/*
 * From login names to DNs and filters.  Must never let a name be read as
 * anything but a value.
 */
#include "common/compat.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "common/ldap_name.h"

const char *
ldap_name_wrong(const char *template, bool dn)
{
	const char	*p;
	bool		 named = false;

	for (p = template; (p = strchr(p, '%')) != NULL; p += 2) {
		if (p[1] == 'D' && !dn)
			return "%D can only be in group-filter";
		if (p[1] == '\0' || strchr("undD%", p[1]) == NULL)
			return "after % comes u (the login name), n (its part "
			    "before the @), d (its domain) or %";
		named |= p[1] == 'u' || p[1] == 'n' || p[1] == 'D';
	}
	return named ? NULL : "needs %u or %n, or all users would be one";
}

const char *
ldap_name_wrong_filter(const char *template, bool dn)
{
	const char	*p;
	unsigned	 depth = 0;

	if (*template != '(')
		return "a filter begins with a parenthesis, such as (uid=%u)";
	for (p = template; *p != '\0'; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && depth-- == 0)
			break;
		if (depth == 0 && p[1] != '\0')
			return "a filter ends with the parenthesis that its "
			    "first one matches";
	}
	if (depth != 0)
		return "the parentheses do not match";
	return ldap_name_wrong(template, dn);
}

/* In a DN and in a filter \XX is the octet XX, wherever it stands. */
static size_t
escape(struct str s, char *dst, size_t size)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 i, n = 0;
	unsigned char		 c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (n + 3 >= size)
			return SIZE_MAX;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.' || c == '@') {
			dst[n++] = (char)c;
			continue;
		}
		dst[n++] = '\\';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	dst[n] = '\0';
	return n;
}

static struct str
part(char what, struct str user, struct str dn)
{
	size_t	at = user.len;

	while (at > 0 && user.p[at - 1] != '@')
		at--;
	switch (what) {
	case 'u':
		return user;
	case 'n':
		return (struct str){ user.p, at > 0 ? at - 1 : user.len };
	case 'd':
		return at > 0 ? (struct str){ user.p + at, user.len - at } :
		    STR("");
	default:
		return dn;
	}
}

int
ldap_name_expand(const char *template, struct str user, struct str dn,
    char *dst, size_t size)
{
	const char	*p;
	struct str	 s;
	size_t		 n = 0, made;

	for (p = template; *p != '\0'; p++) {
		if (n + 1 >= size)
			goto fail;
		if (*p != '%' || p[1] == '%') {
			dst[n++] = *p;
			p += *p == '%';
			continue;
		}
		if (*++p == '\0')
			goto fail;
		s = part(*p, user, dn);
		if (s.len == 0 || (made = escape(s, dst + n, size - n)) ==
		    SIZE_MAX)
			goto fail;
		n += made;
	}
	dst[n] = '\0';
	return 0;
 fail:
	dst[0] = '\0';
	return -1;
}

bool
ldap_name_plain(const char *name)
{
	utf8proc_uint8_t	*folded = NULL;
	bool			 same;

	if (strchr(name, ' ') != NULL)
		return false;
	if (utf8proc_map((const utf8proc_uint8_t *)name, 0, &folded,
	    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
	    UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE) < 0)
		return false;
	same = strcmp((const char *)folded, name) == 0;
	free(folded);
	return same;
}
