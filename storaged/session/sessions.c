/* What becomes of a user, told to all of its sessions. */
#include "common/compat.h"

#include "storaged/session/events.h"
#include "storaged/session/op.h"
#include "storaged/session/past.h"
#include "storaged/session/sessions.h"

static void
sessions_end(struct user *u, enum mbox_code code, const char *text)
{
	struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		session_end(s, code, text);
}

/* The index begins anew: what they were told of it is void. */
static void
sessions_reset(struct user *u)
{
	struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->ready && !s->opens)
			session_end(s, MBOX_UNAVAILABLE,
			    "The index is being rebuilt, log in again");
}

static void
sessions_push(struct user *u)
{
	struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->peer != NULL && !s->dead)
			peer_push(s->peer);
}

static void
sessions_waiting(struct work *w)
{
	struct op	*op = w->owner;

	(void)session_send(op->s, IMSG_EV_WAITING, op->id, NULL);
}

static bool
sessions_busy(const struct user *u)
{
	const struct session	*s;

	TAILQ_FOREACH(s, &u->sessions, entry)
		if (s->more || s->waits)
			return true;
	return false;
}

void
sessions_init(struct env *env)
{
	static const struct user_ops	 ops = {
		.end = sessions_end,
		.reset = sessions_reset,
		.changed = events_send,
		.answered = sessions_push,
		.waiting = sessions_waiting,
		.busy = sessions_busy,
		.views = past_views,
		.trim = past_trim,
	};

	user_init(env, &ops);
}
