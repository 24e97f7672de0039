/*
 * Sessions at storaged that may append to one user's mailboxes, each used by
 * all addresses of which authd has said that they are that user's.  One that
 * is CHANNEL_AGE old, has ended or was forgotten is given to no other address.
 */
#ifndef LMTPD_CHANNEL_H
#define LMTPD_CHANNEL_H

#include "common/compat.h"

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "lmtpd/verdict.h"

#define CHANNEL_AGE		60	/* seconds since it was granted */
#define CHANNEL_HOLDS_MAX	64	/* messages at a time */

struct channel;
struct event_base;
struct mbox_client;
struct str;

/* From the loop. */
struct channel_ops {
	/* The session is open. */
	void	(*ready)(void *arg);
	/* It was refused, or has ended, as v says: its use has to be left,
	 * before this returns. */
	void	(*end)(void *arg, const struct verdict *v);
};

/* An address's use of a channel, part of the address. */
struct channel_use {
	TAILQ_ENTRY(channel_use) entry;
	struct channel		*channel;	/* NULL: none */
	const struct channel_ops *ops;
	void			*arg;
};

/* One of this user at this storaged that takes so many more messages; NULL:
 * there is none. */
struct channel *channel_find(const char *user, uint32_t storaged,
	    unsigned int holds);
/* Takes fd; NULL: out of memory, with fd still the caller's.  listed: it may
 * be found.  It has to be joined. */
struct channel *channel_new(struct event_base *base, int fd, const char *user,
	    uint32_t storaged, bool listed);
void	 channel_join(struct channel *c, struct channel_use *u,
	    const struct channel_ops *ops, void *arg);
/* The last one closes it: not from a callback of the session's, other than
 * end().  Fine without a channel. */
void	 channel_leave(struct channel_use *u);
/* A message begins or ends to use it. */
void	 channel_hold(struct channel *c, unsigned int holds);
void	 channel_release(struct channel *c);

/* May more messages use it? */
bool	 channel_takes(const struct channel *c, unsigned int holds);
bool	 channel_old(const struct channel *c);
bool	 channel_ready(const struct channel *c);
/* NULL: it has ended. */
struct mbox_client *channel_session(const struct channel *c);
const char *channel_user(const struct channel *c);
uint32_t channel_storaged(const struct channel *c);

/* None of them is found any more. */
void	 channel_forget(void);
unsigned int channel_count(void);	/* that are open */

#endif
