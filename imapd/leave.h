/*
 * How all clients go: spread over some time, or at once.  Nothing is accepted
 * any more when either is called; the second may follow the first.
 */
#ifndef IMAPD_LEAVE_H
#define IMAPD_LEAVE_H

#include <stdint.h>

struct event_base;

#define LEAVE_SECONDS	10	/* leave_now(): for commands under way */

/*
 * Each client gets BYE when its turn comes, evenly spread over so many ms; one
 * that has a command under way, when that is answered.  gone() is called when
 * none is left.
 */
void	 leave_within(struct event_base *base, uint32_t within,
	    void (*gone)(void));
/* The same of all at once; after LEAVE_SECONDS, whoever is left is closed. */
void	 leave_now(struct event_base *base, void (*gone)(void));

#endif
