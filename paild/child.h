/* The life cycle of the children: started, wired, restarted when they exit. */
#ifndef PAILD_CHILD_H
#define PAILD_CHILD_H

#include "paild/paild.h"

/* Delay before a restart, in ms: the first; the longest of a process that was
 * ready when it exited (someone is waiting for it), and of one that never
 * was. */
#define CHILD_BACKOFF_MIN	100
#define CHILD_BACKOFF_SERVED	2000
#define CHILD_BACKOFF_MAX	30000
#define CHILD_STEADY		10	/* seconds of uptime after which the
					   next restart is immediate */

/* What is done with a child's words; arg is its struct proc. */
extern const struct peer_ops child_ops;

/* Wires the processes in the table and starts them; ops is called from then
 * on. */
void	 child_start_all(struct paild *pd, const struct paild_ops *ops);
/* SIGCHLD: reaps all children that have exited. */
void	 child_reap(struct paild *pd);
/* The back-off (ms) that follows this one: twice as long, up to the limit. */
unsigned child_next_backoff(unsigned backoff, bool served);
/* All have exited: frees pd's table. */
void	 child_free_all(struct paild *pd);

#endif
