/* Passwords: typed or piped in, and hashed. */
#ifndef PAILCTL_PASSWORD_H
#define PAILCTL_PASSWORD_H

#include <stddef.h>

#define PASSWORD_MAX	512	/* bytes with NUL: crypt(3)'s limit */

/*
 * From the terminal, twice and without echo, or else one line of standard
 * input.  -1 with the reason in why.  The caller wipes dst.
 */
int	 password_read(char dst[PASSWORD_MAX], char *why, size_t size);
/* A new salted hash (yescrypt; bcrypt on OpenBSD), NULL when it fails. */
const char *password_hash(const char *password);

#endif
