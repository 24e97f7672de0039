/*
 * Jobs for authd's workers.  Must never block, never let one lane keep the
 * others waiting, and never be held up by a worker that hangs or dies: its
 * job fails as unavailable, and the next goes to another.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/lost.h"
#include "authd/work.h"
#include "common/log.h"
#include "common/peer.h"
#include "common/user.h"

struct work_worker {
	struct work	*work;
	uint32_t	 index;
	struct peer	*peer;
	struct work_job	*job;		/* what it is at */
};

struct work_job {
	TAILQ_ENTRY(work_job)	 entry;
	struct work		*work;
	struct work_worker	*worker;	/* NULL: it waits */
	uint32_t		 lane;		/* WORK_LANES: urgent */
	uint32_t		 id;
	uint32_t		 backend;
	char			*user;
	char			*password;
	size_t			 password_len;
	work_cb			*cb;		/* NULL: nobody cares */
	void			*arg;
	struct event		*timer;
};
TAILQ_HEAD(work_jobs, work_job);

struct work {
	struct event_base	*base;
	struct timeval		 timeout;
	struct work_worker	 worker[WORK_WORKERS_MAX];
	struct work_jobs	 lane[WORK_LANES + 1];
	size_t			 waiting[WORK_LANES + 1];
	uint32_t		 turn;
	uint32_t		 last_id;
};

static int	 work_message(struct peer *, struct msg *, void *);
static void	 work_closed(struct peer *, const char *, void *);
static const struct peer_ops work_ops = { work_message, work_closed, NULL };

struct work *
work_new(struct event_base *base, int timeout)
{
	struct work	*w;
	uint32_t	 i;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->base = base;
	w->timeout.tv_sec = timeout / 1000;
	w->timeout.tv_usec = timeout % 1000 * 1000;
	for (i = 0; i <= WORK_LANES; i++)
		TAILQ_INIT(&w->lane[i]);
	for (i = 0; i < WORK_WORKERS_MAX; i++) {
		w->worker[i].work = w;
		w->worker[i].index = i;
	}
	return w;
}

static void
work_wipe(struct work_job *job)
{
	freezero(job->password, job->password_len);
	job->password = NULL;
	job->password_len = 0;
}

/* Out of the lane or the worker's hands, and gone. */
static void
work_job_free(struct work_job *job)
{
	if (job->worker != NULL)
		job->worker->job = NULL;
	else {
		TAILQ_REMOVE(&job->work->lane[job->lane], job, entry);
		job->work->waiting[job->lane]--;
	}
	if (job->timer != NULL)
		event_free(job->timer);
	work_wipe(job);
	free(job->user);
	free(job);
}

void
work_free(struct work *w)
{
	struct work_job	*job;
	uint32_t	 i;

	if (w == NULL)
		return;
	for (i = 0; i < WORK_WORKERS_MAX; i++) {
		if (w->worker[i].job != NULL)
			work_job_free(w->worker[i].job);
		peer_close(w->worker[i].peer);
	}
	for (i = 0; i <= WORK_LANES; i++)
		while ((job = TAILQ_FIRST(&w->lane[i])) != NULL)
			work_job_free(job);
	free(w);
}

/* The end of a job that nobody need remember any more. */
static void
work_end(struct work_job *job, enum work_result_code code, const char *user,
    struct str why)
{
	work_cb	*cb = job->cb;
	void	*arg = job->arg;

	work_job_free(job);
	if (cb != NULL)
		cb(arg, code, user, why);
}

static struct work_job *
work_next(struct work *w)
{
	struct work_job	*job;
	uint32_t	 i, lane;

	if ((job = TAILQ_FIRST(&w->lane[WORK_LANES])) != NULL)
		return job;
	for (i = 0; i < WORK_LANES; i++) {
		lane = (w->turn + i) % WORK_LANES;
		if ((job = TAILQ_FIRST(&w->lane[lane])) != NULL) {
			w->turn = lane + 1;
			return job;
		}
	}
	return NULL;
}

static void
work_give(struct work_worker *k, struct work_job *job)
{
	struct work_check	 check;
	struct work		*w = job->work;

	TAILQ_REMOVE(&w->lane[job->lane], job, entry);
	w->waiting[job->lane]--;
	job->worker = k;
	k->job = job;
	check.backend = job->backend;
	check.user = str_from(job->user);
	check.password = (struct str){ job->password, job->password_len };
	/* On failure the channel closes itself, and closed() ends the job. */
	(void)peer_send_struct(k->peer, IMSG_WORK_CHECK, job->id,
	    &work_check_wire, &check, -1);
	work_wipe(job);
}

