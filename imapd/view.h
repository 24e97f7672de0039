/*
 * What this client knows about the selected mailbox, and what it has yet to be
 * told: UIDs in run-length form (seq <-> uid in O(log n)), \Recent, keyword
 * names, the saved search result "$", and events in the order of records.
 *
 * Events wait in a queue; at the end of a command, those that arrived before it
 * or that it caused are sent, so that overlapping commands produce the same
 * lines as if they had run one after the other.
 */
#ifndef IMAPD_VIEW_H
#define IMAPD_VIEW_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_mbox.h"
#include "common/uidset.h"
#include "imapd/parse.h"
#include "imapd/rows.h"

struct arena;
struct buf;
struct view_event;
struct view_keyword { uint32_t number; char *name; };

/* Rows of flags that come. */
struct view_notice {
	struct rows	 rows;
	struct arena	*arena;		/* of one row */
};

struct view {
	uint64_t	 box;		/* mailbox id, for requests */
	struct str	 name;		/* UTF-8, owned */
	bool		 readonly;
	uint32_t	 uidvalidity;
	uint64_t	 modseq;	/* of the newest record heard of */
	struct uidset	 told;		/* the client's mailbox */
	uint32_t	*before;	/* messages before range i of told */
	size_t		 nbefore;	/* 0: to be computed */
	struct uidset	 recent;	/* \Recent here */
	struct uidset	 saved;		/* SEARCHRES */
	struct uidset	 add;		/* to be told: EXISTS */
	struct uidset	 flags;		/* to be told: FETCH FLAGS */
	struct uidset	 gone;		/* to be told: EXPUNGE */
	TAILQ_HEAD(view_events, view_event) events;	/* not yet merged */
	struct view_keyword *keywords;	/* in the order of their numbers */
	size_t		 nkeywords;
	bool		 full;		/* no new keyword can be made */
	bool		 keywords_new;	/* FLAGS, PERMANENTFLAGS are due */
	uint32_t	 top;		/* highest UID heard of */
	struct view_notice *notice;	/* notify.c; NULL: none pending */
};

/* NULL on ENOMEM.  Copies what it keeps. */
struct view *view_new(const struct mbox_selected *sel, struct str name,
	    bool readonly);
void	 view_free(struct view *v);		/* NULL is fine */

uint32_t view_count(struct view *v);		/* messages, as told */
uint32_t view_seq(struct view *v, uint32_t uid);	/* 0: not in the view */
bool	 view_is_recent(const struct view *v, uint32_t uid);

enum view_error {
	VIEW_BEYOND,		/* the client's fault: BAD */
	VIEW_NOMEM
};

/*
 * The UIDs that a sequence set (uid: a set of UIDs) refers to in this view,
 * exactly; set must be initialised and is replaced.  "*" is the last message.
 * -1: why is VIEW_BEYOND (a sequence number that the mailbox does not have, RFC
 * 3501 section 9: BAD) or VIEW_NOMEM, and the content of set is undefined.
 * UIDs that do not exist are left out.
 */
int	 view_resolve(struct view *v, const struct seqset *in, bool uid,
	    struct uidset *set, enum view_error *why);
/*
 * The same in two steps: the numbers (or UIDs) as they are named, with "*"
 * resolved, few whatever the mailbox holds; and the UIDs that message
 * numbers have here.  Not for "$".
 */
int	 view_numbers(struct view *v, const struct seqset *in, bool uid,
	    struct uidset *numbers, enum view_error *why);
int	 view_uids(struct view *v, const struct uidset *numbers,
	    struct uidset *set);
/* Joins ranges if the view has no message in between: for requests, to keep the
 * number of ranges small (UIDs that do not exist do no harm there). */
int	 view_cover(struct view *v, struct uidset *set);
/* Whether others have expunged a message in set that the client still
 * counts. */
bool	 view_some_gone(const struct view *v, const struct uidset *set);
/* SEARCHRES: replace "$". */
int	 view_save(struct view *v, const struct uidset *set);

/* view_keyword.c.  The keyword's name, NULL if unknown; its number, -1 if
 * unknown (ignoring case). */
const char *view_keyword(const struct view *v, uint32_t number);
int64_t	 view_keyword_number(const struct view *v, struct str name);
int	 view_keyword_set(struct view *v, uint32_t number, struct str name);
/* A keyword is sent as an atom: its name may contain nothing else. */
bool	 view_keyword_good(struct str name);
void	 view_keyword_drop(struct view *v, uint32_t number);

/* view_flags.c.  "(\Seen kw)" of a row, with \Recent from the view. */
void	 view_print_flags(const struct view *v, struct buf *b,
	    const struct mbox_meta_row *row);
/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)]", whole lines. */
void	 view_print_keywords(const struct view *v, struct buf *b);

/*
 * Events from storaged, in order. by: the client's command that caused it (only
 * for comparison), or NULL; silent: its changes of flags are not reported.  0,
 * or -1: malformed.
 */
int	 view_ev_added(struct view *v, const struct ev_added *e,
	    const void *by);
int	 view_ev_flags(struct view *v, const struct ev_flags *e,
	    const void *by, bool silent);
int	 view_ev_expunged(struct view *v, const struct ev_expunged *e,
	    const void *by);
int	 view_ev_keywords(struct view *v, const struct ev_keywords *e,
	    const void *by);
/* by goes away: its events no longer belong to a command. */
void	 view_forget(struct view *v, const void *by);
/* Applies the events that arrived before those of commands after first. */
void	 view_merge(struct view *v, const void *first);
/* The client was told what is new, and what is gone from UID from upwards.  0,
 * or -1 on ENOMEM. */
int	 view_told_add(struct view *v);
int	 view_told_gone(struct view *v, uint32_t from);
/* Rows of flags have been requested (0, or -1 on ENOMEM), or have arrived. */
int	 view_notice_begin(struct view *v);
void	 view_notice_end(struct view *v);

#endif
