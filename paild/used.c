/*
 * Uses of app passwords wait here a while, so that a morning's logins are one
 * change of the file.  paild must not wait for the file's lock, nor for a disk
 * more often than that.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/user.h"
#include "paild/app_file.h"
#include "paild/conf.h"
#include "paild/used.h"

static struct {
	struct app_use	*uses;
	size_t		 n;
	struct event	*ev;
	bool		 failed;	/* the last time: said once */
} used;

static void
used_later(void)
{
	struct timeval	tv = { .tv_sec = USED_SECONDS };

	if (used.ev == NULL || evtimer_add(used.ev, &tv) == -1)
		used.n = 0;
}

static void
used_write(evutil_socket_t fd, short what, void *arg)
{
	struct paild	*pd = arg;
	const char	*path = conf_str(pd->conf, "app-passwords-file");
	char		 why[512];
	int		 r;

	(void)fd;
	(void)what;
	r = path == NULL ? 0 : app_file_used(path, used.uses, used.n, why,
	    sizeof(why));
	if (r == 1) {
		used_later();		/* pailctl has it */
		return;
	}
	if (r == -1 && !used.failed)
		log_warnx("app-passwords-file: the last use cannot be "
		    "recorded: %s", why);
	used.failed = r == -1;
	used.n = 0;
}

int
used_note(struct paild *pd, struct str what)
{
	struct app_use	*u;
	char		 user[USER_ID_MAX + 1];

	if (what.len < APP_ID + 2 || what.p[APP_ID] != ' ' ||
	    user_normalize((struct str){ what.p + APP_ID + 1, what.len -
	    APP_ID - 1 }, user, sizeof(user)) == -1)
		return -1;
	if (used.uses == NULL)
		used.uses = mem_new(USED_MAX, sizeof(*used.uses));
	if (used.ev == NULL)
		used.ev = evtimer_new(pd->base, used_write, pd);
	if (used.n == USED_MAX)
		return 0;
	u = &used.uses[used.n++];
	memcpy(u->id, what.p, APP_ID);
	u->id[APP_ID] = '\0';
	strlcpy(u->user, user, sizeof(u->user));
	u->when = (int64_t)time(NULL);
	if (used.n == 1)
		used_later();
	return 0;
}
