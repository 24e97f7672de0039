/*
 * Users: opened on demand, closed by least recent use, never while an
 * attempt is unsettled.  A user whose head is damaged loses its sessions
 * and is opened anew by the next login.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/fnv.h"
#include "common/log.h"
#include "storaged/index/eval.h"
#include "storaged/session/user.h"

#define BUCKETS		1024

TAILQ_HEAD(user_list, user);

static struct env	*env;
static const struct user_ops *ops;
static struct user_list	 buckets[BUCKETS];
static struct user_list	 lru = TAILQ_HEAD_INITIALIZER(lru); /* open ones */
static unsigned		 nopen;
static bool		 buckets_ready;

static void	user_shut(struct user *, bool);

void
user_init(struct env *e, const struct user_ops *o)
{
	env = e;
	ops = o;
}

static struct user_list *
bucket_of(const char *id)
{
	size_t		 i;

	if (!buckets_ready) {
		for (i = 0; i < BUCKETS; i++)
			TAILQ_INIT(&buckets[i]);
		buckets_ready = true;
	}
	return &buckets[fnv32_str(id) % BUCKETS];
}

struct user *
user_find(const char *id)
{
	struct user	*u;

	TAILQ_FOREACH(u, bucket_of(id), entry)
		if (strcmp(u->id, id) == 0)
			return u;
	return NULL;
}

struct user *
user_get(const char *id)
{
	struct user	*u = user_find(id);

	if (u != NULL) {
		if (u->quarantined && u->busy == 0 && TAILQ_EMPTY(&u->sessions))
			user_shut(u, false);	/* and opened anew */
		return u;
	}
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	TAILQ_INIT(&u->sessions);
	turns_user_init(&u->turn);
	if (user_key(id, u->name, sizeof(u->name)) == -1 ||
	    (u->id = strdup(id)) == NULL ||
	    (u->word = log_word_dup(id)) == NULL) {
		free(u->id);
		free(u);
		return NULL;
	}
	u->env = env;
	follow_init(&u->follow, env->base, &env->single_node);
	TAILQ_INSERT_TAIL(bucket_of(id), u, entry);
	return u;
}

void
user_limits(struct user *u, const struct user_quota *q)
{
	if (!q->known && u->quota_known)
		return;
	u->quota_known = q->known;
	u->quota = (struct quota){ q->bytes, q->messages };
}

static void
user_cluster(struct user *u, void *arg)
{
	(void)arg;
	if (u->commit != NULL) {
		commit_cluster(u->commit);
		follow_changed(&u->follow);
	}
}

static void
user_changed(uint64_t first, uint64_t last, void *arg)
{
	struct user	*u = arg;

	/* cluster is false, but another process writes: to all of them. */
	if (env->single_node && !commit_single_node(u->commit)) {
		env->single_node = false;
		user_each(user_cluster, NULL);
	}
	ops->changed(u, last);
	if (last >= first)
		follow_changed(&u->follow);
}

static void
user_answered(void *arg)
{
	ops->answered(arg);
}

static void
user_committed(void *arg)
{
	struct user	*u = arg;

	cold_forget(&u->cold);
	ops->trim(u);
}

static void
user_waiting(struct intent *in, void *arg)
{
	(void)arg;
	ops->waiting(in->payload);
}

void
user_end(struct user *u, enum mbox_code code, const char *text)
{
	ops->end(u, code, text);
}

/* It is closed once its sessions have ended; until then who logs in hears
 * the same. */
static void
user_quarantine(struct user *u, enum mbox_code code, const char *why)
{
	u->quarantined = true;
	u->why_code = code;
	strlcpy(u->why, why, sizeof(u->why));
	user_end(u, code, why);
}

static void
user_quarantined(enum commit_outcome o, const char *why, void *arg)
{
	user_quarantine(arg, o == COMMIT_QUARANTINED ? MBOX_CORRUPTION :
	    MBOX_UNAVAILABLE, why);
}

