/*
 * Between op.c and op_turn.c alone.  Turns of streams: what all sessions of a
 * user read (META, BODY, LIST) takes one turn at a time; then it waits in a
 * queue in which each user has one turn, and the loop handles other events
 * between turns.
 */
#ifndef STORAGED_OP_INT_H
#define STORAGED_OP_INT_H

#include <stdbool.h>

struct op;
struct user;

/* Before a turn of op: false if it has been queued; op_step() will be
 * called. */
bool	 op_turn_begin(struct op *op);
/* After it; op may be gone. */
void	 op_turn_end(struct user *u);
/* The op ends. */
void	 op_turn_leave(struct op *op);

#endif
