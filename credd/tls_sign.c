/* Signatures: of a handshake's bytes, by a scheme that goes with the key. */
#include "common/compat.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "credd/tls_form.h"
#include "credd/tls_scheme.h"
#include "credd/tls_sign.h"

/* With a copy: what is ready stays so, whatever a signature leaves behind. */
static bool
sign(const EVP_MD_CTX *ready, const void *bytes, size_t len, uint8_t *sig,
    size_t *siglen)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	bool		 ok;

	*siglen = SIGN_MAX;
	ok = ctx != NULL && EVP_MD_CTX_copy_ex(ctx, ready) == 1 &&
	    EVP_DigestSign(ctx, sig, siglen, bytes, len) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ERR_clear_error();
	return ok;
}

int
tls_sign(const struct tls_key *k, uint32_t scheme, const void *bytes,
    size_t len, uint8_t *sig, size_t *siglen, const char **why)
{
	const struct tls_scheme	*s;
	enum tls_form		 form = tls_form(bytes, len);
	size_t			 i;

	for (i = 0; i < TLS_SCHEMES; i++)
		if (tls_schemes[i].scheme == scheme)
			break;
	s = &tls_schemes[i];
	if (form == TLS_FORM_NONE)
		*why = "the bytes are not those of a TLS handshake";
	else if (i == TLS_SCHEMES)
		*why = "unknown signature scheme";
	else if (k->ready[i] == NULL)
		*why = "the key is of another type than the scheme";
	else if ((s->only != TLS_SCHEME_BOTH && s->only != form) ||
	    (form == TLS_FORM_13 && s->bits_13 != 0 &&
	    EVP_PKEY_get_bits(k->key) != s->bits_13))
		*why = "the scheme is not of this version of TLS";
	else if (!sign(k->ready[i], bytes, len, sig, siglen))
		*why = "OpenSSL cannot sign";
	else
		return 0;
	return -1;
}
