/*
 * Our two cookies (RFC 6265, and its draft successor for the prefix __Host-,
 * which a browser takes over TLS only, and from no other host): the session,
 * and what guards the login.
 */
#ifndef ADMIND_WEB_COOKIE_H
#define ADMIND_WEB_COOKIE_H

#include <stdbool.h>

#include "admind/http/answer.h"
#include "common/buf.h"

enum cookie_name { COOKIE_SESSION, COOKIE_LOGIN };
enum cookie_found {
	COOKIE_NONE,		/* or it is not 64 hex digits */
	COOKIE_FOUND,
	COOKIE_TWICE		/* somebody else has set one: which is ours? */
};

/* In the value of the header Cookie; *value is borrowed. */
enum cookie_found cookie_get(struct str header, enum cookie_name name,
	    bool tls, struct str *value);
/* Sets it until the browser ends; value NULL: removes it. */
void	 cookie_set(struct answer *a, enum cookie_name name, bool tls,
	    const char *value);

#endif
