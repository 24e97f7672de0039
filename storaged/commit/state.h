/*
 * What the commit (commit.c) needs from the state of a user that records
 * are evaluated on and applied to.  The index implements it (index_state.c);
 * the commit's tests and simulation bring a small one of their own.
 *
 * The state is transactional: begin, then evaluate and apply in any mix,
 * then commit (it is what the bucket holds) or rollback.  Readers see only
 * committed states.
 */
#ifndef STORAGED_STATE_H
#define STORAGED_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "storaged/format/record.h"

struct batch;		/* commit.h: the records and messages of an attempt */
struct intent;		/* commit.h: what waits in the queue */

enum state_verdict {
	STATE_RECORDS,		/* wrote one or more records into the batch */
	STATE_NOTHING,		/* OK or NO without a record: holds
				   only for a state read after it came */
	STATE_FULL,		/* does not fit this batch: try in the next */
	STATE_FAILED,		/* our own error (disk full...): the user is
				   closed */
	STATE_MORE		/* partly done: evaluate it again to continue,
				   and nothing else before that */
};

/* The position of the state, stored by it in the same transaction. */
struct state_mark {
	uint8_t		 history[16];
	uint64_t	 commit;	/* number of the last commit applied */
	uint8_t		 nonce[16];	/* of that commit */
	uint64_t	 records;	/* number of the last record applied */
	uint32_t	 uidvalidity;	/* the user's counter */
};

struct state_ops {
	int	(*begin)(void *state);
	/*
	 * Evaluates the intent on the state, appends its effects to the batch
	 * (batch_add()) and applies them.  All or nothing.  The outcome (the
	 * answer) is stored in the intent, to be sent once won.
	 */
	enum state_verdict (*evaluate)(void *state, struct intent *in,
		    struct batch *b);
	/* Apply one record of another node's (or an older) commit; its
	 * number is set.  -1: it does not fit the state (damage). */
	int	(*apply)(void *state, const struct record *r, uint64_t commit);
	/* A hash of the state (by mailbox: UIDNEXT, count, highest MODSEQ)
	 * as it is now, 32 bytes, the same on every node. */
	int	(*state_hash)(void *state, uint8_t hash[32]);
	int	(*commit)(void *state, const struct state_mark *mark);
	void	(*rollback)(void *state);
	void	(*mark)(void *state, struct state_mark *mark);
	/* Discards everything, outside a transaction: leaves an empty state, to
	 * be rebuilt from the log (another history; damage).  0 or -1. */
	int	(*reset)(void *state);
};

#endif
