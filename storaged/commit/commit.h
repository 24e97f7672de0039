/*
 * The commit: one user's head, the queue of intents, and the only way for a
 * change to reach the bucket (DESIGN section 3, pail-bucket.5 "The commit
 * rule").  One struct commit for each open user.
 *
 *	intents -> batch (evaluated on the state, in its write transaction)
 *	-> uploads (pack, log object, manifest), if any -> one PUT of the head
 *	-> won: changed(), each intent's done(), answered(), and while the
 *	   peers read that, the state's commit
 *	-> anything else: the head is read, and the attempt settled by it
 *
 * Nothing here blocks.  All callbacks come from the loop, none from within
 * the call that asked; within a callback every function here may be called
 * but commit_free().
 */
#ifndef STORAGED_COMMIT_H
#define STORAGED_COMMIT_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log_context.h"
#include "storaged/bucket/blob.h"
#include "storaged/commit/commit_io.h"
#include "storaged/commit/state.h"
#include "storaged/format/codec.h"
#include "storaged/format/key.h"
#include "storaged/format/record.h"

/* Maximum stored size of a message in the head. */
#define COMMIT_INLINE_MAX	(32 * 1024)
#define COMMIT_HOLD_MS		10		/* MORE holds a commit back */
#define COMMIT_HOLD_BYTES	(512 * 1024)
#define COMMIT_WAITING_MS	(10 * 1000)	/* then waiting(), every 30 s */
#define COMMIT_END_MS		(300 * 1000)	/* then COMMIT_LOST */

struct commit;
struct batch;

enum commit_outcome {
	COMMIT_DONE,		/* intent: its answer holds, send it; refresh:
				   the state is current */
	COMMIT_UNAVAILABLE,	/* certainly not done: the bucket is away */
	COMMIT_LOST,		/* unknown: end the session with BYE, without a
				   tagged response */
	COMMIT_READONLY,	/* certainly not done: the user's objects
				   contain something critical that we do not
				   support */
	COMMIT_QUARANTINED,	/* certainly not done: damage; see
				   quarantined() */
	COMMIT_FAILED,		/* certainly not done: this node's disk or
				   memory; see quarantined() */
	COMMIT_TOOBIG		/* certainly not done: too much for a batch */
};

/*
 * An entry in the queue; part of the owner's struct, zeroed by it.  From
 * commit_submit() until done() or commit_cancel() it belongs to the commit;
 * what payload points to must not change, and the answer that evaluate() stores
 * there is that of the latest evaluation.
 */
struct intent {
	void		*payload;	/* for evaluate() */
	size_t		 bytes;		/* about its size in memory */
	size_t		 inline_bytes;	/* stored bytes of its small messages:
					   the sum over its batch_add()s */
	void		(*done)(struct intent *in, enum commit_outcome o,
			    void *arg);
	void		*arg;
	/* the commit's own */
	uint64_t	 ticket;	/* order of arrival */
	uint64_t	 arrived;	/* ms, boottime */
	uint64_t	 told;		/* last waiting() */
	struct log_context context;	/* of who submitted it */
	uint8_t		 where;
	TAILQ_ENTRY(intent) entry;
};

/*
 * A small message of an intent: message and digest, compressed together
 * when it arrived.  Part of the owner's payload, zeroed by it; place.where,
 * place.object and place.offset are the commit's (batch_add() sets them).
 */
struct batch_message {
	const uint8_t	*bytes;		/* place.stored of them */
	struct record_place place;	/* codec, stored, digest_len, sha256 */
	/* the commit's own: the pack of a lost attempt that has the bytes */
	uint8_t		 pack[16];
	uint64_t	 pack_offset;
	bool		 packed;
};

struct commit_conf {
	const char	*user;		/* copied */
	const struct commit_io *io;	/* borrowed, as are the next two */
	const struct state_ops *ops;
	void		*state;
	uint8_t		 node[16];	/* this process's node id */
	struct codec_choice codec;	/* for manifests */
	bool		 single_node;	/* cluster: false */
	/* Is this the store that the node's cache belongs to, so that a missing
	 * head may mean a new user?  Until it is, such a user cannot be served:
	 * COMMIT_UNAVAILABLE, and the next one asks again.  NULL: it is. */
	bool	(*sure)(void *arg);
	/* Is a user that the state does not know most likely new?  Then a
	 * listing is requested together with the head.  NULL: no. */
	bool	(*fresh)(void *arg);
	/*
	 * The first head of a new user: batch_add() and apply the default
	 * mailboxes' records, as evaluate() would.
	 */
	enum state_verdict (*first)(void *state, struct batch *b);
	/* Records first to last are in the bucket: send events.  Called for
	 * each transaction of the state, several times while catching up, and
	 * before done() of the intents concerned.  What this process has won is
	 * not committed in the state yet: it is only in the write
	 * transaction. */
	void	(*changed)(uint64_t first, uint64_t last, void *arg);
	/* Events and answers of an attempt that was won are queued: write
	 * them now.  The state's commit is next, and nothing is read from
	 * any peer before it.  May be NULL. */
	void	(*answered)(void *arg);
	/* The state was committed.  May be NULL. */
	void	(*committed)(void *arg);
	/* An intent has been in an unsettled attempt for a while: the client
	 * may be told "* OK Still trying". */
	void	(*waiting)(struct intent *in, void *arg);
	/* o: COMMIT_QUARANTINED (damage) or COMMIT_FAILED.  Logged here.  All
	 * intents and refreshes are answered first; end the sessions,
	 * commit_free() once it is back in the loop; the next login opens
	 * anew. */
	void	(*quarantined)(enum commit_outcome o, const char *why,
		    void *arg);
	/* The outcome of an attempt cannot be determined: end all sessions of
	 * the user with BYE. The commit continues (with a new node id). */
	void	(*ended)(const char *why, void *arg);
	void	*arg;
};

