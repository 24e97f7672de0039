/*
 * The schedule of credentials (refresh.h).  The old set stays until a new one
 * is there or its own end; after a failure it is tried again with back-off,
 * and often when there is no valid set, for then users wait.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/keyid.h"
#include "common/log.h"
#include "common/mem.h"
#include "credd/refresh.h"

#define TICK		30	/* s: a clock that was set is noticed */
#define PAUSE_VALID	60	/* s between looks at most, with a valid set */
#define PAUSE_NONE	1	/* without */
#define REFUSED_PAUSE	2	/* s between looks for refusals */
#define WARN_AHEAD	1800	/* s before the end of a set that is not
				   renewed */

struct refresh {
	const struct refresh_ops *ops;
	void			*arg;
	const struct slice	*conf;
	struct event		*timer;
	char			 for_whom[32];	/* " for=ingest.0", or "" */
	void			*look;		/* under way */
	int64_t			 look_began;
	struct cred_secret	*secret;
	char			 source[32];	/* "": none yet */
	int64_t			 got;
	int64_t			 next;		/* 0: none */
	unsigned		 fails;		/* in a row */
	int64_t			 failed_at, logged_at;
	char			 why[2048];	/* of that */
	char			 passed[2048];	/* over, by auto */
	bool			 warned;	/* of the end to come */
	bool			 refused;	/* a set; none given since */
	uint64_t		 ndone, nfailed;
};

static void	 refresh_answered(const struct chain_answer *, void *);

int64_t
refresh_due(int64_t got, int64_t expires, uint32_t jitter)
{
	int64_t	life = expires - got, ahead;

	if (life <= 0)
		return got;
	if (life < REFRESH_SHORT)
		ahead = life - life / 2;
	else
		ahead = life / 10 > REFRESH_AHEAD ? life / 10 : REFRESH_AHEAD;
	ahead += ahead / 10 * (int64_t)(jitter >> 16) / 65536;
	return expires - ahead > got ? expires - ahead : got;
}

