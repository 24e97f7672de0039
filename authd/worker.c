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
#include "authd/worker.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/lost.h"
#include "common/peer.h"
#include "common/sandbox.h"

/* Without authd for that long a worker is of no use: it ends, and paild
 * starts another with a channel. */
#define WORKER_ALONE	10	/* seconds */
#define WORKER_WATCH	2000	/* ms between two looks for who is gone */
#define WORKER_GONE	100	/* told at once; the next after 20 ms */
#define WORKER_QUEUED	(256 * 1024)	/* bytes that authd has not taken */

/* A check that waits for paild to read a secret again. */
struct worker_kept {
	uint32_t		 want;		/* the question; 0: none */
	uint32_t		 id;
	struct work_check	 check;		/* its bytes are ours */
	char			 why[128];
	bool			 anew;		/* the backends are others */
};

struct worker {
	struct peer		*authd;
	struct event		*alone;
	struct event		*watch;
	unsigned long long	 checks;
	uint32_t		 timeout_ms;	/* of a check */
	struct backend		*backend[CACHE_BACKENDS_MAX];	/* ours */
	struct worker_kept	 kept;
	uint32_t		 last_want;
	struct sandbox		 reach;		/* when it was entered */
	bool			 inside;
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

static void
worker_forget(struct worker *w)
{
	struct work_check	*k = &w->kept.check;

	free((void *)(uintptr_t)k->remote.p);
	freezero((void *)(uintptr_t)k->user.p, k->user.len);
	freezero((void *)(uintptr_t)k->password.p, k->password.len);
	memset(&w->kept, 0, sizeof(w->kept));
}

static void
worker_kind(const char *type, const struct slice *conf, uint32_t i,
    struct sandbox *box)
{
	const struct backend_kind	*kind = backend_find(type);

