/*
 * JSON Web Tokens that are signed (RFC 7519, RFC 7515 compact form), by the
 * rules of RFC 8725.  What a token says of where its key is (jku, x5u, x5c,
 * jwk) is not looked at: keys are the provider's, and each key says what it
 * may be used with.
 */
#ifndef AUTHD_JWT_H
#define AUTHD_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/jwk.h"
#include "common/buf.h"

#define JWT_MAX		8192	/* bytes */
#define JWT_SIGNATURE	1024	/* bytes */

enum jwt_code {
	JWT_OK,
	JWT_NO_KEY,	/* a key that is not in the set may have signed it */
	JWT_WRONG
};

/* One that has been taken apart; nothing of it is true before jwt_verify(). */
struct jwt {
	unsigned	 alg;			/* a bit of enum jwk_alg */
	bool		 has_kid;
	char		 kid[JWK_ID_MAX + 1];
	struct str	 input;		/* what is signed; the caller's */
	uint8_t		 signature[JWT_SIGNATURE];
	size_t		 signature_len;
	char		 text[JWT_MAX];
	struct str	 claims;		/* one strict object, in text */
};

/* Has it the form of one?  If not, it may be an opaque token. */
bool	 jwt_is(struct str token);
/* NULL, or what is wrong with it (static words, nothing of the token). */
const char *jwt_parse(struct jwt *t, struct str token);
/* why: static words, unless JWT_OK. */
enum jwt_code jwt_verify(const struct jwt *t, const struct jwks *keys,
	    const char **why);

#endif
