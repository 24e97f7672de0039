/* Internal to ingestion: shared by storaged/bucket/ingest/ only. */
#ifndef STORAGED_INGEST_INT_H
#define STORAGED_INGEST_INT_H

#include <sys/queue.h>

#include "common/buf.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/ingest/ingest.h"
#include "storaged/bucket/ingest/ingest_name.h"
#include "storaged/bucket/ingest/ingest_reason.h"
#include "storaged/bucket/ingest/ingest_seen.h"

#define INGEST_PARALLEL	16	/* objects of a place at a time */
#define INGEST_PIECE	(512 * 1024)	/* bytes of one GET */

struct ingest_job;
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
	uint64_t	 poll_ms;
	uint64_t	 claim_ms;
	bool		 keep;		/* in done/ */
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
	JOB_DELETE
};

struct ingest_job {
	TAILQ_ENTRY(ingest_job) entry;
	struct ingest_place *place;
	uint32_t	 id;
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
	char		 claim_body[80];	/* of a PUT under way */
	uint64_t	 claimed_ms;
	struct blob_request *renewal;
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
	bool		 gone;		/* the object is not to be deleted */
	char		 why[400];
	struct ingest_reason *reason;	/* NULL: no result yet */
	/* A retry. */
	ingest_retried_cb retried;
	void		*retried_arg;
	char		*only;
};

/* ingest.c */
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

/* ingest_claim.c */
void	 ingest_claim(struct ingest_job *j);
void	 ingest_claim_renew(struct ingest_job *j);
/* Claims of long ago, whose objects have gone. */
void	 ingest_claim_sweep(struct ingest_place *p);

/* ingest_settle.c */
/* By its outcome: deletes, keeps, puts it in failed/. */
void	 ingest_settle(struct ingest_job *j);
/* Only drops the claim. */
void	 ingest_settle_drop(struct ingest_job *j);

#endif
