/* See token_rig.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "authd/test/token_rig.h"
#include "common/b64.h"
#include "common/log.h"

const char	 rig_header[] = "{\"alg\":\"RS256\",\"kid\":\"rsa\"}";
const char	 rig_claims[] = "{\"iss\":\"" RIG_ISSUER "\",\"aud\":\"pail\","
		    "\"exp\":1800003600,\"iat\":1799999990,"
		    "\"preferred_username\":\"Ann\",\"scope\":\"mail x\"}";

int64_t		 rig_seconds = RIG_NOW, rig_ms = 1000000;
bool		 rig_away, rig_more;
int		 rig_status = 200;
const char	*rig_discovery, *rig_introspection = "{}";
unsigned	 rig_asked_find, rig_asked_keys, rig_asked_token;
char		 rig_form[16384], rig_basic[1024];

static EVP_PKEY	*keys[RIG_KEYS];
static char	 jwks[2][8192];

char *
rig_b64(const void *p, size_t len)
{
	size_t	 size = len * 4 / 3 + 8;
	char	*s = malloc(size), *c;

	if (s == NULL || b64_encode(p, len, false, s, size) == -1)
		fatalx("b64_encode");
	for (c = s; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return s;
}

static char *
number(EVP_PKEY *key, const char *name, int len)
{
	BIGNUM	*bn = NULL;
	uint8_t	 bytes[1024];
	char	*s;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		fatalx("%s", name);
	if (len == 0)
		len = BN_num_bytes(bn);
	BN_bn2binpad(bn, bytes, len);
	s = rig_b64(bytes, (size_t)len);
	BN_free(bn);
	return s;
}

static void
put_ec(EVP_PKEY *key, const char *kid, char *dst, size_t size)
{
	char	*x = number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
	char	*y = number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);

	snprintf(dst, size, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\","
	    "\"use\":\"sig\",\"x\":\"%s\",\"y\":\"%s\"}", kid, x, y);
	free(x);
	free(y);
}

void
rig_init(void)
{
	char	*n, *e, *x, one[4][1200];
	uint8_t	 raw[32];
	size_t	 len = sizeof(raw);

	keys[RIG_RSA] = EVP_RSA_gen(2048);
	keys[RIG_STRANGER] = EVP_RSA_gen(2048);
	keys[RIG_EC] = EVP_EC_gen("P-256");
	keys[RIG_NEW] = EVP_EC_gen("P-256");
	keys[RIG_ED] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	n = number(keys[RIG_RSA], OSSL_PKEY_PARAM_RSA_N, 0);
	e = number(keys[RIG_RSA], OSSL_PKEY_PARAM_RSA_E, 0);
	snprintf(one[0], sizeof(one[0]), "{\"kty\":\"RSA\",\"kid\":\"rsa\","
	    "\"use\":\"sig\",\"n\":\"%s\",\"e\":\"%s\"}", n, e);
	free(n);
	free(e);
	put_ec(keys[RIG_EC], "ec", one[1], sizeof(one[1]));
	if (EVP_PKEY_get_raw_public_key(keys[RIG_ED], raw, &len) != 1)
		fatalx("ed25519");
	x = rig_b64(raw, len);
	snprintf(one[2], sizeof(one[2]), "{\"kty\":\"OKP\",\"kid\":\"ed\","
	    "\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":\"%s\"}", x);
	free(x);
	put_ec(keys[RIG_NEW], "new", one[3], sizeof(one[3]));
	snprintf(jwks[0], sizeof(jwks[0]), "{\"keys\":[%s,%s,%s,"
	    "{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"c2VjcmV0\"}]}", one[0],
	    one[1], one[2]);
	snprintf(jwks[1], sizeof(jwks[1]), "{\"keys\":[%s,%s,%s,%s]}", one[0],
	    one[1], one[2], one[3]);
}

const char *
rig_jwks(bool more)
{
	return jwks[more];
}

static size_t
hmac(EVP_PKEY *key, bool der, const char *input, uint8_t *sig)
{
	BIO		*b = BIO_new(BIO_s_mem());
	unsigned int	 len = 0;
	char		*secret;
	long		 n;

	if (b == NULL || (der ? i2d_PUBKEY_bio(b, key) :
	    PEM_write_bio_PUBKEY(b, key)) != 1)
		fatalx("the public key");
	n = BIO_get_mem_data(b, &secret);
	HMAC(EVP_sha256(), secret, (int)n, (const uint8_t *)input,
	    strlen(input), sig, &len);
	BIO_free(b);
	return len;
}

/* From DER to r and s. */
static size_t
plain(const uint8_t *der, size_t len, uint8_t *sig)
{
	const uint8_t	*p = der;
	ECDSA_SIG	*s = d2i_ECDSA_SIG(NULL, &p, (long)len);

	if (s == NULL)
		fatalx("d2i_ECDSA_SIG");
	BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + 32, 32);
	ECDSA_SIG_free(s);
	return 64;
}

