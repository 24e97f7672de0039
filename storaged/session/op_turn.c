/*
 * Who may make rows now (common/turns.h).  100 sessions of one user that all
 * read held the loop for 100 turns; now for one.
 */
#include "storaged/session/op_int.h"

#include <stddef.h>

#include "common/clock.h"
#include "storaged/session/op.h"

static struct turns	 turns;
static uint64_t		 began;

static void
turn_run(struct turns_entry *t)
{
	op_step((struct op *)((uintptr_t)t - offsetof(struct op, turn)));
}

bool
op_turn_begin(struct op *op)
{
	struct event_base	*base = op->user->env->base;

	/* a test has one loop after the other */
	if (turns.base != base)
		turns_init(&turns, base, SESSION_TURN_US, turn_run,
		    session_turn_over);
	op->turn.user = &op->user->turn;
	if (turns_begin(&turns, &op->turn) == 0)
		return false;
	began = clock_us();
	return true;
}

void
op_turn_end(struct user *u)
{
	turns_used(&u->turn, clock_us() - began);
}

void
op_turn_leave(struct op *op)
{
	turns_leave(&turns, &op->turn);
}
