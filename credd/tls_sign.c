/* Signatures: which scheme goes with which key, and with which TLS. */
#include "common/compat.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "credd/tls_form.h"
#include "credd/tls_sign.h"

#define BOTH	0		/* TLS 1.2 and 1.3 */

/* RFC 8446 section 4.2.3: PKCS #1 is of TLS 1.2, and TLS 1.3 binds the hash of
 * ECDSA to a curve. */
static const struct scheme {
	enum sign_scheme scheme;
	const char	*type;
	const char	*digest;	/* NULL: the key's own */
	int		 padding;	/* RSA */
	enum tls_form	 only;
	int		 bits_13;	/* of the curve; 0: any key */
} schemes[] = {
	{ SIGN_RSA_PKCS1_SHA256, "RSA", "SHA256", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PKCS1_SHA384, "RSA", "SHA384", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PKCS1_SHA512, "RSA", "SHA512", RSA_PKCS1_PADDING,
	    TLS_FORM_12, 0 },
	{ SIGN_RSA_PSS_SHA256, "RSA", "SHA256", RSA_PKCS1_PSS_PADDING, BOTH,
	    0 },
	{ SIGN_RSA_PSS_SHA384, "RSA", "SHA384", RSA_PKCS1_PSS_PADDING, BOTH,
	    0 },
	{ SIGN_RSA_PSS_SHA512, "RSA", "SHA512", RSA_PKCS1_PSS_PADDING, BOTH,
	    0 },
	{ SIGN_ECDSA_SHA256, "EC", "SHA256", 0, BOTH, 256 },
	{ SIGN_ECDSA_SHA384, "EC", "SHA384", 0, BOTH, 384 },
	{ SIGN_ECDSA_SHA512, "EC", "SHA512", 0, BOTH, 521 },
	{ SIGN_ED25519, "ED25519", NULL, 0, BOTH, 0 }
};

static bool
sign(EVP_PKEY *key, const struct scheme *s, const void *bytes, size_t len,
    uint8_t *sig, size_t *siglen)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*pctx;
	bool		 ok;

	*siglen = SIGN_MAX;
	ok = ctx != NULL && EVP_DigestSignInit_ex(ctx, &pctx, s->digest, NULL,
	    NULL, key, NULL) == 1;
	if (ok && s->padding != 0)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, s->padding) == 1;
	if (ok && s->padding == RSA_PKCS1_PSS_PADDING)
		ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestSign(ctx, sig, siglen, bytes, len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

int
tls_sign(const struct tls_key *k, uint32_t scheme, const void *bytes,
    size_t len, uint8_t *sig, size_t *siglen, const char **why)
{
	const struct scheme	*s = NULL;
	enum tls_form		 form = tls_form(bytes, len);
	size_t			 i;

	for (i = 0; i < nitems(schemes); i++)
		if (schemes[i].scheme == scheme)
			s = &schemes[i];
	if (form == TLS_FORM_NONE)
		*why = "the bytes are not those of a TLS handshake";
	else if (s == NULL)
		*why = "unknown signature scheme";
	else if (!EVP_PKEY_is_a(k->key, s->type))
		*why = "the key is of another type than the scheme";
	else if ((s->only != BOTH && s->only != form) ||
	    (form == TLS_FORM_13 && s->bits_13 != 0 &&
	    EVP_PKEY_get_bits(k->key) != s->bits_13))
		*why = "the scheme is not of this version of TLS";
	else if (!sign(k->key, s, bytes, len, sig, siglen))
		*why = "OpenSSL cannot sign";
	else
		return 0;
	return -1;
}
