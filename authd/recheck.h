/*
 * A directory does not tell who was removed from it: those who have sessions
 * are looked up again, and who is not there any more, or locked, loses them.
 */
#ifndef AUTHD_RECHECK_H
#define AUTHD_RECHECK_H

#define RECHECK_RATE	50	/* a second, at most */
#define RECHECK_FLIGHT	4	/* of these at once */

struct authd;
struct recheck;

/* By a->conf.recheck_ms, of a->live; gone ends the sessions of a user id.  NULL
 * on ENOMEM. */
struct recheck *recheck_new(struct authd *a,
	    void (*gone)(struct authd *a, const char *user));
void	 recheck_free(struct recheck *r);	/* NULL is fine */
/* a->conf has changed. */
void	 recheck_reload(struct recheck *r);

#endif
