/*
 * Rate limit for log lines that untrusted clients can trigger: so many of a
 * kind at once, and so many per minute.  Suppressed lines are counted, and
 * reported later: "n similar messages were suppressed in m s".
 *
 *	static struct log_limit	 refused = LOG_LIMIT("turned away");
 *
 *	if (log_limit(&refused))
 *		log_warnx("remote=%s turned away", remote);
 *
 * Only for the thread of the event loop.  Debug messages need no limit: whoever
 * enables them wants them all.
 */
#ifndef COMMON_LOG_LIMIT_H
#define COMMON_LOG_LIMIT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

#define LOG_LIMIT_BURST		10	/* lines at once */
#define LOG_LIMIT_MINUTE	10	/* then per minute */
#define LOG_LIMIT_TELL		10	/* s until these are reported */
#define LOG_LIMIT_TELL_MOST	60	/* s, while the flood lasts */

struct event_base;

struct log_limit {
	const char		*what;		/* words; kept by reference */
	enum log_level		 level;		/* of the line about them */
	unsigned int		 burst;
	unsigned int		 per_minute;
	/* its own */
	SLIST_ENTRY(log_limit)	 entry;
	bool			 known;		/* is in the list */
	uint64_t		 room;		/* thousandths of a line */
	uint64_t		 filled;	/* ms */
	uint64_t		 left_out;	/* not yet told */
	uint64_t		 since;		/* ms: the first of these */
	unsigned int		 tell;		/* s after since */
};

#define LOG_LIMIT_OF(words, lvl, at_once, a_minute)			\
	{ .what = (words), .level = (lvl), .burst = (at_once),		\
	  .per_minute = (a_minute) }
#define LOG_LIMIT(words)						\
	LOG_LIMIT_OF(words, LOG_LEVEL_WARN, LOG_LIMIT_BURST,		\
	    LOG_LIMIT_MINUTE)

/*
 * Whether a line of this kind may be written now; if not, it is counted. l must
 * be static: it is referenced until the process exits.
 */
bool	 log_limit(struct log_limit *l);
/*
 * From now on, suppressed lines are reported by a timer of base even if no
 * further line follows.  Without it, the next call for any kind reports them.
 * The timer is pending only while there is something to report.
 */
void	 log_limit_loop(struct event_base *base);
/* Reports what remains: before the process exits, or for a test. */
void	 log_limit_flush(void);

#endif
