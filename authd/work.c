/*
 * Jobs for authd's workers.  Must never block, never let one lane keep the
 * others waiting, nor one pool another, and never be held up by a worker that
 * hangs or dies: its job fails as unavailable, and the next goes to another.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/work_impl.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/peer.h"
#include "common/user.h"

#define WORK_GRACE_MS	2000	/* then a worker that is late is cut */

static int	 work_message(struct peer *, struct msg *, void *);
static void	 work_closed(struct peer *, const char *, void *);
static const struct peer_ops work_ops = { work_message, work_closed, NULL };

static int
arm(struct work_job *job, int64_t ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };

	return evtimer_add(job->timer, &tv);
}

struct work *
work_new(struct event_base *base, const struct auth_pools *pools)
{
	struct work	*w;
	uint32_t	 i, k;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->base = base;
	w->pools = *pools;
	for (k = 0; k < AUTH_POOLS_MAX; k++) {
		for (i = 0; i < WORK_QUEUES; i++)
			TAILQ_INIT(&w->pool[k].queue[i]);
		w->pool[k].aside[0].most = w->pool[k].aside[1].most = 1;
		if (k < pools->n && pools->pool[k].workers > 3)
			w->pool[k].aside[1].most = pools->pool[k].workers / 2;
	}
	for (i = 0; i < WORK_WORKERS_MAX; i++) {
		w->worker[i].work = w;
		w->worker[i].index = i;
		w->worker[i].pool = auth_pool_of_worker(pools, i);
	}
	return w;
}

void
work_on_idle(struct work *w, void (*idle)(void *), void *arg)
{
	w->idle = idle;
	w->idle_arg = arg;
}

void
work_on_revoke(struct work *w, void (*revoke)(const char *, int64_t, void *),
    void *arg)
{
	w->revoke = revoke;
	w->revoke_arg = arg;
}

static void
work_wipe(struct work_job *job)
{
	freezero(job->password, job->password_len);
	job->password = NULL;
	job->password_len = 0;
}

/* The lanes aside that a queue is one of, or NULL. */
static struct work_aside *
work_aside(struct work_pool *p, uint32_t queue)
{
	return queue < WORK_SALTS ? NULL : &p->aside[queue >= WORK_NAMES];
}

/* Out of the queue or the worker's hands, and gone. */
static void
work_job_free(struct work_job *job)
{
	struct work_pool	*p = &job->work->pool[job->pool];
	struct work_aside	*aside = work_aside(p, job->queue);

	if (job->worker != NULL) {
		job->worker->job = NULL;
		job->work->backend[job->backend].trying--;
		if (aside != NULL)
			aside->busy--;
	} else {
		TAILQ_REMOVE(&p->queue[job->queue], job, entry);
		p->waiting[job->queue]--;
	}
	if (job->timer != NULL)
		event_free(job->timer);
	work_wipe(job);
	free(job->user);
	free(job->remote);
	free(job);
}

void
work_free(struct work *w)
{
	struct work_job	*job;
	uint32_t	 i, k;

	if (w == NULL)
		return;
	for (i = 0; i < WORK_WORKERS_MAX; i++) {
		if (w->worker[i].job != NULL)
			work_job_free(w->worker[i].job);
		peer_close(w->worker[i].peer);
	}
	for (k = 0; k < AUTH_POOLS_MAX; k++)
		for (i = 0; i < WORK_QUEUES; i++)
			while ((job = TAILQ_FIRST(&w->pool[k].queue[i])) !=
			    NULL)
				work_job_free(job);
	free(w);
}

/* The end of a job that nobody need remember any more. */
static void
work_end(struct work_job *job, enum work_result_code code, const char *user,
    struct str why, struct str data, const struct found_quota *quota)
{
	work_cb	*cb = job->cb;
	void	*arg = job->arg;
	struct log_context of = job->context, old;

	work_job_free(job);
	log_context_swap(&of, &old);
	if (cb != NULL)
		cb(arg, code, user, why, data, quota);
	log_context_swap(&old, NULL);
}

static const struct found_quota no_quota = { .told = QUOTA_UNASKED };


/* Of lanes that take turns, from the first-th queue on. */
static struct work_job *
work_lane(struct work_pool *p, uint32_t first, uint32_t *turn)
{
	struct work_job	*job;
	uint32_t	 i, lane;

	for (i = 0; i < WORK_LANES; i++) {
		lane = (*turn + i) % WORK_LANES;
		if ((job = TAILQ_FIRST(&p->queue[first + lane])) != NULL) {
			*turn = lane + 1;
			return job;
		}
	}
	return NULL;
}

