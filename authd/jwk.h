/*
 * The keys of an identity provider: a JWK Set (RFC 7517, 7518, 8037).  Only
 * public keys that sign; what we cannot use is passed over.
 */
#ifndef AUTHD_JWK_H
#define AUTHD_JWK_H

#include <stddef.h>

#include <openssl/evp.h>

#include "common/buf.h"

#define JWKS_MAX	65536	/* bytes */
#define JWKS_KEYS	100
#define JWK_ID_MAX	256	/* bytes of a kid */

/* What a key signs with (RFC 7518 section 3.1, RFC 8037); as bits. */
enum jwk_alg {
	JWK_RS256	= 1 << 0,
	JWK_PS256	= 1 << 1,
	JWK_ES256	= 1 << 2,	/* P-256 */
	JWK_EDDSA	= 1 << 3	/* Ed25519 */
};

struct jwk {
	char		 kid[JWK_ID_MAX + 1];	/* "": none */
	EVP_PKEY	*key;
	unsigned	 algs;		/* those that it may be used with */
};

struct jwks {
	struct jwk	 v[JWKS_KEYS];
	size_t		 n;
};

/* The bit of a name of RFC 7518, or 0: none of ours. */
unsigned jwk_alg(const char *name);
/* NULL with the reason in why: malformed, or none that is of use. */
struct jwks *jwks_parse(struct str text, char *why, size_t size);
void	 jwks_free(struct jwks *j);		/* NULL is fine */

#endif
