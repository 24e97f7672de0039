/*
 * Internal to the probe: shared by s3_probe*.c only.
 */
#ifndef STORAGED_S3_PROBE_INT_H
#define STORAGED_S3_PROBE_INT_H

#include "storaged/bucket/s3/blob_s3.h"
#include "storaged/bucket/s3/s3_cause.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/bucket/s3/s3_request.h"
#include "storaged/util/helper.h"

#define PROBE_ADDRESSES	8
#define PROBE_STEP_NAMES "abefg" /* of the steps' objects */
#define PROBE_STEPS	32	/* of one address, at most */
#define PROBE_KEYS	21	/* that are created and replaced in races */
#define PROBE_CREATORS	8	/* at once, of each key */
#define PROBE_RACERS	(PROBE_KEYS * PROBE_CREATORS)
#define PROBE_WRITERS	(2 * PROBE_RACERS) /* that create, that update */
#define PROBE_GROUP	6	/* keys whose racers go out together */
#define PROBE_READERS	48	/* that only read, beside the writers */
#define PROBE_READERS_GROUP 16	/* of them, beside each group; a server near
				   by has no more */
#define PROBE_READS	640	/* by all of them, at most, each time that the
				   races are run */
#define PROBE_HOT	8	/* writers of one key that need no condition */
#define PROBE_VALUE	16384	/* bytes of a raced object, at most */
#define PROBE_LARGE	(128 * 1024)
#define PROBE_HUGE	(1024 * 1024 + 64 * 1024)	/* over what proxies
							   allow by default */
/* Concurrent requests: as many as a wave may have.  For a report, while users
 * are being served, fewer; the others wait. */
#define PROBE_GATE	(PROBE_RACERS + PROBE_READERS + PROBE_HOT + PROBE_STEPS)
#define PROBE_GATE_REPORT 104

#define PROBE_NEAR_MS	20	/* an answer of a server near by takes less */
#define PROBE_AGAIN	8	/* maximum number of retries of a step */
#define PROBE_KNOCKS	24	/* at once */

enum probe_verb { STEP_HEAD, STEP_GET, STEP_PUT, STEP_LIST };
enum probe_body { NONE, FIRST, SECOND, THIRD, FOURTH, LARGE, HUGE_ONE };
enum probe_list { LIST_EMPTY, LIST_ONE, LIST_AFTER, LIST_ALL };
/* ETags that are kept, of each address; NOBODYS is none's. */
enum probe_etag { ETAG_NONE, ETAG_A, ETAG_E, ETAG_F, ETAG_G, ETAG_G_NEW,
    ETAG_NOBODYS, PROBE_ETAGS };

struct probe_step {
	unsigned	 round;
	const char	*what;
	enum probe_verb	 verb;
	char		 name;
	enum probe_body	 body;		/* PUT: sent; GET and HEAD: wanted */
	enum blob_condition cond;
	enum probe_etag	 match;		/* sends this */
	enum probe_etag	 keep;		/* PUT: keeps its ETag as that */
	enum probe_etag	 same;		/* its ETag is the one kept as that */
	uint64_t	 offset, len;
	enum blob_outcome want, or_else;
	enum probe_list	 list;
};

/* Of one address: what came of one step. */
struct probe_slot {
	struct probe	*p;
	const struct probe_step *s;
	int		 address;
	uint64_t	 sent_at;
	enum probe_state { SLOT_TODO, SLOT_ASKED, SLOT_GOOD, SLOT_WRONG }
			 state;
	bool		 told;		/* that it was good */
	/* SLOT_WRONG: */
	enum blob_outcome outcome;
	int		 status;
	uint64_t	 retry_after;	/* ms */
	char		 why[600];
	char		 cause[S3_CAUSE_MAX];
};

/* A key of the races. */
struct probe_key {
	struct probe	*p;
	char		 etag[BLOB_ETAG_MAX];	/* of the last winner */
	bool		 there;		/* and etag is its */
	bool		 raced;		/* in this wave */
	bool		 early;		/* did not wait for the others */
	struct probe_run {		/* its last creates, and updates */
		bool	 open;		/* not settled */
		unsigned racing;	/* that have no answer yet */
		unsigned wins;
		unsigned unclear;	/* that had none */
	}		 creates, updates;
	unsigned	 last[PROBE_CREATORS + 1]; /* who may have written it */
	unsigned	 nlast;
	/* What it wrote is read back. */
	bool		 read;		/* and was there */
	bool		 reading;
	bool		 again;		/* what is being read says nothing */
	unsigned	 left;		/* tries */
};

