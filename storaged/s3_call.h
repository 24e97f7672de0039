/*
 * The inside of a call: shared by s3_request.c (its life), s3_send.c (what
 * goes out) and s3_answer.c (what comes back), by nobody else.
 */
#ifndef STORAGED_S3_CALL_H
#define STORAGED_S3_CALL_H

#include "storaged/s3_request.h"

#define WHY_MAX		640

enum call_state { CALL_NEW, CALL_HASHING, CALL_WAITING, CALL_FLYING,
    CALL_PAUSED, CALL_KEYLESS };

struct s3_call {
	TAILQ_ENTRY(s3_call) entry;
	struct s3	*s3;
	enum call_state	 state;
	const char	*method;
	char		 name[BLOB_KEY_MAX];
	char		*query;
	enum s3_verb	 verb;
	struct { const char *name; char value[512]; } extra[S3_EXTRA];
	size_t		 nextra;
	struct http_piece *pieces;
	size_t		 npieces;
	int		 fd;
	uint64_t	 fd_offset, fd_len, total;
	char		 hash[65];
	int		 hash_errno;
	struct helper_job *job;
	char		 address[64];
	size_t		 max_body;
	bool		 once, bad;
	bool		 sent;		/* in some try */
	uint64_t	 deadline;
	unsigned	 tries;
	struct s3_gate_entry gate;
	struct http_request *http;
	bool		 marked;	/* moved says how far it was */
	uint64_t	 moved;
	struct event	*timer;
	s3_cb		 cb;
	void		*arg;
	char		 why[WHY_MAX];
};

/* s3_request.c */
/* To the gate, and on from there. */
void	 s3_call_enter(struct s3_call *c);
/* Sets what is told of its failure. */
void	 s3_call_why(struct s3_call *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * Waits and tries again, if there is still time and a try left: full jitter
 * over a doubling pause, and not before what Retry-After wants (ms).
 */
bool	 s3_call_again(struct s3_call *c, uint64_t retry_after);
/* Its end: the callback, and the call is gone. */
void	 s3_call_over(struct s3_call *c, struct s3_answer *a);
/* The same when no answer was read. */
void	 s3_call_failed(struct s3_call *c, enum blob_outcome o);

/* s3_send.c */
/* Hashes the body, in a helper thread when it is much; then enters. */
void	 s3_call_hash(struct s3_call *c);
/* One try, at the gate's word.  arg: the call. */
void	 s3_call_send(void *arg);

/* s3_answer.c */
/* A try is over.  arg: the call. */
void	 s3_call_done(const struct http_result *r, void *arg);

#endif
