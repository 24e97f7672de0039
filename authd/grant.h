/*
 * Grants (DESIGN section 2): the descriptor is the permission.  Each successful
 * login, and each recipient that is found, creates a socketpair; storaged gets
 * one end with the user id, imapd or lmtpd the other.
 */
#ifndef AUTHD_GRANT_H
#define AUTHD_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct grant_session;
struct grant_usage;
struct grants;

#define GRANT_STORAGED_MAX	256

/* storaged: how many processes users are distributed over, at least 1. */
struct grants *grants_new(struct event_base *base, uint32_t storaged);
void	 grants_free(struct grants *g);		/* NULL is fine */
/* The channel to a storaged (replaces the older one); takes fd. */
void	 grants_storaged(struct grants *g, uint32_t index, int fd);
/* Nothing is granted until grants_serve(): Pail is starting. */
void	 grants_hold(struct grants *g);
void	 grants_serve(struct grants *g);
bool	 grants_held(const struct grants *g);
/* To be called before each grant, since descriptors that storaged has not
 * received yet must not pile up. NULL, or why not yet; try again soon. */
const char *grant_behind(struct grants *g, const char *user);
/* Which storaged owns that user. */
uint32_t grant_storaged(const struct grants *g, const char *user);
/*
 * Sends the session to the storaged that owns its user (an id); *fd is the
 * caller's end, for the process that it is granted to.  -1: *why (static) says
 * what is unavailable.
 */
int	 grant_session(struct grants *g, const struct grant_session *grant,
	    int *fd, const char **why);
/* Has storaged write how much mail the user has to fd, an operator's connection
 * (taken).  -1: it is not there; fd is the caller's still. */
int	 grant_usage(struct grants *g, const struct grant_usage *usage, int fd);
/* Ends the user's sessions, everywhere. */
void	 grant_revoke(struct grants *g, const char *user);

#endif
