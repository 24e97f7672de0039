/*
 * A session: one granted channel.  What its peer says is never believed:
 * limits hold on everything that it can make grow, and what makes no sense
 * costs it the channel and nobody else anything.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/op.h"

static unsigned	 nsessions;
static uint64_t	 last_serial;

static int	session_message(struct peer *, struct msg *, void *);
static void	session_closed(struct peer *, const char *, void *);
static void	session_drained(struct peer *, void *);

static const struct peer_ops session_ops = {
	.message = session_message,
	.closed = session_closed,
	.drained = session_drained,
};

unsigned
session_count(void)
{
	return nsessions;
}

static void
session_free(struct session *s)
{
	struct user	*u = s->user;
	struct op	*op;

	if (s->waits)
		commit_refresh_cancel(u->commit, &s->opening);
	follow_watch(s, false);
	if (s->more && u->commit != NULL)
		commit_hold(u->commit, false);
	while ((op = TAILQ_FIRST(&s->ops)) != NULL)
		op_orphan(op);
	peer_close(s->peer);
	event_free(s->timer);
	event_free(s->kick);
	TAILQ_REMOVE(&u->sessions, s, entry);
	u->past_due = true;
	u->nsessions--;
	nsessions--;
	if (!s->ready)
		user_idle(u);	/* its opening kept the user */
	free(s);
	user_release(u);
}

/* In the loop: nothing that is running has a hold of it. */
static void
session_later(struct session *s)
{
	struct timeval	 now = { 0, 0 };

	if (s->dead)
		return;
	s->dead = true;
	evtimer_add(s->timer, &now);
}

int
session_send(struct session *s, enum msg_type type, uint32_t id,
    const struct wire_struct *ws, const void *src)
{
	if (s->peer == NULL || s->dead)
		return -1;
	if (peer_queued(s->peer) > SESSION_QUEUE_MAX) {
		log_warnx("session=%llx user=%s result=end why=\"its peer "
		    "does not read\"", (unsigned long long)s->serial,
		    s->user->word);
		session_later(s);
		return -1;
	}
	return peer_send_struct(s->peer, type, id, ws, src, -1);
}

void
session_end(struct session *s, enum mbox_code code, const char *text)
{
	struct session_end	 end = { .code = (uint8_t)code };

	if (s->dead)
		return;
	log_info("session=%llx user=%s result=end why=\"%s\"",
	    (unsigned long long)s->serial, s->user->word, text);
	end.text = str_from(text);
	(void)session_send(s, IMSG_SESSION_END, 0, &session_end_wire, &end);
	session_later(s);
}

static void
session_ready(struct session *s)
{
	struct session_ready	 ready = { .appendlimit = env.appendlimit };
	struct timeval		 tv = { SESSION_SILENCE, 0 };

	s->ready = true;
	user_idle(s->user);
	evtimer_add(s->timer, &tv);
	(void)session_send(s, IMSG_SESSION_READY, 0, &session_ready_wire,
	    &ready);
	session_kick(s);
}

static void
session_opened(struct refresh *ref, enum commit_outcome o, void *arg)
{
	struct session	*s = arg;
	struct timeval	 soon = { 0, 200000 };

	(void)ref;
	s->waits = false;
	if (s->dead)
		return;
	switch (o) {
	case COMMIT_READONLY:
		if (s->user->ix->mark.commit == 0) {
			/* nothing of it can be shown: not an empty account */
			session_end(s, MBOX_READONLY,
			    "The mail was written by a newer version");
			return;
		}
		/* FALLTHROUGH */
	case COMMIT_DONE:
		s->user->opened = true;
		s->user->asked_ms = clock_ms();
		session_ready(s);
		return;
	case COMMIT_FENCED:
		session_end(s, MBOX_CORRUPTION,
		    "The mail of this user is damaged");
		return;
	default:
		if (clock_ms() - s->since_ms < env.timeout_ms) {
			evtimer_add(s->timer, &soon);	/* ask again */
			return;
		}
		session_end(s, MBOX_UNAVAILABLE,
		    "The mail store is away, try again later");
	}
}

static void
session_open(struct session *s)
{
	memset(&s->opening, 0, sizeof(s->opening));
	s->opening.done = session_opened;
	s->opening.arg = s;
	s->waits = true;
	commit_refresh(s->user->commit, &s->opening);
}

