/*
 * Recent successful logins, so that a client's next connection costs no
 * crypt(3).  In memory only; passwords as an HMAC.
 *
 * An entry is valid only while the backend's generation (a string that changes
 * with the password file) is the one that the login was verified against, and
 * only if that was confirmed within CACHE_FRESH_MS: a manual edit of the file
 * takes effect within that time, a revoke at once.
 *
 * A backend that cannot tell (a directory) has the generation CACHE_LASTING:
 * its users' logins count for all of their time to live, also while it is away.
 * What it has refused is kept, too, so that a client with an old password does
 * not ask it again and again.
 */
#ifndef AUTHD_CACHE_H
#define AUTHD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/mac.h"
#include "common/buf.h"
#include "common/msg_auth.h"

#define CACHE_FRESH_MS		2000
#define CACHE_BACKENDS_MAX	33
#define CACHE_GENERATION_MAX	128	/* bytes */
#define CACHE_LASTING		"-"	/* a generation */
#define CACHE_DENIED_MS		10000	/* or the time to live, if shorter */
#define CACHE_DENIED		4096	/* the newest, about */

struct cache;

enum cache_answer {
	CACHE_MISS,	/* ask the backends */
	CACHE_HIT,	/* correct; *user is set (owned by the cache) */
	CACHE_STALE	/* ask *backend for its generation, then look again */
};

/* max: entries; ttl: milliseconds, 0 keeps nothing.  NULL on ENOMEM. */
struct cache *cache_new(size_t max, int64_t ttl);
void	 cache_free(struct cache *c);		/* NULL is fine */
void	 cache_mac(uint8_t mac[MAC_LEN], const char *name, struct str password);
enum cache_answer cache_find(struct cache *c, const char *name,
	    const uint8_t mac[MAC_LEN], int64_t now, const char **user,
	    uint32_t *backend);
/* backend has verified name (normalized) with the password that mac is made
 * from: it is user.  Nothing is cached if the generation is empty or too
 * long. */
void	 cache_put(struct cache *c, const char *name,
	    const uint8_t mac[MAC_LEN], const char *user, uint32_t backend,
	    struct str generation, int64_t now);
/* What was said of the quota when name's login was put here. */
void	 cache_quota_put(struct cache *c, const char *name,
	    const struct found_quota *quota);
struct found_quota cache_quota(struct cache *c, const char *name);
/* The backend has reported its generation. */
void	 cache_generation(struct cache *c, uint32_t backend,
	    struct str generation, int64_t now);
/* The backend has said no to the name and password of mac; kept only if its
 * generation is CACHE_LASTING. */
void	 cache_deny(struct cache *c, const uint8_t mac[MAC_LEN],
	    uint32_t backend, struct str generation, int64_t now);
/* Has it, a moment ago? */
bool	 cache_denied(const struct cache *c, const uint8_t mac[MAC_LEN],
	    uint32_t backend, int64_t now);
/* Forgets logins by that name or as that user, and all that was denied. */
void	 cache_revoke(struct cache *c, const char *user);
/* Forgets everything, and sets a new time to live. */
void	 cache_reset(struct cache *c, int64_t ttl);
size_t	 cache_entries(const struct cache *c);

#endif
