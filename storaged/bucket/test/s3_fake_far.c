/* See s3_fake_far.h. */
#include "common/compat.h"

#include <sys/queue.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>

#include "common/log.h"
#include "storaged/bucket/test/s3_fake_far.h"

struct held {
	TAILQ_ENTRY(held) entry;
	struct fake_far	*far;
	struct evhttp_request *r;
};

struct fake_far {
	TAILQ_HEAD(held_list, held) held;
	struct event	*quiet;
	struct timeval	 tv;
	unsigned	 waits;
	const char	*late;		/* NULL: none */
	unsigned	 late_at, late_until;
	void		(*serve)(struct evhttp_request *r, void *arg);
	void		*arg;
};

static void
held_free(struct held *h)
{
	evhttp_connection_set_closecb(evhttp_request_get_connection(h->r),
	    NULL, NULL);
	TAILQ_REMOVE(&h->far->held, h, entry);
	free(h);
}

/* The client has gone before its answer; so has the request. */
static void
held_gone(struct evhttp_connection *c, void *arg)
{
	(void)c;
	held_free(arg);
}

/* The one that is not answered yet; NULL: none. */
static struct held *
held_late(const struct fake_far *far)
{
	struct held *h;

	if (far->late == NULL || far->waits < far->late_at ||
	    far->waits >= far->late_until)
		return NULL;
	TAILQ_FOREACH_REVERSE(h, &far->held, held_list, entry)
		if (evhttp_request_get_command(h->r) == EVHTTP_REQ_PUT &&
		    strstr(evhttp_request_get_uri(h->r), far->late) != NULL)
			return h;
	return NULL;
}

static void
answer_all(evutil_socket_t fd, short what, void *arg)
{
	struct fake_far *far = arg;
	struct evhttp_request *r;
	struct held *h, *late;

	(void)fd;
	(void)what;
	far->waits++;
	if ((late = held_late(far)) != NULL)
		TAILQ_REMOVE(&far->held, late, entry);
	while ((h = TAILQ_FIRST(&far->held)) != NULL) {
		r = h->r;
		held_free(h);
		far->serve(r, far->arg);
	}
	if (late == NULL)
		return;
	TAILQ_INSERT_TAIL(&far->held, late, entry);
	evtimer_add(far->quiet, &far->tv);
}

void
fake_far_hold(struct fake_far *far, struct evhttp_request *r)
{
	struct held *h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		fatal("fake");
	h->far = far;
	h->r = r;
	TAILQ_INSERT_TAIL(&far->held, h, entry);
	evhttp_connection_set_closecb(evhttp_request_get_connection(r),
	    held_gone, h);
	evtimer_add(far->quiet, &far->tv);
}

struct fake_far *
fake_far_new(struct event_base *base, unsigned ms,
    void (*serve)(struct evhttp_request *r, void *arg), void *arg)
{
	struct fake_far *far;

	if ((far = calloc(1, sizeof(*far))) == NULL ||
	    (far->quiet = evtimer_new(base, answer_all, far)) == NULL)
		fatal("fake");
	TAILQ_INIT(&far->held);
	far->tv = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	far->serve = serve;
	far->arg = arg;
	return far;
}

void
fake_far_free(struct fake_far *far)
{
	struct held *h;

	if (far == NULL)
		return;
	while ((h = TAILQ_FIRST(&far->held)) != NULL)
		held_free(h);
	event_free(far->quiet);
	free(far);
}

void
fake_far_late(struct fake_far *far, const char *text, unsigned at,
    unsigned until)
{
	far->late = text;
	far->late_at = at;
	far->late_until = until;
}

unsigned
fake_far_waits(const struct fake_far *far)
{
	return far->waits;
}
