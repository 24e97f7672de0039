/*
 * Reads of the index: mailboxes, columns of messages, places.  db is
 * &ix->read (what is committed) for answers, &ix->hot (the open
 * transaction) for evaluation.  No read leaves a transaction open: long
 * ones go on from the last UID in the next turn.
 */
#ifndef STORAGED_INDEX_READ_H
#define STORAGED_INDEX_READ_H

#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "storaged/index/index.h"
#include "storaged/index/keyword.h"

struct box {
	uint64_t	 id;
	char		 name[MBOX_NAME_MAX + 1];
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;	/* 0 stands for 2^32: none are left */
	uint32_t	 use;
	uint32_t	 messages;
	uint32_t	 unseen;
	uint32_t	 deleted;
	uint64_t	 size;
	uint64_t	 modseq;
};
/* 1: found, 0: no such mailbox, -1: failed. */
int	 box_by_name(struct db *db, struct str name, struct box *box);
int	 box_by_id(struct db *db, uint64_t id, struct box *box);
/* The first by name with that special use. */
int	 box_by_use(struct db *db, uint32_t use, struct box *box);
/* The first mailbox by name behind after; for walking all of them. */
int	 box_after(struct db *db, struct str after, struct box *box);
int	 box_has_children(struct db *db, const char *name);
/* The first inferior, on whatever level.  1, 0 or -1. */
int	 box_child(struct db *db, const char *parent, uint64_t *id,
	    char name[MBOX_NAME_MAX + 1]);
/* Octets of the longest name of an inferior; 0 when there is none.  0, -1. */
int	 box_longest_child(struct db *db, const char *parent, size_t *len);
/* How many mailboxes, and subscribed names, there are.  0 or -1. */
int	 box_count(struct db *db, int64_t *n);
int	 sub_count(struct db *db, int64_t *n);
/* The thread of the message with that Message-ID (its hash).  1, 0, -1. */
int	 thread_find(struct db *db, uint64_t mid, uint64_t *thread);
/* Was a message stored with that key in the day before now (s)?  1, 0, -1. */
int	 key_known(struct db *db, const uint8_t key[DELIVER_KEY_LEN],
	    int64_t now);
/* The same of any key that begins so. */
int	 key_like(struct db *db, const uint8_t begin[DELIVER_ENVELOPE_LEN],
	    int64_t now);
/* 1, 0, -1 */
int	 sub_has(struct db *db, struct str name);
/* The first subscribed name behind after that is no mailbox. */
int	 sub_orphan_after(struct db *db, struct str after, char *name,
	    size_t size);

/* UIDs above after, by whole groups until there are max; *last the last one
 * seen (after when none).  first_unseen is set if it is 0.  How many, fewer
 * than max: there are no more; or -1. */
int	 read_uids(struct index *ix, uint64_t box, uint32_t after,
	    unsigned max, struct uidset *uids, uint32_t *last,
	    uint32_t *first_unseen);
int	 read_first_unseen(struct index *ix, uint64_t box, uint32_t *uid);
int	 read_count_from(struct index *ix, uint64_t box, uint32_t uid,
	    uint32_t *count);
/* Keywords of a mailbox, names on the arena; numbers == NULL: all.  By the
 * writer's connection they may be uncommitted still. */
int	 read_keywords(struct db *db, uint64_t box,
	    const struct uidset *numbers, struct wire_list *l,
	    struct arena *a);

/* One message's columns; ids and digest are filled by read_place(). */
struct meta_col {
	uint32_t	 uid;
	uint8_t		 flags;
	int64_t		 kw;
	uint64_t	 modseq;
	int64_t		 date;
	int16_t		 zone;
	uint32_t	 size;
	int64_t		 savedate;
	uint64_t	 m;
};
/*
 * Up to max rows of the set from UID from on.  Without facts only uid,
 * flags, kw and modseq are read, the others are 0.  Rows read, or -1.
 */
int	 read_meta(struct index *ix, uint64_t box, const struct uidset *set,
	    uint32_t from, bool facts, struct meta_col *rows, unsigned max);
/* Where the messages of the set lie, likewise. */
int	 read_places(struct index *ix, uint64_t box,
	    const struct uidset *set, uint32_t from, struct place *rows,
	    unsigned max);
/* One message: ids and place (uid and size are not set).  1, 0 or -1. */
int	 read_place(struct index *ix, uint64_t m, uint8_t msgid[16],
	    uint64_t *threadid, struct place *place);

/* \Recent: UIDs from this one on were in no session of this node; 0: not
 * known. */
int	 recent_get(struct index *ix, uint64_t box, uint32_t *uid);
/* Only outside a transaction. */
int	 recent_set(struct index *ix, uint64_t box, uint32_t uid);

#endif
