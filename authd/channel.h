/*
 * The channel to one imapd, or to admind: which logins it has in flight, and
 * how much it may ask at once.
 */
#ifndef AUTHD_CHANNEL_H
#define AUTHD_CHANNEL_H

#include "authd/state.h"
#include "common/msg_setup.h"

void	 channel_init(struct channel *c, struct authd *a, uint32_t index);
/* A new imapd at the other end: what the old one asked is dropped.  Takes
 * fd. */
void	 channel_open(struct channel *c, int fd);
void	 channel_close(struct channel *c);
/* Drops the logins that have not come to a check, with an answer. */
void	 channel_drain(struct channel *c);
/* What user has proved is void. */
void	 channel_revoke(struct channel *c, const char *user);
/* paild has answered a login of admind's. */
void	 channel_given(struct channel *c, uint32_t wanted,
	    const struct setup_give *g);
/* An operator wants that session to end; false: imapd is not there. */
bool	 channel_leave(struct channel *c, uint32_t id);
/* Tries again for those who wait for paild's word. */
void	 channel_again(struct channel *c);

#endif