/* One of the lanes aside, if they may have one more worker. */
static struct work_job *
work_step(struct work_pool *p)
{
	struct work_job	*job;
	size_t		 i, k;

	for (i = 0; i < WORK_ASIDES; i++) {
		k = (p->next + i) % WORK_ASIDES;
		if (p->aside[k].busy < p->aside[k].most &&
		    (job = work_lane(p, WORK_SALTS + (uint32_t)k * WORK_LANES,
		    &p->turn[1 + k])) != NULL) {
			p->next = k + 1;
			return job;
		}
	}
	return NULL;
}

static struct work_job *
work_next(struct work_pool *p)
{
	struct work_job	*job = TAILQ_FIRST(&p->queue[WORK_URGENT]);

	/* A pool of one worker takes turns. */
	if (job == NULL && !p->stepped)
		job = work_step(p);
	if (job == NULL)
		job = work_lane(p, 0, &p->turn[0]);
	if (job == NULL)
		job = work_step(p);
	return job;
}

static void
work_give(struct work_worker *k, struct work_job *job)
{
	struct work_check	 check;
	struct work		*w = job->work;
	struct work_aside	*aside = work_aside(&w->pool[job->pool],
				    job->queue);

	TAILQ_REMOVE(&w->pool[job->pool].queue[job->queue], job, entry);
	w->pool[job->pool].waiting[job->queue]--;
	w->pool[job->pool].stepped = aside != NULL;
	if (aside != NULL)
		aside->busy++;
	job->worker = k;
	job->given = (int64_t)clock_ms();
	k->job = job;
	w->backend[job->backend].trying++;
	(void)arm(job, w->pools.pool[job->pool].timeout_ms);
	check.how = (uint8_t)job->how;
	check.backend = job->backend;
	check.user = str_from(job->user);
	check.password = (struct str){ job->password, job->password_len };
	check.remote = str_from(job->remote);
	check.session = job->context.session;
	/* On failure the channel closes itself, and closed() ends the job. */
	(void)peer_send_struct(k->peer, IMSG_WORK_CHECK, job->id, &check, -1);
	work_wipe(job);
}

static void
work_dispatch(struct work *w)
{
	struct work_worker	*k;
	struct work_job		*job;
	bool			 idle = false;

	for (k = w->worker; k < w->worker + WORK_WORKERS_MAX; k++) {
		if (k->peer == NULL || k->job != NULL)
			continue;
		if ((job = work_next(&w->pool[k->pool])) != NULL)
			work_give(k, job);
		else
			idle = true;
	}
	if (idle && w->idle != NULL)
		w->idle(w->idle_arg);
}

/* The end of a job's worker, which has not answered. */
static void
work_lost(struct work_job *job, const char *why)
{
	struct work	*w = job->work;
	char		 text[64], all[sizeof(w->backend[0].why)];

	if (job->late) {
		work_job_free(job);
		return;
	}
	/* It may have been quicker to end itself than we to notice. */
	if ((int64_t)clock_ms() - job->given >=
	    w->pools.pool[job->pool].timeout_ms) {
		w->pool[job->pool].late++;
		why = work_late_text(job, text, sizeof(text));
	} else
		w->pool[job->pool].ended++;
	work_failed(job, why);
	strlcpy(all, w->backend[job->backend].why, sizeof(all));
	work_end(job, WORK_UNAVAILABLE, "", str_from(all), STR(""), &no_quota);
}

static void
work_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct work_job		*job = arg;
	struct work_worker	*k = job->worker;
	work_cb			*cb = job->cb;
	struct log_context	 old;
	char			 text[64];

	(void)fd;
	(void)what;
	if (k == NULL) {
		work_end(job, WORK_UNAVAILABLE, "",
		    STR("timed out waiting for a worker"), STR(""), &no_quota);
		return;
	}
	if (job->late) {
		/* It should have ended, and has not. */
		peer_close(k->peer);
		k->peer = NULL;
		lost(PROC_AUTHWORKER, k->index, "does not respond");
		work_job_free(job);
		return;
	}
	/* Its worker stays taken until it has ended itself. */
	job->late = true;
	job->work->pool[job->pool].late++;
	work_late_text(job, text, sizeof(text));
	log_warnx("worker=%" PRIu32 " backend=%s result=late why=\"%s\"",
	    k->index, job->work->backend[job->backend].name, text);
	work_failed(job, text);
	(void)arm(job, WORK_GRACE_MS);
	job->cb = NULL;
	log_context_swap(&job->context, &old);
	if (cb != NULL)
		cb(job->arg, WORK_UNAVAILABLE, "",
		    str_from(job->work->backend[job->backend].why), STR(""),
		    &no_quota);
	log_context_swap(&old, NULL);
}

