/*
 * The one state of a client, and which may follow which (RFC 3501 section 3,
 * and the life of a connection around it).
 */
#include "imapd/client.h"

#include <inttypes.h>

#include "common/compat.h"
#include "common/log.h"

static const struct {
	enum client_state	 state;
	const char		*name;
	unsigned int		 next;		/* mask */
} states[] = {
	{ CLIENT_NEW,	   "new",
	    CLIENT_STRANGER | CLIENT_KNOWN | CLIENT_OVER },
	{ CLIENT_STRANGER, "stranger",
	    CLIENT_STARTTLS | CLIENT_KNOWN | CLIENT_OVER },
	{ CLIENT_STARTTLS, "starttls", CLIENT_STRANGER | CLIENT_OVER },
	{ CLIENT_KNOWN,	   "known", CLIENT_SELECTED | CLIENT_OVER },
	{ CLIENT_SELECTED, "selected", CLIENT_KNOWN | CLIENT_OVER },
	{ CLIENT_LOGOUT,   "logout", CLIENT_CLOSED },
	{ CLIENT_CLOSED,   "closed", 0 },
};

static size_t
state_find(enum client_state state)
{
	size_t	 i;

	for (i = 0; i < nitems(states); i++)
		if (states[i].state == state)
			return i;
	fatalx("no such state: %u", state);
}

const char *
client_state_name(enum client_state state)
{
	return states[state_find(state)].name;
}

bool
client_may_enter(enum client_state from, enum client_state to)
{
	return states[state_find(from)].next & to;
}

bool
client_over(const struct client *c)
{
	return c->state & CLIENT_OVER;
}

bool
client_closed(const struct client *c)
{
	return c->state == CLIENT_CLOSED;
}

void
client_enter(struct client *c, enum client_state state)
{
	enum client_state	 from = c->state;

	if (!client_may_enter(from, state)) {
		log_warnx("session=%016" PRIx64 " state=%s next=%s "
		    "why=\"illegal state transition\"", c->session,
		    client_state_name(from), client_state_name(state));
		if (client_closed(c))
			return;
		state = CLIENT_CLOSED;
	}
	log_debug("session=%016" PRIx64 " state=%s", c->session,
	    client_state_name(state));
	c->state = state;
	if (from & CLIENT_OUTSIDE && !(state & CLIENT_OUTSIDE)) {
		nstrangers--;
		strangers_remove(&c->stranger);
		if (state == CLIENT_KNOWN)
			(void)client_join(c);
	}
	if (state == CLIENT_LOGOUT ||
	    (state == CLIENT_KNOWN && from & CLIENT_OUTSIDE))
		client_heard(c);
	if (client_over(c))
		client_wake(c);
}
