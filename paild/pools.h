/* The pools of authd's workers (common/auth_kind.h), by the configuration. */
#ifndef PAILD_POOLS_H
#define PAILD_POOLS_H

#include "common/auth_kind.h"
#include "paild/conf.h"
#include "paild/conf_slice.h"

#define POOLS_EXTRA	(4 * AUTH_POOLS_MAX)	/* pairs of a slice */

/* Pools for the entries of `auth:`. */
void	 pools_make(struct auth_pools *p, const struct conf *c);
uint32_t pools_workers(const struct auth_pools *p);
/* Whom a worker runs as, if not as authd's user; or NULL. */
const char *pools_user(const struct auth_pools *p, uint32_t worker);
/* May this worker know what path says, a key of c?  All but the secrets of
 * another pool's entries of auth. */
bool	 pools_tell(const struct auth_pools *p, const struct conf *c,
	    uint32_t worker, const char *path);
/*
 * Calls missing() with each entry of a later configuration that p has no
 * workers of a kind for, or of another user: they come with a restart of paild.
 */
void	 pools_missing(const struct auth_pools *p, const struct conf *c,
	    void (*missing)(uint32_t entry, const char *type, void *arg),
	    void *arg);

/* What a slice says of them: n pairs, valid as long as t. */
struct pools_text {
	char	key[POOLS_EXTRA][32];
	char	num[POOLS_EXTRA][16];
};
size_t	 pools_extra(const struct auth_pools *p, struct pools_text *t,
	    struct conf_extra extra[POOLS_EXTRA]);

#endif
