/*
 * Certificates of clients: who may have issued them, and whom they name.  imapd
 * asks for them and authd's workers look at them again; neither opens a file.
 */
#ifndef COMMON_CLIENT_CERT_H
#define COMMON_CLIENT_CERT_H

#include <stddef.h>

#include <openssl/x509.h>

#include "common/buf.h"

#define CLIENT_CERT_DEPTH	4	/* CAs between it and its root */
#define CLIENT_CERT_CHAIN	8000	/* bytes of DER in a message */
#define CLIENT_CERT_CERTS	5	/* of a chain */

/*
 * From PEM: certificates of CAs, each of which is trusted, and CRLs.  With a
 * CRL, a certificate whose issuer has none is refused, and so is each while its
 * CRL has expired.  NULL with the reason in why.
 */
X509_STORE *client_cert_store(struct str pem, char *why, size_t size);
/* The subjects of its CAs, for clients to choose by.  NULL: out of memory. */
STACK_OF(X509_NAME) *client_cert_names(X509_STORE *store);
/*
 * Verifies a chain (X.509 in DER, one after the other, the client's first) for
 * the purpose of a TLS client, now.  The client's, which the caller frees, or
 * NULL with the reason in why.
 */
X509	*client_cert_verify(X509_STORE *store, struct str chain, char *why,
	    size_t size);
/*
 * The login name by a rule: "email" (the rfc822Name of subjectAltName), "cn" or
 * "uid" (commonName, RFC 4514's UID, of the subject).  Exactly one such value,
 * and no NUL in it; as UTF-8, not normalized.  0, or -1 with the reason in why.
 */
int	 client_cert_name(const X509 *x, const char *rule, char *dst,
	    size_t dstsize, char *why, size_t size);

#endif
