/* Password hashes: of crypt(3), Argon2id and SCRAM's keys, and which of them
 * are acceptable. */
#ifndef AUTHD_HASH_H
#define AUTHD_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define HASH_MAX		384	/* bytes of a hash, crypt(5) */
#define HASH_PASSWORD_MAX	511	/* bytes that crypt(3) takes, and all */

/*
 * Whether a hash is acceptable: yescrypt, gost-yescrypt, scrypt,
 * bcrypt, sha512-crypt, sha256-crypt, argon2id (common/argon2id.h), keys of
 * SCRAM-SHA-256 (common/scram.h); not DES or MD5.
 */
bool	 hash_acceptable(struct str hash);
/*
 * Hashes the password with the setting in hash (blocks, by design) and
 * compares: 1 equal, 0 not, -1 cannot be hashed.
 */
int	 hash_check(struct str password, const char *hash);
/* How many bytes of a hash specify its method and cost, crypt(5); the salt and
 * the hash follow. */
size_t	 hash_setting(const char *hash);
/* A hash with the default method that no password matches; "" on failure. */
void	 hash_dummy(char *dst, size_t size);

#endif
