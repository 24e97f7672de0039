/*
 * Logins that have just succeeded, so that a client's next connection costs
 * no crypt(3).  In memory only; passwords as an HMAC.
 *
 * An entry counts only while the backend is at the generation (a text that
 * changes with the password file) that the login was checked against, and
 * only if that was confirmed within CACHE_FRESH_MS: an edit of the file by
 * hand counts within that time, a revoke at once.
 */
#ifndef AUTHD_CACHE_H
#define AUTHD_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "authd/mac.h"
#include "common/buf.h"

#define CACHE_FRESH_MS		2000
#define CACHE_BACKENDS_MAX	32
#define CACHE_GENERATION_MAX	128	/* bytes */

struct cache;

enum cache_answer {
	CACHE_MISS,	/* ask the backends */
	CACHE_HIT,	/* right; *user is set (the cache's, short-lived) */
	CACHE_STALE	/* ask *backend for its generation, look again */
};

/* max: entries; ttl: milliseconds, 0 keeps nothing.  NULL on ENOMEM. */
struct cache *cache_new(size_t max, int64_t ttl);
void	 cache_free(struct cache *c);		/* NULL is fine */
void	 cache_mac(uint8_t mac[MAC_LEN], const char *name, struct str password);
enum cache_answer cache_find(struct cache *c, const char *name,
	    const uint8_t mac[MAC_LEN], int64_t now, const char **user,
	    uint32_t *backend);
/* backend has checked name (normalized) with the password behind mac: it is
 * user.  A generation that is empty or too long is not cached. */
void	 cache_put(struct cache *c, const char *name,
	    const uint8_t mac[MAC_LEN], const char *user, uint32_t backend,
	    struct str generation, int64_t now);
/* The backend said what its generation is. */
void	 cache_generation(struct cache *c, uint32_t backend,
	    struct str generation, int64_t now);
/* Forgets what was logged in by that name or as that user. */
void	 cache_revoke(struct cache *c, const char *user);
/* Forgets everything; the new time to live. */
void	 cache_reset(struct cache *c, int64_t ttl);
size_t	 cache_entries(const struct cache *c);

#endif
