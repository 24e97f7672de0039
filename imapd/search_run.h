/*
 * The engine of SEARCH, and of whatever selects messages by search keys: runs
 * the program on META rows and, where they do not suffice, on the messages
 * themselves, batch by batch.  The caller is called back for each message as
 * soon as it is known to match.
 */
#ifndef IMAPD_SEARCH_RUN_H
#define IMAPD_SEARCH_RUN_H

#include "common/compat.h"

#include "imapd/body_head.h"
#include "imapd/command.h"
#include "imapd/rows.h"
#include "imapd/search.h"
#include "imapd/storage.h"

#define SEARCH_BATCH	32	/* rows at once if bodies may be needed */
#define SEARCH_HEADER_MAX (1024 * 1024) /* looked at, of one message */

/* A message that the program cannot decide yet. */
struct search_open {
	TAILQ_ENTRY(search_open) entry;
	uint32_t		 uid;
	size_t			 len;
	uint8_t			 row[];		/* encoded */
};

struct search_run;

/*
 * Messages first to last of the view match; each is reported once, in any
 * order. row: of this one, with the requested columns (valid only during the
 * call); NULL if the view alone decided.  0; -1: out of memory.
 */
typedef int search_match_fn(struct search_run *s, uint32_t first,
	    uint32_t last, const struct mbox_meta_row *row);

struct search_run {
	struct command		*cmd;
	struct search_program	 prog;		/* search_parse() */
	search_match_fn		*match;
	struct search_eval	 eval;
	uint64_t		 keep;		/* digest fields for match() */
	struct uidset		*set;		/* what may match */
	struct uidset		 todo;
	bool			 all;		/* each of set does */
	size_t			 range;		/* local: of set, the next is */
	uint32_t		 uid;		/* this one; 0: its first */
	struct rows		 rows;
	struct arena		*arena;		/* of one row */
	TAILQ_HEAD(, search_open) open;
	bool			 meta;		/* a META stream runs, */
	struct mbox_ask		*meta_ask;	/* NULL: it has ended */
	/* the MBOX_BODY stream */
	bool			 body;
	struct mbox_ask		*body_ask;
	struct buf		 in;		/* of it, not yet looked at */
	size_t			 in_off;
	bool			 inside;
	uint64_t		 left;
	struct search_open	*current;	/* whose octets come; or NULL */
	struct mail_tree	 tree;
	struct body_key		*keys;		/* prog.nbodies */
	bool			*found;
	struct body_search	*search;
	struct buf		 header;	/* the root's, if keys ask */
	size_t			 header_len;
	/* how it went */
	uint64_t		 damaged;
	uint64_t		 away;
	bool			 failed;	/* out of memory */
	bool			 refused;	/* by storaged: no */
	struct reply_no		 no;
};

/* Columns of META rows that match() wants, digest fields among them
 * (enum mbox_what, digest.h); 0 and 0: rows are read when keys need them. */
struct search_wants {
	uint32_t	 what;
	uint64_t	 fields;
};

/*
 * For cmd, whose state is s or begins with it; s is zero except for prog.  0,
 * or -1 on ENOMEM. From then on, the command's drop() must call
 * search_run_free().
 */
int	 search_run_init(struct search_run *s, struct command *cmd,
	    const struct search_wants *wants, search_match_fn *match);
/* For the command's work(): true if everything has been reported, or it failed;
 * false if it waits, for storaged or for its next turn. */
bool	 search_run_work(struct search_run *s);
/* Requests in progress: there must be none if the command ends early. */
bool	 search_run_asks(const struct search_run *s);
void	 search_run_free(struct search_run *s);

/* search_body.c */
void	 search_bodies(struct search_run *s);	/* ask for what is open */
/* Examines octets that have arrived; true: all of them, up to the end of the
 * stream. */
bool	 search_bodies_work(struct search_run *s);
void	 search_bodies_free(struct search_run *s);
/* Keeps the first refusal from storaged. */
void	 search_refused(struct search_run *s, const struct reply_no *no);

#endif