struct racer {
	struct probe	*p;
	unsigned	 i, key;
	unsigned	 value;		/* what it writes says so */
	char		 body[PROBE_VALUE];
	bool		 update;	/* or it creates */
	unsigned	 left;		/* reads */
	bool		 reading;
	bool		 absent;	/* what it reads may be */
};

/* A request that asks whether there is an answer. */
struct probe_knock {
	struct probe	*p;
	struct blob_request *request;
	uint64_t	 sent_at;	/* ms */
};

struct probe {
	struct event_base *base;
	struct event	*timer;		/* a pause of the races */
	struct event	*steps_timer;	/* one of the steps */
	struct event	*far_timer;	/* no answer yet: it is far away */
	struct event	*knock_timer;	/* the next knock */
	struct blob_store *store;
	struct s3	*s3;		/* NULL: another backend */
	unsigned	 gate;		/* as it was */
	uint64_t	 retries;	/* of the store, then */
	bool		 report;	/* all is to be told */
	bool		 told;		/* the callback was called */
	struct helper_pool *pool;	/* resolves */
	char		 dir[64];	/* "probe/<id>/" */
	char		 addresses[PROBE_ADDRESSES][64];
	int		 naddresses;	/* at least one, "" */
	int		 numbers;	/* with those that were left out */
	unsigned	 lines;		/* under way: steps, races, settings */
	struct probe_knock knocks[PROBE_KNOCKS];
	uint64_t	 knock_ms;	/* when they began */
	bool		 knocked_far;	/* the answer took its time */
	/* the steps */
	unsigned	 round;
	unsigned	 asked;		/* of this round */
	struct probe_slot slots[PROBE_ADDRESSES][PROBE_STEPS];
	unsigned	 steps_again;	/* times that some were */
	/* of the objects of the steps */
	unsigned	 edition[sizeof(PROBE_STEP_NAMES)][PROBE_ADDRESSES];
	char		 etag[PROBE_ADDRESSES][PROBE_ETAGS][BLOB_ETAG_MAX];
	uint8_t		*large;		/* PROBE_HUGE bytes */
	bool		 ahead;		/* the races have begun, and that it
					   is a server at all is not known */
	bool		 due;		/* the other lines begin in a moment */
	bool		 stop;		/* all else only follows from that */
	bool		 created;	/* the first steps are good, */
	bool		 raced;		/* and so are some creates */
	bool		 likely, nearly; /* that was told */
	uint64_t	 put_ms, get_ms;	/* the fastest */
	unsigned	 puts, cleaned;
	bool		 dateless;	/* an answer had no Date */
	int64_t		 skew;		/* our clock is so far ahead, s */
	/* the races */
	struct probe_key keys[PROBE_KEYS];
	struct racer	 racers[PROBE_WRITERS + PROBE_READERS];
	struct racer	 hot[PROBE_HOT];
	unsigned	 hot_writing;
	bool		 hot_there;
	bool		 hot_due;	/* not yet in this wave */
	unsigned	 wave;		/* the last one that has begun */
	unsigned	 open;		/* runs that are not settled */
	unsigned	 early;		/* keys */
	unsigned	 flying, most_flying; /* requests, so far */
	unsigned	 turns, again;
	uint64_t	 race_ms;	/* when they began */
	uint64_t	 wave_ms;	/* and this wave */
	uint64_t	 rtt_ms;	/* the fastest of the first round */
	bool		 far;		/* each wait costs */
	unsigned	 racing, reading;
	unsigned	 finals;	/* keys that are read back */
	bool		 writers_done;
	bool		 readers_stop, races_done;
	bool		 throttled;	/* a write was told to slow down */
	bool		 odd;		/* an answer that makes no sense */
	char		 odd_why[600];	/* to be told once ahead is over */
	unsigned	 values;	/* that were written */
	unsigned	 most[2];	/* winners of one create, of one
					   update */
	unsigned	 creates_won, updates_won, lost, unclear, silent;
	char		 silent_why[256];	/* of the last one */
	unsigned	 reads;		/* while they race */
	unsigned	 budget;	/* so many more */
	unsigned	 torn;		/* of these: bytes that nobody wrote */
	unsigned	 vanished;	/* of these: no object */
	uint64_t	 cut;		/* of these: the answer broke off */
	uint64_t	 cut_before;	/* the store's count */
	unsigned	 races;		/* of the readers' */
	unsigned	 quiet_reads, quiet_failed;
	enum probe_verdict verdict;
	char		 bad[1500], bad_race[600]; /* for the line */
	struct buf	 steps, settings; /* of the report */
	char		 line[1800];
	probe_cb	 cb;
	void		*arg;
};

