/* See admin.h. */
#include "common/compat.h"

#include <string.h>

#include "authd/admin.h"
#include "authd/live.h"

enum work_result_code
admin_verdict(const struct names *n, enum work_result_code code,
    const char *user)
{
	switch (code) {
	case WORK_YES:
		return names_admin(n, user) ? WORK_YES : WORK_NO;
	case WORK_EXPIRED:
	case WORK_LOCKED:
		return WORK_NO;		/* whose it is, is not told */
	default:
		return code;
	}
}

bool
admin_password(enum work_how how)
{
	return how == WORK_PASSWORD || how == WORK_ADMIN;
}

void
admins_hold(struct admins *a, struct live_user *u)
{
	size_t	i;

	if (u == NULL)
		return;
	for (i = 0; i < ADMINS_MAX; i++)
		if (a->v[i] == u) {
			live_drop(u);
			return;
		}
	live_drop(a->v[a->next]);
	a->v[a->next] = u;
	a->next = (a->next + 1) % ADMINS_MAX;
}

void
admins_end(struct admins *a, const char *user)
{
	size_t	i;

	for (i = 0; i < ADMINS_MAX; i++)
		if (a->v[i] != NULL && (user == NULL ||
		    strcmp(a->v[i]->user, user) == 0)) {
			live_drop(a->v[i]);
			a->v[i] = NULL;
		}
}
