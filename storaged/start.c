/*
 * See start.h.  That the store is away, that its object is not there yet,
 * that credd has no key: none of this is ever taken for an answer, however
 * long it lasts.  It is said, and asked again.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/bucket/storeobj.h"
#include "storaged/session/env.h"
#include "storaged/start.h"

#define KEY_MS		50	/* between looks for credd's key */
#define CLEAN_MS	10000	/* for the probe to remove its objects */
#define AWAY_MS		100	/* after the tries of a store that is away */
#define AGAIN_MAX	4	/* doublings of it, each by a probe that wrote
				   and was over... */
#define SHORT_MS	2000	/* ...before that */
#define ABSENT_MS	100	/* between looks for the store object... */
#define ABSENT_LATE_MS	1000	/* ...after a while, or by who will be told */
#define TOLD_MS		10	/* between looks whether it was */
#define LATE_MS		10000
#define SAY_MS		30000	/* between two lines on one reason */
#define SAY_OTHER_MS	2000	/* and on different ones */

enum start_state { START_KEY, START_PROBE, START_OBJECT, START_OVER };

static struct {
	enum start_state state;
	struct env	*env;
	struct event	*tick;
	bool		 first;
	bool		 asking;
	bool		 knew;		/* the cache did when we asked */
	bool		 listens;	/* the first one will tell, by the
					   cache, which store this is */
	uint64_t	 next_ms;	/* when the object is asked for again */
	void		(*nearly)(void);
	void		(*ready)(void);
	unsigned	 again;		/* such probes in a row */
	uint64_t	 probe_ms;	/* when the last one began */
	uint64_t	 since_ms;	/* in this state */
	uint64_t	 said_ms;
	char		 said[64];	/* what that was about */
	char		 waits[256];	/* for what, in words; "" */
} start;

static void
tick_in(unsigned ms)
{
	struct timeval	 tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	evtimer_add(start.tick, &tv);
}

/* The object; what the first one tells is looked at meanwhile. */
static void
ask_in(unsigned ms)
{
	start.next_ms = clock_ms() + ms;
	tick_in(start.listens ? TOLD_MS : ms);
}

static void
start_enter(enum start_state s)
{
	static const char *const names[] = { "key", "probe", "object",
	    "over" };

	if (s != start.state)
		log_debug("start: state=%s was=%s", names[s],
		    names[start.state]);
	start.state = s;
	start.waits[0] = '\0';
	start.since_ms = clock_ms();
	if (s != START_OVER)
		tick_in(0);
}

/* Why it waits: said at once when it is another reason, else now and then. */
static void
say(const char *about, const char *why, const char *line)
{
	uint64_t	 quiet = clock_ms() - start.said_ms;

	strlcpy(start.waits, why, sizeof(start.waits));
	if (start.said_ms != 0 && quiet < SAY_MS &&
	    (strcmp(start.said, about) == 0 || quiet < SAY_OTHER_MS))
		return;
	strlcpy(start.said, about, sizeof(start.said));
	start.said_ms = clock_ms();
	log_warnx("store: %s", line);
}

/* A store without true conditional writes is never served. */
static void
on_probe(const struct probe_result *r, void *arg)
{
	const struct env	*env = start.env;

	(void)arg;
	start.asking = r->verdict < PROBE_GOOD;
	if (start.state == START_OVER)
		return;
	switch (r->verdict) {
	case PROBE_BEGINS:
		start.probe_ms = clock_ms();
		storeobj_look(env->blob, !storeobj_known(env->cache));
		return;
	case PROBE_LIKELY:
		storeobj_likely();
		return;
	case PROBE_NEARLY:
		start.nearly();
		return;
	case PROBE_GOOD:
		log_info("store: %s", r->line);
		start_enter(START_OBJECT);
		return;
	case PROBE_REFUSED:
		fatalx("store: %s", r->line);
	case PROBE_AWAY:
		say("probe", r->why, r->line);
		if (!r->wrote || clock_ms() - start.probe_ms >= SHORT_MS)
			start.again = 0;
		tick_in(AWAY_MS << start.again);
		if (r->wrote && start.again < AGAIN_MAX)
			start.again++;
		return;
	}
}

/*
 * What this node has served is somewhere else: nobody is to see mailboxes
 * without it, and nothing is made there.  At the start that ends all; a
 * storaged that was started again waits, and serves what its index holds.
 */
