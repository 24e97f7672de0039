/* APPEND: op_append.c implements the protocol, append_parcel.c what lmtpd has
 * brought, append_large.c messages that become objects of their own. */
#ifndef STORAGED_APPEND_H
#define STORAGED_APPEND_H

#include "common/sum.h"
#include "storaged/format/msgobj.h"
#include "storaged/session/op.h"
#include "storaged/session/parcel.h"
#include "storaged/util/spool_room.h"

#define APPEND_MEMORY	(32 * 1024)	/* of a message before it spools */
#define APPEND_SMALL	(256 * 1024)	/* content that may be compressed in
					   one go on the loop */
#define APPEND_DIGEST	(16 * 1024)	/* a longer digest: an object */
#define APPEND_ITEMS_MAX 10000		/* messages of one APPEND */
#define APPEND_BYTES_MAX (8 * 1024 * 1024) /* of them in memory */

/* A message being made an object: spool or parcel -> chunks -> upload. */
struct large {
	TAILQ_ENTRY(large)	 entry;
	size_t			 item;		/* its index */
	int			 in;		/* its spool; -1: in mem, */
	struct buf		 mem;
	struct parcel		*parcel;	/* and in this, if not NULL */
	struct sum		 sum;		/* of it, then */
	struct buf		 digest;
	uint64_t		 size, at;
	uint64_t		 room;		/* taken on disk */
	int			 out;		/* the object's spool; -1 */
	struct msgobj_writer	 writer;
	bool			 writing;
	uint8_t			 id[16];
	struct blob_request	*put;
};

struct append {
	bool			 open;		/* the first credit was given */
	bool			 done;		/* APPEND_DONE came */
	bool			 ready;		/* and all is uploaded */
	bool			 submitted;	/* or given up */
	bool			 whole;		/* APPEND_PARCEL came: nothing
						   else may */
	struct append_item	*v;
	size_t			 n, size;
	size_t			 bytes;		/* in memory */
	/* the message being received */
	struct buf		 mem;
	int			 fd;		/* its spool; -1 */
	uint8_t			 target;	/* msg_deliver.h */
	bool			 keyed;
	uint8_t			 key[DELIVER_KEY_LEN];
	struct parcel		*parcel;	/* or what it is, but for so */
	size_t			 prefix;	/* many octets of mem */
	uint64_t		 room;		/* taken on disk */
	struct spool_hold	 hold;		/* by all of the APPEND */
	uint64_t		 got;
	struct sum		 sum;
	/* flow control */
	uint32_t		 credit;	/* the peer may send */
	uint32_t		 owed;		/* taken, not yet credited */
	TAILQ_HEAD(, large)	 larges;	/* the first is at work */
	bool			 kept;		/* a commit names the uploads */
};

/* What comes after APPEND_OPEN.  -1: cut. */
int	 append_data(struct session *s, const struct msg *m);
int	 append_msg(struct session *s, const struct msg *m);
int	 append_parcel(struct session *s, const struct msg *m);
int	 append_done(struct session *s, const struct msg *m);
/* For these: the APPEND that m is about; NULL: it was refused meanwhile. */
struct op *append_find(struct session *s, const struct msg *m);
/* Before its leave only what is early may come. */
bool	 append_may_come(const struct op *op);
/* What the session's APPENDs hold: bytes in memory, and of how many there are
 * files. */
size_t	 append_holds(const struct session *s, unsigned *spools);
/* The message is whole.  -1: r makes no sense; 0: it is an item, or op was
 * refused, and is gone. */
int	 append_item(struct op *op, const struct append_msg *r);
/* Might it become a small message? */
bool	 append_small(const struct append *x, struct str digest);
/*
 * append_parcel.c.  A large one that seems to be stored already, or to have no
 * room, is not uploaded: true, its key is evaluated alone; if it is not known
 * after all, and there is room, the message is to come again.
 */
bool	 append_repeated(struct op *op);
/* append_item.c.  A new one, of zeros; NULL: ENOMEM. */
struct append_item *append_item_new(struct append *x);
/* Flags, keywords, dates, ids.  -1: malformed, or ENOMEM. */
int	 append_item_fill(struct op *op, struct append_item *it,
	    const struct append_msg *r);
/* The digest as the cold index keeps it.  0 or -1. */
int	 append_item_digest(struct append *x, struct append_item *it,
	    struct str digest);
/* 1: it is small enough and packed, 0: it is not, -1: failed. */
int	 append_item_pack(const struct codec_choice *codec, struct append *x,
	    struct append_item *it, struct str digest);
/* Takes the received message over.  0, -1: ENOMEM. */
int	 large_new(struct op *op, size_t item, struct str digest);
/* Continues with the first one: false if op is gone. */
bool	 large_work(struct op *op);
void	 large_free(struct append *x, struct large *l);
/*
 * Reserves disk space for that many more octets, of which *room is the sum.  A
 * message takes up twice its size: as received, and as the object made from it.
 * false: op was refused, and is gone.
 */
bool	 append_room(struct op *op, uint64_t bytes, uint64_t *room);
/* Everything was received and uploaded: submits it if APPEND_DONE has arrived,
 * else grants credit. */
void	 append_next(struct op *op);

#endif
