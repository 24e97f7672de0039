/* See cert_fake.h. */
#include "common/compat.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/log.h"
#include "common/test/cert_fake.h"

static void
add_emails(X509 *x, const struct str *emails)
{
	GENERAL_NAMES	*all = GENERAL_NAMES_new();
	GENERAL_NAME	*g;
	ASN1_IA5STRING	*s;
	size_t		 i;

	for (i = 0; i < CERT_FAKE_NAMES && emails[i].p != NULL; i++) {
		g = GENERAL_NAME_new();
		s = ASN1_IA5STRING_new();
		if (g == NULL || s == NULL || ASN1_STRING_set(s, emails[i].p,
		    (int)emails[i].len) != 1)
			fatalx("GENERAL_NAME");
		GENERAL_NAME_set0_value(g, GEN_EMAIL, s);
		if (sk_GENERAL_NAME_push(all, g) == 0)
			fatalx("GENERAL_NAMES");
	}
	if (i > 0 && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0,
	    X509V3_ADD_APPEND) != 1)
		fatalx("subjectAltName");
	GENERAL_NAMES_free(all);
}

static void
add_names(X509_NAME *name, int nid, const struct str *values)
{
	size_t	i;

	for (i = 0; i < CERT_FAKE_NAMES && values[i].p != NULL; i++)
		if (X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING,
		    (const unsigned char *)values[i].p, (int)values[i].len, -1,
		    0) != 1)
			fatalx("X509_NAME");
}

static void
add_text(X509 *x, int nid, const char *value)
{
	X509_EXTENSION	*e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		fatalx("extension");
	X509_EXTENSION_free(e);
}

struct cert_fake_pair
cert_fake_make(const struct cert_fake *want,
    const struct cert_fake_pair *issuer)
{
	static long		 serial;
	struct cert_fake_pair	 p = { X509_new(), EVP_EC_gen("P-256") };

	if (p.x == NULL || p.key == NULL)
		fatalx("OpenSSL");
	if (issuer == NULL)
		issuer = &p;
	X509_set_version(p.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(p.x), want->from != 0 ?
	    want->from : -3600);
	X509_gmtime_adj(X509_getm_notAfter(p.x), want->until != 0 ?
	    want->until : 3600);
	X509_set_pubkey(p.x, p.key);
	add_names(X509_get_subject_name(p.x), NID_commonName, want->cns);
	add_names(X509_get_subject_name(p.x), NID_userId, want->uids);
	X509_set_issuer_name(p.x, X509_get_subject_name(issuer->x));
	add_emails(p.x, want->emails);
	if (want->twice)
		add_emails(p.x, want->emails);
	add_text(p.x, NID_basic_constraints, want->ca ? "CA:TRUE" :
	    "CA:FALSE");
	if (want->usage != NULL)
		add_text(p.x, NID_ext_key_usage, want->usage);
	if (X509_sign(p.x, issuer->key, EVP_sha256()) == 0)
		fatalx("X509_sign");
	return p;
}

void
cert_fake_free(struct cert_fake_pair *p)
{
	X509_free(p->x);
	EVP_PKEY_free(p->key);
}

static void
append(BIO *bio, struct buf *b)
{
	char	*data;
	long	 len = BIO_get_mem_data(bio, &data);

	if (buf_put(b, data, (size_t)len) == -1)
		fatalx("buf");
	BIO_free(bio);
}

void
cert_fake_pem(const struct cert_fake_pair *p, struct buf *b)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, p->x);
	append(bio, b);
}

void
cert_fake_der(const struct cert_fake_pair *p, struct buf *b)
{
	BIO	*bio = BIO_new(BIO_s_mem());

	i2d_X509_bio(bio, p->x);
	append(bio, b);
}

void
cert_fake_crl(const struct cert_fake_pair *issuer,
    const struct cert_fake_pair *revoked, struct buf *b)
{
	ASN1_TIME	*now = X509_gmtime_adj(NULL, -60);
	ASN1_TIME	*later = X509_gmtime_adj(NULL, 3600);
	X509_REVOKED	*r = X509_REVOKED_new();
	X509_CRL	*crl = X509_CRL_new();
	BIO		*bio = BIO_new(BIO_s_mem());

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, later);
	if (revoked != NULL) {
		X509_REVOKED_set_serialNumber(r,
		    X509_get_serialNumber(revoked->x));
		X509_REVOKED_set_revocationDate(r, now);
		X509_CRL_add0_revoked(crl, r);
		r = NULL;
	}
	if (X509_CRL_sign(crl, issuer->key, EVP_sha256()) == 0)
		fatalx("X509_CRL_sign");
	PEM_write_bio_X509_CRL(bio, crl);
	append(bio, b);
	X509_REVOKED_free(r);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
}
