/* See watch.h. */
#include "common/compat.h"

#include <time.h>

#include <event2/event.h>

#include "admind/web/watch.h"
#include "common/clock.h"
#include "common/log.h"

static struct {
	struct event_base	*base;
	struct event		*timer;		/* NULL: nobody wants it */
	struct state_wait	 wait;
	struct history		*history;
	uint32_t		 ready_within;
} watch;

static void
on_state(struct state_wait *w)
{
	(void)w;
	history_take(watch.history, state_now(), clock_ms(),
	    (int64_t)time(NULL));
}

static void
on_minute(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	/* The question of a minute ago is still open: one is enough. */
	if (!watch.wait.waiting)
		state_want(&watch.wait);
}

void
watch_init(struct event_base *base)
{
	watch.base = base;
	watch.wait.ready = on_state;
}

/* Out of memory: the page says that there is no history. */
static void
begin(void)
{
	struct timeval	 tv = { .tv_sec = HISTORY_SECONDS };

	if ((watch.history = history_new()) == NULL)
		return;
	if ((watch.timer = event_new(watch.base, -1, EV_PERSIST, on_minute,
	    NULL)) == NULL || event_add(watch.timer, &tv) == -1) {
		log_warnx("no timer for the admin page's history");
		watch_free();
		return;
	}
	on_minute(-1, 0, NULL);
}

void
watch_conf(bool on, uint32_t ready_within)
{
	watch.ready_within = ready_within;
	if (on && watch.timer == NULL)
		begin();
	else if (!on)
		watch_free();
}

void
watch_free(void)
{
	state_forget(&watch.wait);
	if (watch.timer != NULL)
		event_free(watch.timer);
	watch.timer = NULL;
	history_free(watch.history);
	watch.history = NULL;
}

const struct history *
watch_history(void)
{
	return watch.history;
}

uint32_t
watch_ready_within(void)
{
	return watch.ready_within;
}
