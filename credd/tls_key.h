/*
 * A certificate with its chain and its private key: read and checked.  The key
 * leaves it in no form (tls_sign.h).
 */
#ifndef CREDD_TLS_KEY_H
#define CREDD_TLS_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/msg_sign.h"
#include "credd/tls_scheme.h"

/* How bad a certificate is: what is worse does not replace what is better. */
enum tls_key_state {
	TLS_KEY_FINE,
	TLS_KEY_CHAIN,		/* a certificate did not issue the one before */
	TLS_KEY_DATES		/* expired, or not valid yet */
};

struct tls_key {
	uint8_t		 id[SIGN_ID_LEN];
	struct str	 chain;		/* DER, as in SIGN_CERT */
	struct str	 ocsp;		/* the same; empty: none */
	int64_t		 ocsp_until;	/* its nextUpdate; 0: none */
	char		**names;	/* lower case: of its SAN, or its CN */
	size_t		 nnames;
	int64_t		 begins;	/* seconds since 1970 */
	int64_t		 expires;
	bool		 chained;
	unsigned	 cost;		/* of a signature, in units of about a
					   quarter of a millisecond */
	struct evp_pkey_st *key;
	struct evp_md_ctx_st *ready[TLS_SCHEMES];	/* tls_scheme.h */
};

/*
 * From PEM: the certificate, followed by its chain, and the private key. NULL
 * with the reason in why, which has nothing of the key: one of them cannot be
 * read, they do not match, or no handshake is signed with such a key.
 */
struct tls_key *tls_key_new(struct str certificate, struct str key, char *why,
	    size_t size);
void	 tls_key_free(struct tls_key *k);	/* wipes; NULL is fine */
/* An OCSP response, in DER.  0, or -1 with the reason: it is none, does not say
 * that this certificate is good, or is out of date. */
int	 tls_key_ocsp(struct tls_key *k, struct str response, char *why,
	    size_t size);
enum tls_key_state tls_key_state(const struct tls_key *k, int64_t now);

#endif
