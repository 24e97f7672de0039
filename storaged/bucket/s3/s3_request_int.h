/*
 * Internal to calls: shared by s3_request.c (life cycle), s3_send.c (sending),
 * s3_answer.c (receiving) and s3_trace.c (the log) only.
 */
#ifndef STORAGED_S3_REQUEST_INT_H
#define STORAGED_S3_REQUEST_INT_H

#include "common/log_context.h"
#include "storaged/bucket/s3/s3_cause.h"
#include "storaged/bucket/s3/s3_metric.h"
#include "storaged/bucket/s3/s3_request.h"

#define WHY_MAX		640

enum call_state { CALL_NEW, CALL_HASHING, CALL_WAITING, CALL_FLYING,
    CALL_PAUSED, CALL_KEYLESS };

struct s3_call {
	TAILQ_ENTRY(s3_call) entry;
	struct s3	*s3;
	enum call_state	 state;
	const char	*method;
	char		 name[KEY_MAX];
	char		*query;
	enum s3_verb	 verb;
	struct { const char *name; char *value; } extra[S3_EXTRA];
	size_t		 nextra;
	bool		 creates;
	struct http_piece *pieces;
	size_t		 npieces;
	int		 fd;
	uint64_t	 fd_offset, fd_len, total;
	char		 hash[65];
	int		 hash_errno;
	struct helper_job *job;
	char		 address[64];
	size_t		 max_body;
	bool		 once, bad, hasty;
	bool		 sent;		/* in some try, */
	bool		 sent_before;	/* in one before the last */
	uint64_t	 deadline;
	unsigned	 tries;
	uint64_t	 queued_at;	/* entered the gate, ms */
	uint64_t	 sent_at;	/* and left it */
	char		 signer[129];	/* access key of the last try */
	bool		 temporary;	/* which has a session token */
	int64_t		 signed_at;	/* the last try, s since 1970 */
	unsigned	 rejected;	/* so often for its key, */
	unsigned	 skewed;	/* or its time */
	struct s3_gate_entry gate;
	struct http	*via;
	struct http_request *http;
	bool		 marked;	/* moved says how far it was */
	uint64_t	 moved;
	struct event	*timer;
	struct log_context context;	/* of who has made it */
	s3_cb		 cb;
	void		*arg;
	char		 why[WHY_MAX];
	char		 cause[S3_CAUSE_MAX];	/* of the last answer */
};

/* s3_request.c */
/* To the gate, and on from there. */
void	 s3_call_enter(struct s3_call *c);
/* Sets what is told of its failure. */
void	 s3_call_why(struct s3_call *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * Waits and retries, if there is time and a retry left: full jitter over a
 * doubling delay, but no sooner than Retry-After (ms).
 */
bool	 s3_call_again(struct s3_call *c, uint64_t retry_after);
/* A try had no answer: once more, or it has failed. */
void	 s3_call_unheard(struct s3_call *c);
/* Ends it: the callback, then frees the call. */
void	 s3_call_over(struct s3_call *c, struct s3_answer *a);
/* The same when no answer was read. */
void	 s3_call_failed(struct s3_call *c, enum blob_outcome o);

/* What it asks for, for s3_metric.h; borrows from c. */
struct s3_asked s3_call_asked(const struct s3_call *c);

/* s3_send.c */
/* Hashes the body, in a helper thread if it is large; then enters the gate. */
void	 s3_call_hash(struct s3_call *c);
/* Waits for a key, out of the gate; why is told if none comes in time. */
void	 s3_call_keyless(struct s3_call *c);
/* One attempt, when the gate admits it. arg: the call. */
void	 s3_call_send(void *arg);

/* s3_trace.c */
/* One line about a try that is over, at level debug. */
void	 s3_call_trace(const struct s3_call *c, const struct http_result *r);

/* s3_answer.c */
/* A try is over.  arg: the call. */
void	 s3_call_done(const struct http_result *r, void *arg);

#endif
