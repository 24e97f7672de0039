/*
 * The provider's signatures.  libssl gives the bytes of a handshake whole
 * (EVP_DigestSign), never a hash of them, and there is no function here that
 * would take one (provider-signature(7)).
 */
#include "common/compat.h"

#include <stdio.h>
#include <strings.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>

#include "common/sign_provider_impl.h"

#define FN(id, f)	{ OSSL_FUNC_##id, (void (*)(void))(f) }

enum { SHA256, SHA384, SHA512, DIGESTS, NO_DIGEST };

struct sig {
	const struct sign_key	*key;	/* libssl's, for as long */
	int			 digest;
	bool			 pss;
};

static const struct {
	const char	*names[2];
	int		 size;
} digests[DIGESTS] = {
	[SHA256] = { { "SHA2-256", "SHA256" }, 32 },
	[SHA384] = { { "SHA2-384", "SHA384" }, 48 },
	[SHA512] = { { "SHA2-512", "SHA512" }, 64 }
};

static const enum sign_scheme schemes[][DIGESTS] = {
	{ SIGN_RSA_PKCS1_SHA256, SIGN_RSA_PKCS1_SHA384,
	    SIGN_RSA_PKCS1_SHA512 },
	{ SIGN_RSA_PSS_SHA256, SIGN_RSA_PSS_SHA384, SIGN_RSA_PSS_SHA512 },
	{ SIGN_ECDSA_SHA256, SIGN_ECDSA_SHA384, SIGN_ECDSA_SHA512 }
};

static int
digest_find(const char *name)
{
	int	i;

	for (i = 0; i < DIGESTS; i++)
		if (strcasecmp(name, digests[i].names[0]) == 0 ||
		    strcasecmp(name, digests[i].names[1]) == 0)
			break;
	return i;
}

static void *
sig_new(void *provctx, const char *propq)
{
	(void)provctx;
	(void)propq;
	return calloc(1, sizeof(struct sig));
}

static void *
sig_dup(void *ctx)
{
	struct sig	*s = malloc(sizeof(*s));

	if (s != NULL)
		memcpy(s, ctx, sizeof(*s));
	return s;
}

/* "pad-mode", as a number or a word. */
static int
set_padding(struct sig *s, const OSSL_PARAM *p)
{
	const char	*word;
	int		 n;

	if (OSSL_PARAM_get_int(p, &n) == 1) {
		if (n != RSA_PKCS1_PADDING && n != RSA_PKCS1_PSS_PADDING)
			return 0;
		s->pss = n == RSA_PKCS1_PSS_PADDING;
		return 1;
	}
	ERR_clear_error();
	if (OSSL_PARAM_get_utf8_string_ptr(p, &word) != 1)
		return 0;
	s->pss = strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	return s->pss || strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0;
}

/* "saltlen": that of the digest is the only one in TLS. */
static int
set_salt(const struct sig *s, const OSSL_PARAM *p)
{
	const char	*word;
	int		 n;

	if (OSSL_PARAM_get_int(p, &n) == 1)
		return n == RSA_PSS_SALTLEN_DIGEST || (s->digest < DIGESTS &&
		    n == digests[s->digest].size);
	ERR_clear_error();
	return OSSL_PARAM_get_utf8_string_ptr(p, &word) == 1 &&
	    strcmp(word, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0;
}

static int
sig_set_params(void *ctx, const OSSL_PARAM params[])
{
	struct sig		*s = ctx;
	const OSSL_PARAM	*p;
	const char		*word;

	if (params == NULL)
		return 1;
	if ((p = OSSL_PARAM_locate_const(params,
	    OSSL_SIGNATURE_PARAM_PAD_MODE)) != NULL &&
	    (s->key->kind != SIGN_RSA || !set_padding(s, p)))
		return 0;
	if ((p = OSSL_PARAM_locate_const(params,
	    OSSL_SIGNATURE_PARAM_PSS_SALTLEN)) != NULL && !set_salt(s, p))
		return 0;
	if ((p = OSSL_PARAM_locate_const(params,
	    OSSL_SIGNATURE_PARAM_MGF1_DIGEST)) != NULL &&
	    (OSSL_PARAM_get_utf8_string_ptr(p, &word) != 1 ||
	    digest_find(word) != s->digest))
		return 0;
	return 1;
}

static const OSSL_PARAM *
sig_settable_params(void *ctx, void *provctx)
{
	static const OSSL_PARAM	types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	(void)ctx;
	(void)provctx;
	return types;
}

static int
sig_init(void *ctx, const char *digest, void *keydata,
    const OSSL_PARAM params[])
{
	struct sig	*s = ctx;

	if (keydata != NULL)
		s->key = keydata;
	if (s->key == NULL || s->key->pub == NULL)
		return 0;
	s->pss = false;
	if (s->key->kind == SIGN_ED)
		s->digest = NO_DIGEST;
	else
		s->digest = digest_find(digest != NULL ? digest : "");
	if (s->key->kind != SIGN_ED && s->digest == DIGESTS) {
		ERR_raise(ERR_LIB_PROV, PROV_R_INVALID_DIGEST);
		return 0;
	}
	return sig_set_params(s, params);
}

static enum sign_scheme
scheme_of(const struct sig *s)
{
	switch (s->key->kind) {
	case SIGN_RSA:
		return schemes[s->pss][s->digest];
	case SIGN_EC:
		return schemes[2][s->digest];
	default:
		return SIGN_ED25519;
	}
}

static int
sig_sign(void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize,
    const unsigned char *bytes, size_t len)
{
	struct sig	*s = ctx;
	int		 max = EVP_PKEY_get_size(s->key->pub);

	if (max <= 0)
		return 0;
	if (sig == NULL) {
		*siglen = (size_t)max;
		return 1;
	}
	*siglen = sigsize;
	if (sign_provider_fn(s->key->id, scheme_of(s), bytes, len, sig,
	    siglen) == -1) {
		ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SIGN);
		return 0;
	}
	return 1;
}

static const OSSL_DISPATCH signature[] = {
	FN(SIGNATURE_NEWCTX, sig_new),
	FN(SIGNATURE_FREECTX, free),
	FN(SIGNATURE_DUPCTX, sig_dup),
	FN(SIGNATURE_DIGEST_SIGN_INIT, sig_init),
	FN(SIGNATURE_DIGEST_SIGN, sig_sign),
	FN(SIGNATURE_SET_CTX_PARAMS, sig_set_params),
	FN(SIGNATURE_SETTABLE_CTX_PARAMS, sig_settable_params),
	{ 0, NULL }
};

const OSSL_ALGORITHM sign_provider_signatures[] = {
	{ "RSA:rsaEncryption", SIGN_PROVIDER_OWN, signature, NULL },
	{ "ECDSA", SIGN_PROVIDER_OWN, signature, NULL },
	{ "ED25519", SIGN_PROVIDER_OWN, signature, NULL },
	{ NULL, NULL, NULL, NULL }
};
