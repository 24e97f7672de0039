/* Certificates with their keys, and which handshakes are signed with them. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/test.h"
#include "common/test/tls_fake.h"
#include "credd/tls_sign.h"

static char	cert[TLS_FAKE_PEM], key[TLS_FAKE_PEM], why[300];

static struct tls_key *
make(const char *type, const char *san, long from, long until)
{
	struct tls_fake	want = { type, "cn.example.org", san, from, until };

	tls_fake_make(&want, cert, key);
	return tls_key_new(str_from(cert), str_from(key), why, sizeof(why));
}

static void
test_names(void)
{
	struct tls_key	*k = make("P-256", "DNS:A.example.org,IP:192.0.2.1,"
			    "DNS:*.B.org", -60, 60);

	CHECK(k != NULL && k->nnames == 2 && strcmp(k->names[0],
	    "a.example.org") == 0 && strcmp(k->names[1], "*.b.org") == 0);
	tls_key_free(k);
	k = make("P-256", NULL, -60, 60);
	CHECK(k->nnames == 1 && strcmp(k->names[0], "cn.example.org") == 0);
	tls_key_free(k);
}

static void
test_dates(void)
{
	int64_t		 now = (int64_t)time(NULL);
	struct tls_key	*k = make("P-256", NULL, -1000, 1000);

	CHECK(tls_key_state(k, now) == TLS_KEY_FINE &&
	    tls_key_state(k, now - 1100) == TLS_KEY_DATES &&
	    tls_key_state(k, now + 1100) == TLS_KEY_DATES);
	CHECK(k->expires > now + 900 && k->expires < now + 1100);
	tls_key_free(k);
}

/* A file of both goes out without the key; a chain that is none is told. */
static void
test_files(void)
{
	static char	 other[TLS_FAKE_PEM], both[3 * TLS_FAKE_PEM];
	struct tls_key	*k = make("P-256", NULL, -60, 60);
	size_t		 n = k->chain.len;

	tls_key_free(k);
	snprintf(both, sizeof(both), "%s%s", key, cert);
	k = tls_key_new(str_from(both), str_from(both), why, sizeof(why));
	CHECK(k != NULL && k->chain.len == n &&
	    tls_key_state(k, (int64_t)time(NULL)) == TLS_KEY_FINE);
	tls_key_free(k);
	strlcpy(other, cert, sizeof(other));
	k = make("P-256", NULL, -60, 60);
	CHECK(tls_key_new(str_from(other), str_from(key), why,
	    sizeof(why)) == NULL && strstr(why, "does not match") != NULL);
	tls_key_free(k);
	snprintf(both, sizeof(both), "%s%s", cert, other);
	k = tls_key_new(str_from(both), str_from(key), why, sizeof(why));
	/* both have the name of the other's issuer, and not its key */
	CHECK(k != NULL && k->chain.len > n && tls_key_state(k,
	    (int64_t)time(NULL)) == TLS_KEY_CHAIN);
	tls_key_free(k);
	CHECK(tls_key_new(str_from("x"), str_from(key), why,
	    sizeof(why)) == NULL && strstr(why, "no PEM certificate") != NULL);
	CHECK(tls_key_new(str_from(cert), str_from("x"), why,
	    sizeof(why)) == NULL && strstr(why, "no PEM key") != NULL);
	CHECK(tls_key_new(str_from(""), str_from(""), why, sizeof(why)) ==
	    NULL);
	CHECK(make("RSA-1024", NULL, -60, 60) == NULL &&
	    strstr(why, "2048 bits or more") != NULL);
}

static size_t
bytes_of(uint8_t *p, bool tls13)
{
	static const char	context[] = "TLS 1.3, server CertificateVerify";

	if (tls13) {
		memset(p, ' ', 64);
		memcpy(p + 64, context, sizeof(context));
		memset(p + 64 + sizeof(context), 7, 32);
		return 64 + sizeof(context) + 32;
	}
	memset(p, 7, 64 + 4 + 32);
	memcpy(p + 64, "\x03\x00\x1d\x20", 4);
	return 64 + 4 + 32;
}

