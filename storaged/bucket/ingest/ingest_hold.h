/*
 * What a claim says: who has it, and what the next one has to know that takes
 * it.  It lies below our own prefix, and is read as hostile all the same.
 *
 *	{"node": "0123456789abcdef", "nonce": "...", "state": "free",
 *	 "left": "ann@example.org,bob@example.org", "envelope": "...",
 *	 "sender": "..."}
 */
#ifndef STORAGED_INGEST_HOLD_H
#define STORAGED_INGEST_HOLD_H

#include <stdint.h>

#include "common/buf.h"
#include "common/msg_ingest.h"

/* Bytes: room for lists in which each byte has a backslash before it. */
#define INGEST_HOLD_MAX	(2 * (INGEST_ONLY_MAX + INGEST_ENVELOPE_MAX +	\
			    INGEST_ADDRESS_MAX) + 512)

enum ingest_hold_state {
	INGEST_HELD,
	INGEST_FREE,		/* given up: to be tried again by anyone */
	INGEST_DONE,		/* delivered; the mail stays ("after: tag") */
	INGEST_HOLD_STATES
};

struct ingest_hold {
	enum ingest_hold_state state;
	/* NULL: not said.  Lists with commas. */
	char	*left;			/* who has not got it yet; all */
	char	*envelope;		/* as a queue told it, and */
	char	*sender;
};

/* With a nonce, so that each ETag is another. */
int	 ingest_hold_write(const struct ingest_hold *h, const uint8_t node[8],
	    struct buf *b);
/* What makes no sense is held by somebody.  To be freed in any case. */
void	 ingest_hold_read(struct ingest_hold *h, const void *p, size_t len);
void	 ingest_hold_free(struct ingest_hold *h);

#endif
