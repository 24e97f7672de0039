/*
 * From a name and a password to a user: the cache, app passwords, then one
 * backend after the other, but for those that are away (work.h).  A backend
 * whose lookup is apart is asked twice: whether it is him, and then the lookup
 * who that is.  The same name and password asked again in a lane meanwhile
 * share the answer.  What may be asked when is the gate's (gate.h).
 */
#ifndef AUTHD_CHECK_H
#define AUTHD_CHECK_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "authd/cache.h"
#include "authd/conf.h"
#include "authd/work.h"

enum check_code {
	CHECK_YES,
	CHECK_NO,
	CHECK_EXPIRED,			/* right, but not any more */
	CHECK_LOCKED,			/* right, but the user may not */
	CHECK_UNAVAILABLE
};

struct check_answer {
	enum check_code	 code;
	const char	*user;		/* CHECK_YES: the user id */
	struct str	 data;		/* CHECK_YES: of WORK_PROOF */
	struct found_quota quota;	/* CHECK_YES */
	struct str	 why;		/* for the log, not for the client */
	bool		 denied;	/* not YES: a backend has said no */
	bool		 cached;
	uint32_t	 entry;		/* CHECK_YES: of auth, which verified
					 * it; or BACKEND_APP */
	const char	*backend;	/* CHECK_YES: the entry's name,
					 * "cache"; else "" */
};

struct check;
struct checks;

/* Embedded in what waits. */
struct check_wait {
	TAILQ_ENTRY(check_wait)	 entry;
	struct check		*check;	/* NULL: does not wait */
	/* May free w; may begin another check. */
	void			(*done)(struct check_wait *w,
				    const struct check_answer *a);
	/* The next backend's workers are pool's: check_resume() when there
	 * is room.  Asked of the one that has begun the check. */
	void			(*move)(struct check_wait *w, size_t pool);
};

/* All is borrowed, and may change. */
struct checks *checks_new(struct work *work, struct cache *cache,
	    const struct authd_conf *conf);
void	 checks_free(struct checks *c);		/* no callbacks */
/* The pool of the first backend that would be asked now. */
size_t	 checks_first_pool(const struct checks *c, enum work_how how);
/* A name that no login has: of a token whose bearer is not named.  The worker
 * is told none. */
#define CHECK_NAMELESS	'\x01'
/*
 * ask->user is normalized; mac is cache_mac() of it and the password (or the
 * proof); pool is the one that has room for it (AUTH_POOLS_MAX: none has, it
 * follows another that may be over, and never moves).  w->done is called once,
 * perhaps from within this call: touch neither w nor what holds it after it.
 */
void	 check_begin(struct checks *c, struct check_wait *w, uint32_t lane,
	    size_t pool, const struct work_ask *ask,
	    const uint8_t mac[MAC_LEN]);
/* w is one that was to move, and its pool has room. */
void	 check_resume(struct check_wait *w);
/* The same, but it has waited too long: that backend is passed over. */
void	 check_skip(struct check_wait *w);
/* The one whose check w waits for: w itself, or NULL when that has gone. */
struct check_wait *check_leader(const struct check_wait *w);
/* Does no other wait for its answer? */
bool	 check_alone(const struct check_wait *w);
/* Has a backend said no? */
bool	 check_denied(const struct check_wait *w);
void	 check_cancel(struct check_wait *w);	/* also when it does not wait */
/* What is being checked for that user is checked anew before it counts. */
void	 checks_revoke(struct checks *c, const char *user);

#endif
