/*
 * What a user's mail comes to, and how much it may come to.  The sum over
 * the mailboxes' rows, which follow from the records: made when the index is
 * opened, kept up to date by apply*.c, and stored nowhere, so that it cannot
 * drift.
 */
#ifndef STORAGED_USAGE_H
#define STORAGED_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct db;

struct usage {
	uint64_t	 bytes;		/* RFC822.SIZE of each message; each
					   copy counts (RFC 9208, 5.1) */
	uint64_t	 messages;
};

/* The limits of a user; 0: none. */
struct quota {
	uint64_t	 bytes;
	uint64_t	 messages;
};

/* The sum over the mailboxes.  0 or -1. */
int	 usage_read(struct db *db, struct usage *u);
/* So much came, or went.  -1: there cannot be so much, or there was less. */
int	 usage_add(struct usage *u, uint64_t messages, uint64_t bytes);
int	 usage_take(struct usage *u, uint64_t messages, uint64_t bytes);
/*
 * Is one message more refused, once these are added?  Who is below the limit
 * may cross it with one message, of any size (a grace); not who is at it.
 */
bool	 usage_over(const struct usage *u, const struct quota *q,
	    uint64_t messages, uint64_t bytes);

#endif
