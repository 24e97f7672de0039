/* Internal to ingestion: shared by storaged/bucket/ingest/ only. */
#ifndef STORAGED_INGEST_INT_H
#define STORAGED_INGEST_INT_H

#include <sys/queue.h>

#include "common/buf.h"
#include "common/log_context.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/ingest/ingest.h"
#include "storaged/bucket/ingest/ingest_done.h"
#include "storaged/bucket/ingest/ingest_hold.h"
#include "storaged/bucket/ingest/ingest_name.h"
#include "storaged/bucket/ingest/ingest_reason.h"
#include "storaged/bucket/ingest/ingest_seen.h"

#define INGEST_PARALLEL	16	/* objects of a place at a time */
#define INGEST_PIECE	(512 * 1024)	/* bytes of one GET */

struct cred_key;
struct ingest_job;
struct ingest_queue;
struct queue_message;
struct slice;
TAILQ_HEAD(ingest_jobs, ingest_job);

/* An object that a listing has shown. */
struct ingest_found {
	char		*name;		/* without the place's prefix */
	char		 etag[BLOB_ETAG_MAX];
	uint64_t	 size;
};

struct ingest_place {
	struct event_base *base;
	uint32_t	 number;	/* index in "ingest" */
	struct blob_store *blob;
	char		 bucket[80];
	char		 prefix[KEY_PREFIX_MAX + 1];
	char		 refused[257];	/* access key that the server refused */
	uint64_t	 poll_ms;
	uint64_t	 claim_ms;
	enum ingest_after { INGEST_DELETE, INGEST_KEEP, INGEST_TAG }
			 then;		/* KEEP: in done/ */
	struct ingest_done *done;	/* INGEST_TAG, else NULL */
	struct ingest_queue *queue;	/* NULL: none */
	uint64_t	 list_after;	/* s: with a queue, younger ones are
					   left to it */
	struct ingest_jobs jobs;
	unsigned	 njobs;
	struct ingest_seen *seen;
	/* ingest_scan.c */
	struct event	*timer;
	struct blob_request *list;
	struct ingest_found *page;	/* the last is next */
	size_t		 npage;
	char		 after[KEY_MAX];
	bool		 more;
	bool		 waits;		/* until the next poll */
	uint64_t	 put_off;	/* the LIST, since: ms; 0: it is not */
	uint64_t	 swept;		/* old claims, last; ms */
	char		 why[300];	/* of the last LIST; "": it went well */
	/* The first name that cannot be used, cut short; the one of the last
	 * listing, which was told. */
	char		 odd[200], odd_told[200];
};

/* What a retry is told of its end: outcome as msg_ingest.h's. */
typedef void (*ingest_retried_cb)(int outcome, const char *why, void *arg);

enum job_state {
	JOB_CLAIM,		/* PUT of the claim */
	JOB_LOOK,		/* who holds it: its ETag, */
	JOB_AGE,		/* its age */
	JOB_TAKE,		/* PUT over an old one */
	JOB_READ,		/* GETs, and the offer */
	JOB_WAIT,		/* for lmtpd's result */
	JOB_COPY,		/* to done/ or failed/ */
	JOB_REASON,		/* PUT of the reason */
	JOB_CHECK,		/* is it the same object still? */
	JOB_TAG,		/* it stays */
	JOB_DELETE,		/* the claim is not renewed any more */
	JOB_MARK,		/* PUT of a claim that says done, */
	JOB_MARK_TAG		/* and its tag */
};

