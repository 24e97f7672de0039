/*
 * Internal to commits: shared by commit*.c and their tests only.
 */
#ifndef STORAGED_COMMIT_INT_H
#define STORAGED_COMMIT_INT_H

#include "storaged/commit/commit.h"
#include "storaged/commit/upload.h"
#include "storaged/format/block.h"
#include "storaged/format/head.h"
#include "storaged/format/manifest.h"

/* Limits that the simulation reduces, so that everything happens often. */
struct commit_limits {
	size_t	 flush;		/* bytes: the head's inline part is written
				   out from here on */
	size_t	 hard;		/* and no commit makes it larger */
	size_t	 logs;		/* changes since the manifest: from here on */
	size_t	 garbage;	/* a new one is written... */
	size_t	 garbage_hard;	/* ...and before the commit itself */
	struct head_prune prune;
};

/* A batch. */
#define BATCH_RECORDS		(1024 * 1024)	/* bytes: then it is closed */
#define BATCH_RECORDS_MAX	(32 * 1024 * 1024)
#define BATCH_PACK_MAX		(64 * 1024 * 1024)
#define BATCH_INTENTS		4096
#define BATCH_BYTES		(4 * 1024 * 1024)
/* Waiting, ms. */
#define COMMIT_TICK_MS		1000
#define COMMIT_REPEAT_MS	30000	/* waiting() again */
#define COMMIT_PATIENCE_MS	60000	/* behind an unsettled attempt */
#define COMMIT_PAUSE_MIN	50
#define COMMIT_PAUSE_MAX	2000
#define COMMIT_RETRY_MAX	30000	/* of a server's Retry-After */
#define COMMIT_LOG_GETS		4	/* log objects read ahead */

#define COMMIT_PHASES(X)						\
	X(IDLE, "idle")							\
	X(READ, "read")			/* GET of the head */		\
	X(LIST, "list")			/* there is none: LIST */	\
	X(CATCHUP, "catchup")		/* apply what was missed */	\
	X(BUILD, "build")		/* evaluate the queue */	\
	X(UPLOAD, "upload")		/* objects before the commit */	\
	X(PUT, "put")			/* the attempt is sent */	\
	X(LOOK, "look")			/* unsettled: GET of the head */ \
	X(QUARANTINED, "quarantined")

enum commit_phase {
#define X(name, word)	PHASE_##name,
	COMMIT_PHASES(X)
#undef X
	PHASES
};

enum intent_where {
	INTENT_FREE,
	INTENT_QUEUED,
	INTENT_TAKEN,		/* in the batch or the attempt */
	INTENT_ANSWERED		/* about to be */
};
TAILQ_HEAD(intents, intent);
TAILQ_HEAD(refreshes, refresh);

/* How full the batch was before an intent was evaluated. */
struct fill {
	uint64_t	 next;
	size_t		 records;
	size_t		 area;
	size_t		 garbage;
	uint32_t	 uidvalidity;
};

/* The records and messages of an attempt being built. */
struct batch {
	struct commit		*c;
	uint64_t		 number;	/* the commit's */
	uint64_t		 first;		/* record */
	uint64_t		 next;
	int64_t			 time;
	struct buf		 records;
	struct buf		 area;		/* messages, or the pack's */
	size_t			 room;		/* for area, when inline */
	bool			 packed;
	struct upload		*pack;		/* when packed */
	struct garbagelist	 garbage;	/* of the records */
	uint32_t		 uidvalidity;
	struct intents		 taken;
	size_t			 ntaken;
	struct intent		*partial;	/* the last one taken, if there
						   is more of it to evaluate */
	struct fill		 before;	/* without it */
	size_t			 bytes;
};

/*
 * One batch on one base.  Once sent it is unsettled until a PUT says DONE or
 * the head has moved.
 */
struct attempt {
	uint8_t			 node[16];	/* the id it was made with */
	uint8_t			 nonce[16];
	uint8_t			 rival[16];	/* the empty commit that is to
						   end it */
	bool			 gives_up;
	bool			 sent;
	bool			 unsure;	/* a PUT ended without DONE */
	bool			 mismatch;	/* the last one: 412 */
	bool			 base_none;	/* the user's first head */
	uint64_t		 base;		/* commit number; 0: none */
	char			 etag[BLOB_ETAG_MAX];	/* of the base */
	struct head		 next;		/* the head once won, but for
						   blocks of the base */
	uint64_t		 upto;		/* of those, the ones up to
						   this number leave it */
	struct buf		 bytes;		/* what is sent, every time */
	uint64_t		 ticket;	/* when the PUT began */
	uint64_t		 first;		/* records */
	uint64_t		 last;
	unsigned		 uploads;	/* PUTs under way before it */
	uint64_t		 oldest;	/* of what it names: begun */
	bool			 upload_failed;
	struct intents		 intents;
};

