/* A password that an administrator gives a user. */
#ifndef ADMIND_WEB_USER_PASSWORD_H
#define ADMIND_WEB_USER_PASSWORD_H

#include <stddef.h>

#include "admind/web/web.h"

/* The fields "password" and "again" of the form.  -1, with why for people: it
 * is empty, or was not typed twice. */
int	 user_password(const struct web *w, struct str *password, char *why,
	    size_t size);

#endif
