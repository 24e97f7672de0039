/*
 * The users who have sessions, by the name that each logged in with, and when
 * each is due to be looked up again.  Pure.
 */
#ifndef AUTHD_LIVE_H
#define AUTHD_LIVE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#define LIVE_MISSES	2	/* in a row: a directory that is being
				 * restored may have nobody for a while */

enum live_code {
	LIVE_USER,		/* found */
	LIVE_GONE,		/* nobody knows it, or it may not be used */
	LIVE_AWAY		/* one that may know it could not be asked */
};

struct live;

struct live_user {
	LIST_ENTRY(live_user)	 hash;
	TAILQ_ENTRY(live_user)	 due;		/* the longest ago first */
	struct live		*table;
	unsigned int		 holds;
	int64_t			 looked;	/* when, or when it came */
	bool			 asked;		/* and not due meanwhile */
	bool			 known;		/* a lookup has found it */
	unsigned int		 missed;	/* since then, in a row */
	const char		*user;		/* the user id */
	char			 login[];	/* normalized */
};

struct live *live_new(void);			/* NULL on ENOMEM */
void	 live_free(struct live *l);		/* NULL is fine; nothing is
						 * held any more */
/* Finds or creates an entry, and holds it: release it with live_drop().  NULL
 * on ENOMEM.  now: milliseconds of a monotonic clock. */
struct live_user *live_hold(struct live *l, const char *login,
	    const char *user, int64_t now);
/* A login says that a lookup has found it; fresh: just now. */
void	 live_known(struct live_user *u, bool fresh);	/* NULL is fine */
void	 live_drop(struct live_user *u);	/* NULL is fine */
/* One that was not looked up for interval ms, held: live_said() is told what
 * they say, and then it is due again.  NULL: none. */
struct live_user *live_next(struct live *l, int64_t interval, int64_t now);
/* user: of LIVE_USER, the user id.  true: the sessions are to be ended, for
 * once. */
bool	 live_said(struct live_user *u, enum live_code code,
	    const char *user, int64_t now);
/* Other databases are asked from now on: none has found anybody. */
void	 live_doubt(struct live *l);

#endif
