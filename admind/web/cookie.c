/* See cookie.h. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/cookie.h"
#include "admind/web/csrf.h"

static const char *
name_of(enum cookie_name name, bool tls)
{
	if (name == COOKIE_LOGIN)
		return tls ? "__Host-pail-login" : "pail-login";
	return tls ? "__Host-pail" : "pail";
}

enum cookie_found
cookie_get(struct str header, enum cookie_name name, bool tls,
    struct str *value)
{
	struct str	 want = str_from(name_of(name, tls)), part, key;
	unsigned int	 n = 0;
	bool		 more;

	*value = STR("");
	do {
		more = str_split(&header, ';', &part);
		part = str_trim(more ? part : header, " \t");
		if (!str_split(&part, '=', &key) || !str_eq(key, want))
			continue;
		n++;
		*value = part;
	} while (more);
	if (n > 1)
		*value = STR("");
	return n > 1 ? COOKIE_TWICE : n == 1 && csrf_is_hex(*value) ?
	    COOKIE_FOUND : COOKIE_NONE;
}

void
cookie_set(struct answer *a, enum cookie_name name, bool tls,
    const char *value)
{
	char	 line[256];

	(void)snprintf(line, sizeof(line), "%s=%s; Path=/; %sHttpOnly; "
	    "SameSite=Strict%s", name_of(name, tls), value == NULL ? "" :
	    value, tls ? "Secure; " : "", value == NULL ? "; Max-Age=0" : "");
	(void)answer_field(a, "Set-Cookie", str_from(line));
	explicit_bzero(line, sizeof(line));
}
