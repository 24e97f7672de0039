/*
 * An OpenSSL provider, "pail", whose private keys are elsewhere: a key is the
 * public part and an id, and whoever loaded the provider has each signature
 * made.  It can do no more than a TLS server needs: RSA (PKCS #1 and PSS),
 * ECDSA and Ed25519, of bytes that it is given whole (provider(7)).
 */
#ifndef COMMON_SIGN_PROVIDER_H
#define COMMON_SIGN_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "common/msg_sign.h"

/*
 * Has the bytes signed by the key with this id: at most *siglen bytes to sig,
 * *siglen is then how many.  0, or -1 once the reason is in the log.
 */
typedef int (*sign_fn)(const uint8_t id[SIGN_ID_LEN], enum sign_scheme scheme,
	    const void *bytes, size_t len, uint8_t *sig, size_t *siglen);

/*
 * Once in a process, before its sandbox.  OpenSSL's own implementations stay
 * the ones that are used for everything else.  0, or -1 with the reason.
 */
int	 sign_provider_load(sign_fn fn, char *why, size_t size);
/* The id of a certificate's key.  0, or -1. */
int	 sign_provider_id(const X509 *cert, uint8_t id[SIGN_ID_LEN]);
/* The private key of a certificate.  The caller's to free; NULL with the
 * reason: for one, a kind of key that there is no signature for. */
EVP_PKEY *sign_provider_key(X509 *cert, char *why, size_t size);

#endif
