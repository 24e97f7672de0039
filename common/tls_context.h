/* The TLS contexts of listeners: one for each certificate. */
#ifndef COMMON_TLS_CONTEXT_H
#define COMMON_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "common/buf.h"

/*
 * From a certificate with its chain (X.509 in DER, one after the other) and its
 * private key, of which it takes a reference. protocol is the only ALPN
 * protocol (RFC 7301) that clients may request ("imap"); it is kept by
 * reference.  NULL with the reason in why.
 */
SSL_CTX	*tls_context(struct str chain, EVP_PKEY *key, const char *protocol,
	    char *why, size_t size);
/* The same, with the key in credd (common/sign_provider.h). */
SSL_CTX	*tls_context_apart(struct str chain, const char *protocol, char *why,
	    size_t size);
void	 tls_context_free(SSL_CTX *ctx);	/* NULL is fine */
/* An OCSPResponse in DER, copied, for clients that ask for one (RFC 6066
 * section 8).  0, or -1: out of memory. */
int	 tls_context_ocsp(SSL_CTX *ctx, struct str response);
/*
 * From now on, new connections with first and with those that its names lead
 * to: TLS 1.3 only, or 1.2, too; and suites, separated by blanks, in order of
 * preference: OpenSSL's names, of both versions.  Of a version of which it
 * names none, all that are allowed by default.  0, or -1 with the reason.
 */
int	 tls_context_limit(SSL_CTX *first, bool only_13, const char *suites,
	    char *why, size_t size);
/* The two of them in the configuration: tls-min-version, tls-ciphers. */
struct tls_limits {
	bool	 only_13;
	char	 suites[320];		/* "": all that are safe */
};
/* For this connection instead of what its context has, before its handshake.
 * 0, or -1. */
int	 tls_limits_apply(const struct tls_limits *l, SSL *ssl);
struct slice;
/* 0, or -1 with the reason. */
int	 tls_limits_read(struct tls_limits *l, const struct slice *s, char *why,
	    size_t size);
/* Changes a context's limits (NULL: there is none yet).  -1: with the reason,
 * and they are the old ones. */
int	 tls_limits_change(SSL_CTX *first, const struct tls_limits *old,
	    const struct tls_limits *l, char *why, size_t size);
/* They are the old ones again. */
void	 tls_limits_back(SSL_CTX *first, const struct tls_limits *old);
/* next, which is taken over, is *now from now on, within these limits; the one
 * before is freed.  Either may be NULL. */
void	 tls_context_replace(SSL_CTX **now, SSL_CTX *next,
	    const struct tls_limits *l);

/*
 * Clients that name this host (RFC 6066 section 3) and begin with first are
 * given other, of which first takes a reference; other may be first itself.
 * The name added first is the one that counts.  name: "imap.example.org" or
 * "*.example.org", in lower case.  0, or -1: out of memory.
 */
int	 tls_context_name(SSL_CTX *first, struct str name, SSL_CTX *other);
/*
 * Asks the clients of first, and of all whose names it has, for certificates
 * that store's CAs have issued (common/client_cert.h), and tells them the CAs'
 * names.  Whatever they answer, the handshake goes on: SSL_get_verify_result()
 * says what it was; unless they must (SSL_VERIFY_FAIL_IF_NO_PEER_CERT, set for
 * a connection).  store NULL: asks for none.  Both are borrowed or copied.
 */
void	 tls_context_clients(SSL_CTX *first, X509_STORE *store,
	    const STACK_OF(X509_NAME) *names);

#endif
