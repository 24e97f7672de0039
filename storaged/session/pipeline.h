/*
 * The messages of a set, one after the other, read ahead: their places come
 * from the index some hundred at once (rows), windows of the objects that
 * they lie in are asked for before they are needed (ahead), and runs of
 * small ones are expanded in helper threads.  FETCH of octets sends them
 * (op_body.c).
 */
#ifndef STORAGED_PIPELINE_H
#define STORAGED_PIPELINE_H

#include "storaged/session/reader.h"
#include "storaged/session/unpack.h"

#define PIPELINE_ROWS	256	/* places known at once */
#define PIPELINE_AHEAD	8	/* windows asked for before they are needed */
#define PIPELINE_RUNS	3	/* runs being expanded, or waiting */

/* A run of rows that helper threads expand: the rows from row on. */
struct pipeline_run {
	struct unpack	 u;
	int		 row;		/* negative: some were sent */
};

struct pipeline_want {
	struct window_wait win;
	size_t		 len;		/* at most */
	unsigned	 row;		/* the first that needs it */
};

struct pipeline {
	struct user	*user;
	uint64_t	 box;
	const struct uidset *uids;
	struct place	 rows[PIPELINE_ROWS];
	unsigned	 n, i;
	uint32_t	 from;		/* the UID to read places from */
	bool		 read_all;	/* no further place */
	struct reader	 reader;
	struct pipeline_run	 runs[PIPELINE_RUNS];	/* used in turn */
	unsigned	 first, nruns;	/* those in use */
	unsigned	 made;		/* rows below are in a run, or past */
	struct reader	 stored;	/* reads for the runs */
	struct pipeline_want	 ahead[PIPELINE_AHEAD];
	size_t		 octets;	/* that they may have */
	unsigned	 scan;		/* rows below are asked for */
	char		 last[KEY_MAX]; /* what was asked for last */
	uint64_t	 last_base;
};

/*
 * Of a zeroed one: the messages of box in uids, which is borrowed.  ready()
 * follows, from the loop, whenever READER_WAIT was returned.
 */
void	 pipeline_init(struct pipeline *p, struct user *u, uint64_t box,
	    const struct uidset *uids, void (*ready)(void *arg), void *arg);
void	 pipeline_free(struct pipeline *p);	/* cancels; also if zeroed */
/* Before a message: has runs made, and reads more places when few are left.
 * 0, or -1: the index cannot be read. */
int	 pipeline_fill(struct pipeline *p);
/* The message whose turn it is; NULL: there is no further one. */
const struct place *pipeline_row(const struct pipeline *p);
/* Asks for what the messages after it need. */
void	 pipeline_ahead(struct pipeline *p);
/* Its content from octet at on, as reader_at(): from its run, or read now. */
enum reader_state pipeline_content(struct pipeline *p, uint64_t at,
	    const uint8_t **data, size_t *len);
/* On to the next. */
void	 pipeline_next(struct pipeline *p);

#endif