static void
work_dispatch(struct work *w)
{
	struct work_job	*job;
	uint32_t	 i;

	for (i = 0; i < WORK_WORKERS_MAX; i++) {
		if (w->worker[i].peer == NULL || w->worker[i].job != NULL)
			continue;
		if ((job = work_next(w)) == NULL)
			return;
		work_give(&w->worker[i], job);
	}
}

static void
work_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct work_job	*job = arg;
	work_cb		*cb = job->cb;

	(void)fd;
	(void)what;
	if (job->worker == NULL) {
		work_end(job, WORK_UNAVAILABLE, "",
		    STR("no worker was free in time"));
		return;
	}
	/* Its worker stays taken until it answers or dies. */
	log_warnx("worker=%" PRIu32 " result=late why=\"a check takes over "
	    "%d s\"", job->worker->index, (int)job->work->timeout.tv_sec);
	job->cb = NULL;
	if (cb != NULL)
		cb(job->arg, WORK_UNAVAILABLE, "",
		    STR("the check takes too long"));
}

struct work_job *
work_submit(struct work *w, uint32_t lane, uint32_t backend, const char *user,
    struct str password, bool urgent, work_cb *cb, void *arg)
{
	struct work_job	*job;

	lane = urgent ? WORK_LANES : lane % WORK_LANES;
	if (w->waiting[lane] >= WORK_LANE_MAX ||
	    (job = calloc(1, sizeof(*job))) == NULL)
		return NULL;
	job->work = w;
	job->lane = lane;
	job->backend = backend;
	job->cb = cb;
	job->arg = arg;
	if (++w->last_id == 0)
		w->last_id = 1;
	job->id = w->last_id;
	TAILQ_INSERT_TAIL(&w->lane[lane], job, entry);
	w->waiting[lane]++;
	job->user = strdup(user);
	if (password.len > 0 &&
	    (job->password = malloc(password.len)) != NULL) {
		memcpy(job->password, password.p, password.len);
		job->password_len = password.len;
	}
	job->timer = evtimer_new(w->base, work_timeout, job);
	if (job->user == NULL || job->timer == NULL ||
	    (password.len > 0 && job->password == NULL) ||
	    evtimer_add(job->timer, &w->timeout) == -1) {
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
work_message(struct peer *p, struct msg *m, void *arg)
{
	struct work_worker	*k = arg;
	struct work		*w = k->work;
	struct work_result	 res;
	struct arena		*a;
	char			 user[USER_ID_MAX + 1], why[256];
	int			 r;

	(void)p;
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
		size_t	n = res.why.len < sizeof(why) - 1 ?
			    res.why.len : sizeof(why) - 1;

		if (n > 0)
			memcpy(why, res.why.p, n);
		work_end(k->job, res.code, user, (struct str){ why, n });
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
	lost("worker", k->index, why);
	if (k->job != NULL)
		work_end(k->job, WORK_UNAVAILABLE, "",
		    STR("the worker died"));
	work_dispatch(w);
}

void
work_worker(struct work *w, uint32_t index, int fd)
{
	struct work_worker	*k;
	struct peer		*p;

	if (index >= WORK_WORKERS_MAX) {
		log_warnx("worker=%" PRIu32 " result=no why=\"too many "
		    "workers\"", index);
		close(fd);
		return;
	}
	k = &w->worker[index];
	p = peer_new(w->base, fd, MSG_CHANNEL_WORK, MSG_SIDE_A, &work_ops, k);
	if (p == NULL) {
		log_warn("worker=%" PRIu32 " result=no", index);
		close(fd);
		return;
	}
	peer_close(k->peer);
	k->peer = NULL;
	if (k->job != NULL)
		work_end(k->job, WORK_UNAVAILABLE, "",
		    STR("the worker was restarted"));
	k->peer = p;
	work_dispatch(w);
}

size_t
work_waiting(const struct work *w)
{
	size_t		n = 0;
	uint32_t	i;

	for (i = 0; i <= WORK_LANES; i++)
		n += w->waiting[i];
	return n;
}

size_t
work_workers(const struct work *w)
{
	size_t		n = 0;
	uint32_t	i;

	for (i = 0; i < WORK_WORKERS_MAX; i++)
		n += w->worker[i].peer != NULL;
	return n;
}
