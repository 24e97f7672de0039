/* The TLS context of the listeners. */
#ifndef IMAPD_TLS_H
#define IMAPD_TLS_H

#include <stddef.h>

#include <openssl/types.h>

/* From a certificate chain and a private key in PEM.  NULL with the reason
 * in why. */
SSL_CTX	*tls_context(const char *certificate, const char *key, char *why,
	    size_t size);
void	 tls_context_free(SSL_CTX *ctx);	/* NULL is fine */

#endif