const char *
user_refusal(enum commit_outcome o)
{
	switch (o) {
	case COMMIT_QUARANTINED:
		return "The mail of this user is damaged, contact the "
		    "administrator";
	case COMMIT_FAILED:
		return "Temporary server failure, log in again";
	case COMMIT_READONLY:
		return "The mail was written by a newer server version: "
		    "read-only";
	default:
		return env->sure ? "The mail store is temporarily unavailable, "
		    "try again later" :
		    "The mail store is starting up, try again later";
	}
}

static void
user_lost(const char *why, void *arg)
{
	user_end(arg, MBOX_UNAVAILABLE, why);
}

/* The index begins anew: what sessions were told of it is void. */
static void
user_reset(void *arg)
{
	struct user	*u = arg;

	boxuids_drop(&u->boxuids);
	ops->reset(u);
}

static bool
user_sure(void *arg)
{
	(void)arg;
	return env->sure;
}

static bool
user_fresh(void *arg)
{
	(void)arg;
	return env->fresh;
}

static struct commit *
user_commit(struct user *u)
{
	struct commit_conf	 c;

	memset(&c, 0, sizeof(c));
	c.user = u->id;
	c.io = env->io;
	c.ops = &index_state_ops;
	c.state = u->ix;
	memcpy(c.node, env->node, sizeof(c.node));
	c.codec = env->codec;
	c.single_node = env->single_node;
	c.sure = user_sure;
	c.fresh = user_fresh;
	c.first = index_state_first;
	c.changed = user_changed;
	c.answered = user_answered;
	c.committed = user_committed;
	c.waiting = user_waiting;
	c.quarantined = user_quarantined;
	c.ended = user_lost;
	c.arg = u;
	return commit_new(&c);
}

static void
recent_save(struct user *u)
{
	size_t	 i;

	for (i = 0; i < u->nrecent; i++)
		if (u->recent[i].dirty && !u->ix->in_tx &&
		    recent_set(u->ix, u->recent[i].box,
		    u->recent[i].from) == 0)
			u->recent[i].dirty = false;
}

static void
user_shut(struct user *u, bool clean)
{
	if (u->ix == NULL)
		return;
	follow_stop(&u->follow);
	if (u->quarantined)
		commit_abandon(u->commit);
	else
		commit_free(u->commit);
	u->commit = NULL;
	if (!index_failed(u->ix))
		recent_save(u);
	cold_free(&u->cold);
	index_close(u->ix, clean);
	u->ix = NULL;
	free(u->recent);
	u->recent = NULL;
	u->nrecent = 0;
	boxuids_drop(&u->boxuids);
	u->quarantined = false;
	TAILQ_REMOVE(&lru, u, lru);
	nopen--;
}

/* Is nothing of it under way? */
static bool
user_quiet(const struct user *u)
{
	return u->busy == 0 && commit_idle(u->commit) && !ops->busy(u);
}

/* May it be closed?  A session in IDLE, when other nodes may change
 * something, keeps the poller and what it compares with. */
static bool
user_closable(const struct user *u)
{
	return (u->follow.watchers == 0 || env->single_node) && user_quiet(u);
}

unsigned
users_rest(uint64_t quiet_ms)
{
	struct user	*u, *next;
	uint64_t	 now = clock_ms();
	unsigned	 n = 0;

	TAILQ_FOREACH_SAFE(u, &lru, lru, next) {
		if (now - u->used_ms < quiet_ms)
			break;
		if (u->quarantined || !user_quiet(u))
			continue;
		ops->trim(u);
		if (user_closable(u)) {
			user_shut(u, false);
			n++;
		} else if (!u->ix->resting) {
			recent_save(u);
			boxuids_drop(&u->boxuids);
			cold_stop(&u->cold);
			index_rest(u->ix);
			n++;
		}
	}
	return n;
}

static void
users_trim(void)
{
	struct user	*u, *next;

	TAILQ_FOREACH_SAFE(u, &lru, lru, next) {
		if (nopen <= env->open_max)
			return;
		if (user_closable(u))
			user_shut(u, false);
		else if (user_quiet(u) && !u->quarantined) {
			cold_stop(&u->cold);
			index_rest(u->ix);
		}
	}
}