	if (kind != NULL && kind->reach != NULL)
		kind->reach(conf, i, box);
}

static void
worker_reaches(const struct slice *conf, struct sandbox *box)
{
	struct auth_pools	 pools;
	struct auth_entries	 e;
	size_t			 mine;
	uint32_t		 i;

	auth_pools_read(&pools, conf);
	mine = auth_pool_of_worker(&pools, (uint32_t)slice_num(conf,
	    "index"));
	if (auth_entries_read(&e, conf) == -1)
		return;
	for (i = 0; i < e.n; i++) {
		if (auth_pool_of_entry(&pools, &e, i) == mine)
			worker_kind(e.entry[i].type, conf, i, box);
		if (auth_pool_of_lookup(&pools, &e, i) == mine)
			worker_kind(e.entry[i].lookup, conf, i, box);
	}
	if (mine != AUTH_POOLS_MAX &&
	    strcmp(pools.pool[mine].type, backend_app.type) == 0)
		backend_app.reach(conf, BACKEND_APP, box);
}

void
worker_reach(struct worker *w, const struct slice *conf, struct sandbox *box)
{
	worker_reaches(conf, box);
	w->reach = *box;
	w->inside = true;
}

/* A port that was not named when the sandbox was entered stays closed. */
static int
worker_reachable(const struct worker *w, const struct slice *conf, char *why,
    size_t size)
{
	struct sandbox	box;
	size_t		i, k;

	memset(&box, 0, sizeof(box));
	if (w->inside && !w->reach.any_port)
		worker_reaches(conf, &box);
	for (i = 0; i < box.nports; i++) {
		for (k = 0; k < w->reach.nports; k++)
			if (w->reach.ports[k] == box.ports[i])
				break;
		if (k == w->reach.nports) {
			snprintf(why, size, "auth: port %u requires a restart",
			    box.ports[i]);
			return -1;
		}
	}
	return 0;
}

/* A worker is its pool's, and has only that pool's entries; as authd_conf does,
 * it counts what it only looks up from AUTH_ENTRIES_MAX on. */
int
worker_reload(struct worker *w, const struct slice *conf, char *why,
    size_t size)
{
	struct auth_pools	 pools;
	struct auth_entries	 e;
	struct backend		*b[CACHE_BACKENDS_MAX] = { NULL };
	size_t			 mine;
	uint32_t		 i, to;

	if (worker_reachable(w, conf, why, size) == -1)
		return -1;
	auth_pools_read(&pools, conf);
	mine = auth_pool_of_worker(&pools, (uint32_t)slice_num(conf,
	    "index"));
	if (mine == AUTH_POOLS_MAX) {
		snprintf(why, size, "a worker of no pool");
		return -1;
	}
	if (auth_entries_read(&e, conf) == -1) {
		snprintf(why, size, "auth: more than %d entries",
		    AUTH_ENTRIES_MAX);
		return -1;
	}
	for (i = 0; i < e.n; i++) {
		if (backend_find(e.entry[i].type) == NULL) {
			snprintf(why, size, "auth.%u.type: unknown type", i);
			goto fail;
		}
		to = AUTH_ENTRIES_MAX + i;
		if ((auth_pool_of_entry(&pools, &e, i) == mine && (b[i] =
		    backend_open(conf, i, why, size)) == NULL) ||
		    (auth_pool_of_lookup(&pools, &e, i) == mine && (b[to] =
		    backend_open_lookup(conf, i, why, size)) == NULL))
			goto fail;
	}
	if (strcmp(pools.pool[mine].type, backend_app.type) == 0 &&
	    (b[BACKEND_APP] = backend_open_app(conf, why, size)) == NULL)
		goto fail;
	worker_close(w->backend);
	w->kept.anew = true;
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
	worker_forget(w);
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

static void
worker_check(struct worker *w, const struct work_check *check,
    struct backend_answer *a)
{
	struct backend	*b = check->backend < CACHE_BACKENDS_MAX ?
			    w->backend[check->backend] : NULL;

	memset(a, 0, sizeof(*a));
	daemon_doing("checking a password");
	if (b != NULL) {
		worker_alarm(w->timeout_ms);
		backend_check(b, (enum work_how)check->how, check->user,
		    check->password, check->remote, a);
		worker_alarm(0);
	} else {
		a->code = WORK_UNAVAILABLE;
		strlcpy(a->why, "not a backend of this worker",
		    sizeof(a->why));
	}
	daemon_doing("serving");
}

static int
worker_answer(struct worker *w, uint32_t id, const struct backend_answer *a)
{
	struct work_result	 res;

	if (a->code == WORK_UNAVAILABLE)
		log_warnx("cmd=check result=unavailable why=\"%s\"", a->why);
	w->checks++;
	res.code = (uint8_t)a->code;
	res.user = str_from(a->user);
	res.why = str_from(a->why);
	res.data = (struct str){ (const char *)a->data, a->len };
	res.quota = a->quota;
	return peer_send_struct(w->authd, IMSG_WORK_RESULT, id, &res, -1);
}

static int
worker_copy(struct str *dst, struct str src)
{
	char	*p = malloc(src.len + 1);

	if (p == NULL)
		return -1;
	memcpy(p, src.p, src.len);
	*dst = (struct str){ p, src.len };
	return 0;
}

/* The check could not be made because our own password was refused: it may be
 * another by now, which only paild can read.  True: it waits for that. */
static bool
worker_keep(struct worker *w, uint32_t id, const struct work_check *check,
    const struct backend_answer *a)
{
	const char	*key;
	char		 what[64];

	if (a->code != WORK_UNAVAILABLE || check->backend >=
	    CACHE_BACKENDS_MAX || w->backend[check->backend] == NULL ||
	    (key = backend_wants(w->backend[check->backend])) == NULL)
		return false;
	worker_forget(w);
	w->kept.check.how = check->how;
	w->kept.check.backend = check->backend;
	if (worker_copy(&w->kept.check.user, check->user) == -1 ||
	    worker_copy(&w->kept.check.remote, check->remote) == -1 ||
	    worker_copy(&w->kept.check.password, check->password) == -1) {
		worker_forget(w);
		return false;
	}
	strlcpy(w->kept.why, a->why, sizeof(w->kept.why));
	w->kept.id = id;
	if (++w->last_want == 0)
		w->last_want = 1;
	w->kept.want = w->last_want;
	snprintf(what, sizeof(what), "key:auth.%" PRIu32 ".%s",
	    check->backend % AUTH_ENTRIES_MAX, key);
	daemon_want(w->kept.want, what);
	return true;
}

void
worker_given(struct worker *w, uint32_t id, const struct setup_give *g)
{
	struct backend_answer	 a;
	struct worker_kept	*k = &w->kept;

	if (id == 0 || id != k->want)
		return;
	memset(&a, 0, sizeof(a));
	a.code = WORK_UNAVAILABLE;
	strlcpy(a.why, k->why, sizeof(a.why));
	if (k->anew || (g->outcome == SETUP_GIVE_FOUND &&
	    w->backend[k->check.backend] != NULL &&
	    backend_given(w->backend[k->check.backend], g->data)))
		worker_check(w, &k->check, &a);
	if (w->authd != NULL)
		(void)worker_answer(w, k->id, &a);
	explicit_bzero(&a, sizeof(a));
	worker_forget(w);
}

static int
worker_message(struct peer *p, struct msg *m, void *arg)
{
	struct worker		*w = arg;
	struct work_check	 check;
	struct backend_answer	 a;
	struct log_context	 of = { .session = 0 };
	struct arena		*arena;
	int			 r = -1;

	if (m->type != IMSG_WORK_CHECK || p != w->authd ||
	    (arena = arena_new(4096)) == NULL)
		return -1;
	if (wire_decode(&work_check_wire, &check, m->data, m->len,
	    arena) == 0) {
		of.session = check.session;
		log_context_swap(&of, NULL);
		worker_check(w, &check, &a);
		r = worker_keep(w, m->id, &check, &a) ? 0 :
		    worker_answer(w, m->id, &a);
		explicit_bzero(&a, sizeof(a));
		log_context_swap(NULL, NULL);
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
		backend_tick(w->backend[i]);
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
	worker_forget(w);
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
	worker_forget(w);
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
