/*
 * What this client was told of the selected mailbox, and what is yet to be
 * told: UIDs in run-length form (seq <-> uid in O(log n)), \Recent, keyword
 * names, the saved search result "$", and events in the order of records.
 *
 * Events wait in a queue; at a command's end those that came before it or
 * are of its own making are told, so that the lines of overlapping commands
 * come as if they had run one after the other.
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

struct buf;
struct client;
struct command;

struct view_event;
struct view_telling;

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
	char		**keywords;	/* by number; NULL: unknown */
	size_t		 nkeywords;
	bool		 keywords_new;	/* tell FLAGS and PERMANENTFLAGS */
	uint32_t	 top;		/* highest UID heard of */
	struct view_telling *telling;	/* view_tell.c: rows under way */
};

/* NULL on ENOMEM.  Copies what it keeps. */
struct view *view_new(const struct mbox_selected *sel, struct str name,
	    bool readonly);
void	 view_free(struct view *v);		/* NULL is fine */

uint32_t view_count(struct view *v);		/* messages, as told */
uint32_t view_seq(struct view *v, uint32_t uid);	/* 0: not in the view */
bool	 view_is_recent(const struct view *v, uint32_t uid);

/*
 * The UIDs that a sequence set (uid: a set of UIDs) names in this view,
 * exactly; set must be initialised and is replaced.  "*" is the last
 * message.  -1: a sequence number beyond the mailbox (the client's fault:
 * BAD) or ENOMEM.  UIDs that do not exist are left out.
 */
int	 view_resolve(struct view *v, const struct seqset *in, bool uid,
	    struct uidset *set);
/* Joins ranges between which the view has no message: for requests, so
 * that few ranges travel (UIDs that do not exist do no harm there). */
int	 view_cover(struct view *v, struct uidset *set);
/* Whether others have expunged one of set that the client still counts. */
bool	 view_some_gone(const struct view *v, const struct uidset *set);
/* SEARCHRES: replace "$". */
int	 view_save(struct view *v, const struct uidset *set);

/* The keyword's name, NULL when unknown; its number, -1 when unknown
 * (case does not matter). */
const char *view_keyword(const struct view *v, uint32_t number);
int	 view_keyword_number(const struct view *v, struct str name);
int	 view_keyword_set(struct view *v, uint32_t number, struct str name);

/* "(\Seen kw)" of a row, with \Recent from the view. */
void	 view_print_flags(const struct view *v, struct buf *b,
	    const struct mbox_meta_row *row);
/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)]", whole lines. */
void	 view_print_keywords(const struct view *v, struct buf *b);

/*
 * Events from storaged, in order.  by: the client's command that caused it,
 * or NULL; EV_FLAGS by a command that is .SILENT are dropped.  0, or -1:
 * not sense.
 */
int	 view_ev_added(struct view *v, const struct ev_added *e,
	    struct command *by);
int	 view_ev_flags(struct view *v, const struct ev_flags *e,
	    struct command *by);
int	 view_ev_expunged(struct view *v, const struct ev_expunged *e,
	    struct command *by);
int	 view_ev_keywords(struct view *v, const struct ev_keywords *e);
/* by goes away: its events are nobody's. */
void	 view_forget(struct view *v, const struct command *by);
/* Take in the events that came before those of commands after first. */
void	 view_merge(struct view *v, const struct command *first);
/* The client was told: of what is new, and of what is gone from UID from
 * upwards.  0, or -1 on ENOMEM. */
int	 view_told_add(struct view *v);
int	 view_told_gone(struct view *v, uint32_t from);
void	 view_telling_free(struct view_telling *t);

/*
 * view_tell.c.  Tell what may be told at the end of cmd (the first in the
 * queue), or now, while cmd (IDLE) goes on.  True when all is told; false:
 * it waits for storaged or for room in the output, and client_wake() comes
 * when to call again.
 */
bool	 view_tell(struct client *c, struct command *cmd);
/* FLAGS and PERMANENTFLAGS, when keywords have come that it has not heard
 * of: before the lines of cmd that may name them. */
void	 view_tell_keywords(struct view *v, struct command *cmd);

#endif