int
user_open(struct user *u)
{
	if (u->quarantined)
		return -1;
	u->why_code = MBOX_UNAVAILABLE;
	strlcpy(u->why, "The index cannot be opened", sizeof(u->why));
	u->used_ms = clock_ms();
	if (u->ix != NULL) {
		TAILQ_REMOVE(&lru, u, lru);
		TAILQ_INSERT_TAIL(&lru, u, lru);
		if (index_wake(u->ix) == 0)
			return 0;
		user_quarantine(u, MBOX_UNAVAILABLE,
		    "The index was lost, log in again");
		return -1;
	}
	if ((u->ix = index_open(env->index, u->name)) == NULL)
		return -1;
	cold_init(&u->cold, env->base, u->ix, u->word);
	u->ix->conf = &env->eval;
	u->ix->quota = &u->quota;
	u->ix->on_reset = user_reset;
	u->ix->reset_arg = u;
	u->ix->has_views = ops->views;
	u->ix->views_arg = u;
	u->past_due = true;
	if ((u->commit = user_commit(u)) == NULL) {
		cold_free(&u->cold);
		index_close(u->ix, false);
		u->ix = NULL;
		return -1;
	}
	follow_start(&u->follow, u->commit);
	TAILQ_INSERT_TAIL(&lru, u, lru);
	nopen++;
	users_trim();
	return 0;
}

void
user_release(struct user *u)
{
	if (!TAILQ_EMPTY(&u->sessions) || u->busy > 0)
		return;
	if (u->ix != NULL && !u->quarantined) {
		if (!env->draining && nopen <= env->open_max)
			return;			/* kept for the next login */
		if (!user_closable(u))
			return;
	}
	user_shut(u, env->draining);
	TAILQ_REMOVE(bucket_of(u->id), u, entry);
	free(u->id);
	free(u->word);
	free(u);
}

void
user_busy(struct user *u)
{
	u->busy++;
}

void
user_idle(struct user *u)
{
	if (u->busy == 0)
		fatalx("user: idle twice");
	u->busy--;
	ops->trim(u);
	/* Its files are local and can be had again: not a fault of the
	 * mail.  Closed, they are deleted. */
	if (u->ix != NULL && !u->quarantined && !u->ix->resting &&
	    index_failed(u->ix)) {
		log_warnx("user=%s result=rebuild why=\"the index or its disk "
		    "is damaged\"", u->word);
		user_quarantine(u, MBOX_UNAVAILABLE,
		    "The index is being rebuilt, log in again");
	}
}

void
user_each(void (*fn)(struct user *u, void *arg), void *arg)
{
	struct user	*u, *next;
	size_t		 i;

	(void)bucket_of("");
	for (i = 0; i < BUCKETS; i++)
		TAILQ_FOREACH_SAFE(u, &buckets[i], entry, next)
			fn(u, arg);
}

unsigned
user_count(void)
{
	return nopen;
}

static void
user_drain_one(struct user *u, void *arg)
{
	bool	*all = arg;

	user_end(u, MBOX_UNAVAILABLE, "The server is shutting down");
	if (u->ix != NULL && (u->busy > 0 || !TAILQ_EMPTY(&u->sessions) ||
	    (!u->quarantined && !commit_idle(u->commit))))
		*all = false;
	else
		user_release(u);
}

bool
user_drain(void)
{
	bool	 all = true;

	user_each(user_drain_one, &all);
	return all;
}

uint32_t
user_recent(struct user *u, uint64_t box)
{
	uint32_t	 from = 0;
	size_t		 i;

	for (i = 0; i < u->nrecent; i++)
		if (u->recent[i].box == box)
			return u->recent[i].from;
	if (recent_get(u->ix, box, &from) == -1)
		return 0;
	return from == 0 ? 1 : from;
}

void
user_recent_set(struct user *u, uint64_t box, uint32_t from)
{
	struct recent	*v;
	size_t		 i;

	for (i = 0; i < u->nrecent && u->recent[i].box != box; i++)
		;
	if (i == u->nrecent) {
		v = reallocarray(u->recent, u->nrecent + 1, sizeof(*v));
		if (v == NULL)
			return;		/* a guess that is forgotten */
		u->recent = v;
		u->recent[u->nrecent++].box = box;
	} else if (u->recent[i].from == from)
		return;
	u->recent[i].from = from;
	u->recent[i].dirty = true;
	recent_save(u);
}
