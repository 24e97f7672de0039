/*
 * The index of one user: what its history evaluates to, in two SQLite
 * files (DESIGN, section 3, "The index").  Disposable: what does not fit is
 * deleted and rebuilt from the bucket.  The hot file has two connections:
 * the writer's transaction stays open while a head is in flight, readers
 * see only what is committed.
 */
#ifndef STORAGED_INDEX_H
#define STORAGED_INDEX_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/uidset.h"
#include "storaged/commit/state.h"
#include "storaged/format/record.h"
#include "storaged/index/db.h"
#include "storaged/index/index_sql.h"
#include "storaged/index/usage.h"

#define INDEX_VERSION	6
#define INDEX_KEY_LIFE	(24 * 3600)	/* s: deliveries' keys are known */

/* What committed records did, in their order; events.c notifies the
 * sessions. */
enum change_kind {
	CHANGE_ADDED,
	CHANGE_FLAGS,
	CHANGE_EXPUNGED,
	CHANGE_KEYWORDS,	/* uids are keyword numbers */
	CHANGE_FORGOTTEN,	/* they are, and gone; box is 0: all */
	CHANGE_GONE		/* the mailbox was deleted */
};
struct change {
	TAILQ_ENTRY(change)	 entry;
	enum change_kind	 kind;
	uint64_t		 box;
	uint64_t		 modseq;
	struct uidset		 uids;
	uint64_t		 session;	/* whose request it was; 0 */
	uint32_t		 id;		/* of that request */
};
TAILQ_HEAD(change_list, change);

/* Where a message lies, with what is needed to read it. */
struct place {
	uint64_t		 m;		/* number of its ADD record */
	uint32_t		 uid;		/* as it was asked for */
	uint64_t		 size;		/* octets of the message */
	uint64_t		 commit;	/* INLINE: of which block */
	struct record_place	 at;
};

/* A message whose last reference has gone: its object is garbage, its
 * digest can go. */
struct dead {
	uint64_t		 m;
	uint8_t			 where;
	uint8_t			 object[16];
};

/* Where a nested transaction goes back to. */
struct eval_conf;
struct index_save { struct state_mark next; struct usage usage; size_t ndead;
    struct change *last; struct uidset last_uids; uint64_t last_modseq; };

struct index {
	struct db		 hot, read, cold;
	char			*path_hot, *path_cold;
	struct state_mark	 mark;		/* committed */
	struct state_mark	 next;		/* in the transaction */
	struct usage		 usage;		/* committed */
	struct usage		 usage_next;	/* in the transaction */
	bool			 in_tx;
	uint64_t		 ntx;		/* transactions begun */
	bool			 fresh;		/* empty: nothing of the
						   bucket is in it yet */
	bool			 held;		/* within a run of reads, */
	bool			 cold_held;	/* of the cold file too */
	bool			 resting;	/* no connection is open */
	void			(*on_reset)(void *arg);	/* may be NULL */
	void			*reset_arg;
	/* Might a session show what is expunged now?  NULL: no. */
	bool			(*has_views)(void *arg);
	void			*views_arg;
	bool			 dropping;	/* a DELETE: no views */
	uint64_t		 npast;		/* rows kept for them; may be
						   too high, never too low */
	struct change_list	 changes;	/* of the transaction */
	struct index_save	 save;
	const struct eval_conf	*conf;		/* for evaluation: borrowed,
						   set by who opened it */
	const struct quota	*quota;		/* likewise; NULL: none */
	bool			 kw_turned;	/* keyword_full() may have
						   changed */
	uint64_t		 cause_session;	/* of the intent evaluated */
	uint32_t		 cause_id;
	struct dead		*dead;		/* of the transaction */
	size_t			 ndead, sizedead;
};

/*
 * Opens DIR/NAME.hot and DIR/NAME.cold.  A file of another version or
 * boot (without a clean stop), or a damaged one, is deleted and made anew
 * (ix->fresh then, and a mark of zeros).  NULL: the disk is full, or such.
 */
struct index *index_open(const char *dir, const char *name);
/* clean: synced and marked, to be trusted after the next boot as well. */
void	 index_close(struct index *ix, bool clean);
/* Deletes an SQLite file with what belongs to it. */
void	 index_unlink(const char *path);
/* Ends an index that does not fit (other history, damage): closed, deleted
 * and opened empty in place.  -1: that failed. */
int	 index_reset(struct index *ix);
bool	 index_failed(const struct index *ix);
/*
 * Nobody needs it for a while: closes the connections (outside of a
 * transaction) and keeps the struct.  index_begin() wakes it; whoever reads
 * calls index_wake() first: 0, or -1 if the file is no longer what it was
 * (the index has failed then).
 */
void	 index_rest(struct index *ix);
int	 index_wake(struct index *ix);

/* The transaction that state.h describes. */
int	 index_begin(struct index *ix);
int	 index_commit(struct index *ix, const struct state_mark *mark);
void	 index_rollback(struct index *ix);
int	 index_state_hash(struct index *ix, uint8_t hash[32]);
/* A nested transaction: all or nothing of one intent.  One at a time; a
 * rollback of the outer one ends it. */
int	 index_save(struct index *ix);
void	 index_keep(struct index *ix);
void	 index_back(struct index *ix);

/*
 * A run of reads is one transaction: else each statement takes and leaves
 * the files' locks, which costs more than what it reads.  Nothing else may
 * happen to the index between the two.
 */
void	 index_hold(struct index *ix);
void	 index_let(struct index *ix);

/* index_cold.c: the file of digests (cold.h).  Opened, or begun anew: 0, or
 * -1: there is none to be had.  enter: to read, within a run of reads as
 * part of it.  clean: synced and marked, before index_close(). */
int	 index_cold_open(struct index *ix);
int	 index_cold_enter(struct index *ix);
void	 index_cold_clean(struct index *ix);

/* apply.c: one record, its number set.  -1: it does not fit. */
int	 index_apply(struct index *ix, const struct record *r,
	    uint64_t commit);

/* Notes a change in the open transaction; uids may be NULL.  0 or -1. */
int	 index_change(struct index *ix, enum change_kind kind, uint64_t box,
	    uint64_t modseq, const struct uidset *uids);
void	 change_list_free(struct change_list *l);
/*
 * Forgets at most max rows that are kept of messages of box whose EXPUNGE
 * was record upto or an earlier one; outside of a transaction.  Their
 * number, or -1.  index_past_box: the first mailbox after `after' that has
 * such rows: 1, 0 (none) or -1.
 */
int	 index_past_drop(struct index *ix, uint64_t box, uint64_t upto,
	    unsigned max);
int	 index_past_box(struct index *ix, int64_t after, int64_t *box);

/* Moves the changes and the dead of the last transaction to the caller. */
void	 index_take_changes(struct index *ix, struct change_list *l);

#endif
