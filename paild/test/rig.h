/*
 * For tests of the processes, for real: the test's program is also the
 * children, which are started under their names from a directory of links
 * to it.  What waits here does so for a minute at most, and tells in vain.
 */
#ifndef PAILD_TEST_RIG_H
#define PAILD_TEST_RIG_H

#include "paild/proc.h"

extern struct paild	 pd;
extern char		 rig_sock[128];	/* the operator's socket */
/* A turn of the loop has seen that the channel between imapd 1 and authd 0 is
 * missing. */
extern bool		 rig_missing;

/*
 * The first line of a main(), with its argv[0]: comes back in the parent
 * only, when all processes are ready; ends the program if they never are.
 */
void	 rig_begin(const char *argv0);
/* After the processes have stopped: 0, or not all could be removed. */
int	 rig_end(void);

/* pail.yaml anew, with these lines behind those that the test needs. */
void	 rig_conf(const char *more);
/* The loop, until something happens; 10 ms at most. */
void	 rig_turn(void);
/* One command to the operator's socket; all that comes back, until the next
 * call. */
const char *rig_say(const char *line);
/* Does the row of the status that begins with name hold what? */
bool	 rig_has(const char *name, const char *what);
/* Until all are ready and rig_has(); false: never. */
bool	 rig_wait(const char *name, const char *what);
/* Until p is another process than was: how many turns of the watchdog it was
 * silent before, in a row. */
unsigned rig_other(const struct proc *p, pid_t was);
/* Until p was silent for so many turns of the watchdog; false: never. */
bool	 rig_silent(const struct proc *p, unsigned turns);
/* How many messages "revoke forgeN" has: what a child that was taken over may
 * say. */
size_t	 rig_forged(void);

#endif