static size_t
sign(enum rig_sign how, EVP_PKEY *key, const char *input, uint8_t *sig)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*ctx;
	uint8_t		 der[1024];
	size_t		 len = sizeof(der);

	if (how == RIG_UNSIGNED)
		len = 0;
	else if (how == RIG_HS256 || how == RIG_HS256_DER)
		len = hmac(key, how == RIG_HS256_DER, input, sig);
	else {
		if (EVP_DigestSignInit(md, &ctx, how == RIG_EDDSA ? NULL :
		    how == RIG_RS1 ? EVP_sha1() : EVP_sha256(), NULL, key) !=
		    1)
			fatalx("EVP_DigestSignInit");
		if (how == RIG_PS256 || how == RIG_PS_SALT) {
			EVP_PKEY_CTX_set_rsa_padding(ctx,
			    RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
			    how == RIG_PS256 ? 32 : 20);
		}
		if (EVP_DigestSign(md, der, &len, (const uint8_t *)input,
		    strlen(input)) != 1)
			fatalx("EVP_DigestSign");
		if (how == RIG_ES256)
			len = plain(der, len, sig);
		else
			memcpy(sig, der, len);
	}
	EVP_MD_CTX_free(md);
	return len;
}

char *
rig_token(enum rig_sign how, enum rig_key key, const char *header,
    const char *claims)
{
	char	*h = rig_b64(header, strlen(header));
	char	*c = rig_b64(claims, strlen(claims)), *s, *token;
	size_t	 size = strlen(h) + strlen(c) + 2048, n;
	uint8_t	 sig[1024];

	if ((token = malloc(size)) == NULL)
		fatal("malloc");
	snprintf(token, size, "%s.%s", h, c);
	n = sign(how, keys[key], token, sig);
	s = rig_b64(sig, n);
	strlcat(token, ".", size);
	strlcat(token, s, size);
	free(h);
	free(c);
	free(s);
	return token;
}

/* -- the world -- */

static int
ask(void *arg, const struct oidc_ask *q, struct oidc_answer *a)
{
	static const char	 discovery[] = "{\"issuer\":\"" RIG_ISSUER "\","
				    "\"jwks_uri\":\"" RIG_ISSUER "/keys\","
				    "\"introspection_endpoint\":\"" RIG_ISSUER
				    "/introspect\"}";
	const char		*body = NULL;

	(void)arg;
	if (strstr(q->url, "/.well-known/") != NULL) {
		rig_asked_find++;
		body = rig_discovery != NULL ? rig_discovery : discovery;
	} else if (strstr(q->url, "keys") != NULL) {
		rig_asked_keys++;
		body = rig_jwks(rig_more);
	} else if (strstr(q->url, "/introspect") != NULL && q->form != NULL) {
		rig_asked_token++;
		body = rig_introspection;
		strlcpy(rig_form, q->form, sizeof(rig_form));
		strlcpy(rig_basic, q->authorization, sizeof(rig_basic));
	}
	if (rig_away || body == NULL) {
		snprintf(a->why, sizeof(a->why), "nobody is there");
		return -1;
	}
	a->status = rig_status;
	if ((a->body = strdup(body)) == NULL)
		return -1;
	a->len = strlen(body);
	return 0;
}

static void
done(void *arg, struct oidc_answer *a)
{
	(void)arg;
	free(a->body);
	a->body = NULL;
}

static int64_t
now(void *arg)
{
	(void)arg;
	return rig_seconds;
}

static int64_t
clock_now(void *arg)
{
	(void)arg;
	return rig_ms;
}

void
rig_conf(struct oidc_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->issuer = RIG_ISSUER;
	conf->audience = "pail";
	conf->claim = "preferred_username";
	conf->leeway = 30;
	conf->scopes[conf->nscopes++] = "mail";
	conf->jwks_url = conf->introspection_url = "";
	conf->client_id = conf->client_secret = "";
}

struct oidc *
rig_oidc_conf(struct oidc_conf *conf)
{
	static const struct oidc_io	 io = { ask, done, now, clock_now,
					    NULL };
	struct oidc			*o = oidc_new(conf, &io);

	if (o == NULL)
		fatal("oidc_new");
	rig_seconds = RIG_NOW;
	rig_away = rig_more = false;
	rig_status = 200;
	rig_discovery = NULL;
	rig_asked_find = rig_asked_keys = rig_asked_token = 0;
	return o;
}

struct oidc *
rig_oidc(bool client)
{
	struct oidc_conf	conf;

	rig_conf(&conf);
	if (client) {
		conf.client_id = "pail+server";
		conf.client_secret = "a secret:%";
	}
	return rig_oidc_conf(&conf);
}
