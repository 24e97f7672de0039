/* Signatures of TLS handshakes, and of nothing else. */
#ifndef CREDD_TLS_SIGN_H
#define CREDD_TLS_SIGN_H

#include "credd/tls_key.h"

/*
 * Signs the bytes of a handshake (tls_form.h): at most SIGN_MAX bytes to sig.
 * 0, or -1 with the reason (static): they are none, or the scheme is not one of
 * this key, or not of that version of TLS.
 */
int	 tls_sign(const struct tls_key *k, uint32_t scheme, const void *bytes,
	    size_t len, uint8_t *sig, size_t *siglen, const char **why);

#endif
