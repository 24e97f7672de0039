/* See user_password.h. */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/user_password.h"

int
user_password(const struct web *w, struct str *password, char *why,
    size_t size)
{
	*password = web_value(w, "password");
	if (password->len == 0) {
		snprintf(why, size, "The password is empty.");
		return -1;
	}
	if (!str_eq(*password, web_value(w, "again"))) {
		snprintf(why, size, "The two passwords are not the same.");
		return -1;
	}
	return 0;
}
