/*
 * A FETCH under way: META rows in, answers out, octets of messages in
 * between, in the order of UIDs; memory is bounded by batches of rows and a
 * small window of bodies.
 */
#ifndef IMAPD_FETCH_RUN_H
#define IMAPD_FETCH_RUN_H

#include "common/compat.h"

#include "imapd/command.h"
#include "imapd/fetch.h"
#include "imapd/storage.h"

#define FETCH_WINDOW	4	/* bodies asked for at once */
/* META rows asked for at once when each waits for its octets, */
#define FETCH_BATCH	500
#define FETCH_BATCH_BIG	50	/* with digest fields */
#define FETCH_WAITING	(128 * 1024) /* rendered octets that wait */

/* One message whose octets are needed. */
struct fetch_entry {
	TAILQ_ENTRY(fetch_entry) entry;
	uint32_t		 uid;
	struct buf		 prefix;	/* "* 1 FETCH (FLAGS ()" */
	size_t			 njobs;
	size_t			 asked;		/* jobs that have a slot */
	size_t			 done;		/* jobs written */
	bool			 begun;		/* the prefix is out */
	bool			 mute;		/* failed: nothing is said */
	struct fetch_job	 jobs[];
};
TAILQ_HEAD(fetch_entries, fetch_entry);

/* One MBOX_BODY request: the octets of one job, or (plan->whole) of all
 * messages. */
struct fetch_slot {
	struct ask		*ask;		/* NULL: the slot is free */
	struct fetch_entry	*entry;		/* not for plan->whole */
	size_t			 job;
	bool			 ended;		/* its reply has come */
	struct buf		 in;		/* came before its turn */
	bool			 inside;	/* of a message's octets */
	uint64_t		 left;		/* of them */
	struct fetch_entry	*current;	/* whose; NULL: nobody's */
	struct buf		 block;		/* for a filter */
};

struct fetch_run {
	struct command		*cmd;
	struct fetch_plan	 plan;
	struct uidset		*set;		/* all messages */
	struct uidset		 todo;		/* no META asked yet */
	struct uidset		 unseen;	/* to be marked \Seen */
	struct rows		 rows;
	struct arena		*arena;		/* of one row */
	struct buf		 out;		/* rendered, not yet put */
	struct fetch_entries	 entries;	/* ascending */
	size_t			 nentries;
	size_t			 waiting;	/* octets of their prefixes */
	struct fetch_slot	 slots[FETCH_WINDOW];
	bool			 meta;		/* a META stream runs: */
	struct ask		*ask;		/* this one, */
	bool			 held;		/* and it gets no credit */
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

/* Goes on with whatever can be gone on with; answers at the end. */
void	 fetch_pump(struct fetch_run *f);
/* fetch_body.c: ask for bodies, write what came. */
void	 fetch_bodies(struct fetch_run *f);
bool	 fetch_bodies_idle(const struct fetch_run *f);
void	 fetch_entry_free(struct fetch_run *f, struct fetch_entry *e);
void	 fetch_slots_free(struct fetch_run *f);
/* Keeps the first refusal for the command's answer. */
void	 fetch_refused(struct fetch_run *f, const struct reply_no *no);

#endif
