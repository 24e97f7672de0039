/*
 * Messages of a mailbox packed into groups of the hot index: up to
 * MAIL_ROWS that follow each other, column by column.  Two parts: the state
 * (what STORE changes) and the facts (what stays), so that a STORE rewrites
 * a few hundred bytes for all messages of a group.
 */
#ifndef STORAGED_MAILPACK_H
#define STORAGED_MAILPACK_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define MAIL_ROWS	256		/* messages of a group */

enum mail_col {
	/* the state */
	MAIL_UID,			/* ascending */
	MAIL_FLAGS,
	MAIL_KW,			/* the set's id; 0: none */
	MAIL_MODSEQ,
	/* the facts */
	MAIL_SIZE,
	MAIL_DATE,
	MAIL_ZONE,			/* minutes east */
	MAIL_SAVEDATE,
	MAIL_M,				/* number of the ADD record */
	MAIL_COLS
};
enum mail_part { MAIL_STATE, MAIL_FACTS, MAIL_PARTS };

/* n messages; v[MAIL_KW][3] is the fourth one's set of keywords. */
struct mailgroup {
	unsigned	 n;
	int64_t		 v[MAIL_COLS][MAIL_ROWS];
};

/* The bytes of one part of 1 to MAIL_ROWS messages.  0, or -1: b is full. */
int	 mailpack_encode(const struct mailgroup *k, enum mail_part part,
	    struct buf *b);
/*
 * Reads one part; the bytes are hostile.  The state sets k->n, the facts must
 * be of as many.  -1: damaged (a number out of its bounds, UIDs that do not
 * ascend, too short, too long); the content of k is then undefined.
 */
int	 mailpack_decode(struct mailgroup *k, enum mail_part part,
	    const void *p, size_t len);

/* Copies count messages from src, from the from-th on, to the end of dst,
 * which has room. */
void	 mailgroup_copy(struct mailgroup *dst, const struct mailgroup *src,
	    unsigned from, unsigned count);

#endif
