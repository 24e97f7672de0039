/*
 * Expunged messages that a client may not have been told of: RFC 3501 lets a
 * FETCH ask for them until it was (sections 5.5 and 7.4.1), so their rows
 * stay readable.  What imapd has told is its own matter; a session has
 * certainly passed an EXPUNGE once it has asked for news (NOOP, IDLE, an
 * EXPUNGE or MOVE of its own) after the event was sent, or has left the
 * mailbox.  Nothing here touches the tombstones.
 */
#include "common/compat.h"

#include "common/clock.h"
#include "storaged/session/past.h"
#include "storaged/session/session.h"

#define PAST_ROWS	500		/* forgotten in one statement */
#define PAST_MAX	200000		/* rows of a user: then no more */

bool
past_views(void *arg)
{
	const struct user	*u = arg;
	const struct session	*s;

	if (u->ix->npast >= PAST_MAX)
		return false;
	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->ready && !s->dead)
			return true;
	return false;
}

/* The record up to which every session that has the mailbox is told. */
static uint64_t
past_upto(const struct user *u, uint64_t box)
{
	const struct session	*s;
	uint64_t		 upto = UINT64_MAX, passed;

	TAILQ_FOREACH(s, &u->sessions, entry) {
		if (s->box != box || s->dead)
			continue;
		passed = s->watching && s->streams == 0 ? u->shown :
		    s->passed;
		if (passed < upto)
			upto = passed;
	}
	return upto;
}

void
past_trim(struct user *u)
{
	struct index	*ix = u->ix;
	uint64_t	 start = clock_us();
	int64_t		 box = INT64_MIN;
	int		 n;

	if (!u->past_due || ix == NULL || ix->in_tx || ix->resting ||
	    u->quarantined || index_failed(ix))
		return;
	while (ix->npast > 0 && index_past_box(ix, box, &box) == 1) {
		do {
			if (session_turn_over(start))
				return;		/* still due */
			n = index_past_drop(ix, (uint64_t)box,
			    past_upto(u, (uint64_t)box), PAST_ROWS);
		} while (n == PAST_ROWS);
		if (n == -1)
			return;
	}
	if (box == INT64_MIN)
		ix->npast = 0;		/* a rollback was counted */
	u->past_due = false;
}

void
past_passed(struct session *s)
{
	if (s->streams == 0)
		s->passed = s->user->shown;
	s->user->past_due = true;
}
