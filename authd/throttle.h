/*
 * A growing delay for repeated failures, by user and by remote address.
 *
 * Counters are kept apart for each imapd (scope): a taken-over one can slow
 * nobody but its own clients.  An address from which a user has logged in
 * before, and not failed since, is not slowed at all: who guesses at a
 * user's password does not lock the user out.  A loopback address is many
 * clients behind a proxy: it is not counted as an address.  Pure: the clock
 * is the caller's, in milliseconds; tables are bounded, the longest unused
 * goes.
 */
#ifndef AUTHD_THROTTLE_H
#define AUTHD_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#define THROTTLE_FREE		2	/* failures without a delay */
#define THROTTLE_USER_MAX_MS	15000	/* the longest pause of a user */
#define THROTTLE_REMOTE_MAX_MS	4000	/* of an address */
#define THROTTLE_WAIT_MAX_MS	30000	/* longer is a refusal */
#define THROTTLE_FORGET_MS	(15 * 60 * 1000)
#define THROTTLE_TRUST_MS	(24 * 3600 * 1000)

struct throttle;

/* max: entries of each of the three tables.  NULL on ENOMEM. */
struct throttle *throttle_new(size_t max);
void	 throttle_free(struct throttle *t);	/* NULL is fine */
/*
 * An attempt arrives: 0 and how long it must wait (milliseconds) before its
 * password is looked at; a waiting attempt has reserved its place.  -1: the
 * wait would be over THROTTLE_WAIT_MAX_MS.  remote: an address, or "".
 */
int	 throttle_enter(struct throttle *t, uint32_t scope, const char *user,
	    const char *remote, int64_t now, int64_t *wait);
/* How it ended. */
void	 throttle_failed(struct throttle *t, uint32_t scope, const char *user,
	    const char *remote, int64_t now);
void	 throttle_passed(struct throttle *t, uint32_t scope, const char *user,
	    const char *remote, int64_t now);
size_t	 throttle_entries(const struct throttle *t);

#endif
