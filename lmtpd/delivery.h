/*
 * One message on its way to its recipients: it is parsed once, and streamed to
 * the storaged processes that own them; each recipient has an answer of its
 * own.
 */
#ifndef LMTPD_DELIVERY_H
#define LMTPD_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lmtpd/envelope.h"
#include "lmtpd/rcpt.h"
#include "lmtpd/verdict.h"

struct delivery;
struct event_base;

#define DELIVERY_LEAST	1024	/* octets: less is no room */

struct delivery_ops {
	/* delivery_room() was 0, and is not any more. */
	void	(*room)(void *arg);
	/* After delivery_end(), once for each recipient, in any order; v dies
	 * with the call.  From the loop. */
	void	(*answer)(void *arg, size_t i, const struct verdict *v);
};

/*
 * v: n recipients whose done() said 250; v itself is copied, the recipients
 * stay the caller's, and live until delivery_free().  NULL: out of memory.
 */
struct delivery *delivery_new(struct event_base *base,
	    const struct envelope *e, struct rcpt *const *v, size_t n,
	    const struct delivery_ops *ops, void *arg);
/* How many octets it takes now: DELIVERY_LEAST or more, or 0.  A delivery that
 * has failed takes any number, drops them, and says so after delivery_end(). */
size_t	 delivery_room(const struct delivery *d);
/* The message as it came: without dot-stuffing, lines end in CRLF.  len is at
 * most delivery_room(). */
void	 delivery_data(struct delivery *d, const void *p, size_t len);
/* That was all of it. */
void	 delivery_end(struct delivery *d);
/*
 * Before delivery_end(): nothing is stored.  After it, and before all answers:
 * the client has gone, what is under way goes on, or not.  NULL is fine; not
 * from within answer().
 */
void	 delivery_free(struct delivery *d);

#endif
