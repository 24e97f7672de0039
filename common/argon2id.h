/* Password hashes of Argon2id (RFC 9106) in PHC's form,
 * $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH, base64 without padding. */
#ifndef COMMON_ARGON2ID_H
#define COMMON_ARGON2ID_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define ARGON2ID_PREFIX		"$argon2id$"
#define ARGON2ID_TEXT_MAX	256	/* of what argon2id_make() makes */

/* One that may be used: well-formed, and of a cost that a worker can bear
 * (1 GiB, 100 passes, 16 lanes, and all passes no more than 8 GiB, or its time
 * would end before: each login by such a name would cost a worker). */
bool	 argon2id_acceptable(struct str hash);
/* How many bytes of an acceptable one say its kind and cost. */
size_t	 argon2id_setting(const char *hash);
/* Blocks.  1 the same, 0 not, -1 cannot be hashed (memory). */
int	 argon2id_check(struct str password, const char *hash);
/* A new salted hash (64 MiB, 3 passes, one lane: RFC 9106 section 4, with the
 * lanes that one core has); -1: no memory, or size. */
int	 argon2id_make(struct str password, char *dst, size_t size);

#endif
