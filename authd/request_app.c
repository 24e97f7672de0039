/* A login with an app password: what is noted of it. */
#include "common/compat.h"

#include <string.h>
#include <time.h>

#include "authd/app_used.h"
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