static bool
verifies(const struct tls_key *k, const char *digest, bool pss,
    const uint8_t *p, size_t len, const uint8_t *sig, size_t siglen)
{
	const unsigned char	*der = (const unsigned char *)k->chain.p;
	X509			*x = d2i_X509(NULL, &der, (long)k->chain.len);
	EVP_MD_CTX		*ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX		*pctx;
	bool			 ok;

	ok = EVP_DigestVerifyInit_ex(ctx, &pctx, digest, NULL, NULL,
	    X509_get0_pubkey(x), NULL) == 1;
	if (ok && pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(ctx, sig, siglen, p, len) == 1;
	EVP_MD_CTX_free(ctx);
	X509_free(x);
	return ok;
}

/* Each scheme with each key, of TLS 1.2 and 1.3. */
static void
test_schemes(void)
{
	static const struct {
		uint32_t	 scheme;
		const char	*digest;
		const char	*with12, *with13;	/* such keys */
		bool		 pss;
	} t[] = {
		{ SIGN_RSA_PKCS1_SHA256, "SHA256", "RSA", "", false },
		{ SIGN_RSA_PKCS1_SHA384, "SHA384", "RSA", "", false },
		{ SIGN_RSA_PKCS1_SHA512, "SHA512", "RSA", "", false },
		{ SIGN_RSA_PSS_SHA256, "SHA256", "RSA", "RSA", true },
		{ SIGN_RSA_PSS_SHA384, "SHA384", "RSA", "RSA", true },
		{ SIGN_RSA_PSS_SHA512, "SHA512", "RSA", "RSA", true },
		{ SIGN_ECDSA_SHA256, "SHA256", "P-256 P-384 P-521", "P-256",
		  false },
		{ SIGN_ECDSA_SHA384, "SHA384", "P-256 P-384 P-521", "P-384",
		  false },
		{ SIGN_ECDSA_SHA512, "SHA512", "P-256 P-384 P-521", "P-521",
		  false },
		{ SIGN_ED25519, NULL, "ED25519", "ED25519", false },
		/* SHA-1, SHA-224, DSA, Ed448, rsa_pss_pss, nothing */
		{ 0x0201, NULL, "", "", false }, { 0x0203, NULL, "", "", false },
		{ 0x0301, NULL, "", "", false }, { 0x0402, NULL, "", "", false },
		{ 0x0808, NULL, "", "", false }, { 0x0809, NULL, "", "", false },
		{ 0, NULL, "", "", false }, { 0xffff, NULL, "", "", false }
	};
	static const char *const types[] = { "RSA", "P-256", "P-384", "P-521",
	    "ED25519" };
	struct tls_key		*k;
	const char		*bad;
	uint8_t			 p[256], sig[SIGN_MAX];
	size_t			 i, j, len, siglen;
	int			 v;
	bool			 ok;

	for (i = 0; i < nitems(types); i++) {
		k = make(types[i], NULL, -60, 60);
		CHECK(k != NULL && k->cost > 0);
		for (j = 0; j < nitems(t); j++)
			for (v = 0; v < 2; v++) {
				len = bytes_of(p, v == 1);
				ok = strstr(v == 1 ? t[j].with13 :
				    t[j].with12, types[i]) != NULL;
				siglen = 0;
				CHECK_ROW((tls_sign(k, t[j].scheme, p, len,
				    sig, &siglen, &bad) == 0) == ok, "%s %x "
				    "%d", types[i], t[j].scheme, v);
				CHECK_ROW(!ok || verifies(k, t[j].digest,
				    t[j].pss, p, len, sig, siglen),
				    "%s %x %d", types[i], t[j].scheme, v);
				/* no handshake's */
				CHECK(tls_sign(k, t[j].scheme, p, len - 1,
				    sig, &siglen, &bad) == -1);
			}
		tls_key_free(k);
	}
}

int
main(void)
{
	test_names();
	test_dates();
	test_files();
	test_schemes();
	return TEST_END();
}
