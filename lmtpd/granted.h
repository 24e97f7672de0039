/*
 * Who recipients are: looked up by authd (channel RCPT), which grants a channel
 * to storaged that may only append; other addresses of the same user use the
 * one that is open (channel.h).  What authd has said is kept for a while, for
 * the next message to the same address; of at most GRANTED_IDLE_MAX addresses
 * that nobody uses.  It is forgotten when storaged ends the channel (which
 * authd causes when the user changes), and asked for anew when that is
 * CHANNEL_AGE old, since aliases change, too.
 */
#ifndef LMTPD_GRANTED_H
#define LMTPD_GRANTED_H

#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>

#include "lmtpd/verdict.h"

#define GRANTED_IDLE_MAX	256	/* addresses */
#define GRANTED_IDLE		15	/* seconds unused */

struct event_base;
struct granted;
struct mbox_client;

/* From the loop, or from granted_channel(). */
struct granted_ops {
	/* The session is open. */
	void	(*ready)(void *arg);
	/* It is refused, or has ended: no request is answered any more.  v
	 * says why; the hold is released already. */
	void	(*gone)(void *arg, const struct verdict *v);
};

/* One use of a granted channel, part of whoever uses it. */
struct granted_hold {
	TAILQ_ENTRY(granted_hold) entry;
	struct granted		*granted;	/* NULL: released */
	const struct granted_ops *ops;
	void			*arg;
};

/*
 * 1: it is ready now; 0: ready() or gone() will be called; -1: out of memory.
 * remote, session: of the client, for authd's log.
 */
int	 granted_hold(struct event_base *base, struct granted_hold *h,
	    const char *address, const char *remote, uint64_t session,
	    const struct granted_ops *ops, void *arg);
/* Its requests are no longer answered, if they are forgotten first
 * (mbox_client_forget()). */
void	 granted_release(struct granted_hold *h);

/* Of a hold that is ready; NULL: released. */
struct mbox_client *granted_session(const struct granted_hold *h);
/* What authd has said; "" and 0 before. */
const char *granted_user(const struct granted_hold *h);
const char *granted_detail(const struct granted_hold *h);
uint32_t granted_storaged(const struct granted_hold *h);
/* What it waits for, for people. */
const char *granted_waits(const struct granted_hold *h);

/* The channel to authd (RCPT), which replaces the older one.  Takes fd. */
void	 granted_channel(struct event_base *base, int fd);
/* No channel is used for new messages any more (a reload). */
void	 granted_forget(void);
unsigned int granted_count(void);	/* channels that are open */

#endif