static void
session_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session	*s = arg;
	uint64_t	 silent;
	struct timeval	 tv;

	(void)fd;
	(void)what;
	if (s->dead) {
		session_free(s);
		return;
	}
	if (!s->ready) {
		if (s->waits)	/* the login has waited long enough */
			session_end(s, MBOX_UNAVAILABLE,
			    "The mail store is away, try again later");
		else
			session_open(s);
		return;
	}
	silent = (clock_ms() - s->heard_ms) / 1000;
	if (silent >= SESSION_SILENCE) {
		session_end(s, MBOX_UNAVAILABLE, "Nothing was heard");
		return;
	}
	tv.tv_sec = (time_t)(SESSION_SILENCE - silent);
	tv.tv_usec = 0;
	evtimer_add(s->timer, &tv);
}

static void
session_kicked(evutil_socket_t fd, short what, void *arg)
{
	struct session	*s = arg;
	struct op	*op, *next;

	(void)fd;
	(void)what;
	if (s->dead || !s->ready)
		return;
	/* One that ends takes nothing but itself off the list: what it lets
	 * run is looked at in the next turn. */
	TAILQ_FOREACH_SAFE(op, &s->ops, entry, next)
		if (op->state == OP_WAITS)
			op_step(op);
}

void
session_kick(struct session *s)
{
	if (!s->dead)
		event_active(s->kick, EV_TIMEOUT, 1);
}

static int
session_alloc(struct session **sp, int fd)
{
	struct session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	TAILQ_INIT(&s->ops);
	s->serial = ++last_serial;
	s->since_ms = s->heard_ms = clock_ms();
	s->timer = evtimer_new(env.base, session_timer, s);
	s->kick = event_new(env.base, -1, 0, session_kicked, s);
	if (s->timer != NULL && s->kick != NULL)
		s->peer = peer_new(env.base, fd, MSG_CHANNEL_MBOX,
		    MSG_SIDE_B, &session_ops, s);
	if (s->peer == NULL) {
		if (s->timer != NULL)
			event_free(s->timer);
		if (s->kick != NULL)
			event_free(s->kick);
		free(s);
		return -1;
	}
	*sp = s;
	return 0;
}

void
session_new(const char *user, int fd)
{
	struct session	*s;
	struct user	*u;
	char		 word[2 * USER_ID_MAX + 8];
	struct timeval	 tv = { (time_t)(env.timeout_ms / 1000),
			    (suseconds_t)(env.timeout_ms % 1000) * 1000 };

	if (nsessions >= SESSIONS_MAX || (u = user_get(user)) == NULL) {
		log_warnx("user=%s result=no why=\"no more sessions\"",
		    log_word(word, sizeof(word), user));
		close(fd);
		return;
	}
	if (u->nsessions >= SESSIONS_USER_MAX) {
		log_warnx("user=%s result=no why=\"no more sessions of this "
		    "user\"", u->word);
		close(fd);
		return;
	}
	if (session_alloc(&s, fd) == -1) {
		log_warn("user=%s session", u->word);
		close(fd);
		user_release(u);
		return;
	}
	s->user = u;
	TAILQ_INSERT_TAIL(&u->sessions, s, entry);
	u->nsessions++;
	nsessions++;
	user_busy(u);
	if (env.draining || user_open(u) == -1) {
		session_end(s, MBOX_UNAVAILABLE, env.draining ?
		    "The server is shutting down" :
		    "The index cannot be opened");
		return;
	}
	log_debug("session=%llx user=%s result=open",
	    (unsigned long long)s->serial, u->word);
	if (!u->ix->fresh || u->opened) {
		session_ready(s);
		return;
	}
	evtimer_add(s->timer, &tv);
	session_open(s);
}

static int
session_message(struct peer *p, struct msg *m, void *arg)
{
	struct session	*s = arg;

	(void)p;
	if (m->fd != -1)
		close(m->fd);
	if (s->dead)
		return 0;
	s->heard_ms = clock_ms();
	if (dispatch(s, m) == -1)
		return -1;
	if (s->peer != NULL && peer_queued(s->peer) > SESSION_QUEUE_HOLD) {
		s->held = true;
		peer_hold(s->peer, true);
	}
	return 0;
}

static void
session_closed(struct peer *p, const char *why, void *arg)
{
	struct session	*s = arg;

	(void)p;
	s->peer = NULL;		/* it frees itself */
	log_debug("session=%llx user=%s result=closed why=\"%s\"",
	    (unsigned long long)s->serial, s->user->word, why);
	session_later(s);
}

static void
session_drained(struct peer *p, void *arg)
{
	struct session	*s = arg;
	struct op	*op;

	if (s->dead)
		return;
	if (s->held) {
		s->held = false;
		peer_hold(p, false);
	}
	TAILQ_FOREACH(op, &s->ops, entry)
		if (op->state == OP_RUNS && op->class->produce != NULL &&
		    !op->async)
			op_kick(op);
}
