/*
 * Attempts, between the gate and the checks.  Must never start one that the
 * gate has not given out, nor let one that was checked go uncounted.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stddef.h>

#include <event2/event.h>

#include "authd/attempt.h"
#include "common/clock.h"
#include "common/log.h"

_Static_assert(AUTH_POOLS_MAX <= GATE_POOLS, "the gate knows all pools");

static void	 attempt_timer(evutil_socket_t, short, void *);

static void
attempt_free(struct attempt *at)
{
	struct authd	*a = at->authd;

	if (at->due != 0)
		a->held--;
	check_cancel(&at->wait);
	gate_leave(a->gate, &at->gate);
	TAILQ_REMOVE(&a->attempts, at, entry);
	event_free(at->timer);
	freezero(at, sizeof(*at));
	attempts_turn(a);
}

void
attempts_turn(struct authd *a)
{
	if (a->turn != NULL)
		event_active(a->turn, EV_TIMEOUT, 0);
}

static void
attempts_idle(void *arg)
{
	attempts_turn(arg);
}

static int
arm(struct event *ev, int64_t ms)
{
	struct timeval	tv;

	if (ms < 0)
		ms = 0;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	return evtimer_add(ev, &tv);
}

/* The answer to a wrong password, in its time. */
static void
attempt_tell(struct attempt *at)
{
	const struct attempt_ops *ops = at->ops;
	void		*login = at->login;
	enum check_code	 code = at->code;
	char		 why[sizeof(at->why)];

	strlcpy(why, at->why, sizeof(why));
	attempt_free(at);
	if (login != NULL)
		ops->wrong(login, code, why);
}

static void
attempt_timer(evutil_socket_t fd, short what, void *arg)
{
	struct attempt	*at = arg;
	int64_t		 left = at->due - (int64_t)clock_ms();

	(void)fd;
	(void)what;
	if (at->gate.state == GATE_WAITING) {
		check_skip(&at->wait);
		return;
	}
	/* libevent's clock lags by some ms, and each answer's time is the
	 * same */
	if (left <= 0 || arm(at->timer, left) == -1)
		attempt_tell(at);
}

static void
attempt_wrong(struct attempt *at, int64_t now)
{
	struct authd	*a = at->authd;

	at->due = gate_failed(a->gate, &at->gate, now);
	gate_label(&at->gate, at->name);
	a->held++;
	if (at->due - at->gate.started > a->conf.answer_ms) {
		a->counts.late++;
		log_debug("login late=%" PRId64 " why=\"verifying a wrong "
		    "password took longer than failure-delay\"",
		    now - at->gate.started);
	}
	attempts_turn(a);
	if (at->login == NULL && at->gate.rider)
		attempt_free(at);	/* it holds nothing */
	else if (a->draining || arm(at->timer, at->due - now) == -1)
		attempt_tell(at);
	else if (at->login != NULL)
		at->ops->held(at->login);
}

static struct attempt *
attempt_of(struct check_wait *w)
{
	return (struct attempt *)(void *)((char *)w -
	    offsetof(struct attempt, wait));
}

static void
attempt_checked(struct check_wait *w, const struct check_answer *answer)
{
	struct attempt	*at = attempt_of(w);
	struct authd	*a = at->authd;
	const struct attempt_ops *ops = at->ops;
	void		*login = at->login;
	int64_t		 now = clock_ms();
	char		 why[sizeof(at->why)];
	size_t		 n;

	n = answer->why.len < sizeof(at->why) - 1 ? answer->why.len :
	    sizeof(at->why) - 1;
	if (n > 0)
		memcpy(at->why, answer->why.p, n);
	at->why[n] = '\0';
	switch (answer->code) {
	case CHECK_YES:
		gate_passed(a->gate, &at->gate, at->name, now);
		attempt_free(at);
		if (login != NULL)
			ops->right(login, answer);
		return;
	/* Who may not log in comes again and again as who errs does. */
	case CHECK_NO:
	case CHECK_EXPIRED:
	case CHECK_LOCKED:
		at->code = answer->code;
		attempt_wrong(at, now);
		return;
	case CHECK_UNAVAILABLE:
		if (answer->denied) {
			gate_unsure(a->gate, &at->gate, now);
			gate_label(&at->gate, at->name);
		}
		strlcpy(why, at->why, sizeof(why));
		attempt_free(at);
		if (login != NULL)
			ops->unavailable(login, why);
		return;
	}
}

/* Another backend is next: its workers have a queue of their own. */
static void
attempt_move(struct check_wait *w, size_t pool)
{
	struct attempt	*at = attempt_of(w);

	gate_move(at->authd->gate, &at->gate, (unsigned int)pool);
	(void)arm(at->timer, WORK_WAIT_MS);
	attempts_turn(at->authd);
}