/* Applies what others (or an earlier process of this node) committed. */
struct log_get {
	struct commit		*c;
	size_t			 index;		/* in logs */
	void			*request;
	bool			 done;
	struct blocklist	 blocks;
};
struct catchup {
	struct head		 target;
	char			 etag[BLOB_ETAG_MAX];
	uint64_t		 ticket;
	struct loglist		 logs;		/* to be read, in order */
	size_t			 next_get;
	size_t			 next_apply;
	struct log_get		 gets[COMMIT_LOG_GETS];
	struct blocklist	 blocks;	/* being applied */
	struct block		*at;
	struct cursor		 records;	/* of at */
	uint64_t		 left;		/* records of at */
	bool			 begun;		/* the state's transaction */
	bool			 inlined;	/* blocks are the head's */
	bool			 active;
	void			*request;	/* of the manifest */
	struct arena		*arena;
	struct state_mark	 mark;		/* where the state stands */
};

/* Two nodes at different distances from the bucket (commit_backoff.c). */
struct backoff {
	void		*put;		/* requests */
	void		*get;
	struct buf	 bytes;		/* of the PUT */
	char		 etag[BLOB_ETAG_MAX];	/* of what was read last */
	unsigned	 wins;		/* in a row */
	unsigned	 losses;
	unsigned	 asked;		/* at so many losses */
	uint64_t	 won_at;	/* ms */
	uint64_t	 began_at;	/* the attempt was sent */
	uint64_t	 looked_at;
	uint64_t	 not_before;	/* ms: another node's hint, or
					   io->head_ms */
};

/* What waits, and what is answered (commit_queue.c). */
struct queue {
	struct intents		 list;
	size_t			 bytes;
	unsigned		 holds;
	struct refreshes	 refreshes;
	struct intents		 answering;
	enum commit_outcome	 answer;
	void			*tick;		/* while anything waits */
	bool			 adopted;	/* told is set */
	uint64_t		 told;		/* last record of changed() */
};

/* A read of the head (commit_read.c, and commit_settle.c's look). */
struct reading {
	uint64_t		 ticket;
	void			*list;		/* asked for beside the head, */
	bool			 none;		/* and it was empty */
};

/* When it goes on (commit.c). */
struct pace {
	void			*kick;		/* timers */
	uint64_t		 kick_at;
	void			*pause;
	void			(*resume)(struct commit *);
	unsigned		 tries;
	uint64_t		 retry_at;	/* ms: the server wants it so */
};

/* Why the user is not served any more (commit.c). */
struct quarantine {
	enum commit_outcome	 outcome;	/* QUARANTINED, FAILED */
	char			 why[256];
	bool			 told;
};

/* Background work: one kind each (commit_background.c). */
enum job_id { JOB_FLUSH, JOB_MANIFEST, JOBS };

struct job_kind {
	enum key_kind	 object;	/* that it makes */
	/* About how many bytes, of the head as it is; 0: nothing to do. */
	size_t		 (*wanted)(const struct commit *c);
	/* Makes u->bytes, and ref of a log.  0 or -1. */
	int		 (*make)(struct commit *c, struct upload *u);
	/* Can the next head refer to what was made? */
	bool		 (*fits)(const struct commit *c,
			    const struct upload *u);
};
extern const struct job_kind	job_flush, job_manifest;

struct job {
	struct upload	*upload;	/* being sent or there; NULL: none */
	size_t		 cost;		/* of the budget, until it is sent */
};

struct background {
	struct job	 jobs[JOBS];
	void		*timer;
	uint64_t	 after;		/* ms: one has failed */
};

struct commit {
	struct commit_conf	 conf;
	const struct commit_io	*io;
	char			*user;		/* a word of the log */
	char			 name[USER_ID_MAX + 1];	/* in object names */
	char			 prefix[KEY_MAX];
	char			 key[KEY_MAX];	/* of the head */
	struct commit_limits	 limits;
	enum commit_phase	 phase;
	uint8_t			 node[16];

	/* The head as far as the state has it. */
	bool			 have;
	bool			 behind;	/* a newer one was seen: read */
	struct head		 head;
	char			 etag[BLOB_ETAG_MAX];
	struct manifest		 manifest;	/* what head.manifest says */
	bool			 have_manifest;
	uint8_t			 manifest_id[16];

	uint64_t		 tickets;	/* order of events */
	uint64_t		 fresh;		/* the state was current then */
	bool			 single_node;
	int64_t			 clock_offset;	/* the bucket's to ours */

	struct queue		 queue;
	struct batch		*batch;
	struct attempt		*attempt;
	struct catchup		 catchup;
	struct uploads		 uploads;

