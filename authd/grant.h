/*
 * Grants (DESIGN section 2): the descriptor is the permission.  Each successful
 * login creates a socketpair; storaged gets one end with the user id, imapd the
 * other.
 */
#ifndef AUTHD_GRANT_H
#define AUTHD_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct grants;

#define GRANT_STORAGED_MAX	256

/* storaged: how many processes users are distributed over, at least 1. */
struct grants *grants_new(struct event_base *base, uint32_t storaged);
void	 grants_free(struct grants *g);		/* NULL is fine */
/* The channel to a storaged (replaces the older one); takes fd. */
void	 grants_storaged(struct grants *g, uint32_t index, int fd);
/* To be called before each grant, since descriptors that storaged has not
 * received yet must not pile up. false: it is not keeping up; try again
 * soon. */
bool	 grant_ready(struct grants *g, const char *user);
/*
 * Sends the session to the storaged that owns user (an id), with these rights
 * (enum grant_right); session is imapd's number of it, for storaged's log;
 * *fd is the caller's end, for imapd.  -1: *why (static) says what is
 * unavailable.
 */
int	 grant_session(struct grants *g, const char *user, const char *login,
	    uint8_t rights, uint32_t session, int *fd, const char **why);
/* Ends the user's sessions, everywhere. */
void	 grant_revoke(struct grants *g, const char *user);

#endif
