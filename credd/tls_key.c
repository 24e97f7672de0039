/*
 * Certificates and private keys.  OpenSSL clears what it frees of a key.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "common/mem.h"
#include "common/pem.h"
#include "common/sign_provider.h"
#include "credd/tls_key.h"

#define CHAIN_MOST	10	/* certificates */
#define SKEW		300	/* seconds, of an OCSP responder's clock */

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm	tm;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

static void
add_name(struct tls_key *k, const ASN1_STRING *s)
{
	const unsigned char	*p = ASN1_STRING_get0_data(s);
	int			 i, n = ASN1_STRING_length(s);
	char			*name;

	if (n <= 0 || n > SIGN_NAME_MAX || k->nnames == SIGN_NAMES_MAX ||
	    memchr(p, '\0', (size_t)n) != NULL)
		return;
	name = mem_dup_len(p, (size_t)n);
	for (i = 0; i < n; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	k->names = mem_grow(k->names, k->nnames + 1, sizeof(*k->names));
	k->names[k->nnames++] = name;
}

/* RFC 6125 section 6.4.4: a common name counts only without a SAN. */
static void
take_names(struct tls_key *k, const X509 *x)
{
	GENERAL_NAMES	*san = X509_get_ext_d2i(x, NID_subject_alt_name, NULL,
			    NULL);
	X509_NAME	*subject = X509_get_subject_name(x);
	GENERAL_NAME	*g;
	int		 i, at;

	for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		g = sk_GENERAL_NAME_value(san, i);
		if (g->type == GEN_DNS)
			add_name(k, g->d.dNSName);
	}
	GENERAL_NAMES_free(san);
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (k->nnames == 0 && at >= 0)
		add_name(k, X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, at)));
}

/* Did b issue a? */
static bool
is_issuer(X509 *a, X509 *b)
{
	EVP_PKEY	*key = X509_get0_pubkey(b);

	return key != NULL && X509_NAME_cmp(X509_get_issuer_name(a),
	    X509_get_subject_name(b)) == 0 && X509_verify(a, key) == 1;
}

/* Reads the chain, anew in DER: a private key may be in the same file.  The
 * first certificate, the caller's, or NULL. */
static X509 *
take_chain(struct tls_key *k, BIO *bio, struct buf *der)
{
	X509		*first = NULL, *last = NULL, *x;
	unsigned char	*p;
	int		 len, n;

	k->chained = true;
	for (n = 0; n < CHAIN_MOST && (x = pem_certificate(bio)) != NULL;
	    n++) {
		p = NULL;
		if ((len = i2d_X509(x, &p)) > 0)
			(void)buf_put(der, p, (size_t)len);
		OPENSSL_free(p);
		if (last != NULL && !is_issuer(last, x))
			k->chained = false;
		if (last != first)
			X509_free(last);
		last = x;
		if (first == NULL)
			first = x;
	}
	if (last != first)
		X509_free(last);
	ERR_clear_error();		/* of the end of the PEM */
	if (first != NULL && (der->failed || der->len > SIGN_CHAIN_MAX)) {
		X509_free(first);
		first = NULL;
	}
	return first;
}

static bool
is_usable(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "ED25519") ||
	    (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048 &&
	    EVP_PKEY_get_size(key) <= SIGN_MAX);
}

static unsigned
cost_of(const EVP_PKEY *key)
{
	int	bits = EVP_PKEY_get_bits(key);

	if (!EVP_PKEY_is_a(key, "RSA"))
		return bits > 256 ? 4 : 1;
	return bits <= 2048 ? 4 : bits <= 3072 ? 12 : 28;
}

static const char *
take(struct tls_key *k, BIO *cb, BIO *kb)
{
	struct buf	 der;
	const char	*bad = NULL;
	X509		*x;

	buf_init(&der, SIGN_CHAIN_MAX + 1);
	if (cb == NULL || kb == NULL)
		bad = "out of memory";
	else if ((x = take_chain(k, cb, &der)) == NULL)
		bad = "the certificate's file has no PEM certificate";
	else {
		k->key = pem_private_key(kb);
		if (k->key == NULL)
			bad = "the key's file has no PEM key, or one with a "
			    "passphrase";
		else if (X509_check_private_key(x, k->key) != 1)
			bad = "the private key does not match the certificate";
		else if (!is_usable(k->key))
			bad = "the key is neither RSA (2048 bits or more), EC "
			    "nor Ed25519";
		else if (sign_provider_id(x, k->id) == -1)
			bad = "the certificate's key cannot be read";
		else if (tls_scheme_ready(k->key, k->ready) == -1)
			bad = "OpenSSL cannot sign with the key";
		else
			k->cost = cost_of(k->key);
		k->begins = seconds(X509_get0_notBefore(x));
		k->expires = seconds(X509_get0_notAfter(x));
		take_names(k, x);
		X509_free(x);
	}
	k->chain.p = mem_dup_len(der.len != 0 ? (char *)der.data : "",
	    der.len);
	k->chain.len = der.len;
	buf_free(&der);
	ERR_clear_error();
	return bad;
}

