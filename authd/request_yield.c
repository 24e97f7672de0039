/*
 * Logins that only wait to be told no, so that others have their place: those
 * that were wrong, and those that were pushed out by a crowd.
 */
#include "common/compat.h"

#include "authd/attempt.h"
#include "authd/request_impl.h"

#define LOGIN_PARKED_MAX 10	/* times what may be in flight */

bool
login_park(struct login *l)
{
	struct channel	*c = l->channel;

	if (c->parked >= LOGIN_PARKED_MAX * c->authd->conf.logins)
		return false;
	l->parked = true;
	c->parked++;
	c->n--;
	l->address->logins--;
	return true;
}

bool
login_can_yield(const struct login *l)
{
	/* A rider holds no worker: its client has another like it. */
	return l->state == LOGIN_SASL || l->state == LOGIN_ASK ||
	    l->state == LOGIN_LAST || l->state == LOGIN_WAIT ||
	    (l->state == LOGIN_TOLD && !l->parked) ||
	    (l->state == LOGIN_CHECK && (attempt_rides(l->attempt) ||
	    attempt_waits(l->attempt)));
}

void
login_yield(struct login *l)
{
	struct channel	*c = l->channel;

	c->authd->counts.refused++;
	attempt_leave(l->attempt);
	l->attempt = NULL;
	if (l->job != NULL)
		work_cancel(l->job);
	who_cancel(&l->who);
	l->job = NULL;
	sasl_end(&l->sasl);
	if (login_arm(l, c->authd->conf.answer_ms) == -1 || !login_park(l)) {
		login_no(l, AUTH_UNAVAILABLE, LOGIN_CROWD);
		return;
	}
	login_enter(l, LOGIN_YIELDED);
	c->authd->held++;
}
