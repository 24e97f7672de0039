/* See tls_scheme.h. */
#include "common/compat.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "credd/tls_scheme.h"

/* RFC 8446 section 4.2.3: PKCS #1 is of TLS 1.2, and TLS 1.3 binds the hash of
 * ECDSA to a curve. */
const struct tls_scheme tls_schemes[TLS_SCHEMES] = {
	{ SIGN_RSA_PKCS1_SHA256, "RSA", "SHA256", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PKCS1_SHA384, "RSA", "SHA384", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PKCS1_SHA512, "RSA", "SHA512", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PSS_SHA256, "RSA", "SHA256", RSA_PKCS1_PSS_PADDING,
	    TLS_SCHEME_BOTH, 0 },
	{ SIGN_RSA_PSS_SHA384, "RSA", "SHA384", RSA_PKCS1_PSS_PADDING,
	    TLS_SCHEME_BOTH, 0 },
	{ SIGN_RSA_PSS_SHA512, "RSA", "SHA512", RSA_PKCS1_PSS_PADDING,
	    TLS_SCHEME_BOTH, 0 },
	{ SIGN_ECDSA_SHA256, "EC", "SHA256", 0, TLS_SCHEME_BOTH, 256 },
	{ SIGN_ECDSA_SHA384, "EC", "SHA384", 0, TLS_SCHEME_BOTH, 384 },
	{ SIGN_ECDSA_SHA512, "EC", "SHA512", 0, TLS_SCHEME_BOTH, 521 },
	{ SIGN_ED25519, "ED25519", NULL, 0, TLS_SCHEME_BOTH, 0 }
};

/* A context that has the key, the digest and the padding. */
static EVP_MD_CTX *
prepare(EVP_PKEY *key, const struct tls_scheme *s)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*pctx;
	bool		 ok;

	ok = ctx != NULL && EVP_DigestSignInit_ex(ctx, &pctx, s->digest, NULL,
	    NULL, key, NULL) == 1;
	if (ok && s->padding != 0)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, s->padding) == 1;
	if (ok && s->padding == RSA_PKCS1_PSS_PADDING)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1;
	if (!ok) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

int
tls_scheme_ready(EVP_PKEY *key, EVP_MD_CTX *ready[TLS_SCHEMES])
{
	size_t	i;
	int	r = 0;

	for (i = 0; i < TLS_SCHEMES; i++)
		if (EVP_PKEY_is_a(key, tls_schemes[i].type) &&
		    (ready[i] = prepare(key, &tls_schemes[i])) == NULL)
			r = -1;
	ERR_clear_error();
	return r;
}