struct tls_key *
tls_key_new(struct str certificate, struct str key, char *why, size_t size)
{
	struct tls_key	*k = mem_new(1, sizeof(*k));
	BIO		*cb = BIO_new_mem_buf(certificate.p,
			    (int)certificate.len);
	BIO		*kb = BIO_new_mem_buf(key.p, (int)key.len);
	const char	*bad = take(k, cb, kb);

	BIO_free(cb);
	BIO_free(kb);
	if (bad == NULL)
		return k;
	snprintf(why, size, "%s", bad);
	tls_key_free(k);
	return NULL;
}

void
tls_key_free(struct tls_key *k)
{
	size_t	i;

	if (k == NULL)
		return;
	for (i = 0; i < nitems(k->ready); i++)
		EVP_MD_CTX_free(k->ready[i]);
	EVP_PKEY_free(k->key);
	for (i = 0; i < k->nnames; i++)
		free(k->names[i]);
	free(k->names);
	free((char *)(uintptr_t)k->chain.p);
	free((char *)(uintptr_t)k->ocsp.p);
	free(k);
}

enum tls_key_state
tls_key_state(const struct tls_key *k, int64_t now)
{
	if (now < k->begins || now >= k->expires)
		return TLS_KEY_DATES;
	return k->chained ? TLS_KEY_FINE : TLS_KEY_CHAIN;
}

/* What the response says of the certificate with this serial number; the
 * responder is the CA's business: the client verifies that. */
static const char *
staple_check(OCSP_BASICRESP *basic, const X509 *own, int64_t *end)
{
	const ASN1_INTEGER	*serial = X509_get0_serialNumber(own);
	ASN1_GENERALIZEDTIME	*from, *until;
	OCSP_SINGLERESP		*one;
	ASN1_INTEGER		*number;
	int			 i, status;

	for (i = 0; i < OCSP_resp_count(basic); i++) {
		one = OCSP_resp_get0(basic, i);
		if (OCSP_id_get0_info(NULL, NULL, NULL, &number,
		    (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one)) !=
		    1 || ASN1_INTEGER_cmp(number, serial) != 0)
			continue;
		status = OCSP_single_get0_status(one, NULL, NULL, &from,
		    &until);
		if (status != V_OCSP_CERTSTATUS_GOOD)
			return "it does not say that the certificate is good";
		*end = until != NULL ? seconds(until) : 0;
		return OCSP_check_validity(from, until, SKEW, -1) == 1 ?
		    NULL : "it is out of date";
	}
	return "it is of another certificate";
}

int
tls_key_ocsp(struct tls_key *k, struct str response, char *why, size_t size)
{
	const unsigned char	*p = (const unsigned char *)response.p;
	const unsigned char	*c = (const unsigned char *)k->chain.p;
	OCSP_RESPONSE		*r = NULL;
	OCSP_BASICRESP		*basic = NULL;
	X509			*own = d2i_X509(NULL, &c, (long)k->chain.len);
	const char		*bad = "it is no OCSP response in DER";
	int64_t			 until = 0;

	if (own != NULL && response.len <= SIGN_OCSP_MAX)
		r = d2i_OCSP_RESPONSE(NULL, &p, (long)response.len);
	if (r != NULL && OCSP_response_status(r) !=
	    OCSP_RESPONSE_STATUS_SUCCESSFUL)
		bad = "it is the responder's refusal";
	else if (r != NULL && (basic = OCSP_response_get1_basic(r)) != NULL)
		bad = staple_check(basic, own, &until);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	X509_free(own);
	ERR_clear_error();
	if (bad != NULL) {
		snprintf(why, size, "%s", bad);
		return -1;
	}
	free((char *)(uintptr_t)k->ocsp.p);
	k->ocsp.p = mem_dup_len(response.p, response.len);
	k->ocsp.len = response.len;
	k->ocsp_until = until;
	return 0;
}
