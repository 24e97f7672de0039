/*
 * Keys of SCRAM-SHA-256 (RFC 5802, RFC 7677), in the form of RFC 5803:
 * SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY, base64.  Who has them can
 * verify a password, or a client's proof of it, and cannot log in with them.
 */
#ifndef COMMON_SCRAM_H
#define COMMON_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define SCRAM_PREFIX		"SCRAM-SHA-256$"
#define SCRAM_KEY		32	/* bytes of SHA-256 */
#define SCRAM_SALT_MAX		64
#define SCRAM_TEXT_MAX		256
#define SCRAM_ITERATIONS_MIN	4096	/* RFC 7677 section 4 */
#define SCRAM_ITERATIONS_MAX	10000000
/* Of new ones: clients with Cyrus SASL (mbsync) refuse to compute more. */
#define SCRAM_ITERATIONS	65536

struct scram_keys {
	uint32_t	iterations;
	uint8_t		salt[SCRAM_SALT_MAX];
	size_t		saltlen;
	uint8_t		stored[SCRAM_KEY];
	uint8_t		server[SCRAM_KEY];
};

/* -1: not so written, or too few or too many iterations. */
int	 scram_parse(struct scram_keys *k, struct str text);
/* How many bytes of one that can be parsed say its kind and cost. */
size_t	 scram_setting(const char *text);
/* From a password (as it is, without SASLprep), and salt and iterations, which
 * are set; -1: no memory.  Blocks. */
int	 scram_derive(struct scram_keys *k, struct str password);
/* 1 the same, 0 not, -1 cannot be told.  Blocks. */
int	 scram_check(struct str password, const char *text);
/* New keys with a random salt; -1: no memory, or size.  Blocks. */
int	 scram_make(struct str password, char *dst, size_t size);
/*
 * Is proof (RFC 5802 section 3, ClientProof) the proof of these keys for the
 * AuthMessage?  Then signature is the server's.
 */
bool	 scram_prove(const struct scram_keys *k, struct str message,
	    const uint8_t proof[SCRAM_KEY], uint8_t signature[SCRAM_KEY]);

#endif
