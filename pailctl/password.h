/* Passwords: typed or piped in, and hashed. */
#ifndef PAILCTL_PASSWORD_H
#define PAILCTL_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_MAX	512	/* bytes with NUL: crypt(3)'s limit */

/*
 * Reads it from the terminal, twice and without echo, or from the first line of
 * standard input.  -1 with the reason in why.  The caller wipes dst.
 */
int	 password_read(char dst[PASSWORD_MAX], char *why, size_t size);
/* Once, without echo, after the prompt on the terminal: 0 or -1.  The caller
 * wipes dst. */
int	 password_type(const char *prompt, char dst[PASSWORD_MAX]);
/* The schemes of password_hash(), by name, with a space between them; the
 * first is the default. */
#ifdef __OpenBSD__
#define PASSWORD_SCHEMES	"bcrypt argon2id scram-sha-256"
#else
#define PASSWORD_SCHEMES	\
	"yescrypt argon2id bcrypt sha512-crypt scram-sha-256"
#endif
/* Is it one of them? */
bool	 password_scheme(const char *scheme);
/* A new salted hash, or NULL; static, wipe it.  scheme: NULL is the default. */
const char *password_hash(const char *password, const char *scheme);

#endif
