/* Whose sessions were ended, and when, so that a change that is reported by
 * pailctl and by each worker ends them only once. */
#ifndef AUTHD_REVOKED_H
#define AUTHD_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#define REVOKED_SLOTS	16384

struct revoked;

struct revoked *revoked_new(void);		/* NULL on ENOMEM */
void	 revoked_free(struct revoked *r);	/* NULL is fine */
/* user's sessions end now (milliseconds since 1970). */
void	 revoked_put(struct revoked *r, const char *user, int64_t now);
/* Did they end at or after the change?  false when that is forgotten. */
bool	 revoked_since(const struct revoked *r, const char *user,
	    int64_t change, int64_t now);

#endif
