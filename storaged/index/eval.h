/*
 * Intents as created by the operations, and their evaluation: each becomes
 * records on the latest state, or an answer without any (DESIGN, section 3,
 * "Intent and effect").
 */
#ifndef STORAGED_EVAL_H
#define STORAGED_EVAL_H

#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "storaged/commit/commit.h"
#include "storaged/index/eval_conf.h"
#include "storaged/index/index_read.h"
#include "storaged/index/mailset.h"

enum work_kind {
	WORK_STORE,
	WORK_COPY,
	WORK_MOVE,
	WORK_EXPUNGE,
	WORK_APPEND,
	WORK_CREATE,
	WORK_DELETE,
	WORK_RENAME,
	WORK_SUBSCRIBE,
	WORK_KINDS
};

/* The newest evaluation's answer. */
struct answer {
	uint8_t		 code;		/* MBOX_CODE_NONE: OK */
	const char	*text;		/* constant; NULL when OK */
	struct reply_ok	 ok;
};

/* Messages examined, and changed, in one step of an evaluation. */
#define EVAL_SCAN	4000
#define EVAL_STORE	1000
#define EVAL_MOVE	400

/* The progress of evaluating an intent. */
struct eval_step {
	uint64_t	 tx;		/* in this transaction of the index;
					   0: not begun */
	bool		 scanned;	/* found is whole */
	bool		 facts;		/* sizes are wanted */
	uint32_t	 from;		/* the UID to go on from */
	struct uidset	 found;		/* what the records will be of */
	uint64_t	 box;		/* RENAME of INBOX: the new one */
	struct quota	 quota;		/* as it was when it began */
	uint64_t	 bytes;		/* COPY: of all but the last, */
	uint64_t	 last;		/* and of that */
};

/* Requested keywords, and what becomes of them (eval_words.c). */
struct eval_words {
	size_t		 size;
	struct str	*keep;		/* for the record; borrowed names */
	size_t		 nkeep;
	struct str	*forget;	/* that make room */
	size_t		 nforget;
	size_t		 left;		/* there is no room for so many */
};

#define APPEND_REFS_MAX	32

/* One message of an APPEND, ready to be recorded. */
struct append_item {
	uint8_t		 flags;
	struct str	*keywords;
	size_t		 nkeywords;
	int64_t		 date;
	int16_t		 zone;
	uint64_t	 size;
	uint8_t		 msgid[16];
	/* Message-ID and references (newest first, the last is the oldest)
	 * as hashes; 0 in mid: none. */
	uint64_t	 mid;
	uint64_t	 refs[APPEND_REFS_MAX];
	size_t		 nrefs;
	bool		 large;		/* an object of its own */
	struct batch_message small;	/* its bytes are the item's */
	struct record_place place;	/* of a large one */
	uint8_t		*bytes;		/* owned; small.bytes */
	struct str	 digest;	/* compressed: for the cold index */
	uint8_t		 digest_codec;
	uint64_t	 number;	/* of its record, once evaluated */
	uint32_t	 uid;
};

/* What an intent's payload points to; all of it lives on the arena but
 * what is owned as said. */
struct work {
	struct intent	 intent;
	enum work_kind	 kind;
	struct arena	*arena;
	uint64_t	 session;	/* serial number of the session */
	uint32_t	 id;		/* of the request */
	void		*owner;		/* the operation (op.h) */
	struct answer	 answer;
	struct eval_step step;
	struct eval_words *words;	/* on the arena */
	union {
		struct mbox_store	 store;
		struct mbox_copy	 copy;
		struct mbox_expunge	 expunge;
		struct mbox_create	 create;
		struct mbox_delete	 del;
		struct mbox_rename	 rename;
		struct mbox_subscribe	 subscribe;
		struct {
			struct str		 name;
			uint8_t			 target; /* msg_deliver.h */
			bool			 keyed;
			uint8_t			 key[DELIVER_KEY_LEN];
			struct append_item	*v;
			size_t			 n;
		} append;
	} u;
};
void	 answer_clear(struct answer *a);
/* Frees answer and step. */
void	 work_clear(struct work *w);

/* Why no more messages fit into a mailbox, for the client.  And why none at
 * all. */
const char *eval_full_text(const struct eval_conf *conf);
extern const char eval_quota_text[];