struct work_job *
work_submit(struct work *w, uint32_t lane, uint32_t backend,
    const struct work_ask *ask, bool urgent, work_cb *cb, void *arg)
{
	struct str		 password = ask->password;
	struct work_job		*job;
	struct work_pool	*p;
	size_t			 pool = work_pool(w, backend);
	uint32_t		 queue;

	if (pool == AUTH_POOLS_MAX)
		return NULL;
	p = &w->pool[pool];
	queue = urgent ? WORK_URGENT : lane % WORK_LANES +
	    (lane >= WORK_MAIL ? WORK_NAMES : ask->how == WORK_SALT ?
	    WORK_SALTS : 0);
	if (p->waiting[queue] >= WORK_LANE_MAX ||
	    (job = calloc(1, sizeof(*job))) == NULL)
		return NULL;
	job->work = w;
	job->pool = pool;
	job->queue = queue;
	job->backend = backend;
	job->how = ask->how;
	log_context_get(&job->context);
	job->cb = cb;
	job->arg = arg;
	if (++w->last_id == 0)
		w->last_id = 1;
	job->id = w->last_id;
	TAILQ_INSERT_TAIL(&p->queue[queue], job, entry);
	p->waiting[queue]++;
	job->user = strdup(ask->user);
	job->remote = strdup(ask->remote);
	if (password.len > 0 &&
	    (job->password = malloc(password.len)) != NULL) {
		memcpy(job->password, password.p, password.len);
		job->password_len = password.len;
	}
	job->timer = evtimer_new(w->base, work_timeout, job);
	if (job->user == NULL || job->remote == NULL || job->timer == NULL ||
	    (password.len > 0 && job->password == NULL) ||
	    arm(job, WORK_WAIT_MS) == -1) {
		work_job_free(job);
		return NULL;
	}
	work_dispatch(w);
	return job;
}

void
work_cancel(struct work_job *job)
{
	if (job->worker == NULL)
		work_job_free(job);
	else
		job->cb = NULL;
}

bool
work_begun(const struct work_job *job)
{
	return job->worker != NULL;
}

static int
work_revoke(struct work *w, const struct msg *m)
{
	struct work_revoke	 rev;
	struct arena		*a;
	char			 user[USER_ID_MAX + 1];
	int			 r = -1;

	if ((a = arena_new(4096)) == NULL)
		return -1;
	if (wire_decode(&work_revoke_wire, &rev, m->data, m->len, a) == 0 &&
	    user_normalize(rev.user, user, sizeof(user)) == 0 &&
	    str_eq(str_from(user), rev.user)) {
		r = 0;
		if (w->revoke != NULL)
			w->revoke(user, rev.changed, w->revoke_arg);
	}
	arena_free(a);
	return r;
}

static int
work_message(struct peer *p, struct msg *m, void *arg)
{
	struct work_worker	*k = arg;
	struct work		*w = k->work;
	struct work_result	 res;
	struct arena		*a;
	char			 user[USER_ID_MAX + 1], why[256];
	size_t			 n;
	int			 r;

	(void)p;
	if (m->type == IMSG_WORK_REVOKE)
		return work_revoke(w, m);
	if (m->type != IMSG_WORK_RESULT || k->job == NULL ||
	    m->id != k->job->id)
		return -1;
	if ((a = arena_new(4096)) == NULL)
		return -1;
	r = wire_decode(&work_result_wire, &res, m->data, m->len, a);
	user[0] = '\0';
	if (r == 0 && res.code == WORK_YES) {
		/* A user id is its own normal form. */
		if (user_normalize(res.user, user, sizeof(user)) == -1 ||
		    !str_eq(str_from(user), res.user))
			r = -1;
	}
	if (r == 0) {
		n = res.why.len < sizeof(why) - 1 ? res.why.len :
		    sizeof(why) - 1;
		if (n > 0)
			memcpy(why, res.why.p, n);
		work_answered(k->job);
		work_end(k->job, res.code, user, (struct str){ why, n },
		    res.data, &res.quota);
	}
	arena_free(a);
	if (r == 0)
		work_dispatch(w);
	return r;
}

static void
work_closed(struct peer *p, const char *why, void *arg)
{
	struct work_worker	*k = arg;
	struct work		*w = k->work;

	(void)p;
	k->peer = NULL;
	lost(PROC_AUTHWORKER, k->index, why);
	if (k->job != NULL)
		work_lost(k->job, "the worker died");
	work_dispatch(w);
}

void
work_worker(struct work *w, uint32_t index, int fd)
{
	struct work_worker	*k;
	struct peer		*p;

	if (index >= WORK_WORKERS_MAX ||
	    w->worker[index].pool == AUTH_POOLS_MAX) {
		log_warnx("worker=%" PRIu32 " result=no why=\"too many "
		    "workers\"", index);
		close(fd);
		return;
	}
	k = &w->worker[index];
	p = peer_new(w->base, fd, MSG_CHANNEL_WORK, MSG_SIDE_A, &work_ops, k);
	if (p == NULL) {
		close(fd);
		lost(PROC_AUTHWORKER, index, "out of memory");
		return;
	}
	peer_close(k->peer);
	k->peer = NULL;
	if (k->job != NULL)
		work_lost(k->job, "the worker was restarted");
	k->peer = p;
	work_dispatch(w);
}