const char *
refresh_when(int64_t t, char dst[REFRESH_WHEN])
{
	time_t		 when = (time_t)t;
	struct tm	 tm;

	if (t == 0 || gmtime_r(&when, &tm) == NULL ||
	    strftime(dst, REFRESH_WHEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(dst, "never", REFRESH_WHEN);
	return dst;
}

/* The timer: for the next look, and to notice a clock that was set. */
static void
refresh_wait(struct refresh *r)
{
	struct timeval	tv = { TICK, 0 };
	int64_t		at = r->next, now = r->ops->now();

	if (r->look != NULL)
		at = r->look_began + REFRESH_HANG;
	if (at != 0 && at - now < tv.tv_sec)
		tv.tv_sec = at > now ? (time_t)(at - now) : 0;
	if (r->secret != NULL && r->secret->expires != 0 &&
	    r->secret->expires - now < tv.tv_sec)
		tv.tv_sec = r->secret->expires > now ?
		    (time_t)(r->secret->expires - now) : 0;
	/* Never a busy loop, whatever the clock does. */
	if (tv.tv_sec == 0)
		tv.tv_usec = 100 * 1000;
	event_add(r->timer, &tv);
}

static void
refresh_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refresh_look(arg);
}

struct refresh *
refresh_new(struct event_base *base, const struct refresh_ops *ops, void *arg)
{
	struct refresh	*r = mem_new(1, sizeof(*r));

	r->ops = ops;
	r->arg = arg;
	if ((r->timer = evtimer_new(base, refresh_tick, r)) == NULL) {
		refresh_free(r);
		return NULL;
	}
	return r;
}

void
refresh_name(struct refresh *r, const char *name)
{
	snprintf(r->for_whom, sizeof(r->for_whom), " for=%s", name);
}

static void
refresh_stop(struct refresh *r)
{
	if (r->look != NULL)
		r->ops->cancel(r->look, r->arg);
	r->look = NULL;
}

void
refresh_free(struct refresh *r)
{
	if (r == NULL)
		return;
	refresh_stop(r);
	if (r->timer != NULL)
		event_free(r->timer);
	cred_secret_free(r->secret);
	free(r);
}

/* Another set, or none: who uses it hears of it before the old is wiped. */
static void
refresh_use(struct refresh *r, struct cred_secret *s)
{
	struct cred_secret	*old = r->secret;

	r->secret = s;
	r->warned = false;
	r->ops->give(s, r->arg);
	cred_secret_free(old);
}

static void
refresh_begin(struct refresh *r)
{
	r->look_began = r->ops->now();
	r->next = 0;
	r->look = r->ops->start(r->conf, refresh_answered, r, r->arg);
	refresh_wait(r);
}

/* Doubling, with jitter: from a second, and never past a valid set's end. */
static int64_t
refresh_pause(const struct refresh *r, int64_t now)
{
	int64_t	pause = 1, most = PAUSE_VALID, left;

	if (r->secret == NULL)
		return PAUSE_NONE;
	while (pause < most && pause < (int64_t)1 << (r->fails - 1))
		pause *= 2;
	if (pause > most)
		pause = most;
	pause = pause / 2 + (int64_t)arc4random_uniform((uint32_t)pause + 1);
	if (r->secret->expires != 0) {
		left = r->secret->expires - now;
		if (pause > left / 4)
			pause = left / 4;
	}
	return pause < 1 ? 1 : pause;
}

static void
refresh_fail(struct refresh *r, const char *why)
{
	char	quoted[1024];
	int64_t	now = r->ops->now();
	bool	again = r->fails > 0 && strcmp(r->why, why) == 0 &&
		    now - r->logged_at < 60;

	r->nfailed++;
	r->failed_at = now;
	r->fails = r->fails < 32 ? r->fails + 1 : 32;
	r->next = now + refresh_pause(r, now);
	/* The same line at most once a minute. */
	if (!again) {
		strlcpy(r->why, why, sizeof(r->why));
		r->logged_at = now;
		log_warnx("credentials=%s%s result=no why=\"%s\"",
		    r->secret != NULL ? "kept" : "none", r->for_whom,
		    log_quote(quoted, sizeof(quoted), why, strlen(why)));
	}
}

/* The set that is in use from now on; skipped: why earlier sources gave
 * none. */
static void
refresh_say(const struct refresh *r, const struct cred_secret *s,
    const char *skipped)
{
	char	key[300], end[REFRESH_WHEN], id[600] = "", past[1200] = "";
	char	q[1100];

	keyid_print(key, sizeof(key), s->access_key);
	if (*s->identity != '\0')
		snprintf(id, sizeof(id), " identity=\"%s\"", log_quote(q,
		    sizeof(q), s->identity, strlen(s->identity)));
	if (*skipped != '\0')
		snprintf(past, sizeof(past), " skipped=\"%s\"", log_quote(q,
		    sizeof(q), skipped, strlen(skipped)));
	log_info("credentials=new%s source=%s access-key=\"%s\"%s "
	    "expires=%s%s", r->for_whom, r->source, key, id,
	    refresh_when(s->expires, end), past);
}

static void
refresh_set(struct refresh *r, const struct chain_answer *a)
{
	struct cred_secret	*s = a->secret;
	bool			 told;

	told = strcmp(r->source, a->source) == 0 &&
	    strcmp(r->passed, a->why) == 0;
	strlcpy(r->source, a->source, sizeof(r->source));
	strlcpy(r->passed, a->why, sizeof(r->passed));
	r->ndone++;
	r->fails = 0;
	r->failed_at = 0;
	r->refused = false;
	r->got = r->ops->now();
	r->next = 0;
	if (s->expires != 0)
		r->next = refresh_due(r->got, s->expires, arc4random());
	if (a->poll != 0 && (r->next == 0 || r->next > r->got + a->poll))
		r->next = r->got + a->poll;
	/* A second at least: a source that repeats a dying set is not
	 * asked in a loop. */
	if (r->next != 0 && r->next <= r->got)
		r->next = r->got + 1;
	if (r->secret != NULL && cred_secret_same(r->secret, s) &&
	    r->secret->expires == s->expires) {
		cred_secret_free(s);
		return;
	}
	refresh_say(r, s, told ? "" : a->why);
	refresh_use(r, s);
}

static void
refresh_answered(const struct chain_answer *a, void *arg)
{
	struct refresh	*r = arg;
	int64_t		 now = r->ops->now();

	r->look = NULL;
	if (a->secret == NULL)
		refresh_fail(r, a->why);
	else if (a->secret->expires != 0 && a->secret->expires <= now) {
		cred_secret_free(a->secret);
		refresh_fail(r, "the source returned credentials that have "
		    "expired already");
	} else if (r->refused && r->secret != NULL &&
	    cred_secret_same(r->secret, a->secret)) {
		/* They may be too new for a part of the server: what waits
		 * for others tries these once more, and tells again. */
		cred_secret_free(a->secret);
		r->refused = false;
		refresh_fail(r, "the source returned the rejected credentials "
		    "again");
		r->ops->give(r->secret, r->arg);
	} else
		refresh_set(r, a);
	refresh_wait(r);
}

void
refresh_configure(struct refresh *r, const struct slice *conf)
{
	refresh_stop(r);
	r->conf = conf;
	r->fails = 0;
	r->refused = false;
	r->next = 0;
	if (conf == NULL) {
		if (r->secret != NULL)
			refresh_use(r, NULL);
		event_del(r->timer);
		return;
	}
	refresh_begin(r);
}

void
refresh_refused(struct refresh *r, const char *access_key)
{
	int64_t	now = r->ops->now();

	/* Keys without a session token do not end: there are no others. */
	if (r->conf == NULL || r->secret == NULL ||
	    r->secret->token[0] == '\0' ||
	    strcmp(r->secret->access_key, access_key) != 0)
		return;
	/* storaged tells once: until it has been given a set, any look is for
	 * this refusal, one under way and one that follows a failure, too. */
	r->refused = true;
	if (r->look != NULL)
		return;
	/* One look for it at a time, and not for each request. */
	if (now >= r->look_began && now - r->look_began < REFUSED_PAUSE) {
		if (r->next == 0 || r->next > r->look_began + REFUSED_PAUSE)
			r->next = r->look_began + REFUSED_PAUSE;
		refresh_wait(r);
		return;
	}
	refresh_begin(r);
}

void
refresh_identity(struct refresh *r, const char *access_key, const char *arn)
{
	char	key[300], q[1100];

	if (r->secret == NULL || r->secret->identity[0] != '\0' ||
	    strcmp(r->secret->access_key, access_key) != 0 ||
	    strlcpy(r->secret->identity, arn, sizeof(r->secret->identity)) >=
	    sizeof(r->secret->identity))
		return;
	log_info("credentials=same%s access-key=\"%s\" identity=\"%s\"",
	    r->for_whom, keyid_print(key, sizeof(key), access_key),
	    log_quote(q, sizeof(q), arn, strlen(arn)));
	r->ops->give(r->secret, r->arg);
}

/* The set's end: warned of in time, and kept. */
static void
refresh_expiry(struct refresh *r, int64_t now)
{
	int64_t	life, left;

	if (r->secret == NULL || r->secret->expires == 0)
		return;
	life = r->secret->expires - r->got;
	left = r->secret->expires - now;
	if (left <= 0) {
		log_warnx("credentials=expired%s source=%s", r->for_whom,
		    r->source);
		refresh_use(r, NULL);
	} else if (!r->warned && r->fails > 0 &&
	    left <= (life / 2 < WARN_AHEAD ? life / 2 : WARN_AHEAD)) {
		r->warned = true;
		log_warnx("credentials=kept%s source=%s expires-in=%" PRId64
		    "s why=\"not renewed yet\"", r->for_whom, r->source,
		    left);
	}
}

void
refresh_look(struct refresh *r)
{
	int64_t	now = r->ops->now();

	if (r->conf == NULL)
		return;
	if (r->look != NULL && (now - r->look_began >= REFRESH_HANG ||
	    now < r->look_began)) {
		refresh_stop(r);
		refresh_fail(r, "the source did not answer in time");
	}
	refresh_expiry(r, now);
	/* A clock that was set back must not put it off. */
	if (r->look == NULL && r->next != 0 && (now >= r->next ||
	    now < r->look_began))
		refresh_begin(r);
	else
		refresh_wait(r);
}

void
refresh_status(const struct refresh *r, struct refresh_status *s)
{
	s->source = r->source[0] != '\0' ? r->source : NULL;
	s->secret = r->secret;
	s->next = r->next;
	s->asking = r->look != NULL;
	s->failed_at = r->failed_at;
	s->failed_why = r->why;
	s->done = r->ndone;
	s->failed = r->nfailed;
}
