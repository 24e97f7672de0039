/*
 * What a form of ours has and one of another site cannot know.  In a session it
 * follows from the token; at the login it is a random cookie, which the form
 * repeats ("double submit").
 */
#ifndef ADMIND_WEB_CSRF_H
#define ADMIND_WEB_CSRF_H

#include <stdbool.h>

#include "common/buf.h"

#define CSRF_LEN	64		/* hex digits */

/* Of a token of DESK_TOKEN digits. */
void	 csrf_of(const char *token, char out[CSRF_LEN + 1]);
void	 csrf_random(char out[CSRF_LEN + 1]);
/* In constant time. */
bool	 csrf_same(const char *want, struct str said);
/* 64 hex digits in lower case. */
bool	 csrf_is_hex(struct str s);

#endif
