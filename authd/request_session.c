/* The sessions that a login opens: whether there may be one more. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "authd/live.h"
#include "authd/request_impl.h"
#include "authd/sessions.h"
#include "common/clock.h"

bool
login_full(struct login *l)
{
	struct authd	*a = l->channel->authd;
	const char	*limit;
	char		 why[64];

	/* The operator delivers, whatever the user's programs do. */
	if (l->sasl.mech->proof == SASL_TOKEN || (limit = sessions_full(
	    a->sessions, &a->conf.sessions, l->granted, &l->from)) == NULL)
		return false;
	snprintf(why, sizeof(why), "%s is reached", limit);
	a->counts.refused++;
	login_no(l, AUTH_LIMIT, why);
	return true;
}

bool
login_limited(const struct login *l)
{
	const struct sessions_limits	*limits =
					    &l->channel->authd->conf.sessions;

	return limits->user > 0 || limits->address > 0;
}

void
login_opened(const struct login *l)
{
	struct channel	*c = l->channel;
	struct authd	*a = c->authd;
	struct live_user *u;

	if (l->sasl.mech->proof == SASL_TOKEN)
		return;
	u = live_hold(a->live, l->user, l->granted, clock_ms());
	if (l->looked)
		live_known(u, !l->cached);
	if (sessions_add(a->sessions, c->index, l->id, l->granted, &l->from,
	    u) == 0)
		sessions_describe(a->sessions, c->index, l->id,
		    &(struct session_what){ l->granted, l->user, l->remote,
		    l->sasl.mech->name, l->backend, l->app, l->tls, l->session,
		    (int64_t)time(NULL) });
}
