/*
 * Signed tokens (jwt.h): hostile bytes.  Must never choose the algorithm by
 * the token alone, nor verify what is not written in the one way that it can
 * be.
 */
#include "common/compat.h"

#include <stdio.h>
#include <strings.h>

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "authd/jwt.h"
#include "common/b64.h"
#include "common/json.h"

#define HEADER_MAX	2048	/* bytes, decoded */

/* The next part of three, up to a dot or the end. */
static struct str
next_part(struct str *rest)
{
	const char	*dot = rest->len == 0 ? NULL :
			    memchr(rest->p, '.', rest->len);
	struct str	 part = *rest;

	if (dot == NULL) {
		*rest = STR("");
		return part;
	}
	part.len = (size_t)(dot - rest->p);
	rest->p += part.len + 1;
	rest->len -= part.len + 1;
	return part;
}

bool
jwt_is(struct str token)
{
	size_t	i, dots = 0;

	for (i = 0; i < token.len; i++)
		dots += token.p[i] == '.';
	/* A brace is an e and more in base64url; four dots: it is encrypted. */
	return token.len > 0 && token.p[0] == 'e' && (dots == 2 || dots == 4);
}

/* A header that is more than we understand is not to be understood: RFC 7515
 * section 4.1.11, RFC 8725 section 3.11. */
static const char *
jwt_header(struct jwt *t, struct str header)
{
	static const char *const types[] = { "JWT", "at+jwt",
	    "application/at+jwt" };
	struct str	v;
	char		word[64];
	size_t		i;

	if (!json_strict(header))
		return "the token's header is not a JSON object";
	if (json_member(header, "crit", &v) || json_member(header, "b64", &v))
		return "the token's header has extensions";
	if (json_member(header, "cty", &v) || json_member(header, "enc", &v) ||
	    json_member(header, "zip", &v))
		return "the token is nested, or encrypted";
	if (json_member(header, "typ", &v)) {
		if (json_text(v, word, sizeof(word)) == -1)
			return "the token is of another type";
		for (i = 0; i < nitems(types); i++)
			if (strcasecmp(word, types[i]) == 0)
				break;
		if (i == nitems(types))
			return "the token is of another type";
	}
	if (!json_member(header, "alg", &v) ||
	    json_text(v, word, sizeof(word)) == -1 ||
	    (t->alg = jwk_alg(word)) == 0)
		return "the token's algorithm is none of RS256, PS256, ES256 "
		    "and EdDSA";
	if (json_member(header, "kid", &v)) {
		if (json_text(v, t->kid, sizeof(t->kid)) <= 0)
			return "the token's kid is not a short text";
		t->has_kid = true;
	}
	return NULL;
}

const char *
jwt_parse(struct jwt *t, struct str token)
{
	struct str	 rest = token, header, claims, signature;
	char		 text[HEADER_MAX];
	ssize_t		 n;

	memset(t, 0, sizeof(*t));
	if (token.len > JWT_MAX)
		return "the token is too long";
	header = next_part(&rest);
	claims = next_part(&rest);
	signature = rest;
	if (header.len == 0 || claims.len == 0 || signature.len == 0)
		return "the token is not three parts";
	t->input = (struct str){ token.p, header.len + 1 + claims.len };
	if ((n = b64url_decode(header, text, sizeof(text))) == -1)
		return "the token's header is not base64url, or too long";
	if ((t->signature_len = (size_t)b64url_decode(signature, t->signature,
	    sizeof(t->signature))) == (size_t)-1)
		return "the token's signature is not base64url, or too long";
	t->claims.p = t->text;
	if ((t->claims.len = (size_t)b64url_decode(claims, t->text,
	    sizeof(t->text))) == (size_t)-1)
		return "the token's claims are not base64url";
	if (!json_strict(t->claims))
		return "the token's claims are not a JSON object, or one is "
		    "there twice";
	return jwt_header(t, (struct str){ text, (size_t)n });
}

/* r and s (RFC 7518 section 3.4) as OpenSSL has them; its length, or 0. */
static size_t
jwt_der(const struct jwt *t, uint8_t *der, size_t size)
{
	ECDSA_SIG	*sig = ECDSA_SIG_new();
	BIGNUM		*r, *s;
	uint8_t		*p = der;
	int		 n = 0;

	r = BN_bin2bn(t->signature, 32, NULL);
	s = BN_bin2bn(t->signature + 32, 32, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if ((n = i2d_ECDSA_SIG(sig, NULL)) > 0 && (size_t)n <= size)
		n = i2d_ECDSA_SIG(sig, &p);
	else
		n = 0;
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

static bool
jwt_padding(const struct jwt *t, EVP_PKEY_CTX *ctx)
{
	if (t->alg == JWK_RS256)
		return EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_PADDING) == 1;
	if (t->alg != JWK_PS256)
		return true;
	/* RFC 7518 section 3.5 */
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool
jwt_signed(const struct jwt *t, EVP_PKEY *key)
{
	const uint8_t	*sig = t->signature;
	EVP_MD_CTX	*md;
	EVP_PKEY_CTX	*ctx;
	uint8_t		 der[80];
	size_t		 len = t->signature_len;
	bool		 ok;

	if (t->alg == JWK_ES256) {
		if (len != 64 || (len = jwt_der(t, der, sizeof(der))) == 0)
			return false;
		sig = der;
	} else if (len != (t->alg == JWK_EDDSA ? 64 :
	    (size_t)EVP_PKEY_get_size(key)))
		return false;
	if ((md = EVP_MD_CTX_new()) == NULL)
		return false;
	ok = EVP_DigestVerifyInit(md, &ctx, t->alg == JWK_EDDSA ? NULL :
	    EVP_sha256(), NULL, key) == 1 && jwt_padding(t, ctx) &&
	    EVP_DigestVerify(md, sig, len, (const uint8_t *)t->input.p,
	    t->input.len) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

enum jwt_code
jwt_verify(const struct jwt *t, const struct jwks *keys, const char **why)
{
	const struct jwk	*k;
	bool			 found = false;

	for (k = keys->v; k < keys->v + keys->n; k++) {
		if (t->has_kid && strcmp(t->kid, k->kid) != 0)
			continue;
		found = found || t->has_kid;
		if ((k->algs & t->alg) != 0 && jwt_signed(t, k->key))
			return JWT_OK;
	}
	*why = found ? "the token's signature is wrong" :
	    t->has_kid ? "the provider has no such key" :
	    "no key of the provider has signed the token";
	return found ? JWT_WRONG : JWT_NO_KEY;
}
