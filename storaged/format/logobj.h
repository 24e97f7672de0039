/*
 * Log objects: a series of commit blocks that have left the head, with a table
 * to find each (pail-bucket.5, "Log objects").
 */
#ifndef STORAGED_LOGOBJ_H
#define STORAGED_LOGOBJ_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/block.h"
#include "storaged/format/logref.h"

#define LOGOBJ_MAX	LOGREF_SIZE_MAX		/* bytes of the object */

/*
 * Appends the object that holds the blocks from first to last, which are in
 * one list, and fills ref (whose id is set) with what the head says of it.
 * 0 or -1.
 */
int	 logobj_encode(const uint8_t history[16], const struct block *first,
	    const struct block *last, struct logref *ref, struct buf *out);
/*
 * Checks the object against the reference to it (NULL: pailctl dump, only
 * against itself) and reads its blocks as copies into *l, an empty list.  0,
 * FORMAT_DAMAGED or FORMAT_UNKNOWN.
 */
int	 logobj_decode(const void *p, size_t len, const uint8_t history[16],
	    const struct logref *ref, struct blocklist *l);
/*
 * Where in the object the message area of a commit begins, and its length.
 * Needs only the object's start, up to its first block; reads just the
 * table: the message has a checksum of its own.  0, FORMAT_DAMAGED (also:
 * no such commit here), FORMAT_UNKNOWN.
 */
int	 logobj_find(const void *p, size_t len, uint64_t commit,
	    uint64_t *offset, uint64_t *area_len);
/* The same for commits one after the other: it goes on behind the last one, if
 * that is before this one.  *m is all zeros when p is another object. */
struct logobj_mark {
	uint64_t	 next, last;	/* commits; the one behind it */
	uint64_t	 at;		/* octets of p: its block; its row in */
	size_t		 row, end;	/* the table, and the table's end */
};
int	 logobj_find_on(const void *p, size_t len, uint64_t commit,
	    struct logobj_mark *m, uint64_t *offset, uint64_t *area_len);

#endif