/* state.h on an index, and the records of a new user. */
extern const struct state_ops index_state_ops;
enum state_verdict index_state_first(void *state, struct batch *b);

/*
 * A name for CREATE and RENAME: UTF-8, 1 to 1,000 bytes, no empty level, no
 * control characters, INBOX in any case is INBOX.  Writes it with its NUL
 * (one trailing "/" is dropped); -1: no such name can be.
 */
int	 mailbox_name(struct str in, char dst[MBOX_NAME_MAX + 1]);

/* For the evaluators. */
enum state_verdict eval_no(struct work *w, enum mbox_code code,
	    const char *text);
/* Adds the record to the batch and applies it.  STATE_RECORDS, or why not. */
enum state_verdict eval_emit(struct index *ix, struct batch *b,
	    struct record *r, struct batch_message *m);
/*
 * eval_step.c.  eval_scan: looks at the next messages of the set, a bounded
 * number of them, group by group (the state alone, unless step.facts is
 * set); once there are no more, step.scanned is set and step.from is back at
 * the beginning.  Each goes to fn (the walk, and which row of its group), 0
 * or -1.
 * eval_chunk: then the next part of what was found, at most max UIDs;
 * eval_rest: is there more of it?  eval_first_uids: the first max UIDs of a
 * mailbox.
 */
int	 eval_scan(struct index *ix, struct work *w, uint64_t box,
	    const struct uidset *set, int (*fn)(const struct mailwalk *,
	    unsigned, void *), void *arg);
int	 eval_chunk(struct work *w, const struct uidset *found, unsigned max,
	    struct uidset *part);
bool	 eval_rest(const struct work *w, const struct uidset *found);
int	 eval_first_uids(struct index *ix, uint64_t box, unsigned max,
	    struct uidset *part);
/*
 * Some messages of one mailbox to the other, or away: STATE_MORE while there
 * were any, STATE_RECORDS when none is left.
 */
enum state_verdict eval_move_some(struct index *ix, struct work *w,
	    struct batch *b, uint64_t from, uint64_t to);
enum state_verdict eval_drop_some(struct index *ix, struct work *w,
	    struct batch *b, uint64_t box);
/* eval_quota.c: may so many messages be added, of which all but the last have
 * so many octets?  STATE_RECORDS, or it is refused. */
enum state_verdict eval_quota(const struct index *ix, struct work *w,
	    uint64_t messages, uint64_t bytes);
/* The same for all that an APPEND brings, at least one. */
enum state_verdict eval_quota_append(const struct index *ix,
	    struct work *w);
void	 eval_step_begin(struct index *ix, struct work *w);
/*
 * eval_append.c.  The mailbox of a name as a client gives it, that is to exist:
 * 1, 0 or -1.  eval_room: will so many more messages go into it?
 * STATE_RECORDS, or it is refused.
 */
extern const char eval_no_target[];
int	 eval_target(struct index *ix, struct str name, struct box *box);
enum state_verdict eval_room(const struct index *ix, struct work *w,
	    const struct box *box, uint64_t more);
/* CREATE and SUBSCRIBE for a delivery (eval_box.c).  STATE_RECORDS, or why
 * not. */
enum state_verdict eval_create_for(struct index *ix, struct work *w,
	    struct batch *b, struct str name, struct box *box);
uint32_t eval_uidvalidity(struct index *ix, struct batch *b);
/* Which of the names can be had: in w->words.  0 or -1. */
int	 eval_words(struct index *ix, struct work *w, const struct str *names,
	    size_t n);
/* The keywords of a record: those. */
void	 eval_words_record(const struct work *w, struct record *r);

enum state_verdict eval_store(struct index *, struct work *, struct batch *);
enum state_verdict eval_copy(struct index *, struct work *, struct batch *);
enum state_verdict eval_expunge(struct index *, struct work *,
	    struct batch *);
enum state_verdict eval_append(struct index *, struct work *, struct batch *);
enum state_verdict eval_create(struct index *, struct work *, struct batch *);
enum state_verdict eval_delete(struct index *, struct work *, struct batch *);
enum state_verdict eval_rename(struct index *, struct work *, struct batch *);
enum state_verdict eval_subscribe(struct index *, struct work *,
	    struct batch *);

#endif
