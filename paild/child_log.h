/* The log of the children: each has a pipe to paild on its stderr. */
#ifndef PAILD_CHILD_LOG_H
#define PAILD_CHILD_LOG_H

#include "paild/paild.h"

/*
 * What a child may say before paild looks again, a few milliseconds later
 * (Linux; elsewhere it is what pipes hold).
 */
#define CHILD_LOG_ROOM	(256 * 1024)	/* bytes */

/* A pipe for that, which neither end waits for, and which is closed on exec.
 * -1 with errno: fds[] may be open. */
int	 child_log_pipe(int fds[2]);
/*
 * p was started, and fd (taken) is our end of its pipe: its lines are
 * written to our own log, under its name.  -1: ENOMEM, and fd is closed.
 */
int	 child_log_open(struct proc *p, int fd);
/* Writes what is in the pipes now, so that the log is not behind what the
 * operator is told. */
void	 child_log_sweep(struct paild *pd);
/* p has exited: writes what is left in its pipe, and closes it. */
void	 child_log_close(struct proc *p);

#endif
