/* Questions to children over their setup channels: CTL_STATS, CTL_RELOAD. */
#ifndef PAILD_ASK_H
#define PAILD_ASK_H

#include "paild/paild.h"

/* m: the answer (dies with the call), or NULL: the child is gone. */
typedef void (*ask_cb)(struct proc *p, const struct msg *m, void *arg);

/*
 * Sends the question; cb comes exactly once, never from within this call.
 * -1: the child is not there, and cb will not come.
 */
int	 ask_send(struct proc *p, enum msg_type type, const void *data,
	    size_t len, ask_cb cb, void *arg);
/* An answer has come: 0, or -1 if nobody asked. */
int	 ask_answer(struct proc *p, const struct msg *m);
/* The child is gone: all that wait hear of it. */
void	 ask_gone(struct proc *p);
/* arg is about to die: what waits with it is forgotten. */
void	 ask_forget(struct paild *pd, const void *arg);

#endif
