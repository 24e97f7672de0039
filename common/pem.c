/* PEM.  Must never ask a terminal for a passphrase, as OpenSSL would. */
#include "common/compat.h"

#include <openssl/pem.h>

#include "common/pem.h"

static int
no_passphrase(char *dst, int size, int rw, void *arg)
{
	(void)dst;
	(void)size;
	(void)rw;
	(void)arg;
	return -1;
}

X509 *
pem_certificate(BIO *bio)
{
	return bio == NULL ? NULL :
	    PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
}

EVP_PKEY *
pem_private_key(BIO *bio)
{
	return bio == NULL ? NULL :
	    PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
}
