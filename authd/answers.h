/*
 * What directories have said of names a moment ago, so that ten thousand mails
 * to one user are not as many searches.  Only of those that cannot tell whether
 * they have changed (CACHE_LASTING); the others are asked each time, which
 * costs little.  Names that are not known have a room of their own: a flood of
 * them pushes out nothing else.
 */
#ifndef AUTHD_ANSWERS_H
#define AUTHD_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/msg_auth.h"

#define ANSWERS_YES		16384	/* kept */
#define ANSWERS_NO		4096
#define ANSWERS_YES_MS		60000	/* at most; login-cache may be less */
#define ANSWERS_NO_MS		5000

struct answers;

struct answer {
	const char		*user;	/* NULL: it is not known */
	struct found_quota	 quota;
};

/* ttl: milliseconds, 0 keeps nothing.  NULL on ENOMEM. */
struct answers *answers_new(int64_t ttl);
void	 answers_free(struct answers *a);	/* NULL is fine */
/* false: it has to be asked.  *found is borrowed until the next call. */
bool	 answers_find(struct answers *a, uint32_t backend, const char *name,
	    int64_t now, struct answer *found);
void	 answers_put(struct answers *a, uint32_t backend, const char *name,
	    const struct answer *said, int64_t now);
/* Forgets names of that user, and all that was not known. */
void	 answers_revoke(struct answers *a, const char *user);
/* Forgets all, and sets a new time to live. */
void	 answers_reset(struct answers *a, int64_t ttl);

#endif
