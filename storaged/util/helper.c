/*
 * Helper threads of storaged (helper.h).  The threads touch nothing but the
 * job that they were given and the pool's two queues; libevent is used by
 * the loop's thread alone, which a pipe wakes.
 */
#include "common/compat.h"

#include <sys/queue.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "storaged/util/helper.h"

enum helper_state { HELPER_QUEUED, HELPER_RUNNING, HELPER_OVER };

struct helper_job {
	TAILQ_ENTRY(helper_job) entry;
	struct helper_pool *pool;
	void	(*work)(void *);
	void	(*done)(void *);
	void	*arg;
	enum helper_state state;
};
TAILQ_HEAD(helper_queue, helper_job);

struct helper {
	pthread_t	 thread;
	pthread_cond_t	 woken;		/* a job was queued, or the end */
	struct helper_pool *pool;
	struct helper	*next;		/* that is idle */
	bool		 idle;
};

struct helper_pool {
	pthread_mutex_t	 lock;
	pthread_cond_t	 over;		/* a job has run */
	struct helper_queue urgent, other, finished;
	struct helper	*v;
	unsigned	 n;
	/* The one that ran last is woken first: its stack and memory are in
	 * the processor's caches. */
	struct helper	*idle;
	bool		 ending;
	int		 wake[2];
	struct event	*event;
};

/* Under the lock: until it is woken by name. */
static void
helper_rest(struct helper *h)
{
	struct helper_pool *p = h->pool;

	h->next = p->idle;
	p->idle = h;
	h->idle = true;
	while (h->idle && !p->ending)
		pthread_cond_wait(&h->woken, &p->lock);
}

static void *
helper_thread(void *arg)
{
	struct helper *h = arg;
	struct helper_pool *p = h->pool;
	struct helper_queue *q;
	struct helper_job *j;
	bool first;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->ending && TAILQ_EMPTY(&p->urgent) &&
		    TAILQ_EMPTY(&p->other))
			helper_rest(h);
		if (p->ending)
			break;
		q = TAILQ_EMPTY(&p->urgent) ? &p->other : &p->urgent;
		j = TAILQ_FIRST(q);
		TAILQ_REMOVE(q, j, entry);
		j->state = HELPER_RUNNING;
		pthread_mutex_unlock(&p->lock);
		j->work(j->arg);
		pthread_mutex_lock(&p->lock);
		j->state = HELPER_OVER;
		first = TAILQ_EMPTY(&p->finished);
		TAILQ_INSERT_TAIL(&p->finished, j, entry);
		pthread_cond_broadcast(&p->over);
		pthread_mutex_unlock(&p->lock);
		/* Without the lock, which the loop wants at once.  A full
		 * pipe wakes it as well. */
		if (first && write(p->wake[1], "", 1) == -1 &&
		    errno != EAGAIN)
			log_warn("helper: wake");
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
helper_wake(int fd, short what, void *arg)
{
	struct helper_pool *p = arg;
	struct helper_job *j;
	char drop[64];

	(void)what;
	while (read(fd, drop, sizeof(drop)) == (ssize_t)sizeof(drop))
		;
	/* One at a time: done() may cancel another that has finished. */
	for (;;) {
		pthread_mutex_lock(&p->lock);
		if ((j = TAILQ_FIRST(&p->finished)) != NULL)
			TAILQ_REMOVE(&p->finished, j, entry);
		pthread_mutex_unlock(&p->lock);
		if (j == NULL)
			return;
		j->done(j->arg);
		free(j);
	}
}

static int
helper_start(struct helper_pool *p, unsigned n)
{
	sigset_t all, old;
	struct helper *h;
	int rc = 0;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);	/* which says what seccomp forbids */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (p->n < n && rc == 0) {
		h = &p->v[p->n];
		h->pool = p;
		pthread_cond_init(&h->woken, NULL);
		rc = pthread_create(&h->thread, NULL, helper_thread, h);
		if (rc == 0)
			p->n++;
		else
			pthread_cond_destroy(&h->woken);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = rc;
	return rc == 0 ? 0 : -1;
}

struct helper_pool *
helper_new(struct event_base *base, unsigned n)
{
	struct helper_pool *p;
	int i, save;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	TAILQ_INIT(&p->urgent);
	TAILQ_INIT(&p->other);
	TAILQ_INIT(&p->finished);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->over, NULL);
	p->wake[0] = p->wake[1] = -1;
	if ((p->v = calloc(n, sizeof(*p->v))) == NULL ||
	    pipe(p->wake) == -1)
		goto fail;
	for (i = 0; i < 2; i++) {
		if (fcntl(p->wake[i], F_SETFL, O_NONBLOCK) == -1 ||
		    fcntl(p->wake[i], F_SETFD, FD_CLOEXEC) == -1)
			goto fail;
	}
	p->event = event_new(base, p->wake[0], EV_READ | EV_PERSIST,
	    helper_wake, p);
	if (p->event == NULL || event_add(p->event, NULL) == -1 ||
	    helper_start(p, n) == -1)
		goto fail;
	return p;
fail:
	save = errno;
	helper_free(p);
	errno = save;
	return NULL;
}

static void
helper_drop(struct helper_queue *q)
{
	struct helper_job *j;

	while ((j = TAILQ_FIRST(q)) != NULL) {
		TAILQ_REMOVE(q, j, entry);
		free(j);
	}
}

void
helper_free(struct helper_pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	for (i = 0; i < p->n; i++)
		pthread_cond_signal(&p->v[i].woken);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n; i++) {
		pthread_join(p->v[i].thread, NULL);
		pthread_cond_destroy(&p->v[i].woken);
	}
	helper_drop(&p->urgent);
	helper_drop(&p->other);
	helper_drop(&p->finished);
	if (p->event != NULL)
		event_free(p->event);
	for (i = 0; i < 2; i++) {
		if (p->wake[i] != -1)
			close(p->wake[i]);
	}
	pthread_cond_destroy(&p->over);
	pthread_mutex_destroy(&p->lock);
	free(p->v);
	free(p);
}

struct helper_job *
helper_run(struct helper_pool *p, bool urgent, void (*work)(void *),
    void (*done)(void *), void *arg)
{
	struct helper_job *j;
	struct helper *h;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		fatal("helper_run");
	j->pool = p;
	j->work = work;
	j->done = done;
	j->arg = arg;
	pthread_mutex_lock(&p->lock);
	TAILQ_INSERT_TAIL(urgent ? &p->urgent : &p->other, j, entry);
	j->state = HELPER_QUEUED;
	if ((h = p->idle) != NULL) {
		p->idle = h->next;
		h->idle = false;
	}
	pthread_mutex_unlock(&p->lock);
	if (h != NULL)
		pthread_cond_signal(&h->woken);
	return j;
}

/* Is it in this queue?  (Which of the two it is in was not kept.) */
static bool
helper_unqueue(struct helper_queue *q, struct helper_job *j)
{
	struct helper_job *i;

	TAILQ_FOREACH(i, q, entry) {
		if (i == j) {
			TAILQ_REMOVE(q, j, entry);
			return true;
		}
	}
	return false;
}

void
helper_cancel(struct helper_job *j)
{
	struct helper_pool *p = j->pool;

	pthread_mutex_lock(&p->lock);
	if (j->state == HELPER_QUEUED) {
		if (!helper_unqueue(&p->urgent, j))
			helper_unqueue(&p->other, j);
	} else {
		while (j->state != HELPER_OVER)
			pthread_cond_wait(&p->over, &p->lock);
		helper_unqueue(&p->finished, j);
	}
	pthread_mutex_unlock(&p->lock);
	free(j);
}
