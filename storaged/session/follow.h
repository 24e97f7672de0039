/*
 * Other nodes' commits: NOOP looks at most once a second per user, IDLE polls;
 * one poller per user, however many sessions.  The polling interval grows with
 * the time since the last change.
 */
#ifndef STORAGED_FOLLOW_H
#define STORAGED_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "storaged/commit/commit.h"

struct event;
struct event_base;

struct follow {
	struct event_base	*base;
	const bool		*single_node;	/* no other node writes */
	struct commit		*commit;	/* NULL: the user is closed */
	struct event		*poll;
	struct refresh		 refresh;	/* the poller's */
	unsigned		 watchers;	/* sessions in IDLE */
	uint64_t		 changed_ms;	/* when something last came */
	uint64_t		 asked_ms;	/* the head was read */
	bool			 opened;	/* it was read once */
};

/* single_node is borrowed, and may become false. */
void	 follow_init(struct follow *f, struct event_base *base,
	    const bool *single_node);
/* The user has been opened (commit is borrowed), or is about to be closed. */
void	 follow_start(struct follow *f, struct commit *commit);
void	 follow_stop(struct follow *f);
/* One session more in IDLE, or one less. */
void	 follow_watch(struct follow *f, bool on);
/* Something came: look soon again. */
void	 follow_changed(struct follow *f);
/* The head was requested, with that outcome. */
void	 follow_asked(struct follow *f, enum commit_outcome o);
/* May a NOOP ask the bucket again? */
bool	 follow_due(const struct follow *f);

#endif
