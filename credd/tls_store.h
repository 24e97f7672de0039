/*
 * The certificates and private keys of the configuration's "tls", as their
 * files are now: paild reads them (files.h).  They are looked at every
 * TLS_STORE_POLL seconds, and loaded again when they have changed and changed
 * no more for a second.  What is worse than the one in use (tls_key_state)
 * does not replace it.
 */
#ifndef CREDD_TLS_STORE_H
#define CREDD_TLS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/slice.h"
#include "credd/files.h"
#include "credd/tls_key.h"

#define TLS_STORE_POLL	5		/* seconds */
#define TLS_STORE_OLD	300		/* seconds that a replaced key is kept:
					   handshakes have begun with it */
#define TLS_STORE_WARN	(14 * 86400)	/* seconds before it expires */

struct event_base;
struct tls_store;

/* changed: the set is another; or the first one is there, if there is none,
 * too.  It may ask, but not change, the store. */
struct tls_store *tls_store_new(struct event_base *base, struct files *files,
	    int64_t (*now)(void), void (*changed)(void *arg), void *arg);
void	 tls_store_free(struct tls_store *st);	/* NULL is fine */
/* Another credd tells of the same files: only that a certificate is missing
 * here is logged. */
void	 tls_store_hush(struct tls_store *st);
/* Another configuration (copied): its files are loaded. */
void	 tls_store_configure(struct tls_store *st, const struct slice *conf);
/* Looks at the files now, instead of later. */
void	 tls_store_look(struct tls_store *st);
/* Whether the first load is over. */
bool	 tls_store_ready(const struct tls_store *st);
/* How many certificates are usable; the i-th, with the names that it is for:
 * valid until the loop goes on. */
size_t	 tls_store_count(const struct tls_store *st);
const struct tls_key *tls_store_at(const struct tls_store *st, size_t i,
	    char *const **names, size_t *nnames);
/* NULL: there is no such key, or no more. */
const struct tls_key *tls_store_find(const struct tls_store *st,
	    const uint8_t id[SIGN_ID_LEN]);
/* Seconds until the first of them expires; 0: one has, or there is none. */
uint64_t tls_store_expires(const struct tls_store *st);

#endif