struct ingest_job {
	TAILQ_ENTRY(ingest_job) entry;
	struct ingest_place *place;
	uint32_t	 id;
	struct log_context context;	/* of lines about it, in lmtpd, too */
	enum job_state	 state;
	char		 name[KEY_MAX];	/* what is read, */
	char		 origin[KEY_MAX];	/* and was called so */
	char		 etag[BLOB_ETAG_MAX];	/* of name */
	char		 origin_etag[BLOB_ETAG_MAX];
	struct ingest_id mail;		/* of origin and its ETag */
	uint64_t	 size;
	/* The claim, once it is ours. */
	bool		 claimed;
	char		 claim_etag[BLOB_ETAG_MAX];
	struct buf	 claim_body;	/* of a PUT under way */
	uint64_t	 claimed_ms;
	struct blob_request *renewal;
	/* Called when the renewal under way has ended; NULL: nothing waits. */
	void		(*renewed)(struct ingest_job *);
	/* What the claim says beside that, and lmtpd is told; NULL: nothing. */
	char		*left, *envelope, *sender;
	bool		 again;		/* the claim is given up, not deleted */
	struct buf	 body;		/* of the reason's PUT */
	struct blob_request *req;
	/* What lmtpd gets. */
	struct peer	*lmtpd;
	uint8_t		*piece;
	size_t		 piece_len, piece_at;
	uint64_t	 at;		/* read so far */
	uint32_t	 credit;
	/* What became of it. */
	int		 outcome;	/* enum ingest_outcome */
	bool		 gone;		/* it is settled */
	bool		 absent;	/* somebody else has settled it */
	char		 why[400];
	struct ingest_reason *reason;	/* NULL: no result yet */
	/* A retry. */
	ingest_retried_cb retried;
	void		*retried_arg;
	struct queue_message *message;	/* that has told of it; NULL: none */
};

/* ingest.c */
/* A server has refused this access key of the place's. */
void	 ingest_refused(struct ingest_place *p, const char *access_key,
	    const char *why);
bool	 ingest_draining(void);
/* The next lmtpd in turn; NULL: none. */
struct peer *ingest_next_lmtpd(void);
bool	 ingest_has_lmtpd(void);
const uint8_t *ingest_node(void);
struct ingest_counts *ingest_count(void);
size_t	 ingest_places(struct ingest_place **v);

/* ingest_scan.c */
int	 ingest_scan_init(struct ingest_place *p);
void	 ingest_scan_go(struct ingest_place *p);

/* ingest_job.c */
void	 ingest_job_new(struct ingest_place *p, const struct ingest_found *f);
/* A queue has told of it, by m: recipients (NULL: not told) and sender.  NULL:
 * out of memory. */
struct ingest_job *ingest_job_told(struct ingest_place *p,
	    const struct ingest_found *f, const char *recipients,
	    const char *sender, struct queue_message *m);
bool	 ingest_has_job(const struct ingest_place *p, const char *name);
/* Of a failed one: takes r; only those whose answer was not 250. */
void	 ingest_job_retry(struct ingest_place *p, const struct ingest_found *f,
	    struct ingest_reason *r, ingest_retried_cb cb, void *arg);
/* The claim is ours: reads on. */
void	 ingest_job_claimed(struct ingest_job *j);
void	 ingest_job_pump(struct ingest_job *j);
/* lmtpd has answered. */
int	 ingest_job_result(struct ingest_job *j, const struct msg *m);
/* It will be tried again, for this reason; the claim is dropped. */
void	 ingest_job_later(struct ingest_job *j, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Frees it, and goes on with others. */
void	 ingest_job_end(struct ingest_job *j);

/* ingest_queue.c */
/* conf: as sqs_new()'s.  NULL with the reason in why. */
struct ingest_queue *ingest_queue_new(struct ingest_place *p, const char *url,
	    const struct slice *conf, char *why, size_t size);
void	 ingest_queue_key(struct ingest_queue *q, const struct cred_key *key);
void	 ingest_queue_go(struct ingest_queue *q);
/* A job that it told of has ended: is the mail settled, and if not, when is it
 * to be tried again (clock_ms())? */
void	 ingest_queue_job_over(struct queue_message *m, bool over,
	    uint64_t again_ms);
/* Has its last poll brought something? */
bool	 ingest_queue_brings(const struct ingest_queue *q);
void	 ingest_queue_drain(struct ingest_queue *q);
bool	 ingest_queue_idle(const struct ingest_queue *q);

/* ingest_claim.c */
/* A PUT over the claim, which must still be ours. */
struct blob_request *ingest_claim_put(struct ingest_job *j,
	    enum ingest_hold_state state, blob_cb cb);
void	 ingest_claim(struct ingest_job *j);
void	 ingest_claim_renew(struct ingest_job *j);
/* Claims of long ago, whose objects have gone. */
void	 ingest_claim_sweep(struct ingest_place *p);

/* ingest_settle.c */
/* By its outcome: deletes, keeps, puts it in failed/. */
void	 ingest_settle(struct ingest_job *j);
/* Only drops the claim, or gives it up. */
void	 ingest_settle_drop(struct ingest_job *j);

#endif
