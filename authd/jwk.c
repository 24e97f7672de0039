/*
 * JWK Sets (jwk.h).  A key says itself what it may verify; must never take one
 * for what it is not: a symmetric one, one for encryption, a point off its
 * curve.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "authd/jwk.h"
#include "common/b64.h"
#include "common/json.h"

#define RSA_BITS_MIN	2048
#define RSA_BITS_MAX	8192
#define RSA_E_MAX	4	/* bytes of the exponent */

static const struct {
	const char	*name;
	unsigned	 bit;
} algs[] = {
	{ "RS256", JWK_RS256 }, { "PS256", JWK_PS256 },
	{ "ES256", JWK_ES256 }, { "EdDSA", JWK_EDDSA },
	{ "Ed25519", JWK_EDDSA }		/* RFC 9864 */
};

unsigned
jwk_alg(const char *name)
{
	size_t	i;

	for (i = 0; i < nitems(algs); i++)
		if (strcmp(algs[i].name, name) == 0)
			return algs[i].bit;
	return 0;
}

/* The bytes of a member in base64url; -1: none, or over size. */
static ssize_t
jwk_bytes(struct str jwk, const char *name, uint8_t *dst, size_t size)
{
	char		text[RSA_BITS_MAX / 8 * 4 / 3 + 8];
	struct str	v;

	if (!json_member(jwk, name, &v) ||
	    json_text(v, text, sizeof(text)) <= 0)
		return -1;
	return b64url_decode(str_from(text), dst, size);
}

static EVP_PKEY *
jwk_make(const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM	*params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY	*key = NULL;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
		    params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *
jwk_rsa(struct str jwk)
{
	uint8_t		 n[RSA_BITS_MAX / 8 + 1], e[RSA_E_MAX];
	ssize_t		 nlen = jwk_bytes(jwk, "n", n, sizeof(n));
	ssize_t		 elen = jwk_bytes(jwk, "e", e, sizeof(e));
	OSSL_PARAM_BLD	*b = OSSL_PARAM_BLD_new();
	BIGNUM		*bn = NULL, *be = NULL;
	EVP_PKEY	*key = NULL;

	if (b != NULL && nlen > 0 && elen > 0 &&
	    (bn = BN_bin2bn(n, (int)nlen, NULL)) != NULL &&
	    (be = BN_bin2bn(e, (int)elen, NULL)) != NULL &&
	    BN_num_bits(bn) >= RSA_BITS_MIN &&
	    BN_num_bits(bn) <= RSA_BITS_MAX && BN_is_odd(bn) &&
	    BN_is_odd(be) && !BN_is_one(be) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		key = jwk_make("RSA", b);
	OSSL_PARAM_BLD_free(b);
	BN_free(bn);
	BN_free(be);
	return key;
}

static bool
jwk_on_curve(EVP_PKEY *key)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(key, NULL);
	bool		 ok = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/*
 * A coordinate of a point, filled with leading zeros to the size of the field.
 * RFC 7518 section 6.2.1.2 wants them sent; glewlwyd leaves them out, which
 * shows in one key of 128.
 */
static bool
jwk_coordinate(struct str jwk, const char *name, uint8_t *dst, size_t size)
{
	ssize_t	n = jwk_bytes(jwk, name, dst, size);

	if (n <= 0)
		return false;
	memmove(dst + size - n, dst, (size_t)n);
	memset(dst, 0, size - (size_t)n);
	return true;
}

static EVP_PKEY *
jwk_p256(struct str jwk)
{
	uint8_t		 point[65] = { 4 };	/* uncompressed */
	OSSL_PARAM_BLD	*b;
	EVP_PKEY	*key = NULL;

	if (!jwk_coordinate(jwk, "x", point + 1, 32) ||
	    !jwk_coordinate(jwk, "y", point + 33, 32) ||
	    (b = OSSL_PARAM_BLD_new()) == NULL)
		return NULL;
	if (OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	    "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
	    sizeof(point)) == 1)
		key = jwk_make("EC", b);
	OSSL_PARAM_BLD_free(b);
	if (key != NULL && !jwk_on_curve(key)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static EVP_PKEY *
jwk_ed25519(struct str jwk)
{
	uint8_t	x[32];

	return jwk_bytes(jwk, "x", x, sizeof(x)) != sizeof(x) ? NULL :
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof(x));
}

static const struct {
	const char	*kty, *crv;		/* NULL: no curve */
	unsigned	 algs;
	EVP_PKEY	*(*make)(struct str jwk);
} types[] = {
	{ "RSA", NULL, JWK_RS256 | JWK_PS256, jwk_rsa },
	{ "EC", "P-256", JWK_ES256, jwk_p256 },
	{ "OKP", "Ed25519", JWK_EDDSA, jwk_ed25519 }
};

/* Is it for signatures?  (RFC 7517 sections 4.2 and 4.3.) */
static bool
jwk_signs(struct str jwk)
{
	struct str	v, op;

	if (json_member(jwk, "use", &v) && !json_is_text(v, "sig"))
		return false;
	if (!json_member(jwk, "key_ops", &v))
		return true;
	while (json_element(&v, &op))
		if (json_is_text(op, "verify"))
			return true;
	return false;
}

/* false: of no use to us. */
static bool
jwk_parse(struct str jwk, struct jwk *k)
{
	struct str	v;
	char		alg[32];
	size_t		i;

	k->kid[0] = '\0';
	if (!jwk_signs(jwk) || (json_member(jwk, "kid", &v) &&
	    json_text(v, k->kid, sizeof(k->kid)) == -1))
		return false;
	if (!json_member(jwk, "kty", &v))
		return false;
	for (i = 0; i < nitems(types); i++)
		if (json_is_text(v, types[i].kty))
			break;
	if (i == nitems(types) || (types[i].crv != NULL &&
	    (!json_member(jwk, "crv", &v) ||
	    !json_is_text(v, types[i].crv))))
		return false;
	k->algs = types[i].algs;
	if (json_member(jwk, "alg", &v)) {
		if (json_text(v, alg, sizeof(alg)) == -1)
			return false;
		k->algs &= jwk_alg(alg);
	}
	return k->algs != 0 && (k->key = types[i].make(jwk)) != NULL;
}

struct jwks *
jwks_parse(struct str text, char *why, size_t size)
{
	struct jwks	*j;
	struct str	 rest, jwk;
	size_t		 all = 0;

	if (text.len > JWKS_MAX || !json_strict(text) ||
	    !json_member(text, "keys", &rest)) {
		snprintf(why, size, "not a JWK Set");
		return NULL;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	while (json_element(&rest, &jwk)) {
		if (++all > JWKS_KEYS) {
			snprintf(why, size, "more than %d keys", JWKS_KEYS);
			jwks_free(j);
			return NULL;
		}
		j->n += jwk_parse(jwk, &j->v[j->n]);
	}
	if (j->n > 0)
		return j;
	snprintf(why, size, "none of its %zu keys is of use", all);
	jwks_free(j);
	return NULL;
}

void
jwks_free(struct jwks *j)
{
	size_t	i;

	if (j == NULL)
		return;
	for (i = 0; i < j->n; i++)
		EVP_PKEY_free(j->v[i].key);
	free(j);
}
