/*
 * A FETCH in progress: META rows in, responses out, octets of messages in
 * between, in UID order; memory is bounded by batches of rows and a few bodies
 * in advance.
 */
#ifndef IMAPD_FETCH_RUN_H
#define IMAPD_FETCH_RUN_H

#include "common/compat.h"

#include "imapd/command.h"
#include "imapd/fetch.h"
#include "imapd/rows.h"
#include "imapd/storage.h"

#define FETCH_AHEAD	4	/* bodies asked for at once */
/* META rows requested at once if each waits for its octets, */
#define FETCH_BATCH	500
#define FETCH_BATCH_BIG	50	/* with digest fields */
#define FETCH_WAITING	(128 * 1024) /* rendered octets that wait */

/* One message whose octets are needed. */
struct fetch_entry {
	TAILQ_ENTRY(fetch_entry) entry;
	uint32_t		 uid;
	struct str		 prefix;	/* "* 1 FETCH (FLAGS ()";
						   behind the jobs */
	size_t			 njobs;
	size_t			 asked;		/* jobs that have a slot */
	size_t			 done;		/* jobs written */
	bool			 begun;		/* the prefix is out */
	bool			 mute;		/* failed: nothing is said */
	struct fetch_job	 jobs[];
};
TAILQ_HEAD(fetch_entries, fetch_entry);

/* One MBOX_BODY request: the octets of one job, of several that filter the
 * same ones, or (plan->whole) of all messages. */
struct fetch_slot {
	struct mbox_ask		*ask;		/* NULL: the slot is free */
	struct fetch_entry	*entry;		/* not for plan->whole */
	size_t			 job;		/* of it: the next, and */
	size_t			 njobs;		/* how many from there */
	bool			 filtering;	/* some of them are out */
	bool			 ended;		/* its reply has come */
	struct buf		 in;		/* came before its turn */
	bool			 inside;	/* of a message's octets */
	uint64_t		 left;		/* of them */
	struct fetch_entry	*current;	/* whose; NULL: nobody's */
	struct buf		 header;		/* for a filter */
};

struct fetch_run {
	struct command		*cmd;
	struct fetch_plan	 plan;
	struct uidset		*set;		/* all messages */
	struct uidset		 todo;		/* no META asked yet, */
	struct uidset		 piece;		/* nor of these before */
	struct uidset		 unseen;	/* to be marked \Seen */
	struct rows		 rows;
	struct arena		*arena;		/* of one row */
	struct buf		 out;		/* rendered, not yet put */
	struct buf		 item;		/* of an entry: put at once */
	struct fetch_entries	 entries;	/* ascending */
	size_t			 nentries;
	size_t			 waiting;	/* octets of their prefixes */
	struct fetch_slot	 slots[FETCH_AHEAD];
	bool			 meta;		/* a META stream runs: */
	struct mbox_ask		*ask;		/* this one; NULL: it ended */
	bool			 storing;
	bool			 running;	/* fetch_pump() runs */
	bool			 asked;		/* plan.whole: it runs */
	bool			 failed;	/* META refused: ask no more */
	uint64_t		 rows_seen;
	uint64_t		 want;		/* messages in set */
	uint64_t		 gone;
	uint64_t		 damaged;
	uint64_t		 away;
	char			*refusal;	/* storaged's NO: its text */
	struct reply_no		 no;
};

/* Continues with whatever can continue; answers at the end. */
void	 fetch_pump(struct fetch_run *f);
/* Is there anything left for which no META was requested? */
bool	 fetch_left(const struct fetch_run *f);
/* fetch_body.c: requests bodies, writes what arrives. */
void	 fetch_bodies(struct fetch_run *f);
bool	 fetch_bodies_idle(const struct fetch_run *f);
void	 fetch_slots_free(struct fetch_run *f);
/* fetch_entry.c: a message that waits for its octets, or is behind such (NULL:
 * ENOMEM); the entry's lines so far; of its next job the label and "{len}", or
 * all of what it filters out of the header; that a job is over, and the entry
 * when it was the last; that a job's octets will not come (enum
 * mbox_body_state). */
struct fetch_entry *fetch_entry_new(struct fetch_run *f,
	    const struct fetch_row *row, struct str prefix);
void	 fetch_entry_free(struct fetch_run *f, struct fetch_entry *e);
void	 fetch_entry_begin(struct fetch_run *f, struct fetch_entry *e);
void	 fetch_entry_literal(struct fetch_run *f, struct fetch_entry *e,
	    uint64_t len);
void	 fetch_entry_filter(struct fetch_run *f, struct fetch_entry *e,
	    struct str header);
void	 fetch_entry_step(struct fetch_run *f, struct fetch_entry *e);
void	 fetch_entry_fail(struct fetch_run *f, struct fetch_entry *e,
	    uint8_t state);
/* Keeps the first refusal for the command's response. */
void	 fetch_refused(struct fetch_run *f, const struct reply_no *no);

#endif
