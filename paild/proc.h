/*
 * The process table: who exists, as whom, wired to whom; and what happens
 * when one of them ends.
 */
#ifndef PAILD_PROC_H
#define PAILD_PROC_H

#include "paild/paild.h"

#define PROC_AUTHWORKERS	2
/* Between two restarts, ms: of one that was ready when it ended (somebody
 * waits for it), and of one that never was. */
#define PROC_BACKOFF_MIN	100
#define PROC_BACKOFF_SERVED	2000
#define PROC_BACKOFF_MAX	30000
#define PROC_STEADY		10	/* seconds: up that long, the next
					   restart is at once again */

/* Makes the table as the configuration counts; -1 on ENOMEM. */
int	 proc_table(struct paild *pd);
void	 proc_start_all(struct paild *pd);
/* SIGCHLD: collects all that ended. */
void	 proc_reap(struct paild *pd);
/* NULL: no such one, or it is down. */
struct proc *proc_find(struct paild *pd, enum proc_kind kind, uint32_t index);
bool	 proc_all_ready(const struct paild *pd);
/* How many still run. */
size_t	 proc_running(const struct paild *pd);
const char *proc_state_name(enum proc_state s);
/* "storaged 1", for the log; overwritten by the next call. */
const char *proc_name(const struct proc *p);
/* p's slice of pd->conf, appended to b. */
int	 proc_slice(const struct proc *p, struct buf *b);
/* The back-off (ms) after one of this length: doubles. */
unsigned proc_next_backoff(unsigned backoff, bool served);
void	 proc_free_all(struct paild *pd);

#endif