static void
other_store(const char *what)
{
	char	 line[800];

	snprintf(line, sizeof(line), "%s, but the cache %s belongs to another "
	    "store: is this the right bucket and key-prefix?  If so, delete "
	    "the cache", what, start.env->cache);
	if (start.first) {
		/* What the probe wrote there is removed behind its answer. */
		if (probe_count() > 0 &&
		    clock_ms() - start.since_ms < CLEAN_MS) {
			tick_in(KEY_MS);
			return;
		}
		fatalx("store: %s", line);
	}
	say("other", line, line);
	tick_in(ABSENT_LATE_MS);
}

static void
absent(void)
{
	/* Another process of this node may know it by now. */
	if (start.knew) {
		other_store("the store object \"pail\" is missing");
		return;
	}
	start.env->fresh = true;
	/* The process that tries the store will make it.  (For a report,
	 * paild -C, nobody does, and nobody waits.) */
	if (clock_ms() - start.since_ms < LATE_MS) {
		ask_in(start.listens ? ABSENT_LATE_MS : ABSENT_MS);
		return;
	}
	say("absent", "the store object does not exist yet", "result=wait "
	    "why=\"the store object does not exist yet: the first storaged "
	    "creates it\"");
	ask_in(ABSENT_LATE_MS);
}

static void
start_over(void)
{
	start_enter(START_OVER);
	start.env->sure = true;
	start.env->sure_ms = clock_ms();
	start.ready();
}

static void
on_store(enum storeobj_verdict v, const uint8_t uuid[16], const char *why)
{
	char	 line[1100];

	start.asking = false;
	if (start.state == START_OVER)
		return;
	switch (v) {
	case STOREOBJ_OK:
		if (!storeobj_cache(start.env->cache, uuid)) {
			other_store("the store object exists");
			return;
		}
		if (storeobj_made())
			start.env->fresh = true;
		start_over();
		return;
	case STOREOBJ_ABSENT:
		absent();
		return;
	case STOREOBJ_REFUSED:
		fatalx("store: %s", why);
	case STOREOBJ_AWAY:
		snprintf(line, sizeof(line), "result=away why=\"%s\"", why);
		say("away", why, line);
		tick_in(AWAY_MS);
		return;
	}
}

/*
 * When we began nobody of this node knew the store; now one of us does, who
 * has seen its object or made it: that need not be asked for again.
 */
static bool
was_told(void)
{
	return start.listens && start.state == START_OBJECT &&
	    storeobj_told(start.env->cache);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	const struct env	*env = start.env;

	(void)fd;
	(void)what;
	(void)arg;
	if (was_told()) {
		start_over();
		return;
	}
	if (start.state == START_OBJECT && start.listens && (start.asking ||
	    clock_ms() < start.next_ms)) {
		tick_in(TOLD_MS);
		return;
	}
	if (start.asking)
		return;
	switch (start.state) {
	case START_KEY:
		if (blob_ready(env->blob))
			start_enter(start.first ? START_PROBE : START_OBJECT);
		else {
			if (clock_ms() - start.since_ms >= LATE_MS)
				say("key", "there are no credentials yet",
				    "result=wait why=\"credd has sent no "
				    "signing key yet\"");
			tick_in(KEY_MS);
		}
		return;
	case START_PROBE:
		start.asking = true;
		probe_start(env->base, env->blob, false, on_probe, NULL);
		return;
	case START_OBJECT:
		start.asking = true;
		start.knew = storeobj_known(env->cache);
		storeobj_open(env->blob, start.first && !start.knew,
		    on_store);
		if (start.listens && start.asking)
			tick_in(TOLD_MS);
		return;
	case START_OVER:
		return;
	}
}

void
start_begin(struct env *env, bool first, void (*nearly)(void),
    void (*ready)(void))
{
	start.env = env;
	start.first = first;
	start.listens = !first && !storeobj_known(start.env->cache);
	start.nearly = nearly;
	start.ready = ready;
	if ((start.tick = evtimer_new(start.env->base, on_tick, NULL)) == NULL)
		fatal("start");
	start_enter(START_KEY);
}

void
start_key(void)
{
	if (start.state == START_KEY && start.tick != NULL)
		tick_in(0);
}

const char *
start_waits(void)
{
	return start.state == START_OVER ? NULL : start.waits;
}

void
start_stop(void)
{
	if (start.tick != NULL)
		evtimer_del(start.tick);
	start_enter(START_OVER);
}
