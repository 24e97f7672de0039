/*
 * An operation: one request of a session, from its message to its reply.  It
 * waits until the user is open, until earlier changes of its session are done
 * (if it must see them), for a read of the head (if its reply must be current)
 * and for one of the session's streams.
 */
#ifndef STORAGED_OP_H
#define STORAGED_OP_H

#include "common/arena.h"
#include "common/msg_auth.h"
#include "common/turns.h"
#include "storaged/index/eval.h"
#include "storaged/session/session.h"

struct event;

enum op_need {
	OP_AFTER	= 1 << 0,	/* the session's earlier changes */
	OP_FRESH	= 1 << 1,	/* a read of the head */
	OP_OPEN		= 1 << 2,	/* a head that was ever read */
	OP_STREAM	= 1 << 3,	/* answers with REPLY_DATA */
	OP_CHANGE	= 1 << 4,	/* others may wait for it */
	OP_TRY		= 1 << 5,	/* a read of the head, if possible */
	OP_REMOVES	= 1 << 6,	/* messages: what it removed has passed
					   once it is answered */
	OP_CANCEL	= 1 << 7	/* may be cancelled, as a stream may */
};

enum op_state { OP_WAITS, OP_REFRESHES, OP_RUNS, OP_ENDED };

enum op_more { OP_MORE, OP_DONE, OP_ASYNC, OP_FAILED };

struct op_class {
	const char		*name;
	unsigned		 needs;
	uint8_t			 rights;	/* that its session must have:
						   enum grant_right */
	size_t			 extra;	/* bytes of op->x, zeroed */
	/* Sense of the decoded request: 0 or -1 (cut).  May be NULL and may
	 * change op->needs. */
	int			(*check)(struct op *op);
	/* Everything it needs is available.  Ends the op, or continues later.
	 * A change without it is submitted as its kind, with the request as
	 * op->work.u. */
	void			(*run)(struct op *op);
	enum work_kind		 kind;
	/* Streams: append rows to op->out.  OP_ASYNC: op_kick() follows;
	 * OP_FAILED: op_no() was called. */
	enum op_more		(*produce)(struct op *op);
	/* Frees what x owns; cancels what is in progress.  May be NULL. */
	void			(*stop)(struct op *op);
};

struct op {
	TAILQ_ENTRY(op)		 entry;
	struct session		*s;
	struct user		*user;
	const struct op_class	*class;
	uint32_t		 id;
	struct log_context	 context;	/* it came with */
	enum op_state		 state;
	unsigned		 needs;
	struct arena		*arena;
	void			*req;		/* as its message carries */
	void			*x;		/* the class's own */
	size_t			 bytes;
	struct event		*ev;		/* the next turn */
	struct turns_entry		 turn;		/* op_turn.c */
	struct refresh		 refresh;
	bool			 refreshing;
	bool			 fresh;		/* it was, and won */
	struct work		 work;		/* of changes */
	bool			 submitted;
	bool			 maybe;		/* it ends, and may be done */
	/* streams */
	struct buf		 out;
	uint32_t		 credit;	/* left */
	bool			 produced;	/* nothing more comes */
	bool			 async;		/* produce() waits */
	uint8_t			 final;		/* enum mbox_code */
	const char		*final_text;
	uint64_t		 since_ms;
};

/* From a message; -1: malformed. */
int	 op_new(struct session *s, const struct op_class *class,
	    const struct msg *m);
struct op *op_find(struct session *s, uint32_t id);
/* Send the reply and end the op, which is gone when these return. */
void	 op_ok(struct op *op, const struct reply_ok *ok);
void	 op_no(struct op *op, enum mbox_code code, const char *text);
void	 op_end(struct op *op);			/* the answer was sent */
/* Look at it again, from the loop.  What is kicked while the loop handles its
 * events comes before any new ones: for a long work, op_later(), which lets
 * them come in between. */
void	 op_kick(struct op *op);
void	 op_later(struct op *op);
/* Look at it now: may end it. */
void	 op_step(struct op *op);
/* Is an earlier change of its session still unanswered? */
bool	 op_blocked(const struct op *op);
void	 op_credit(struct op *op, uint32_t bytes);
/* The session is gone: the op ends without a reply. */
void	 op_orphan(struct op *op);
/*
 * op_room.c.  Is its user at the quota, or over it, so that nothing can be
 * added?  true: the op was refused, and is gone, or it waits, to be run again,
 * for a state that is certain.  op_over_log: a line for the log.
 */
bool	 op_over_quota(struct op *op);
void	 op_over_log(const struct op *op);
/* Submits op->work to the commit; its answer ends the op. */
void	 op_submit(struct op *op, enum work_kind kind);
/* The answer of op->work: sent, and the op ends. */
void	 op_answer(struct op *op, enum commit_outcome o);

/* The class of each request of common/msg.h: op_MBOX_LIST and so on. */
#define X(name, num, chan, side, max, fds, wire)			\
	extern const struct op_class op_##name;
MSG_REQUESTS(X)
#undef X

/* op_select.c: a change while a SELECT still reads. */
void	 select_changed(struct user *u, const struct change *ch);

#endif
