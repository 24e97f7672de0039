/*
 * The tree of mailboxes that LIST and LSUB show: rows from storaged, with the
 * names in between that are not mailboxes.  Pure.
 */
#ifndef IMAPD_LIST_H
#define IMAPD_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/msg_mbox.h"

enum list_select {
	LIST_SUBSCRIBED		= 1 << 0,
	LIST_REMOTE		= 1 << 1,
	LIST_RECURSIVEMATCH	= 1 << 2,
	LIST_SPECIAL_USE	= 1 << 3
};
enum list_return {
	LIST_RETURN_SUBSCRIBED	= 1 << 0,
	LIST_RETURN_CHILDREN	= 1 << 1,
	LIST_RETURN_SPECIAL_USE	= 1 << 2,
	LIST_RETURN_STATUS	= 1 << 3
};

struct list_query {
	uint32_t	 select;	/* enum list_select */
	bool		 extended;	/* RFC 5258 syntax was used */
	bool		 lsub;
	struct str	*patterns;	/* with the reference before them */
	size_t		 npatterns;
	uint32_t	 returns;
};

struct list_entry {
	struct mbox_row	 row;		/* box 0: no mailbox */
	bool		 implied;	/* only a superior of others */
	bool		 named;		/* a pattern shows it */
	bool		 below;		/* a child is to be shown that no
					   pattern matches */
	bool		 children;	/* a mailbox is below it */
	bool		 match;		/* it is to be shown */
	bool		 childinfo;	/* a child matches, although it does not
					   itself (RECURSIVEMATCH) */
};
struct list_tree {
	struct list_entry *v;		/* on the arena, parents first */
	size_t		   n;
	size_t		   next;	/* list_match(): this entry, and */
	size_t		   pattern;	/* of it this pattern */
};

/* rows is sorted; everything is on the arena.  0, or -1 if it is full. */
int	 list_tree(struct list_tree *t, struct mbox_row *rows, size_t n,
	    struct arena *a);
/* Sets match and childinfo.  False: out of time; call again. */
bool	 list_match(struct list_tree *t, const struct list_query *q);
/* "%" matches within a component, "*" anything; INBOX in any case,
 * also as the first component. */
/* Takes at most as many steps as the product of the two lengths. */
bool	 list_pattern(struct str pattern, struct str name);
/* The attributes of an entry, without parentheses. */
void	 list_attributes(const struct list_entry *e,
	    const struct list_query *q, struct buf *b);

#endif
