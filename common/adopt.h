/*
 * Processes that a child has forked, even if they have left its process group:
 * if the system supports it (Linux), they become our children when their parent
 * exits, and can be killed.
 */
#ifndef COMMON_ADOPT_H
#define COMMON_ADOPT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

void	 adopt_begin(void);		/* from here on; once */
/*
 * kill(2) as that user, whom this process (which is root) has the right to
 * become: only a process of hers gets the signal, and no right to signal all
 * is needed (CAP_KILL).
 */
int	 adopt_signal(uid_t uid, pid_t pid, int sig);
/*
 * Kills the children of this process that belong to this user and that known()
 * does not recognize; returns how many.  What they have forked is adopted when
 * they exit (SIGCHLD): call this again then.
 */
size_t	 adopt_kill(uid_t uid, bool (*known)(pid_t pid, void *arg),
	    void *arg);

#endif
