/*
 * The messages of a mailbox in the hot index: walked group by group, and
 * changed.  Rows `mail' (the state) and `fact' of a group have the key (box,
 * upto): the group's UIDs are above the key before and not above its own;
 * the last group's is UINT32_MAX, which is no UID.  So one seek finds the
 * group that a UID is in, or the next.
 */
#ifndef STORAGED_MAILSET_H
#define STORAGED_MAILSET_H

#include <stdbool.h>

#include "common/uidset.h"
#include "storaged/format/mailpack.h"
#include "storaged/index/db.h"

struct mailwalk {
	struct db		*db;
	uint64_t		 box;
	const struct uidset	*set;	/* NULL: every message */
	size_t			 range;	/* of the set, to go on from */
	uint32_t		 from;	/* the UID to go on from */
	bool			 end;
	bool			 facts;	/* wanted, too */
	/* The group at hand, and those of its messages that are wanted. */
	uint32_t		 upto;	/* its key */
	struct mailgroup	 k;
	uint16_t		 pick[MAIL_ROWS];
	unsigned		 npick;
};

/*
 * From UID from on.  The set is borrowed.  db: the read connection, or the
 * writer's within its transaction.  Holds nothing between two calls.
 */
void	 mailwalk_init(struct mailwalk *w, struct db *db, uint64_t box,
	    const struct uidset *set, uint32_t from, bool facts);
/* To the next group with a message of the set: 1, 0 (there is none), or -1:
 * damaged; then db->failed is set. */
int	 mailwalk_next(struct mailwalk *w);
/* Writes the changed state of the group at hand.  0 or -1. */
int	 mailwalk_put(struct mailwalk *w);
/* Removes the picked messages of the group at hand, which was read with its
 * facts and is no longer at hand then.  0 or -1. */
int	 mailwalk_drop(struct mailwalk *w);

/* Adds messages at the end; their UIDs are above all that the mailbox ever
 * had.  0 or -1. */
int	 mailset_append(struct db *db, uint64_t box,
	    const struct mailgroup *k);

#endif
