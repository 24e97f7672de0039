/*
 * A login with an app password: what is noted of it, and whether its user is
 * locked.  App passwords are beside the databases: one that does not know the
 * user, or is away, says nothing.
 */
#include "common/compat.h"

#include <string.h>
#include <time.h>

#include "authd/app_used.h"
#include "authd/backend.h"
#include "authd/request_impl.h"

void
login_app(struct login *l, const char *granted, struct str data)
{
	struct authd	*a = l->channel->authd;
	size_t		 n;

	/* None has no data; one of the cache was noted when it was new. */
	if (data.len <= APP_ID || data.p[APP_ID] != ' ')
		return;
	n = data.len - APP_ID - 1;
	if (n > APP_NAME_MAX)
		n = APP_NAME_MAX;
	memcpy(l->app, data.p + APP_ID + 1, n);
	l->app[n] = '\0';
	if (a->on_app_used != NULL)
		app_used_note(a->app_used, granted,
		    (struct str){ data.p, APP_ID }, (int64_t)time(NULL),
		    a->on_app_used);
}

void
login_granted(struct login *l, const char *granted, bool app)
{
	if (login_is_admin(l))
		login_admin(l, granted, app);
	else
		login_yes(l, granted);
}

static void
may_looked(void *arg, const struct who_answer *a)
{
	struct login	*l = arg;
	char		 granted[USER_ID_MAX + 1];

	if (a->code == WHO_BARRED) {
		login_no(l, AUTH_CONTACTADMIN, "the user may not log in");
		return;
	}
	strlcpy(granted, l->granted, sizeof(granted));
	login_granted(l, granted, true);
}

bool
login_app_may(struct login *l, const struct check_answer *a)
{
	/* One of the cache was looked up, and a lock empties it. */
	if (a->entry != BACKEND_APP || a->cached ||
	    !l->channel->authd->conf.locks)
		return false;
	strlcpy(l->granted, a->user, sizeof(l->granted));
	login_who(l, l->granted, may_looked);
	return true;
}
