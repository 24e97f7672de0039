/*
 * The inside of the probe: shared by s3_probe*.c, by nobody else.
 */
#ifndef STORAGED_S3_PROBE_INT_H
#define STORAGED_S3_PROBE_INT_H

#include "storaged/blob_s3.h"
#include "storaged/helper.h"
#include "storaged/s3_probe.h"
#include "storaged/s3_request.h"

#define PROBE_ADDRESSES	8
#define PROBE_RACERS	48	/* at once */
#define PROBE_CREATES	6	/* keys that they create... */
#define PROBE_WAVES	2	/* ...so often */
#define PROBE_CREATORS	(PROBE_RACERS / PROBE_CREATES)
#define PROBE_READERS	24	/* racers that read... */
#define PROBE_COUNTERS	8	/* ...of which so many count */
#define PROBE_ROUNDS	4	/* increments by each */
#define PROBE_READS	40	/* by each that only reads, at most */
#define PROBE_VALUE	2048	/* bytes of the counter, at most */

struct racer {
	struct probe	*p;
	unsigned	 i;
	char		 body[PROBE_VALUE];
	unsigned	 left;		/* increments */
};

struct probe {
	struct event_base *base;
	struct blob_store *store;
	struct s3	*s3;		/* NULL: another backend */
	bool		 verify;	/* as it was */
	struct helper_pool *pool;	/* resolves */
	char		 dir[64];	/* "probe/<id>/" */
	char		 addresses[PROBE_ADDRESSES][64];
	int		 naddresses, address;	/* at least one, "" */
	size_t		 step;
	char		 etag[3][BLOB_ETAG_MAX];	/* 1 and 2 */
	uint64_t	 sent_at, put_ms, get_ms;
	unsigned	 puts, gets;
	struct racer	 racers[PROBE_RACERS];
	unsigned	 wins[PROBE_CREATES];
	unsigned	 wave, races, racing, counting, won, unsure, restarts;
	unsigned	 creates_won, increments;
	unsigned	 reads;		/* of the counter, while it races */
	unsigned	 torn;		/* of these: bytes that nobody wrote */
	uint64_t	 cut;		/* of these: the answer broke off */
	uint64_t	 cut_before;	/* the store's count */
	bool		 versioned;
	enum probe_verdict verdict;
	char		 bad[800];	/* all that was, for the line */
	struct buf	 report;
	char		 line[1024];
	probe_cb	 cb;
	void		*arg;
};

/* s3_probe.c: what was seen, and what follows from it. */
void	 probe_say(struct probe *p, const char *mark, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* An outcome that was not wanted: is the store bad, or away? */
void	 probe_failed(struct probe *p, const char *what, enum blob_outcome o,
	    const char *why);
void	 probe_over(struct probe *p);
void	 probe_use_address(struct probe *p, int i);
/* The object of one of the probe's purposes (a letter); of BLOB_KEY_MAX. */
void	 probe_name(struct probe *p, const char *name, int number, char *dst);

/* Each ends by calling the next; after a failure that ends all,
 * probe_clean(). */
void	 probe_steps(struct probe *p);		/* s3_probe_step.c */
void	 probe_races(struct probe *p);		/* s3_probe_race.c */
void	 probe_settings(struct probe *p);	/* s3_probe_bucket.c */
void	 probe_clean(struct probe *p);

#endif
