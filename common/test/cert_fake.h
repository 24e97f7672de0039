/* For tests: CAs, and certificates of clients. */
#ifndef COMMON_CERT_FAKE_H
#define COMMON_CERT_FAKE_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "common/buf.h"

#define CERT_FAKE_NAMES	3

/* What is wanted; names without .p end each list. */
struct cert_fake {
	struct str	 emails[CERT_FAKE_NAMES];	/* rfc822Names */
	struct str	 cns[CERT_FAKE_NAMES];		/* UTF8Strings */
	struct str	 uids[CERT_FAKE_NAMES];
	const char	*usage;		/* "clientAuth"; NULL: any */
	long		 from;		/* seconds from now */
	long		 until;		/* 0: an hour */
	bool		 ca;
	bool		 twice;		/* subjectAltName */
};

struct cert_fake_pair {
	X509		*x;
	EVP_PKEY	*key;
};

/* Issued by that one; NULL: by itself. */
struct cert_fake_pair cert_fake_make(const struct cert_fake *want,
	    const struct cert_fake_pair *issuer);
void	 cert_fake_free(struct cert_fake_pair *p);
/* Appends it in PEM, or in DER; and a CRL of an issuer, in PEM, with or without
 * that one in it. */
void	 cert_fake_pem(const struct cert_fake_pair *p, struct buf *b);
void	 cert_fake_der(const struct cert_fake_pair *p, struct buf *b);
void	 cert_fake_crl(const struct cert_fake_pair *issuer,
	    const struct cert_fake_pair *revoked, struct buf *b);

#endif
