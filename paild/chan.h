/*
 * The channels between paild's children, and the listeners of each imapd: one
 * row for each that should exist, and its state.
 */
#ifndef PAILD_CHAN_H
#define PAILD_CHAN_H

#include <stdbool.h>

#include "common/buf.h"
#include "paild/paild.h"

/* Delay before a broken channel is re-established, in ms: the first and the
 * longest; and how long (s) it must have lasted for the delay to be reset. */
#define CHAN_BACKOFF_MIN	100
#define CHAN_BACKOFF_MAX	5000
#define CHAN_STEADY		10

/* Does MSG_CHANNELS (common/msg.h) have a channel from a, its side A, to b? */
bool	 chan_is_wired(const struct proc *a, const struct proc *b);
/* Creates the rows for pd->procs; -1 on ENOMEM. */
int	 chan_table(struct paild *pd);
void	 chan_free(struct paild *pd);
/* p was started: creates a channel to each running process that it talks to,
 * replacing that one's old channel. */
void	 chan_wire(struct proc *p);
/* p has exited, and its channels are gone. */
void	 chan_ended(struct proc *p);
/*
 * p reports that its channel to another process broke, or (PROC_PAILD) that it
 * did not receive a listener: it is re-established soon, unless that has
 * happened since.  -1: there is no such channel.
 */
int	 chan_lost(struct proc *p, const struct setup_peer *which);
/* Prints a line for each channel that is down although both processes run. */
void	 chan_status(const struct paild *pd, struct buf *out);
/* The same as objects, into the JSON array that is open in out. */
void	 chan_status_json(const struct paild *pd, struct buf *out);

#endif
