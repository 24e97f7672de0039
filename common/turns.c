/*
 * Who may hold the loop.  Must never starve: who is in line has a turn
 * whenever all others in line had theirs.
 */
#include "common/turns.h"

#include "common/clock.h"

static void
timer_set(struct turns *ts)
{
	struct timeval	 tv = { 0, 0 };

	evtimer_add(&ts->timer, &tv);
}

static bool
is_over(const struct turns *ts, uint64_t began)
{
	return ts->over != NULL ? ts->over(began) :
	    clock_us() - began >= ts->share;
}

/* At most one share, then the loop looks at what else there is. */
static void
turns_run(evutil_socket_t fd, short what, void *arg)
{
	struct turns		*ts = arg;
	struct turns_user	*u;
	struct turns_entry		*t;
	uint64_t		 began = clock_us();

	(void)fd;
	(void)what;
	while ((u = TAILQ_FIRST(&ts->line)) != NULL) {
		t = TAILQ_FIRST(&u->waiting);
		turns_leave(ts, t);
		/* behind all others, should it have more to do */
		if (!TAILQ_EMPTY(&u->waiting)) {
			TAILQ_REMOVE(&ts->line, u, entry);
			TAILQ_INSERT_TAIL(&ts->line, u, entry);
		}
		ts->called = true;
		ts->run(t);
		ts->called = false;
		if (is_over(ts, began))
			break;
	}
	if (!TAILQ_EMPTY(&ts->line))
		timer_set(ts);
}

void
turns_init(struct turns *ts, struct event_base *base, uint64_t share,
    void (*run)(struct turns_entry *t), bool (*over)(uint64_t began))
{
	TAILQ_INIT(&ts->line);
	ts->base = base;
	ts->share = share;
	ts->run = run;
	ts->over = over;
	ts->called = false;
	evtimer_assign(&ts->timer, base, turns_run, ts);
}

void
turns_user_init(struct turns_user *u)
{
	TAILQ_INIT(&u->waiting);
}

void
turns_line_up(struct turns *ts, struct turns_entry *t)
{
	struct turns_user	*u = t->user;

	if (t->in_line)
		return;
	t->in_line = true;
	if (TAILQ_EMPTY(&u->waiting))
		TAILQ_INSERT_TAIL(&ts->line, u, entry);
	TAILQ_INSERT_TAIL(&u->waiting, t, entry);
	if (!evtimer_pending(&ts->timer, NULL))
		timer_set(ts);
}

void
turns_leave(struct turns *ts, struct turns_entry *t)
{
	struct turns_user	*u = t->user;

	if (!t->in_line)
		return;
	t->in_line = false;
	TAILQ_REMOVE(&u->waiting, t, entry);
	if (TAILQ_EMPTY(&u->waiting))
		TAILQ_REMOVE(&ts->line, u, entry);
	/* never to outlive its loop */
	if (TAILQ_EMPTY(&ts->line))
		event_del(&ts->timer);
}

static void
user_earn(struct turns_user *u)
{
	uint64_t	 t = clock_us(), earned = (t - u->at) / TURNS_REFILL;

	if (earned == 0)
		return;
	u->at = t;
	u->used = u->used > earned ? u->used - earned : 0;
}

uint64_t
turns_begin(struct turns *ts, struct turns_entry *t)
{
	struct turns_user	*u = t->user;

	if (ts->called)
		return ts->share;
	if (t->in_line)
		return 0;
	user_earn(u);
	if (u->used >= ts->share || !TAILQ_EMPTY(&u->waiting)) {
		turns_line_up(ts, t);
		return 0;
	}
	return ts->share - u->used;
}

void
turns_used(struct turns_user *u, uint64_t us)
{
	u->used += us;
}
