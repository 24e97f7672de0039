/*
 * Grants (DESIGN section 2): the descriptor is the permission.  Each
 * success makes one socketpair; storaged gets an end with the user's id,
 * imapd the other.
 */
#ifndef AUTHD_GRANT_H
#define AUTHD_GRANT_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct grants;

#define GRANT_STORAGED_MAX	256

/* storaged: how many processes users are spread over, at least 1. */
struct grants *grants_new(struct event_base *base, uint32_t storaged);
void	 grants_free(struct grants *g);		/* NULL is fine */
/* The channel to a storaged (replaces the older one); takes fd. */
void	 grants_storaged(struct grants *g, uint32_t index, int fd);
/*
 * Sends the session to the storaged that owns user (an id); *fd is the
 * caller's end, for imapd.  -1: *why (static) tells what is away.
 */
int	 grant_session(struct grants *g, const char *user, const char *login,
	    int *fd, const char **why);
/* Ends the user's sessions, everywhere. */
void	 grant_revoke(struct grants *g, const char *user);

#endif
