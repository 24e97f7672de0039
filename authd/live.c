/*
 * Users with sessions.  Must never take for gone whom no lookup has known: the
 * users of tokens and of app passwords may be in no directory at all.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "authd/live.h"
#include "common/fnv.h"

#define SLOTS	4096		/* a power of two */

struct live {
	LIST_HEAD(, live_user)	 slot[SLOTS];
	TAILQ_HEAD(, live_user)	 due;
};

struct live *
live_new(void)
{
	struct live	*l;

	if ((l = calloc(1, sizeof(*l))) != NULL)
		TAILQ_INIT(&l->due);
	return l;
}

void
live_free(struct live *l)
{
	free(l);
}

struct live_user *
live_hold(struct live *l, const char *login, const char *user, int64_t now)
{
	size_t			 slot = fnv32_str(login) & (SLOTS - 1);
	size_t			 n = strlen(login) + 1, m = strlen(user) + 1;
	struct live_user	*u;

	LIST_FOREACH(u, &l->slot[slot], hash)
		if (strcmp(u->login, login) == 0 && strcmp(u->user, user) == 0)
			break;
	if (u == NULL) {
		if ((u = calloc(1, sizeof(*u) + n + m)) == NULL)
			return NULL;
		memcpy(u->login, login, n);
		memcpy(u->login + n, user, m);
		u->user = u->login + n;
		u->table = l;
		u->looked = now;
		LIST_INSERT_HEAD(&l->slot[slot], u, hash);
		TAILQ_INSERT_TAIL(&l->due, u, due);
	}
	u->holds++;
	return u;
}

void
live_known(struct live_user *u, bool fresh)
{
	if (u == NULL)
		return;
	u->known = true;
	if (fresh)
		u->missed = 0;
}

void
live_drop(struct live_user *u)
{
	if (u == NULL || --u->holds > 0)
		return;
	LIST_REMOVE(u, hash);
	if (!u->asked)
		TAILQ_REMOVE(&u->table->due, u, due);
	free(u);
}

struct live_user *
live_next(struct live *l, int64_t interval, int64_t now)
{
	struct live_user	*u = TAILQ_FIRST(&l->due);

	if (u == NULL || now - u->looked < interval)
		return NULL;
	TAILQ_REMOVE(&l->due, u, due);
	u->asked = true;
	u->holds++;
	return u;
}

bool
live_said(struct live_user *u, enum live_code code, const char *user,
    int64_t now)
{
	u->looked = now;
	u->asked = false;
	TAILQ_INSERT_TAIL(&u->table->due, u, due);
	if (code != LIVE_GONE) {
		/* Another's name by now: his mailbox may still be there. */
		if (code == LIVE_USER && strcmp(user, u->user) == 0)
			u->known = true;
		u->missed = 0;
		return false;
	}
	if (!u->known || ++u->missed < LIVE_MISSES)
		return false;
	u->known = false;
	u->missed = 0;
	return true;
}

void
live_doubt(struct live *l)
{
	struct live_user	*u;
	size_t			 i;

	for (i = 0; i < SLOTS; i++)
		LIST_FOREACH(u, &l->slot[i], hash) {
			u->known = false;
			u->missed = 0;
		}
}
