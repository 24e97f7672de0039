/* For tests: a fresh certificate for "localhost", signed by itself. */
#ifndef COMMON_TLS_FAKE_H
#define COMMON_TLS_FAKE_H

#include <stddef.h>

#include <openssl/types.h>

#define TLS_FAKE_PEM	8192	/* bytes of a PEM */

/* What is wanted; type: "RSA" (2048), "RSA-1024", "ED25519", or a curve. */
struct tls_fake {
	const char	*type;
	const char	*name;		/* common name */
	const char	*san;		/* "DNS:a,DNS:b"; NULL: none */
	long		 from;		/* seconds from now */
	long		 until;
};
void	 tls_fake_make(const struct tls_fake *want, char *certificate,
	    char *key);
/* PEMs of the certificate and its key, both static. */
void	 tls_fake_certificate(const char **certificate, const char **key);
/* A context from PEMs, with the key in this process; NULL: with a reason. */
SSL_CTX	*tls_fake_context(const char *certificate, const char *key, char *why,
	    size_t size);

#endif
