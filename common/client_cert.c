/*
 * X.509 certificates of clients (RFC 5280).  Must never take one of two names,
 * nor part of one.
 */
#include "common/compat.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "common/client_cert.h"

static int
store_add(X509_STORE *store, STACK_OF(X509_INFO) *all, int *cas, int *crls)
{
	X509_INFO	*info;
	int		 i;

	for (i = 0; i < sk_X509_INFO_num(all); i++) {
		info = sk_X509_INFO_value(all, i);
		if (info->x509 != NULL) {
			if (X509_STORE_add_cert(store, info->x509) != 1)
				return -1;
			++*cas;
		}
		if (info->crl != NULL) {
			if (X509_STORE_add_crl(store, info->crl) != 1)
				return -1;
			++*crls;
		}
	}
	return 0;
}

X509_STORE *
client_cert_store(struct str pem, char *why, size_t size)
{
	STACK_OF(X509_INFO)	*all = NULL;
	X509_STORE		*store = NULL;
	BIO			*b = NULL;
	unsigned long		 flags = X509_V_FLAG_PARTIAL_CHAIN;
	int			 cas = 0, crls = 0;

	if (pem.len <= INT_MAX)
		b = BIO_new_mem_buf(pem.p, (int)pem.len);
	if (b != NULL)
		all = PEM_X509_INFO_read_bio(b, NULL, NULL, NULL);
	BIO_free(b);
	if (all == NULL)
		strlcpy(why, "it is not in PEM", size);
	else if ((store = X509_STORE_new()) == NULL ||
	    store_add(store, all, &cas, &crls) == -1)
		strlcpy(why, "a certificate or CRL cannot be used", size);
	else if (cas == 0)
		strlcpy(why, "it contains no certificate", size);
	else {
		if (crls > 0)
			flags |= X509_V_FLAG_CRL_CHECK;
		if (X509_STORE_set_flags(store, flags) == 1 &&
		    X509_STORE_set_purpose(store,
		    X509_PURPOSE_SSL_CLIENT) == 1 &&
		    X509_STORE_set_depth(store, CLIENT_CERT_DEPTH) == 1)
			goto out;
		strlcpy(why, "out of memory", size);
	}
	X509_STORE_free(store);
	store = NULL;
 out:
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	ERR_clear_error();
	return store;
}

STACK_OF(X509_NAME) *
client_cert_names(X509_STORE *store)
{
	STACK_OF(X509_OBJECT)	*all = X509_STORE_get0_objects(store);
	STACK_OF(X509_NAME)	*names = sk_X509_NAME_new_null();
	X509_NAME		*name;
	X509			*x;
	int			 i;

	for (i = 0; names != NULL && i < sk_X509_OBJECT_num(all); i++) {
		x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (x == NULL)
			continue;
		name = X509_NAME_dup(X509_get_subject_name(x));
		if (name == NULL || sk_X509_NAME_push(names, name) == 0) {
			X509_NAME_free(name);
			sk_X509_NAME_pop_free(names, X509_NAME_free);
			return NULL;
		}
	}
	return names;
}

/* The first is the client's, the others lead to a CA. */
static X509 *
chain_read(struct str chain, STACK_OF(X509) *rest)
{
	const unsigned char	*p = (const unsigned char *)chain.p;
	const unsigned char	*end = p + chain.len;
	X509			*own = NULL, *x;
	int			 n = 0;

	while (p < end) {
		if (n++ == CLIENT_CERT_CERTS ||
		    (x = d2i_X509(NULL, &p, (long)(end - p))) == NULL)
			goto bad;
		if (own == NULL)
			own = x;
		else if (sk_X509_push(rest, x) == 0) {
			X509_free(x);
			goto bad;
		}
	}
	return own;
 bad:
	X509_free(own);
	return NULL;
}

X509 *
client_cert_verify(X509_STORE *store, struct str chain, char *why,
    size_t size)
{
	STACK_OF(X509)	*rest = sk_X509_new_null();
	X509_STORE_CTX	*ctx = X509_STORE_CTX_new();
	X509		*own = NULL;
	bool		 ok = false;

	if (rest == NULL || ctx == NULL)
		strlcpy(why, "out of memory", size);
	else if ((own = chain_read(chain, rest)) == NULL)
		strlcpy(why, "no X.509 certificate", size);
	else if (X509_STORE_CTX_init(ctx, store, own, rest) != 1)
		strlcpy(why, "out of memory", size);
	else if (X509_verify_cert(ctx) != 1)
		strlcpy(why, X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(ctx)), size);
	else
		ok = true;
	if (!ok) {
		X509_free(own);
		own = NULL;
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(rest, X509_free);
	ERR_clear_error();
	return own;
}

/* One value, if it is the first and all of it fits. */
static int
take(char *dst, size_t size, const unsigned char *p, int len, int *n)
{
	if (++*n > 1 || len <= 0 || (size_t)len >= size ||
	    memchr(p, '\0', (size_t)len) != NULL)
		return -1;
	memcpy(dst, p, (size_t)len);
	dst[len] = '\0';
	return 0;
}

static int
name_email(const X509 *x, char *dst, size_t size, int *n)
{
	GENERAL_NAMES		*all;
	const GENERAL_NAME	*g;
	int			 i, critical, r = 0;

	all = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
	/* -2: there are several, -1: none. */
	if (all == NULL)
		return critical == -1 ? 0 : -1;
	for (i = 0; i < sk_GENERAL_NAME_num(all) && r == 0; i++) {
		g = sk_GENERAL_NAME_value(all, i);
		if (g->type == GEN_EMAIL)
			r = take(dst, size,
			    ASN1_STRING_get0_data(g->d.rfc822Name),
			    ASN1_STRING_length(g->d.rfc822Name), n);
	}
	GENERAL_NAMES_free(all);
	return r;
}

static int
name_subject(const X509 *x, int nid, char *dst, size_t size, int *n)
{
	const X509_NAME		*subject = X509_get_subject_name(x);
	const X509_NAME_ENTRY	*e;
	unsigned char		*utf8;
	int			 i = -1, len, r = 0;

	while (r == 0 && (i = X509_NAME_get_index_by_NID(subject, nid,
	    i)) >= 0) {
		e = X509_NAME_get_entry(subject, i);
		utf8 = NULL;
		len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
		r = len < 0 ? -1 : take(dst, size, utf8, len, n);
		OPENSSL_free(utf8);
	}
	return r;
}

int
client_cert_name(const X509 *x, const char *rule, char *dst, size_t dstsize,
    char *why, size_t size)
{
	int	n = 0, r;

	dst[0] = '\0';
	if (strcmp(rule, "email") == 0)
		r = name_email(x, dst, dstsize, &n);
	else if (strcmp(rule, "cn") == 0)
		r = name_subject(x, NID_commonName, dst, dstsize, &n);
	else if (strcmp(rule, "uid") == 0)
		r = name_subject(x, NID_userId, dst, dstsize, &n);
	else
		r = -1;
	ERR_clear_error();
	if (r == 0 && n == 1)
		return 0;
	dst[0] = '\0';
	snprintf(why, size, n == 0 && r == 0 ? "it has no %s" : n > 1 ?
	    "it has more than one %s" : "its %s is not a name", rule);
	return -1;
}
