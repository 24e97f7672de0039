/* Sends committed changes to all sessions that have the mailbox selected. */
#ifndef STORAGED_EVENTS_H
#define STORAGED_EVENTS_H

#include <stdint.h>

struct user;

/* The changes of the last transaction, up to record last; sent before any
 * answer that shows them. */
void	 events_send(struct user *u, uint64_t last);

#endif
