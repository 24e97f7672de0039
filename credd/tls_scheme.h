/*
 * The signature schemes that credd knows: which key each is of, with which
 * digest and padding, and in which TLS.
 */
#ifndef CREDD_TLS_SCHEME_H
#define CREDD_TLS_SCHEME_H

#include <openssl/types.h>

#include "common/msg_sign.h"
#include "credd/tls_form.h"

#define TLS_SCHEMES	10
#define TLS_SCHEME_BOTH	0		/* TLS 1.2 and 1.3 */

struct tls_scheme {
	enum sign_scheme scheme;
	const char	*type;
	const char	*digest;	/* NULL: the key's own */
	int		 padding;	/* RSA */
	enum tls_form	 only;
	int		 bits_13;	/* of the curve; 0: any key */
};
extern const struct tls_scheme tls_schemes[TLS_SCHEMES];

/*
 * For each scheme a context that is ready to sign with this key, the caller's
 * to free; NULL: the scheme is of another type of key.  OpenSSL looks up what
 * it needs here, once, and not for each signature.  0, or -1.
 */
int	 tls_scheme_ready(EVP_PKEY *key, EVP_MD_CTX *ready[TLS_SCHEMES]);

#endif
