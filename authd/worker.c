/*
 * The worker's end of the WORK channel.  Must never keep a password after
 * its answer, nor log one.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/backend.h"
#include "authd/cache.h"
#include "authd/lost.h"
#include "authd/worker.h"
#include "common/log.h"
#include "common/peer.h"

struct worker_backend {
	const struct backend_kind	*kind;
	void				*state;
};

/* Without authd for that long a worker is of no use: it ends, and paild
 * starts another with a channel. */
#define WORKER_ALONE	10	/* seconds */

struct worker {
	struct peer		*authd;
	struct event		*alone;
	unsigned long long	 checks;
	uint32_t		 n;
	struct worker_backend	 backend[CACHE_BACKENDS_MAX];
};

static int	 worker_message(struct peer *, struct msg *, void *);
static void	 worker_closed(struct peer *, const char *, void *);
static const struct peer_ops worker_ops = {
	worker_message, worker_closed, NULL
};

static void
worker_close(struct worker_backend *b, uint32_t n)
{
	while (n-- > 0)
		b[n].kind->close(b[n].state);
}

int
worker_reload(struct worker *w, const struct slice *conf, char *why,
    size_t size)
{
	struct worker_backend	 b[CACHE_BACKENDS_MAX];
	const char		*type;
	uint32_t		 n = 0;

	while ((type = slice_at(conf, "auth.%u.type", n)) != NULL) {
		if (n == CACHE_BACKENDS_MAX) {
			snprintf(why, size, "auth: over %d entries",
			    CACHE_BACKENDS_MAX);
			goto fail;
		}
		if ((b[n].kind = backend_find(type)) == NULL) {
			snprintf(why, size, "auth.%u.type: no such type", n);
			goto fail;
		}
		b[n].state = b[n].kind->open(conf, n, why, size);
		if (b[n].state == NULL)
			goto fail;
		n++;
	}
	worker_close(w->backend, w->n);
	memcpy(w->backend, b, n * sizeof(b[0]));
	w->n = n;
	return 0;
 fail:
	worker_close(b, n);
	return -1;
}

struct worker *
worker_new(const struct slice *conf, char *why, size_t size)
{
	struct worker	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		snprintf(why, size, "no memory");
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
	worker_close(w->backend, w->n);
	free(w);
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
		if (check.backend < w->n)
			w->backend[check.backend].kind->check(
			    w->backend[check.backend].state, check.user,
			    check.password, &a);
		else {
			a.code = WORK_UNAVAILABLE;
			strlcpy(a.why, "no such backend", sizeof(a.why));
		}
		if (a.code == WORK_UNAVAILABLE)
			log_warnx("cmd=check result=unavailable why=\"%s\"",
			    a.why);
		w->checks++;
		res.code = (uint8_t)a.code;
		res.user = str_from(a.user);
		res.why = str_from(a.why);
		r = peer_send_struct(p, IMSG_WORK_RESULT, m->id,
		    &work_result_wire, &res, -1);
	}
	arena_free(arena);
	return r;
}

static void
worker_alone(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fatalx("without authd for %d s", WORKER_ALONE);
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
	lost("authd", 0, why);
}

void
worker_authd(struct worker *w, struct event_base *base, int fd)
{
	struct peer	*p;

	p = peer_new(base, fd, MSG_CHANNEL_WORK, MSG_SIDE_B, &worker_ops, w);
	if (p == NULL) {
		log_warn("authd result=no");
		close(fd);
		return;
	}
	if (w->alone == NULL)
		w->alone = evtimer_new(base, worker_alone, w);
	if (w->alone != NULL)
		(void)evtimer_del(w->alone);
	peer_close(w->authd);
	w->authd = p;
}

unsigned long long
worker_checks(const struct worker *w)
{
	return w->checks;
}
