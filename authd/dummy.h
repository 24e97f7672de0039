/*
 * What passwords are hashed against if the name does not exist, so that the
 * time of a check reveals nothing: the settings (method and cost) of existing
 * hashes, as often as each occurs.  A name always gets the same one, in every
 * worker, unless the password file changes a lot.
 */
#ifndef AUTHD_DUMMY_H
#define AUTHD_DUMMY_H

#include <stdbool.h>
#include <stddef.h>

#include "authd/hash.h"
#include "common/scram.h"

#define DUMMY_SETTINGS	16	/* what is beyond is not imitated */

struct dummies {
	size_t	 n, total;
	struct {
		char	hash[HASH_MAX + 1];
		size_t	setting;	/* bytes of it */
		size_t	count;
	}	 kind[DUMMY_SETTINGS];
	char	 secret[HASH_MAX + 1];
};

/* hash is one that hash_acceptable() accepts.  The smallest of all keys the
 * choice, so that adding a user seldom changes it. */
void	 dummy_add(struct dummies *d, const char *hash);
/* A hash for name, owned by d; NULL if there is none. */
const char *dummy_pick(const struct dummies *d, const char *name);
/*
 * SCRAM keys for a name that has none: no proof is right for them, and the
 * salt tells nothing and stays as long as the two texts of key do, which only
 * the file knows: hashes of users, of whom each may know his own.  Iterations
 * and the salt's length are those of keys that exist; *alike: some do.
 */
void	 dummy_scram(const struct dummies *d, const char *const key[2],
	    const char *name, struct scram_keys *k, bool *alike);
void	 dummy_clear(struct dummies *d);	/* wipes */

#endif
