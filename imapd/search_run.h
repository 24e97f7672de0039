/*
 * A SEARCH under way: META rows through the program; for what they leave
 * open the messages themselves, batch by batch.
 */
#ifndef IMAPD_SEARCH_RUN_H
#define IMAPD_SEARCH_RUN_H

#include "common/compat.h"

#include "imapd/body_head.h"
#include "imapd/command.h"
#include "imapd/search.h"
#include "imapd/storage.h"

#define SEARCH_BATCH	32	/* rows at once when bodies may be needed */
#define SEARCH_HEADER_MAX (1024 * 1024) /* looked at, of one message */

enum search_return {		/* RFC 4731, RFC 5182 */
	RETURN_MIN	= 1 << 0,
	RETURN_MAX	= 1 << 1,
	RETURN_ALL	= 1 << 2,
	RETURN_COUNT	= 1 << 3,
	RETURN_SAVE	= 1 << 4
};

/* A message that the program leaves open. */
struct search_open {
	TAILQ_ENTRY(search_open) entry;
	uint32_t		 uid;
	size_t			 len;
	uint8_t			 row[];		/* encoded */
};

struct search_run {
	struct command		*cmd;
	struct search_program	 prog;
	struct search_eval	 eval;
	bool			 extended;	/* RETURN was given */
	uint8_t			 returns;	/* enum search_return */
	struct uidset		*set;		/* what may match */
	struct uidset		*result;
	struct uidset		 todo;
	struct rows		 rows;
	struct arena		*arena;		/* of one row */
	TAILQ_HEAD(, search_open) open;
	bool			 meta;		/* a META stream runs */
	bool			 running;
	/* the MBOX_BODY stream */
	bool			 body;
	struct buf		 head;		/* of it, cut off */
	bool			 inside;
	uint64_t		 left;
	struct search_open	*current;	/* whose octets come; or NULL */
	struct mail_tree	 tree;
	struct body_key		*keys;		/* prog.nbodies */
	bool			*found;
	struct body_search	*search;
	struct buf		 header;	/* the root's, if keys ask */
	size_t			 header_len;
	uint64_t		 damaged;
	uint64_t		 away;
	bool			 failed;
	bool			 refused;
	struct reply_no		 no;
};

/* search_body.c */
void	 search_bodies(struct search_run *s);	/* ask for what is open */
void	 search_bodies_free(struct search_run *s);
/* cmd_search.c: go on, or answer. */
void	 search_pump(struct search_run *s);
void	 search_refused(struct search_run *s, const struct reply_no *no);
/* search_reply.c: the untagged line, and "$". */
void	 search_tell(struct search_run *s);

#endif
