/* HKDF (RFC 5869) of the private key's DER. */
#include "common/compat.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>

#include "credd/tls_ticket_key.h"

static int
derive(uint8_t *secret, size_t len, uint64_t epoch, uint8_t *key)
{
	static char	 sha256[] = "SHA256";
	static char	 salt[] = "pail TLS 1.3 session tickets";
	uint8_t		 info[8];
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX	*ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM	 params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
		    sha256, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret,
		    len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt,
		    sizeof(salt) - 1),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
		    sizeof(info)),
		OSSL_PARAM_construct_end()
	};
	size_t		 i;
	int		 r;

	for (i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(epoch >> (56 - 8 * i));
	r = ctx != NULL && EVP_KDF_derive(ctx, key, TLS_TICKET_LEN,
	    params) == 1 ? 0 : -1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return r;
}

int
tls_ticket_key(const struct tls_key *k, uint64_t epoch,
    uint8_t key[TLS_TICKET_LEN])
{
	PKCS8_PRIV_KEY_INFO	*info = EVP_PKEY2PKCS8(k->key);
	unsigned char		*der = NULL;
	int			 len, r = -1;

	if (info != NULL && (len = i2d_PKCS8_PRIV_KEY_INFO(info, &der)) > 0) {
		r = derive(der, (size_t)len, epoch, key);
		OPENSSL_clear_free(der, (size_t)len);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return r;
}
