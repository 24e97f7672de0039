/*
 * The digest of a message: what FETCH and SEARCH need, except the body.  Made
 * once on arrival (mail/), kept with the message and in the cold index
 * (storaged), decoded again as hostile bytes (mail/).  This module knows only
 * its outer format: u8 version (1), then fields in ascending order of their
 * number: varint number, varint length, bytes.  The content of the fields is
 * defined by mail/digest_*.c; storaged reads only MESSAGE_ID and REFERENCES.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define DIGEST_VERSION	1

enum digest_field {
	DIGEST_ENVELOPE		= 1,
	DIGEST_STRUCTURE	= 2,	/* part tree, offsets, sizes, lines */
	DIGEST_HEADER		= 3,	/* unchanged, truncated at 256 KiB */
	DIGEST_BASE_SUBJECT	= 4,	/* RFC 5256 */
	DIGEST_SENT_DATE	= 5,	/* zigzag varints: seconds, zone */
	DIGEST_MESSAGE_ID	= 6,	/* one id without <>, or absent */
	DIGEST_REFERENCES	= 7,	/* newest first: varint len, bytes */
	DIGEST_PREVIEW		= 8,	/* UTF-8 */
	DIGEST_ATTACHMENT	= 9,	/* u8: has an attachment */
	DIGEST_CUT		= 10,	/* what ENVELOPE lacks; may be absent */
	DIGEST_FIELDS		= 64	/* bits in a mask */
};
#define DIGEST_BIT(f)	((uint64_t)1 << (f))

/* Structure only: version, ascending numbers, lengths.  0 or -1. */
int	 digest_check(const void *p, size_t len);
/* Finds a field; if absent, len is 0 and the result false. p must have been
 * checked. */
bool	 digest_find(const void *p, size_t len, enum digest_field field,
	    struct str *value);
/* Copies only the fields of mask (unknown ones are dropped). */
int	 digest_filter(const void *p, size_t len, uint64_t mask, struct buf *b);
/* Writing: begin, then the fields in ascending order. */
int	 digest_begin(struct buf *b);
int	 digest_put(struct buf *b, enum digest_field field, const void *p,
	    size_t len);

#endif
