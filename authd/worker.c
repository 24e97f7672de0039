/*
 * The worker's end of the WORK channel.  Must never keep a password after
 * its answer, nor log one.
 */
#include "common/compat.h"

#include <sys/time.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/backend.h"
#include "authd/cache.h"
#include "authd/lost.h"
#include "authd/worker.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/peer.h"

/* Without authd for that long a worker is of no use: it ends, and paild
 * starts another with a channel. */
#define WORKER_ALONE	10	/* seconds */
#define WORKER_WATCH	2000	/* ms between two looks for who is gone */
#define WORKER_GONE	100	/* told at once; the next after 20 ms */
#define WORKER_QUEUED	(256 * 1024)	/* bytes that authd has not taken */

struct worker {
	struct peer		*authd;
	struct event		*alone;
	struct event		*watch;
	unsigned long long	 checks;
	uint32_t		 timeout_ms;	/* of a check */
	struct backend		*backend[CACHE_BACKENDS_MAX];	/* ours */
};

static int	 worker_message(struct peer *, struct msg *, void *);
static void	 worker_closed(struct peer *, const char *, void *);
static const struct peer_ops worker_ops = {
	worker_message, worker_closed, NULL
};

static void
worker_close(struct backend *b[CACHE_BACKENDS_MAX])
{
	uint32_t	i;

	for (i = 0; i < CACHE_BACKENDS_MAX; i++)
		backend_close(b[i]);
}

/* A worker is its pool's, and has only that pool's entries. */
int
worker_reload(struct worker *w, const struct slice *conf, char *why,
    size_t size)
{
	struct auth_pools	 pools;
	struct backend		*b[CACHE_BACKENDS_MAX] = { NULL };
	size_t			 mine;
	uint32_t		 i;

	auth_pools_read(&pools, conf);
	mine = auth_pool_of_worker(&pools, (uint32_t)slice_num(conf,
	    "index"));
	if (mine == AUTH_POOLS_MAX) {
		snprintf(why, size, "a worker of no pool");
		return -1;
	}
	for (i = 0; slice_at(conf, "auth.%u.type", i) != NULL; i++) {
		if (i == CACHE_BACKENDS_MAX) {
			snprintf(why, size, "auth: more than %d entries",
			    CACHE_BACKENDS_MAX);
			goto fail;
		}
		if (backend_find(slice_at(conf, "auth.%u.type", i)) == NULL) {
			snprintf(why, size, "auth.%u.type: unknown type", i);
			goto fail;
		}
		if (auth_pool_of_entry(&pools, conf, i) == mine && (b[i] =
		    backend_open(conf, i, why, size)) == NULL)
			goto fail;
	}
	worker_close(w->backend);
	memcpy(w->backend, b, sizeof(b));
	w->timeout_ms = pools.pool[mine].timeout_ms;
	return 0;
 fail:
	worker_close(b);
	return -1;
}

struct worker *
worker_new(const struct slice *conf, char *why, size_t size)
{
	struct worker	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	if (worker_reload(w, conf, why, size) == -1) {
		free(w);
		return NULL;
	}
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	peer_close(w->authd);
	if (w->alone != NULL)
		event_free(w->alone);
	if (w->watch != NULL)
		event_free(w->watch);
	worker_close(w->backend);
	free(w);
}

/* A backend that hangs in a call takes its process with it: SIGALRM ends us,
 * wherever we are, and paild starts another.  0: not any more. */
static void
worker_alarm(uint32_t ms)
{
	struct itimerval	t = { .it_value = { ms / 1000,
				    ms % 1000 * 1000 } };

	if (setitimer(ITIMER_REAL, &t, NULL) == -1)
		fatal("setitimer");
}

static int
worker_message(struct peer *p, struct msg *m, void *arg)
{
	struct worker		*w = arg;
	struct work_check	 check;
	struct work_result	 res;
	struct backend_answer	 a;
	struct arena		*arena;
	int			 r = -1;

	if (m->type != IMSG_WORK_CHECK || (arena = arena_new(4096)) == NULL)
		return -1;
	if (wire_decode(&work_check_wire, &check, m->data, m->len,
	    arena) == 0) {
		memset(&a, 0, sizeof(a));
		daemon_doing("checking a password");
		if (check.backend < CACHE_BACKENDS_MAX &&
		    w->backend[check.backend] != NULL) {
			worker_alarm(w->timeout_ms);
			backend_check(w->backend[check.backend],
			    (enum work_how)check.how, check.user,
			    check.password, check.remote, &a);
			worker_alarm(0);
		} else {
			a.code = WORK_UNAVAILABLE;
			strlcpy(a.why, "not a backend of this worker",
			    sizeof(a.why));
		}
		if (a.code == WORK_UNAVAILABLE)
			log_warnx("cmd=check result=unavailable why=\"%s\"",
			    a.why);
		w->checks++;
		res.code = (uint8_t)a.code;
		res.user = str_from(a.user);
		res.why = str_from(a.why);
		res.data = (struct str){ (const char *)a.data, a.len };
		r = peer_send_struct(p, IMSG_WORK_RESULT, m->id, &res, -1);
		daemon_doing("serving");
	}
	arena_free(arena);
	return r;
}

static void
worker_watch_in(struct worker *w, int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	if (w->watch != NULL)
		(void)evtimer_add(w->watch, &tv);
}

/* An edit of a users' file by hand ends sessions, too. */
static void
worker_watch(evutil_socket_t fd, short what, void *arg)
{
	struct worker		*w = arg;
	struct work_revoke	 r;
	const char		*user;
	uint32_t		 i, told = 0;

	(void)fd;
	(void)what;
	for (i = 0; i < CACHE_BACKENDS_MAX; i++) {
		if (w->backend[i] == NULL)
			continue;
		while (w->authd != NULL && told < WORKER_GONE &&
		    peer_queued(w->authd) < WORKER_QUEUED &&
		    (user = backend_gone(w->backend[i], &r.changed)) !=
		    NULL) {
			told++;
			r.user = str_from(user);
			(void)peer_send_struct(w->authd, IMSG_WORK_REVOKE, 0,
			    &r, -1);
		}
	}
	/* Without authd there is nobody to tell: what was seen stays. */
	if (w->authd != NULL)
		worker_watch_in(w, told > 0 ? 20 : WORKER_WATCH);
}

static void
worker_alone(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fatalx("no connection to authd for %d s", WORKER_ALONE);
}

static void
worker_closed(struct peer *p, const char *why, void *arg)
{
	struct timeval	 tv = { WORKER_ALONE, 0 };
	struct worker	*w = arg;

	if (w->authd != p)
		return;
	w->authd = NULL;	/* paild brings the next one's channel */
	if (w->alone != NULL)
		(void)evtimer_add(w->alone, &tv);
	lost(PROC_AUTHD, 0, why);
}

void
worker_authd(struct worker *w, struct event_base *base, int fd)
{
	struct peer	*p;

	p = peer_new(base, fd, MSG_CHANNEL_WORK, MSG_SIDE_B, &worker_ops, w);
	if (p == NULL) {
		close(fd);
		lost(PROC_AUTHD, 0, "out of memory");
		return;
	}
	if (w->alone == NULL)
		w->alone = evtimer_new(base, worker_alone, w);
	if (w->alone != NULL)
		(void)evtimer_del(w->alone);
	peer_close(w->authd);
	w->authd = p;
	if (w->watch == NULL)
		w->watch = evtimer_new(base, worker_watch, w);
	worker_watch_in(w, 0);
}

unsigned long long
worker_checks(const struct worker *w)
{
	return w->checks;
}
