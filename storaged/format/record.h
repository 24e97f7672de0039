/*
 * Records: the explicit effects that make up a user's history, and their
 * encoding (pail-bucket.5, "Records").  Replay only applies them; it never
 * makes decisions.
 */
#ifndef STORAGED_RECORD_H
#define STORAGED_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/uidset.h"

struct fields;

/*
 * Each type: its number in the bucket, its name, that of its function in
 * index/ (apply_create() ...), the fields that it must have, those that are
 * left out when zero or empty.  HAS() and the fields are record.c's.
 */
#define RECORD_TABLE(X)							\
	X(1, CREATE, create,						\
	    HAS(BOX) | HAS(NAME) | HAS(UIDVALIDITY), HAS(USE))		\
	X(2, RENAME, rename, HAS(BOX) | HAS(NAME) /* new */, 0)		\
	X(3, DELETE, delete, HAS(BOX), 0)				\
	X(4, SUBSCRIBE, subscribe, HAS(NAME), HAS(ON))			\
	X(5, ADD, add,							\
	    HAS(BOX) | HAS(UID) | HAS(DATE) | HAS(SAVEDATE) |		\
	    HAS(SIZE) | HAS(MSGID) | HAS(THREADID) | HAS(PLACE),	\
	    HAS(FLAGS) | HAS(KEYWORDS) | HAS(ZONE) | HAS(MID) |		\
	    HAS(FORGET) | HAS(KEY))					\
	/* Flags, dates, ids and places are the source's. */		\
	X(6, COPY, copy,						\
	    HAS(BOX) /* source */ | HAS(UIDS) | HAS(DST) |		\
	    HAS(DST_FIRST) | HAS(SAVEDATE), 0)				\
	X(7, FLAGS, flags,						\
	    HAS(BOX) | HAS(UIDS) /* just those that change */,		\
	    HAS(HOW) | HAS(FLAGS) | HAS(KEYWORDS) | HAS(FORGET))	\
	X(8, EXPUNGE, expunge, HAS(BOX) | HAS(UIDS), 0)

enum record_type {
#define X(n, NAME, name, must, may)	RECORD_##NAME = (n),
	RECORD_TABLE(X)
#undef X
};
const char *record_type_name(enum record_type type);

/* Where the bytes of a message (message and digest, compressed together) are
 * stored. */
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
	/* Unused keywords that are dropped to make room for those above. */
	struct str	*forget;
	size_t		 nforget;
	int64_t		 date;		/* seconds */
	int16_t		 zone;		/* minutes east */
	int64_t		 savedate;
	uint64_t	 size;		/* octets of the message */
	uint8_t		 msgid[16];
	uint64_t	 threadid;
	uint64_t	 mid;		/* hash of the Message-ID; 0: none, or
					   the writer was older */
	uint8_t		 key[16];	/* of its delivery; 0: none */
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
/* The type's fields; NULL: no such type. */
const struct fields *record_fields(enum record_type type);

#endif