	void			*request;	/* of the phase */
	struct reading		 reading;
	struct pace		 pace;
	struct backoff		 backoff;
	struct background	 background;
	bool			 rebuilt;	/* the state was reset once */
	unsigned		 mismatches;	/* 412, and yet the head is the
						   base: one after the other */
	unsigned		 calling;	/* callbacks being run */
	struct quarantine	 quarantine;
};

/* commit.c */
void	 commit_enter(struct commit *c, enum commit_phase phase);
/*
 * Logs that the bucket did not respond to a request for what; the first time in
 * an outage for each user (blob.c logs the outage itself).
 */
void	 commit_unanswered(const struct commit *c, const char *what,
	    const struct blob_result *r);
void	 commit_later(struct commit *c, uint64_t ms,
	    void (*resume)(struct commit *));
void	 commit_unpause(struct commit *c);
/* The same after a delay with full jitter, longer each time, and no sooner than
 * the server asks for. */
void	 commit_pause(struct commit *c, void (*resume)(struct commit *));
void	 commit_retry_after(struct commit *c, const struct blob_result *r);
/* A PUT of the head begins or ends: the next batch keeps its distance. */
void	 commit_space(struct commit *c);
/* Go on with whatever is next. */
void	 commit_go_on(struct commit *c);
void	 commit_quarantine(struct commit *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same, but the mail is not damaged: no memory, or our own state. */
void	 commit_fail(struct commit *c, const char *why);
int64_t	 commit_time(const struct commit *c);
void	 commit_date(struct commit *c, const struct blob_result *r);

/* commit_queue.c */
/* The sessions are to end. */
void	 commit_ended(struct commit *c, const char *why);
void	 commit_answer(struct commit *c, struct intents *l,
	    enum commit_outcome o);
/* Queue and refreshes that arrived before the ticket. */
void	 commit_fail_before(struct commit *c, uint64_t ticket,
	    enum commit_outcome o);
void	 commit_fresh(struct commit *c, uint64_t ticket);
/* The records up to this one are in the bucket and in the state. */
void	 commit_changed(struct commit *c, uint64_t last);
/* One of conf's callbacks, which may be NULL. */
void	 commit_call(struct commit *c, void (*fn)(void *arg));
void	 commit_requeue(struct commit *c, struct intents *l);
/* The log's context, until old is swapped in again: of the attempt's first
 * intent, and how many others it has, or of who waits first. */
void	 commit_context(const struct commit *c, struct log_context *old);
/* Each second while anything waits. */
void	 commit_tick_start(struct commit *c);
/* commit_read.c */
void	 commit_read(struct commit *c);
/* The bucket contains something that we do not support: nothing is served from
 * it. */
void	 commit_readonly(struct commit *c);
/* commit_build.c */
void	 commit_build(struct commit *c);
void	 commit_build_first(struct commit *c);
void	 commit_batch_unchanged(struct commit *c);	/* the read said 304 */
void	 commit_batch_drop(struct commit *c, bool requeue);
void	 commit_batch_free(struct batch *b);
/* commit_seal.c */
void	 commit_seal(struct commit *c);
int	 commit_seal_empty(struct commit *c);	/* the rival of the attempt */
void	 commit_attempt_free(struct attempt *a);
/* commit_settle.c */
/* Are the uploads of the attempt too old to be referred to? */
bool	 commit_uploads_old(const struct commit *c);
void	 commit_send(struct commit *c);
/* commit_backoff.c: a race for the head begins, was won, or lost. */
void	 commit_backoff_began(struct commit *c);
void	 commit_backoff_won(struct commit *c);
void	 commit_backoff_lost(struct commit *c);
/* The user's first head exists: writes a hint that requests nothing, so that a
 * LIST finds something should that head disappear. */
void	 commit_backoff_first(struct commit *c);
void	 commit_backoff_free(struct commit *c);
/* commit_catchup.c: takes ownership of head and etag. */
void	 commit_adopt(struct commit *c, struct head *h, const char *etag,
	    uint64_t ticket);
void	 commit_catchup_free(struct commit *c);
/* commit_background.c */
/* Nothing is under way: begin, from the loop, what is to be done. */
void	 commit_background(struct commit *c);
/* What the job made, for the next head to refer to; NULL: nothing. */
struct upload *commit_background_ready(struct commit *c, enum job_id id);
/* It is of no use any more: garbage. */
void	 commit_background_drop(struct commit *c, enum job_id id);
void	 commit_background_free(struct commit *c);
/* commit_flush.c */
size_t	 commit_flush_bytes(struct commit *c);	/* that would leave the head */
/* For an attempt: enter what is ready in next, which has no blocks yet; and
 * how far its inline part leaves the head. */
int	 commit_flush_use(struct commit *c, struct head *next,
	    uint64_t *upto);
/* commit_manifest.c */
void	 commit_manifest_use(struct commit *c, struct head *next);
struct manifest *commit_manifest_make(struct commit *c,
	    const struct head *from);

#endif
