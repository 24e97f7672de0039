/* Requests to children over their setup channels: CTL_STATS, CTL_RELOAD. */
#ifndef PAILD_ASK_H
#define PAILD_ASK_H

#include "paild/paild.h"

/* m: the response, valid only during the call; NULL: the child is gone. */
typedef void (*ask_cb)(struct proc *p, const struct msg *m, void *arg);

/*
 * Sends the request; cb is called exactly once, never from within this call.
 * -1: the child is not running, and cb is not called.
 */
int	 ask_send(struct proc *p, enum msg_type type, const void *data,
	    size_t len, ask_cb cb, void *arg);
/*
 * CTL_STATS to each child that serves or drains.  polls: of who asks again and
 * again; also to those that start, but to none that owes an older answer for
 * arg.  Returns how many will answer, each by one call of cb.
 */
size_t	 ask_stats(struct paild *pd, bool polls, ask_cb cb, void *arg);
/* A response has arrived: 0, or -1 if none was expected. */
int	 ask_answer(struct proc *p, const struct msg *m);
/* The child is gone: calls back all that wait for it. */
void	 ask_gone(struct proc *p);
/* Has p yet to answer a request made with arg, be it forgotten? */
bool	 ask_open(const struct proc *p, const void *arg);
/* arg is about to be freed: drops the requests made with it. */
void	 ask_forget(struct paild *pd, const void *arg);

#endif
