/* Password hashes of crypt(3), and which of them are good enough. */
#ifndef AUTHD_HASH_H
#define AUTHD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define HASH_MAX		384	/* bytes of a hash, crypt(5) */
#define HASH_PASSWORD_MAX	511	/* bytes that crypt(3) takes */

/*
 * Whether a hash is one that may be used: yescrypt, gost-yescrypt, scrypt,
 * bcrypt, sha512-crypt, sha256-crypt; not DES or MD5.
 */
bool	 hash_acceptable(struct str hash);
/*
 * Hashes the password by the setting in hash (blocks for as long as that
 * is meant to take) and compares: 1 the same, 0 not, -1 cannot be hashed.
 */
int	 hash_check(struct str password, const char *hash);
/* A hash of the default kind that nothing matches; "" on failure. */
void	 hash_dummy(char *dst, size_t size);

#endif
