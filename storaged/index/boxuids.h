/*
 * The UIDs of the mailboxes that a user's sessions selected last, so that a
 * returning client needs to read no rows.  The MODSEQ of a mailbox grows with
 * every change: what was read at one MODSEQ remains valid while that is the
 * same.
 */
#ifndef STORAGED_BOXUIDS_H
#define STORAGED_BOXUIDS_H

#include <stdbool.h>

#include "storaged/index/index_read.h"

#define BOXUIDS_BOXES	4		/* of a user */
#define BOXUIDS_RANGES	1000		/* of a mailbox: else it is not kept */

struct boxuids;		/* of a user; NULL: none yet */

/* true: *uids (which was empty, and is the caller's) and *first_unseen (0:
 * none) are those of box as the index has it now. */
bool	 boxuids_get(const struct boxuids *b, const struct box *box,
	    struct uidset *uids, uint32_t *first_unseen);
/* All of them were read, and box was like this before and after. */
void	 boxuids_put(struct boxuids **bp, const struct box *box,
	    const struct uidset *uids, uint32_t first_unseen);
void	 boxuids_drop(struct boxuids **bp);

#endif
