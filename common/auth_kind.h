/*
 * THE table of authentication backends: what `auth:` may name, and the
 * workers that each has.  paild starts them, authd hands them work; the
 * backend itself is authd/backend_NAME.c, its keys are paild/conf_key.c's.
 *
 * Columns: name; workers for each entry of `auth:` (0: one pool for all
 * entries, of processes.authworker workers, for what takes the processor's
 * time); seconds after which a worker that has not answered is killed; traits;
 * the lookup that it has itself, of that name here (token: none, the login
 * names the user).  app is that of `app-passwords:`, and not for `auth:`.  ARG
 * is passed through.
 */
#ifndef COMMON_AUTH_KIND_H
#define COMMON_AUTH_KIND_H

#include <stdbool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define AUTH_KINDS(X, ARG)						\
	X(file, 0, 30, AUTH_SCRAM | AUTH_FOUND, file, ARG)		\
	/* It waits for a server: its own timeouts are shorter. */	\
	X(ldap, 4, 30, AUTH_FOUND, ldap, ARG)				\
	X(pam, 4, 30, 0, system, ARG)					\
	/* A certificate names its user. */				\
	X(certificate, 1, 30, AUTH_CERTIFICATE, token, ARG)		\
	/* Only a lookup. */						\
	X(system, 2, 30, 0, system, ARG)				\
	X(app, 2, 30, 0, app, ARG)					\
	/* A token says itself who it is. */				\
	X(oidc, 2, 15, AUTH_BEARER, token, ARG)

#define AUTH_ENTRIES_MAX	16	/* of `auth:` */
#define AUTH_POOLS_MAX		16
#define AUTH_WORKERS_MAX	256	/* of all pools */
#define AUTH_ALL		UINT32_MAX

enum auth_trait {
	AUTH_SCRAM = 1,		/* its users may have keys of SCRAM */
	AUTH_FOUND = 2,		/* it verifies what its own lookup finds */
	AUTH_BEARER = 4,	/* it verifies OAuth bearer tokens, and no
				   passwords */
	AUTH_CERTIFICATE = 8	/* the same of certificates */
};

struct auth_kind {
	const char	*name;
	uint32_t	 workers;
	uint32_t	 timeout;
	unsigned	 traits;
	const char	*lookup;
};

/* NULL: there is none of that name. */
const struct auth_kind *auth_kind_find(const char *name);

/*
 * The entries of `auth:`: whose verifier, and whose lookup.  A lookup that is
 * not the type's own is apart: workers of its own kind are asked, after those
 * that have verified.
 */
struct auth_entries {
	uint32_t	 n;
	struct {
		char	 type[24];
		char	 lookup[24];	/* empty: the type's own */
	}		 entry[AUTH_ENTRIES_MAX];
};

/* lookup: NULL or "": it was left out.  -1: too many. */
int	 auth_entries_add(struct auth_entries *e, const char *type,
	    const char *lookup);
/* How many entries before this one have work for that kind. */
uint32_t auth_entries_before(const struct auth_entries *e, uint32_t entry,
	    const char *kind);

/*
 * Workers that are paild's as long as it runs, whatever a reload does to
 * `auth:`: of one type, for its entry-th entry, or for all (AUTH_ALL).
 * Workers are numbered through the pools.
 */
struct auth_pool {
	char		 type[24];
	uint32_t	 entry;
	uint32_t	 workers;
	uint32_t	 timeout_ms;
	char		 user[32];	/* that they run as; "": authd's.
					 * paild's, in no slice */
};
struct auth_pools {
	size_t		 n;
	struct auth_pool pool[AUTH_POOLS_MAX];
};

struct slice;

/* What can be verified: by a type (anything if we do not know it: a test's),
 * and by any of the entries of a slice (auth.N.type) and app passwords. */
enum auth_takes {
	AUTH_TAKES_PASSWORD	= 1 << 0,
	AUTH_TAKES_PROOF	= 1 << 1,	/* of SCRAM */
	AUTH_TAKES_BEARER	= 1 << 2,
	AUTH_TAKES_CERTIFICATE	= 1 << 3,
	AUTH_TAKES_ALL		= AUTH_TAKES_PASSWORD | AUTH_TAKES_PROOF |
				    AUTH_TAKES_BEARER | AUTH_TAKES_CERTIFICATE
};
unsigned auth_kind_takes(const char *type);
unsigned auth_takes(const struct slice *s);
/* Of "app-passwords" (NULL: left out): are there any? */
bool	 auth_has_app(const char *where);
/* Can this SASL mechanism work for some user then? */
bool	 auth_mechanism_works(struct str mechanism, unsigned takes);

/* From a slice (pools.N.type, .entry, .workers, .timeout: milliseconds). */
void	 auth_pools_read(struct auth_pools *p, const struct slice *s);
/* From a slice (auth.N.type, .lookup).  -1: too many. */
int	 auth_entries_read(struct auth_entries *e, const struct slice *s);
/* A pool's number, or AUTH_POOLS_MAX: none.  For the nth entry that has work
 * for this kind, from 0; for entry N's verifier, for its lookup if that is
 * apart; for a worker. */
size_t	 auth_pool_find(const struct auth_pools *p, const char *type,
	    uint32_t nth);
size_t	 auth_pool_of_entry(const struct auth_pools *p,
	    const struct auth_entries *e, uint32_t entry);
size_t	 auth_pool_of_lookup(const struct auth_pools *p,
	    const struct auth_entries *e, uint32_t entry);
size_t	 auth_pool_of_worker(const struct auth_pools *p, uint32_t worker);

#endif
