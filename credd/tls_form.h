/* What a TLS server signs in a handshake, and nothing else. */
#ifndef CREDD_TLS_FORM_H
#define CREDD_TLS_FORM_H

#include <stddef.h>

enum tls_form {
	TLS_FORM_NONE,		/* neither */
	TLS_FORM_12,
	TLS_FORM_13
};

/*
 * TLS 1.3 (RFC 8446 section 4.4.3): 64 blanks, "TLS 1.3, server
 * CertificateVerify", a zero, and a transcript's hash of 32 or 48 bytes.  TLS
 * 1.2 (RFC 8422 section 5.4): the client's and the server's random, and ECDHE
 * parameters of a named curve: their type, the curve, the point.
 */
enum tls_form tls_form(const void *bytes, size_t len);

#endif