/* Sends no request.  NULL: ENOMEM, or the user id is too long for an object
 * name. */
struct commit *commit_new(const struct commit_conf *conf);
/* False while an attempt is unsettled, anything waits for an answer, or a
 * callback is running: then the user must not be closed. */
bool	 commit_idle(const struct commit *c);
/* NULL is fine.  No callback follows.  A fatalx() if an attempt is unsettled
 * (unless quarantined). */
void	 commit_free(struct commit *c);
/* The process exits (paild died...): like commit_free(), whatever is
 * waiting. */
void	 commit_abandon(struct commit *c);

void	 commit_submit(struct commit *c, struct intent *in);
/*
 * Returns it to the owner (whose session ended); done() will not be called.
 * True: certainly not done.  False: it is in an attempt and may have been done.
 */
bool	 commit_cancel(struct commit *c, struct intent *in);
/* MORE of a session: true counts up, false down. */
void	 commit_hold(struct commit *c, bool more);

/*
 * Makes sure that the state is that of the bucket at some time after this call;
 * the first call opens the user. ref is the caller's, zeroed, until done() or
 * commit_refresh_cancel().  COMMIT_DONE, _UNAVAILABLE, _READONLY or
 * _QUARANTINED.
 */
struct refresh {
	void		(*done)(struct refresh *ref, enum commit_outcome o,
			    void *arg);
	void		*arg;
	uint64_t	 ticket;
	struct log_context context;	/* of who asked */
	bool		 waits;
	TAILQ_ENTRY(refresh) entry;
};
void	 commit_refresh(struct commit *c, struct refresh *ref);
void	 commit_refresh_cancel(struct commit *c, struct refresh *ref);

/*
 * For evaluate() and first(): append a record (its number is set in r) and,
 * for a RECORD_ADD of a small message, its bytes (m, else NULL; r->place is
 * set from it).  A large message's object (r->place.where RECORD_MSG) must
 * be a live upload, see commit_upload_begin().  0; -1: it does not fit (r
 * and b unchanged): STATE_FULL; -2: the upload is too old or not known: NO
 * [UNAVAILABLE], upload again.
 */
int	 batch_add(struct batch *b, struct record *r,
	    struct batch_message *m);
/* The number of the next record, and of the commit. */
uint64_t batch_next(const struct batch *b);
uint64_t batch_commit(const struct batch *b);
int64_t	 batch_time(const struct batch *b);	/* now, by the bucket's clock */
/* An object that loses its last reference in this batch (EXPUNGE). */
int	 batch_garbage(struct batch *b, enum key_kind kind,
	    const uint8_t id[16]);

/*
 * Large messages: begin before the PUT of msg/<id> is sent (ages count from
 * then); it must either be referred to by a record within UPLOAD_LIFE_MS
 * (upload.h), or dropped: the next commit then lists it as garbage.  0, or -1
 * on ENOMEM.
 */
int	 commit_upload_begin(struct commit *c, uint8_t id[16]);
void	 commit_upload_drop(struct commit *c, const uint8_t id[16]);

/*
 * Where the message area of a commit's block is now: it starts in the head
 * and moves to a log object; offsets in it stay the same.  AHEAD: the state
 * is ahead of the head that is known, since the bucket broke a catch-up off;
 * ask again later.
 */
enum commit_at { COMMIT_IN_HEAD, COMMIT_IN_LOG, COMMIT_AHEAD,
    COMMIT_NOWHERE };
struct commit_place {
	const uint8_t	*p;		/* HEAD: the message area; valid until
					   the callback returns */
	size_t		 len;
	char		 key[KEY_MAX]; /* LOG: the object; logobj_find()
					   finds the commit's area in it */
	uint64_t	 size;		/* of the object */
};
enum commit_at commit_locate(const struct commit *c, uint64_t commit,
	    struct commit_place *place);

/*
 * cluster: false (conf.single_node).  It ends by itself when another writer is
 * detected; commit_cluster() ends it because another user's commit has detected
 * one.
 */
bool	 commit_single_node(const struct commit *c);
void	 commit_cluster(struct commit *c);

/* For logs, tests and pailctl dump. */
/* 16 bytes; NULL before the first read. */
const uint8_t *commit_history(const struct commit *c);
/* of the names of its objects */
const char *commit_prefix(const struct commit *c);

#endif
