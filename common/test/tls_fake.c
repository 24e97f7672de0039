/* A certificate and its key, made in memory. */
#include "common/test/tls_fake.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/log.h"

void
tls_fake_certificate(const char **certificate, const char **key)
{
	static char	 cert_pem[4096], key_pem[4096];
	EVP_PKEY	*k = EVP_EC_gen("P-256");
	X509		*x = X509_new();
	X509_NAME	*name;
	BIO		*b = BIO_new(BIO_s_mem());

	if (k == NULL || x == NULL || b == NULL)
		fatalx("OpenSSL");
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, name);
	if (X509_sign(x, k, EVP_sha256()) == 0)
		fatalx("X509_sign");
	memset(cert_pem, 0, sizeof(cert_pem));
	memset(key_pem, 0, sizeof(key_pem));
	PEM_write_bio_X509(b, x);
	BIO_read(b, cert_pem, sizeof(cert_pem) - 1);
	PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL);
	BIO_read(b, key_pem, sizeof(key_pem) - 1);
	BIO_free(b);
	X509_free(x);
	EVP_PKEY_free(k);
	*certificate = cert_pem;
	*key = key_pem;
}
