/*
 * Lookups of a name in turn.  Must never say that a name is nobody's because a
 * database was away.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/answers.h"
#include "authd/state.h"
#include "authd/who.h"
#include "common/clock.h"

static void	 who_ask(struct who *);

static void
who_end(struct who *w, enum who_code code, const char *user,
    const struct found_quota *quota)
{
	struct who_answer	a = { .code = code, .user = user,
				    .unsure = w->unsure, .why = w->why };

	if (quota != NULL)
		a.quota = *quota;
	w->done(w->arg, &a);
}

static uint32_t
who_backend(const struct who *w)
{
	return w->next + ((w->authd->conf.apart >> w->next & 1) != 0 ?
	    AUTH_ENTRIES_MAX : 0);
}

/* A token or a certificate says itself who it is: nobody is looked up. */
static bool
who_knows(const struct who *w)
{
	const struct authd_conf	*c = &w->authd->conf;

	return (c->apart >> w->next & 1) != 0 ||
	    ((c->bearer | c->certificates) >> w->next & 1) == 0;
}

static void
who_away(struct who *w, struct str why)
{
	w->unsure = true;
	snprintf(w->why, sizeof(w->why), "%.*s", (int)why.len, why.p);
}

static void
who_answered(void *arg, enum work_result_code code, const char *user,
    struct str why, struct str data, const struct found_quota *quota)
{
	struct who	*w = arg;
	struct answer	 said = { code == WORK_YES ? user : NULL, *quota };
	uint32_t	 backend = who_backend(w);

	(void)data;
	w->job = NULL;
	w->next++;
	if ((code == WORK_YES || code == WORK_UNKNOWN) &&
	    str_eq(why, STR(CACHE_LASTING)))
		answers_put(w->authd->answers, backend, w->name, &said,
		    clock_ms());
	switch (code) {
	case WORK_YES:
		who_end(w, WHO_USER, user, quota);
		return;
	case WORK_EXPIRED:
	case WORK_LOCKED:
		who_end(w, WHO_BARRED, NULL, NULL);
		return;
	case WORK_NO:
	case WORK_UNKNOWN:
		break;
	case WORK_UNAVAILABLE:
	case WORK_CODES:
		who_away(w, why);
		break;
	}
	who_ask(w);
}

/* true: it goes on elsewhere, or is over. */
static bool
who_ask_one(struct who *w)
{
	struct authd	*a = w->authd;
	struct work_ask	 ask = { w->login ? WORK_MAY : WORK_NAME, w->name,
			    STR(""), w->remote };
	struct answer	 found;
	uint32_t	 backend = who_backend(w);
	const char	*why;

	if (!w->fresh && answers_find(a->answers, backend, w->name,
	    clock_ms(), &found)) {
		if (found.user == NULL)
			return false;
		who_end(w, WHO_USER, found.user, &found.quota);
		return true;
	}
	if ((why = work_away(a->work, backend)) != NULL) {
		who_away(w, str_from(why));
		return false;
	}
	w->job = work_submit(a->work, w->lane, backend, &ask, false,
	    who_answered, w);
	if (w->job == NULL)
		who_away(w, STR("too many names are waiting to be looked up"));
	return w->job != NULL;
}

static void
who_ask(struct who *w)
{
	for (; w->next < w->authd->conf.backends; w->next++)
		if (who_knows(w) && who_ask_one(w))
			return;
	who_end(w, w->unsure ? WHO_AWAY : WHO_NONE, NULL, NULL);
}

void
who_begin(struct who *w)
{
	w->next = 0;
	w->job = NULL;
	w->unsure = false;
	w->why[0] = '\0';
	who_ask(w);
}

void
who_cancel(struct who *w)
{
	if (w->job != NULL)
		work_cancel(w->job);
	w->job = NULL;
}