/* s3_probe.c: observations, and the verdict.  The store lacks a property, and
 * is refused. */
enum probe_by { BY_STEP, BY_RACE };
void	 probe_lacks(struct probe *p, enum probe_by by, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* A race was answered as no server does. */
void	 probe_odd(struct probe *p, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* A write that has failed: had it any answer? */
void	 probe_heard(struct probe *p, const struct blob_result *r);
/* Something of what makes it likely was seen. */
void	 probe_likely(struct probe *p);
/* The races are over. */
void	 probe_nearly(struct probe *p);
/* The test cannot be completed: the store is unavailable, and why. */
void	 probe_away(struct probe *p, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Does such an outcome say nothing about what was tested? */
bool	 probe_no_answer(enum blob_outcome o, int status);
/* One of the lines that run beside each other has come to its end. */
void	 probe_line_over(struct probe *p);
void	 probe_over(struct probe *p);
/* Ends in probe_begin(), or with probe_line_over(). */
void	 probe_knock(struct probe *p);		/* s3_probe_knock.c */
void	 probe_knock_again(evutil_socket_t fd, short what, void *arg);
/* Says so, and begins with the steps. */
void	 probe_begin(struct probe *p);
/* The object of one of the probe's purposes (a letter); of KEY_MAX.
 * Of the steps' objects the newest edition. */
void	 probe_name(const struct probe *p, char name, int number, char *dst);
void	 probe_name_edition(const struct probe *p, char name, int number,
	    unsigned edition, char *dst);
/* Of an object of the steps; of others 0. */
unsigned probe_edition(const struct probe *p, char name, int number);

/* s3_probe_address.c */
/* The endpoint's, in a helper thread.  arg: the probe. */
void	 probe_resolve(void *arg);
void	 probe_use_address(struct probe *p, int i);
/* Of what goes out together: the next call finds a connection open, where one
 * was before; to open one takes waits, too. */
void	 probe_use_wide(struct probe *p, int i);
/* An address that is not reached is left out, if there is another: libcurl
 * does so as well (think of ::1 for localhost).  True: those that remain have
 * steps to be asked anew. */
bool	 probe_skip_addresses(struct probe *p);

/* The lines; each ends with probe_line_over().  probe_steps() begins the
 * races when the server has answered as a server does. */
void	 probe_steps(struct probe *p);		/* s3_probe_step.c */
void	 probe_steps_again(evutil_socket_t fd, short what, void *arg);
/* What a step sends or wants; and what is wrong with its answer, or NULL:
 * that may be in buf. */
const uint8_t *probe_body_of(const struct probe *p, enum probe_body b,
	    size_t *len);			/* s3_probe_look.c */
const char *probe_look(struct probe *p, const struct probe_slot *t,
	    const struct blob_result *r, char *buf, size_t size);
const char *probe_look_list(struct probe *p, const struct probe_slot *t,
	    const struct blob_listed *v, size_t n, bool more, char *buf,
	    size_t size);
void	 probe_steps_far(evutil_socket_t fd, short what, void *arg);
void	 probe_races(struct probe *p);		/* s3_probe_race.c */
/* The first answers have come: what waited for them goes on. */
void	 probe_races_known(struct probe *p);
void	 probe_races_again(evutil_socket_t fd, short what, void *arg);
bool	 probe_enough(const struct probe *p);
void	 probe_races_more(struct probe *p);	/* once more */
void	 probe_races_over(struct probe *p);	/* the readers are through */
void	 probe_settings(struct probe *p);	/* s3_probe_bucket.c */
/* Removes what the probe has created, then calls probe_over(). */
void	 probe_clean(struct probe *p);
/* The writers are done: waits for the readers, and evaluates. */
void	 probe_reads(struct probe *p);		/* s3_probe_read.c */
/* Some readers more beside the writers, until readers_stop; those that run
 * go on. */
void	 probe_readers_start(struct probe *p);
/* And is under way, until flying is one less. */
void	 probe_flies(struct probe *p);
/* Fills the racer's body so that it says what it is, and how long. */
struct piece probe_value_make(struct racer *c);
/* Some that replace one object without a condition, while it is read. */
void	 probe_hot(struct probe *p);
/* What was read; true: exactly this was written. */
bool	 probe_value_read(const struct blob_result *r, unsigned *value);

#endif
