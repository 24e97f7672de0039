/*
 * A node that stops has its clients come back elsewhere.  If they may take some
 * time to go, they do not all come in the same second.
 *
 * As long as there is time, BYE never takes the place of an answer: a client
 * that hears it before the tagged response knows that the command was not
 * begun.
 */
#include "imapd/leave.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"
#include "imapd/client.h"
#include "imapd/command.h"

#define LOOK_MS		50

static struct {
	struct event	  ev;
	void		(*gone)(void);		/* NULL: not yet asked for */
	bool		  now;
	int64_t		  until;		/* with now: ms */
} leave;

static bool
listens(const struct client *c)
{
	return c->taking != NULL && c->taking->spec->flags & CMD_LISTENS;
}

/* It is its turn. */
static void
leave_one(struct client *c)
{
	c->leaving = true;
	if ((TAILQ_EMPTY(&c->commands) && !command_begun(c)) || listens(c))
		client_bye(c, "The server is shutting down");
}

/* Whatever it is about to say. */
static void
leave_one_now(struct client *c)
{
	if (TAILQ_EMPTY(&c->commands) || c->state & CLIENT_OUTSIDE ||
	    listens(c))
		client_bye(c, "The server is shutting down");
}

static void
leave_look(evutil_socket_t fd, short what, void *arg)
{
	struct timeval	 tv = { .tv_usec = LOOK_MS * 1000 };
	struct client	*c;
	int64_t		 now = clock_ms();

	(void)fd;
	(void)what;
	(void)arg;
	if (nclients == 0) {
		leave.gone();
		return;
	}
	TAILQ_FOREACH(c, &clients, entry) {
		if (leave.now && now >= leave.until)
			client_close(c, "server shutting down");
		else if (leave.now)
			leave_one_now(c);
		else if (now >= c->leave_at)
			leave_one(c);
	}
	evtimer_add(&leave.ev, &tv);
}

static void
leave_begin(struct event_base *base, void (*gone)(void))
{
	if (leave.gone == NULL)
		evtimer_assign(&leave.ev, base, leave_look, NULL);
	leave.gone = gone;
	event_active(&leave.ev, EV_TIMEOUT, 0);
}

void
leave_within(struct event_base *base, uint32_t within, void (*gone)(void))
{
	struct client	*c;
	int64_t		 now = clock_ms();
	uint64_t	 i = 0;

	TAILQ_FOREACH(c, &clients, entry)
		c->leave_at = now + (int64_t)(within * i++ / nclients);
	leave.now = false;
	leave_begin(base, gone);
}

void
leave_now(struct event_base *base, void (*gone)(void))
{
	clients_draining = true;
	leave.now = true;
	leave.until = clock_ms() + LEAVE_SECONDS * 1000;
	leave_begin(base, gone);
}
