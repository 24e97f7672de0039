/* The TLS context of listeners. */
#ifndef COMMON_TLS_CONTEXT_H
#define COMMON_TLS_CONTEXT_H

#include <stddef.h>

#include <openssl/types.h>

/*
 * From a certificate chain and a private key in PEM. protocol is the only ALPN
 * protocol (RFC 7301) that clients may request ("imap"); it is kept by
 * reference.  NULL with the reason in why.
 */
SSL_CTX	*tls_context(const char *certificate, const char *key,
	    const char *protocol, char *why, size_t size);
void	 tls_context_free(SSL_CTX *ctx);	/* NULL is fine */

#endif
