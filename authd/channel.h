/*
 * The channel to one imapd: which logins it has in flight, and how much one
 * imapd may ask at once.
 */
#ifndef AUTHD_CHANNEL_H
#define AUTHD_CHANNEL_H

#include "authd/authd.h"
#include "common/msg_auth.h"

void	 channel_init(struct channel *c, struct authd *a, uint32_t index);
/* A new imapd at the other end: what the old one asked is dropped.  Takes
 * fd. */
void	 channel_open(struct channel *c, int fd);
void	 channel_close(struct channel *c);
/* Drops the logins that have not come to a check, with an answer. */
void	 channel_drain(struct channel *c);
/* Tries again for those who wait for paild's word. */
void	 channel_tokens(struct channel *c);
/* A login has ended: when it was the last of a draining authd, says so. */
void	 channel_gone(struct authd *a);
/* AUTH_NO. */
void	 channel_refuse(struct channel *c, uint32_t id, enum auth_code code,
	    const char *text);

#endif
