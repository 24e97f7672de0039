/*
 * From which addresses a user has logged in before with the correct password,
 * through any imapd.  Only a success adds to it; nothing that an attacker does
 * removes from it.  Pure, in memory only.
 *
 * A user has KNOWN_ADDRESSES of them; the least recently used is replaced:
 * whoever has a password can push out that user's addresses, and nobody else's.
 */
#ifndef AUTHD_KNOWN_H
#define AUTHD_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr_key.h"

#define KNOWN_ADDRESSES	16
#define KNOWN_FIRST	3	/* the trust of an address's first login */
#define KNOWN_MOST	8
#define KNOWN_LIFE_MS	((int64_t)30 * 24 * 3600 * 1000)
#define KNOWN_CREDIT_MS	3600000

struct known;

struct known *known_new(size_t max);	/* users; NULL on ENOMEM */
void	 known_free(struct known *k);		/* NULL is fine */
/* How many wrong passwords in a row the address may send for user before it is
 * no longer known: 0 if it was never seen. */
unsigned int known_trust(struct known *k, const char *user,
	    const struct addr_key *from, int64_t now);
/*
 * The user has logged in from there.  True if this counts in favour of the
 * address, too: the first time, and then once per KNOWN_CREDIT_MS, so that an
 * attacker with one password cannot clear an address with it again and again.
 */
bool	 known_passed(struct known *k, const char *user,
	    const struct addr_key *from, int64_t now);
void	 known_revoke(struct known *k, const char *user);
size_t	 known_users(const struct known *k);

#endif
