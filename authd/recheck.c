/*
 * The lookups of users with sessions, a few at a time, behind all logins.  Must
 * never end a session because a database was away.
 */
#include "common/compat.h"

#include <stdlib.h>

#include <event2/event.h>

#include "authd/live.h"
#include "authd/recheck.h"
#include "authd/state.h"
#include "authd/who.h"
#include "authd/work.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/user.h"

#define RECHECK_TICK_MS	1000
/* As mail's: it never takes all workers. */
#define RECHECK_LANE	(WORK_MAIL + WORK_LANES - 1)

struct flight {
	struct recheck		*recheck;
	struct live_user	*user;		/* NULL: free */
	struct who		 who;
};

struct recheck {
	struct authd	*authd;
	void		(*gone)(struct authd *a, const char *user);
	struct event	*timer;
	struct flight	 flight[RECHECK_FLIGHT];
	unsigned int	 begun;			/* since the last tick */
	bool		 running;
};

static void	 recheck_run(struct recheck *);

static void
recheck_end(struct recheck *r, const char *user, enum who_code code)
{
	char	word[2 * USER_ID_MAX + 8];

	r->authd->counts.recheck_ended++;
	log_info("user=%s cmd=recheck result=no why=\"%s\"",
	    log_word(word, sizeof(word), user), code == WHO_NONE ?
	    "no such user any more" : "expired or locked");
	r->gone(r->authd, user);
}

static void
recheck_said(void *arg, const struct who_answer *answer)
{
	static const enum live_code codes[] = {
		[WHO_USER] = LIVE_USER, [WHO_NONE] = LIVE_GONE,
		[WHO_BARRED] = LIVE_GONE, [WHO_AWAY] = LIVE_AWAY
	};
	struct flight		*f = arg;
	struct recheck		*r = f->recheck;
	struct live_user	*u = f->user;

	f->user = NULL;
	if (live_said(u, codes[answer->code], answer->user, clock_ms()))
		recheck_end(r, u->user, answer->code);
	live_drop(u);
	recheck_run(r);
}

static struct flight *
recheck_free_flight(struct recheck *r)
{
	size_t	i;

	for (i = 0; i < RECHECK_FLIGHT; i++)
		if (r->flight[i].user == NULL)
			return &r->flight[i];
	return NULL;
}

static void
recheck_run(struct recheck *r)
{
	struct authd		*a = r->authd;
	struct live_user	*u;
	struct flight		*f;

	if (r->running)			/* an answer was there at once */
		return;
	r->running = true;
	while (!a->draining && a->conf.recheck_ms > 0 &&
	    r->begun < RECHECK_RATE &&
	    (f = recheck_free_flight(r)) != NULL &&
	    (u = live_next(a->live, a->conf.recheck_ms, clock_ms())) != NULL) {
		r->begun++;
		f->recheck = r;
		f->user = u;
		f->who = (struct who){ .authd = a, .lane = RECHECK_LANE,
		    .name = u->login, .remote = "", .fresh = true,
		    .done = recheck_said, .arg = f };
		who_begin(&f->who);
	}
	r->running = false;
}

static void
recheck_arm(struct recheck *r)
{
	int64_t		ms = r->authd->conf.recheck_ms;
	struct timeval	tv;

	if (ms > RECHECK_TICK_MS)
		ms = RECHECK_TICK_MS;
	tv = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	if (ms > 0 && !r->authd->draining)
		(void)evtimer_add(r->timer, &tv);
	else
		evtimer_del(r->timer);
}

static void
recheck_tick(evutil_socket_t fd, short what, void *arg)
{
	struct recheck	*r = arg;

	(void)fd;
	(void)what;
	r->begun = 0;
	recheck_arm(r);
	recheck_run(r);
}

struct recheck *
recheck_new(struct authd *a, void (*gone)(struct authd *, const char *))
{
	struct recheck	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->authd = a;
	r->gone = gone;
	if ((r->timer = evtimer_new(a->base, recheck_tick, r)) == NULL) {
		free(r);
		return NULL;
	}
	recheck_arm(r);
	return r;
}

/* What is asked now is not waited for. */
static void
recheck_cancel(struct recheck *r)
{
	struct flight	*f;

	for (f = r->flight; f < r->flight + RECHECK_FLIGHT; f++)
		if (f->user != NULL) {
			who_cancel(&f->who);
			(void)live_said(f->user, LIVE_AWAY, NULL, clock_ms());
			live_drop(f->user);
			f->user = NULL;
		}
}

void
recheck_free(struct recheck *r)
{
	if (r == NULL)
		return;
	recheck_cancel(r);
	event_free(r->timer);
	free(r);
}

void
recheck_reload(struct recheck *r)
{
	recheck_cancel(r);
	live_doubt(r->authd->live);
	recheck_arm(r);
}
