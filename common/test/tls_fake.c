/* A certificate and its key, made in memory. */
#include "common/test/tls_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/log.h"
#include "common/tls_context.h"

static EVP_PKEY *
make_key(const char *type)
{
	if (strcmp(type, "ED25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (strncmp(type, "RSA", 3) == 0)
		return EVP_RSA_gen(strcmp(type, "RSA") == 0 ? 2048 :
		    (unsigned)atoi(type + 4));
	return EVP_EC_gen(type);
}

static void
add_san(X509 *x, const char *san)
{
	X509_EXTENSION	*e = X509V3_EXT_conf_nid(NULL, NULL,
			    NID_subject_alt_name, san);

	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		fatalx("subjectAltName");
	X509_EXTENSION_free(e);
}

void
tls_fake_make(const struct tls_fake *want, char *certificate, char *key)
{
	EVP_PKEY	*k = make_key(want->type);
	X509		*x = X509_new();
	X509_NAME	*name;
	BIO		*b = BIO_new(BIO_s_mem());

	if (k == NULL || x == NULL || b == NULL)
		fatalx("OpenSSL");
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), want->from);
	X509_gmtime_adj(X509_getm_notAfter(x), want->until);
	X509_set_pubkey(x, k);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)want->name, -1, -1, 0);
	X509_set_issuer_name(x, name);
	if (want->san != NULL)
		add_san(x, want->san);
	if (X509_sign(x, k, EVP_PKEY_is_a(k, "ED25519") ? NULL :
	    EVP_sha256()) == 0)
		fatalx("X509_sign");
	memset(certificate, 0, TLS_FAKE_PEM);
	memset(key, 0, TLS_FAKE_PEM);
	PEM_write_bio_X509(b, x);
	BIO_read(b, certificate, TLS_FAKE_PEM - 1);
	PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL);
	BIO_read(b, key, TLS_FAKE_PEM - 1);
	BIO_free(b);
	X509_free(x);
	EVP_PKEY_free(k);
}

void
tls_fake_certificate(const char **certificate, const char **key)
{
	static const struct tls_fake	want = { "P-256", "localhost", NULL,
					    -3600, 3600 };
	static char			cert_pem[TLS_FAKE_PEM];
	static char			key_pem[TLS_FAKE_PEM];

	tls_fake_make(&want, cert_pem, key_pem);
	*certificate = cert_pem;
	*key = key_pem;
}

SSL_CTX *
tls_fake_context(const char *certificate, const char *key, char *why,
    size_t size)
{
	BIO		*cb = BIO_new_mem_buf(certificate, -1);
	BIO		*kb = BIO_new_mem_buf(key, -1);
	X509		*x = PEM_read_bio_X509(cb, NULL, NULL, NULL);
	EVP_PKEY	*k = PEM_read_bio_PrivateKey(kb, NULL, NULL, NULL);
	unsigned char	*der = NULL;
	int		 len = x != NULL ? i2d_X509(x, &der) : -1;
	SSL_CTX		*ctx = NULL;

	if (len > 0 && k != NULL)
		ctx = tls_context((struct str){ (char *)der, (size_t)len }, k,
		    "imap", why, size);
	else
		snprintf(why, size, "not a PEM");
	ERR_clear_error();
	OPENSSL_free(der);
	EVP_PKEY_free(k);
	X509_free(x);
	BIO_free(kb);
	BIO_free(cb);
	return ctx;
}