static void
attempt_start(struct attempt *at)
{
	struct work_ask	 ask = { at->how, at->name, STR(""), at->remote };
	struct authd	*a = at->authd;
	struct log_context old;

	log_context_swap(&at->context, &old);
	if (at->gate.moved) {
		evtimer_del(at->timer);
		check_resume(&at->wait);
		log_context_swap(&old, NULL);
		return;
	}
	at->wait.done = attempt_checked;
	at->wait.move = attempt_move;
	at->ops->started(at->login);
	ask.password = at->ops->password(at->login);
	check_begin(a->checks, &at->wait, at->scope, at->gate.rider ?
	    AUTH_POOLS_MAX : at->gate.pool, &ask, at->mac);
	log_context_swap(&old, NULL);
}

/* Gives out what may start. */
static void
attempts_run(evutil_socket_t fd, short what, void *arg)
{
	struct authd		*a = arg;
	struct work_counts	 c;
	struct gate_try		*t;
	int64_t			 now = clock_ms(), when, soon = INT64_MAX;
	unsigned int		 pool;

	(void)fd;
	(void)what;
	for (pool = 0; pool < a->conf.pools.n; pool++) {
		for (;;) {
			work_count(a->work, pool, &c);
			/* Who waits for what is away is told, or goes on. */
			if (work_pool_away(a->work, pool))
				c.idle = c.workers = 1;
			t = gate_next(a->gate, pool, c.workers, c.idle, now,
			    &when);
			if (t == NULL)
				break;
			attempt_start((struct attempt *)(void *)((char *)t -
			    offsetof(struct attempt, gate)));
		}
		if (when < soon)
			soon = when;
	}
	if (soon != INT64_MAX)
		(void)arm(a->turn, soon - now);
}

int
attempts_init(struct authd *a)
{
	TAILQ_INIT(&a->attempts);
	work_on_idle(a->work, attempts_idle, a);
	a->turn = evtimer_new(a->base, attempts_run, a);
	return a->turn == NULL ? -1 : 0;
}

void
attempts_free(struct authd *a)
{
	struct attempt	*at;

	if (a->turn == NULL)
		return;
	event_free(a->turn);
	a->turn = NULL;
	while ((at = TAILQ_FIRST(&a->attempts)) != NULL)
		attempt_free(at);
}

void
attempts_drain(struct authd *a)
{
	struct attempt	*at, *next;

	TAILQ_FOREACH_SAFE(at, &a->attempts, entry, next)
		if (at->due != 0)
			attempt_tell(at);
}

struct attempt *
attempt_new(struct authd *a, uint32_t scope, enum work_how how,
    const char *name, const char *remote, const struct addr_key *from,
    const struct attempt_ops *ops, void *login, int64_t *pause)
{
	struct attempt	*at;

	if ((at = calloc(1, sizeof(*at))) == NULL)
		return NULL;
	at->authd = a;
	at->scope = scope;
	at->how = how;
	log_context_get(&at->context);
	at->ops = ops;
	strlcpy(at->name, name, sizeof(at->name));
	strlcpy(at->remote, remote, sizeof(at->remote));
	cache_mac(at->mac, at->name, ops->password(login));
	/* A password that is written like a proof is another attempt. */
	at->mac[0] ^= (uint8_t)how;
	if ((at->timer = evtimer_new(a->base, attempt_timer, at)) == NULL ||
	    gate_enter(a->gate, &at->gate, at->scope,
	    (unsigned int)checks_first_pool(a->checks, how), at->name, from,
	    at->mac, clock_ms(), pause) == -1) {
		if (at->timer != NULL)
			event_free(at->timer);
		free(at);
		return NULL;
	}
	at->login = login;
	TAILQ_INSERT_TAIL(&a->attempts, at, entry);
	attempts_turn(a);
	return at;
}

/* Nobody waits for what waits: who goes away while a backend hangs must not
 * leave more and more behind, nor guess for nothing. */
static void
attempt_abandon(struct attempt *at)
{
	if (at->login != NULL || at->gate.state != GATE_WAITING ||
	    !check_alone(&at->wait))
		return;
	if (check_denied(&at->wait))
		gate_unsure(at->authd->gate, &at->gate, clock_ms());
	attempt_free(at);
}

void
attempt_leave(struct attempt *at)
{
	struct check_wait	*leader;

	if (at == NULL)
		return;
	at->login = NULL;
	/* What has begun goes on, and counts; a rider only followed. */
	if (at->gate.rider) {
		leader = check_leader(&at->wait);
		attempt_free(at);
		if (leader != NULL)
			attempt_abandon(attempt_of(leader));
	} else if (at->gate.state == GATE_WAITING)
		attempt_abandon(at);
}

bool
attempt_waits(const struct attempt *at)
{
	return at != NULL && at->gate.moved && at->gate.state == GATE_WAITING;
}

bool
attempt_rides(const struct attempt *at)
{
	return at != NULL && at->gate.rider;
}
