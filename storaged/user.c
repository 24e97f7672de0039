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
#include "common/log.h"
#include "storaged/boxuids.h"
#include "storaged/cold.h"
#include "storaged/op.h"

#define BUCKETS		1024

TAILQ_HEAD(user_list, user);

struct env		 env;
static struct user_list	 buckets[BUCKETS];
static struct user_list	 lru = TAILQ_HEAD_INITIALIZER(lru); /* open ones */
static unsigned		 nopen;
static bool		 buckets_ready;

static void	user_shut(struct user *, bool);

static struct user_list *
bucket_of(const char *id)
{
	uint32_t	 h = 2166136261u;
	size_t		 i;

	if (!buckets_ready) {
		for (i = 0; i < BUCKETS; i++)
			TAILQ_INIT(&buckets[i]);
		buckets_ready = true;
	}
	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * 16777619u;
	return &buckets[h % BUCKETS];
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
		if (u->fenced && u->busy == 0 && TAILQ_EMPTY(&u->sessions))
			user_shut(u, false);	/* and opened anew */
		return u;
	}
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	TAILQ_INIT(&u->sessions);
	if (user_key(id, u->name, sizeof(u->name)) == -1 ||
	    (u->id = strdup(id)) == NULL ||
	    (u->word = log_word_dup(id)) == NULL) {
		free(u->id);
		free(u);
		return NULL;
	}
	TAILQ_INSERT_TAIL(bucket_of(id), u, entry);
	return u;
}

static void
user_cluster(struct user *u, void *arg)
{
	(void)arg;
	if (u->commit != NULL) {
		commit_cluster(u->commit);
		follow_changed(u);
	}
}

static void
user_changed(uint64_t first, uint64_t last, void *arg)
{
	struct user	*u = arg;

	/* cluster is false, but another process writes: to all of them. */
	if (env.alone && !commit_alone(u->commit)) {
		env.alone = false;
		user_each(user_cluster, NULL);
	}
	events_send(u, last);
	if (last >= first)
		follow_changed(u);
}

static void
user_answered(void *arg)
{
	struct user	*u = arg;
	struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->peer != NULL && !s->dead)
			peer_push(s->peer);
}

static void
user_committed(void *arg)
{
	struct user	*u = arg;

	cold_forget(u);
	past_trim(u);
}

static void
user_waiting(struct intent *in, void *arg)
{
	struct work	*w = in->payload;
	struct op	*op = w->owner;

	(void)arg;
	(void)session_send(op->s, IMSG_EV_WAITING, op->id, NULL, NULL);
}

void
user_end(struct user *u, enum mbox_code code, const char *text)
{
	struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		session_end(s, code, text);
}

static void
user_fenced(const char *why, void *arg)
{
	struct user	*u = arg;

	u->fenced = true;
	user_end(u, MBOX_CORRUPTION, why);
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
	struct session	*s;

	boxuids_drop(u);
	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->ready)
			session_end(s, MBOX_UNAVAILABLE,
			    "The index is rebuilt, log in again");
}

static struct commit *
user_commit(struct user *u)
{
	struct commit_conf	 c;

	memset(&c, 0, sizeof(c));
	c.user = u->id;
	c.io = env.io;
	c.ops = &index_state_ops;
	c.state = u->ix;
	memcpy(c.node, env.node, sizeof(c.node));
	c.codec = env.codec;
	c.alone = env.alone;
	c.known = env.known;
	c.first = index_state_first;
	c.changed = user_changed;
	c.answered = user_answered;
	c.committed = user_committed;
	c.waiting = user_waiting;
	c.fenced = user_fenced;
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
	follow_stop(u);
	if (u->fenced)
		commit_abandon(u->commit);
	else
		commit_free(u->commit);
	u->commit = NULL;
	if (!index_failed(u->ix))
		recent_save(u);
	cold_stop(u);
	index_close(u->ix, clean);
	u->ix = NULL;
	free(u->recent);
	u->recent = NULL;
	u->nrecent = 0;
	boxuids_drop(u);
	free(u->cold_dead);
	u->cold_dead = NULL;
	u->ncold_dead = 0;
	u->opened = u->fenced = false;
	TAILQ_REMOVE(&lru, u, lru);
	nopen--;
}

/* Is nothing of it under way? */
static bool
user_quiet(const struct user *u)
{
	struct session	*s;

	if (u->busy > 0 || !commit_idle(u->commit))
		return false;
	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->more || s->waits)
			return false;
	return true;
}

/* May it be closed?  A session in IDLE, when other nodes may change
 * something, keeps the poller and what it compares with. */
static bool
user_closable(const struct user *u)
{
	return (u->watchers == 0 || env.alone) && user_quiet(u);
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
		if (u->fenced || !user_quiet(u))
			continue;
		past_trim(u);
		if (user_closable(u)) {
			user_shut(u, false);
			n++;
		} else if (!u->ix->resting) {
			recent_save(u);
			boxuids_drop(u);
			cold_stop(u);
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
		if (nopen <= env.open_max)
			return;
		if (user_closable(u))
			user_shut(u, false);
		else if (user_quiet(u) && !u->fenced) {
			cold_stop(u);
			index_rest(u->ix);
		}
	}
}

int
user_open(struct user *u)
{
	if (u->fenced)
		return -1;
	u->used_ms = clock_ms();
	if (u->ix != NULL) {
		TAILQ_REMOVE(&lru, u, lru);
		TAILQ_INSERT_TAIL(&lru, u, lru);
		if (index_wake(u->ix) == 0)
			return 0;
		user_fenced("The index was lost, log in again", u);
		return -1;
	}
	if ((u->ix = index_open(env.index, u->name)) == NULL)
		return -1;
	u->ix->on_reset = user_reset;
	u->ix->reset_arg = u;
	u->ix->has_views = past_views;
	u->ix->views_arg = u;
	u->past_due = true;
	if ((u->commit = user_commit(u)) == NULL) {
		index_close(u->ix, false);
		u->ix = NULL;
		return -1;
	}
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
	if (u->ix != NULL && !u->fenced) {
		if (!env.draining && nopen <= env.open_max)
			return;			/* kept for the next login */
		if (!user_closable(u))
			return;
	}
	user_shut(u, env.draining);
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
	past_trim(u);
	/* Its files are local and can be had again: not a fault of the
	 * mail.  Closed, they are deleted. */
	if (u->ix != NULL && !u->fenced && !u->ix->resting &&
	    index_failed(u->ix)) {
		log_warnx("user=%s result=rebuild why=\"the index is damaged, "
		    "or its disk is\"", u->word);
		u->fenced = true;
		user_end(u, MBOX_UNAVAILABLE,
		    "The index is rebuilt, log in again");
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
	    (!u->fenced && !commit_idle(u->commit))))
		*all = false;
	else
		user_release(u);
}

bool
user_drain(void)
{
	bool	 all = true;

	user_each(user_drain_one, &all);
	return all && session_count() == 0;
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
