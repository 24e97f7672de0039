/*
 * The last hour, for the plots: what the processes count, looked at once a
 * minute, as differences; and what the store has cost this month.  Does no I/O
 * and has no clock.
 *
 * A process that was restarted counts from 0 again, and all that it shows is
 * new; what it had counted after the last look is lost.  One that did not
 * answer is missing in that minute (partial); what it has counted meanwhile is
 * spread over the minutes since it was last seen.
 */
#ifndef ADMIND_WEB_HISTORY_H
#define ADMIND_WEB_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admind/known/state.h"

#define HISTORY_POINTS	60
#define HISTORY_SECONDS	60	/* between two */

enum history_count {
	HISTORY_STORE,		/* requests to the store */
	HISTORY_STORE_ERRORS,
	HISTORY_IMAP,		/* commands */
	HISTORY_LOGINS,
	HISTORY_LOGINS_FAILED,
	HISTORY_MAIL,		/* mails taken from others than IMAP clients */
	HISTORY_COUNTS
};

enum history_time { HISTORY_STORE_TIME, HISTORY_IMAP_TIME, HISTORY_TIMES };

/* Microseconds, of those that ended in that minute; n 0: there were none. */
struct history_latency {
	uint64_t	 n;
	uint64_t	 mean;
	uint64_t	 p95;		/* interpolated, as Prometheus does */
	bool		 over;		/* it is more than that */
};

struct history_point {
	int64_t		 at;		/* Unix time of its end */
	bool		 partial;	/* not all have answered */
	uint64_t	 rate[HISTORY_COUNTS];	/* in a minute */
	uint64_t	 n[HISTORY_COUNTS];	/* since the look before */
	struct history_latency latency[HISTORY_TIMES];
};

/* What requests and traffic cost since then, in microdollars. */
struct history_cost {
	bool		 known;		/* the store is one that has prices */
	int64_t		 since;		/* Unix time: the begin of the month,
					   or later, if it is not known */
	uint64_t	 micro;
};

struct history;

/* NULL: out of memory. */
struct history *history_new(void);
void	 history_free(struct history *h);	/* NULL is fine */
/* A look.  ms: monotonic; now: Unix time.  The first one has nothing to
 * compare with, and is no point. */
void	 history_take(struct history *h, const struct state *s, uint64_t ms,
	    int64_t now);
/* The points, the oldest first; how many, at most HISTORY_POINTS. */
size_t	 history_points(const struct history *h);
const struct history_point *history_point(const struct history *h, size_t i);
/* Of the points of the last hour before now. */
uint64_t history_sum(const struct history *h, enum history_count c,
	    int64_t now);
const struct history_cost *history_cost(const struct history *h);

#endif
