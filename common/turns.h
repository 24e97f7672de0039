/*
 * Turns: many users share a loop, and each may have a lot of work in many
 * places.  A user that has recently used less than its share works at once; one
 * that has used more waits in a queue in which each user has one turn, and the
 * loop handles other events between turns.
 */
#ifndef COMMON_TURNS_H
#define COMMON_TURNS_H

#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#define TURNS_REFILL	10	/* us that earn one without waiting */

/* For each unit of work. */
struct turns_entry {
	TAILQ_ENTRY(turns_entry) entry;
	struct turns_user	*user;		/* whose time it uses */
	bool			 in_line;
};

/* For each user: zero it, and call turns_user_init(). */
struct turns_user {
	TAILQ_ENTRY(turns_user)	 entry;
	TAILQ_HEAD(, turns_entry) waiting;	/* not empty: it is in line */
	uint64_t		 used;		/* us, of late */
	uint64_t		 at;		/* when that was so */
};

struct turns {
	TAILQ_HEAD(, turns_user) line;
	struct event_base	*base;
	struct event		 timer;		/* pending while one waits */
	uint64_t		 share;		/* us */
	void			(*run)(struct turns_entry *t);
	bool			(*over)(uint64_t began);
	bool			 called;	/* run() is */
};

/*
 * run: it is this unit's turn (it, or others, may leave from there). over:
 * whether the loop should handle other events, if turns began at began
 * (clock_us()); NULL: after share us.  The queue must be empty.
 */
void	 turns_init(struct turns *ts, struct event_base *base,
	    uint64_t share, void (*run)(struct turns_entry *t),
	    bool (*over)(uint64_t began));
void	 turns_user_init(struct turns_user *u);

/*
 * Before t does any work: for how many us it may; 0: its user's time is used
 * up; it is queued, and run() will be called.
 */
uint64_t turns_begin(struct turns *ts, struct turns_entry *t);
/* Afterwards: how long it took, in us. */
void	 turns_used(struct turns_user *u, uint64_t us);
/* It has more to do: run() will be called. */
void	 turns_line_up(struct turns *ts, struct turns_entry *t);
/* It goes away, or has nothing left to do. */
void	 turns_leave(struct turns *ts, struct turns_entry *t);

#endif
