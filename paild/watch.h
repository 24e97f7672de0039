/* The watchdog: a child that does not respond is killed, and thereby
 * restarted. */
#ifndef PAILD_WATCH_H
#define PAILD_WATCH_H

#include "common/buf.h"
#include "paild/paild.h"

/*
 * The number of times a child is asked within the time limit "watchdog".  These
 * are counted rather than time: while paild itself was suspended (by the
 * machine, or by SIGSTOP), no one was asked.  A child that has not reached its
 * event loop yet, at startup, has that many times longer.
 */
#define WATCH_TURNS	10
#define WATCH_START	10

/* Starts, or sets a new "watchdog" (s; 0: off). */
void	 watch_begin(struct paild *pd);
void	 watch_end(struct paild *pd);
void	 watch_started(struct proc *p);
/* p has sent something; answered: from its event loop. */
void	 watch_heard(struct proc *p, bool answered);
/* Has p let at most half of its time pass without an answer? */
bool	 watch_healthy(const struct proc *p);
/* CTL_DOING: what it says it is doing; -1: malformed. */
int	 watch_doing(struct proc *p, const struct msg *m);
/* For the status: that p does not respond, and what it last said it was
 * doing. */
void	 watch_status(const struct proc *p, struct buf *out);

#endif
