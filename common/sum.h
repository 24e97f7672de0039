/*
 * SHA-256 (FIPS 180-4) for frequent use.  OpenSSL's newer functions look up the
 * algorithm and allocate memory each time, which takes longer than hashing a
 * small message; these need no memory and cannot fail.
 */
#ifndef COMMON_SUM_H
#define COMMON_SUM_H

#include <openssl/sha.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sum {
	SHA256_CTX	 ctx;
};

/* For data in pieces: begin, any number of add, end. */
void	 sum_begin(struct sum *s);
void	 sum_add(struct sum *s, const void *p, size_t len);
void	 sum_end(struct sum *s, uint8_t sha256[32]);

#define SUM_BLOCK	64	/* octets of SHA-256's block */

/* Of bytes that are at hand. */
void	 sum_of(const void *p, size_t len, uint8_t sha256[32]);
bool	 sum_is(const void *p, size_t len, const uint8_t sha256[32]);
/* HMAC-SHA256 (RFC 2104) with a key of at most SUM_BLOCK octets. */
void	 sum_hmac(const void *key, size_t keylen, const void *p, size_t len,
	    uint8_t mac[32]);

#endif
