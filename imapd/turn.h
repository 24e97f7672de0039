/*
 * Who may work now, and for how long.  All clients share one loop: none
 * occupies it for longer than TURN_MS; whoever needs more (the connections of
 * one user together; before login, those of one address) waits in a queue in
 * which each user has one turn, and the loop handles other events between
 * turns.
 */
#ifndef IMAPD_TURN_H
#define IMAPD_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/turns.h"

#define TURN_MS		5	/* of work at once */

/*
 * Whose time it is: name ("ann", or " 192.0.2.1": no user's begins with a
 * space), replacing the one before. run is called when it is its turn.  0, or
 * -1 on ENOMEM.
 */
int	 turn_join(struct turns_entry *t, struct event_base *base,
	    const char *name, void (*run)(struct turns_entry *t));
void	 turn_leave(struct turns_entry *t);

/*
 * Before any work: false if its user's time is used up; it is then queued, and
 * run() will be called.
 */
bool	 turn_begin(struct turns_entry *t);
/* Afterwards; more: it did not finish. */
void	 turn_end(struct turns_entry *t, bool more);
/* Whether the work in progress has to stop.  Reads the clock. */
bool	 turn_spent(void);
/* The same between small steps, after one that has looked at so many octets:
 * reads the clock once for some 8 KiB of them. */
bool	 turn_spent_after(size_t octets);
bool	 turn_waits(const struct turns_entry *t);	/* is in the queue */

/* For tests: how often work was cut short, and a clock of their own. */
extern uint64_t	 turn_cuts;
extern uint64_t	 turn_steps;	/* questions to turn_spent() */
extern unsigned int turn_steps_max; /* not 0: so many are a turn */

#endif
