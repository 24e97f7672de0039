/* Certificates and private keys as PEM (RFC 7468). */
#ifndef COMMON_PEM_H
#define COMMON_PEM_H

#include <openssl/types.h>

/* The next of them in bio (NULL: none), the caller's.  NULL: there is none, or
 * it has a passphrase, for which nobody is asked; OpenSSL's errors stay. */
X509	*pem_certificate(BIO *bio);
EVP_PKEY *pem_private_key(BIO *bio);

#endif
