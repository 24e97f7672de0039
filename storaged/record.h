/*
 * Records: the explicit effects that a user's history is made of, and their
 * bytes (pail-bucket.5, "Records").  Replay only applies them, it never
 * decides.
 */
#ifndef STORAGED_RECORD_H
#define STORAGED_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/uidset.h"

enum record_type {
	RECORD_CREATE	 = 1,	/* box, name, uidvalidity, use */
	RECORD_RENAME	 = 2,	/* box, name (the new one) */
	RECORD_DELETE	 = 3,	/* box */
	RECORD_SUBSCRIBE = 4,	/* name, on */
	RECORD_ADD	 = 5,	/* box, uid, flags, keywords, date, zone,
				   savedate, size, msgid, threadid, place */
	RECORD_COPY	 = 6,	/* box (source), uids, dst, dst_first, savedate:
				   flags, dates, ids, places are the source's */
	RECORD_FLAGS	 = 7,	/* box, uids (just those that change), how,
				   flags, keywords */
	RECORD_EXPUNGE	 = 8	/* box, uids */
};
const char *record_type_name(enum record_type type);

/* Where a message's bytes (message and digest, compressed together) lie. */
enum record_where {
	RECORD_INLINE	= 0,	/* in the record's own commit block */
	RECORD_PACK	= 1,	/* object: pack/<object>, offset */
	RECORD_MSG	= 2	/* object: msg/<object>, a large message */
};

struct record_place {
	uint8_t		 where;		/* enum record_where */
	uint8_t		 codec;		/* enum codec_id */
	uint8_t		 object[16];	/* PACK, MSG */
	uint64_t	 offset;	/* INLINE: in the commit block's message
					   area; PACK: in the object */
	uint64_t	 stored;	/* bytes there */
	uint64_t	 digest_len;	/* the first bytes once decompressed are
					   the digest, the message follows */
	uint8_t		 sha256[32];	/* of the message's bytes */
};

struct record {
	enum record_type type;
	uint64_t	 number;	/* the MODSEQ */
	uint64_t	 box;
	struct str	 name;
	uint32_t	 uidvalidity;
	uint32_t	 use;		/* MBOX_USE_* of msg_mbox.h */
	bool		 on;
	uint32_t	 uid;
	uint8_t		 how;		/* enum mbox_store_how */
	uint8_t		 flags;		/* MBOX_SEEN ... */
	struct str	*keywords;	/* names */
	size_t		 nkeywords;
	int64_t		 date;		/* seconds */
	int16_t		 zone;		/* minutes east */
	int64_t		 savedate;
	uint64_t	 size;		/* octets of the message */
	uint8_t		 msgid[16];
	uint64_t	 threadid;
	struct record_place place;
	struct uidset	 uids;
	uint64_t	 dst;
	uint32_t	 dst_first;
	/* Non-critical fields that this node does not know, copied as is. */
	struct str	 unknown;
};

/* Appends one record (its number is implied by its place).  0 or -1. */
int	 record_encode(const struct record *r, struct buf *b);
/*
 * Reads one record; strings are borrowed from the bytes, the rest hangs on
 * the arena.  -1: malformed.  -2: a critical field or type is unknown: the
 * user is read-only for this node.
 */
int	 record_decode(struct record *r, struct cursor *c, struct arena *a);
/* One line for pailctl dump. */
int	 record_print(const struct record *r, struct buf *b);

#endif
