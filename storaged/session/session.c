/*
 * A session: one granted channel.  What its peer says is never believed:
 * limits hold on everything that it can make grow, and what makes no sense
 * costs it the channel and nobody else anything.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/msg_auth.h"
#include "common/proc_kind.h"
#include "storaged/session/session.h"

static unsigned	 nsessions, nlmtpd;	/* nlmtpd: of them */
static uint64_t	 last_serial;
static struct env	*env;
static const struct session_ops *ops;

static int	session_message(struct peer *, struct msg *, void *);
static void	session_closed(struct peer *, const char *, void *);
static void	session_drained(struct peer *, void *);

static const struct peer_ops session_ops = {
	.message = session_message,
	.closed = session_closed,
	.drained = session_drained,
};

void
session_init(struct env *e, const struct session_ops *o)
{
	env = e;
	ops = o;
}

bool
session_turn_over(uint64_t start_us)
{
	return clock_us() - start_us > SESSION_TURN_US;
}

void
session_watch(struct session *s, bool on)
{
	if (s->watching == on)
		return;
	s->watching = on;
	follow_watch(&s->user->follow, on);
}

unsigned
session_count(void)
{
	return nsessions;
}

static void
session_free(struct session *s)
{
	struct user	*u = s->user;

	if (s->waits)
		commit_refresh_cancel(u->commit, &s->opening);
	session_watch(s, false);
	if (s->more && u->commit != NULL)
		commit_hold(u->commit, false);
	ops->drop(s);
	peer_close(s->peer);
	event_free(s->timer);
	event_free(s->kick);
	TAILQ_REMOVE(&u->sessions, s, entry);
	u->past_due = true;
	u->nsessions--;
	nsessions--;
	nlmtpd -= s->kind == PROC_LMTPD;
	if (s->opens)
		user_idle(u);	/* its opening kept the user */
	free(s);
	user_release(u);
}

/* In the loop: nothing that is running has a hold of it. */
static void
session_later(struct session *s)
{
	if (s->dead)
		return;
	s->dead = true;
	/* Before the loop asks for more: who logs in again at once is not to
	 * find what this one leaves behind. */
	event_active(s->timer, EV_TIMEOUT, 1);
}

int
session_send(struct session *s, enum msg_type type, uint32_t id,
    const void *src)
{
	if (s->peer == NULL || s->dead)
		return -1;
	if (peer_queued(s->peer) > SESSION_QUEUE_MAX) {
		log_warnx("session=%016" PRIx64 " user=%s result=end why=\"%s "
		    "stopped reading\"", s->name, s->user->word,
		    proc_kind_name(s->kind));
		session_later(s);
		return -1;
	}
	return peer_send_struct(s->peer, type, id, src, -1);
}

void
session_end(struct session *s, enum mbox_code code, const char *text)
{
	struct session_end	 end = { .code = (uint8_t)code };

	if (s->dead)
		return;
	log_info("session=%016" PRIx64 " user=%s result=end why=\"%s\"",
	    s->name, s->user->word, text);
	end.text = str_from(text);
	(void)session_send(s, IMSG_SESSION_END, 0, &end);
	session_later(s);
}

static void
session_ready(struct session *s)
{
	struct session_ready	 ready = { .appendlimit = env->appendlimit };

	if (s->ready)
		return;
	s->ready = true;
	(void)session_send(s, IMSG_SESSION_READY, 0, &ready);
}

/* What is known of the user is as new as it can be. */
static void
session_open_over(struct session *s)
{
	struct timeval	 tv = { SESSION_SILENCE, 0 };

	s->opens = false;
	user_idle(s->user);
	evtimer_add(s->timer, &tv);
	session_ready(s);
	session_kick(s);	/* who was ready before has asked already */
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
			    "The mail was written by a newer server version");
			return;
		}
		/* FALLTHROUGH */
	case COMMIT_DONE:
		follow_asked(&s->user->follow, o);
		session_open_over(s);
		return;
	case COMMIT_QUARANTINED:
		session_end(s, MBOX_CORRUPTION, user_refusal(o));
		return;
	case COMMIT_FAILED:
		session_end(s, MBOX_UNAVAILABLE, user_refusal(o));
		return;
	default:
		if (clock_ms() - s->since_ms < env->timeout_ms) {
			evtimer_add(s->timer, &soon);	/* ask again */
			return;
		}
		session_end(s, MBOX_UNAVAILABLE, user_refusal(o));
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
	if (s->opens) {
		if (s->waits)	/* the login has waited long enough */
			session_end(s, MBOX_UNAVAILABLE,
			    user_refusal(COMMIT_UNAVAILABLE));
		else
			session_open(s);
		return;
	}
	silent = (clock_ms() - s->heard_ms) / 1000;
	if (silent >= SESSION_SILENCE) {
		session_end(s, MBOX_UNAVAILABLE, "Session timed out");
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

	(void)fd;
	(void)what;
	if (!s->dead && s->ready)
		ops->kicked(s);
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
	s->timer = evtimer_new(env->base, session_timer, s);
	s->kick = event_new(env->base, -1, 0, session_kicked, s);
	if (s->timer != NULL && s->kick != NULL)
		s->peer = peer_new(env->base, fd, MSG_CHANNEL_MBOX,
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

static int
refused_message(struct peer *p, struct msg *m, void *arg)
{
	(void)p;
	(void)arg;
	if (m->fd != -1)
		close(m->fd);
	return 0;
}

static void
refused_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
}

/* No session, and the true reason for it: a closed channel alone would read
 * as if the store were away. */
static void
session_refuse(const char *word, int fd, const char *text)
{
	static const struct peer_ops	 refused_ops = {
		.message = refused_message,
		.closed = refused_closed
	};
	static struct log_limit		 limit = LOG_LIMIT("session refused");
	struct session_end		 end = { .code = MBOX_LIMIT };
	struct peer			*p;

	if (log_limit(&limit))
		log_warnx("user=%s result=no why=\"%s\"", word, text);
	end.text = str_from(text);
	p = peer_new(env->base, fd, MSG_CHANNEL_MBOX, MSG_SIDE_B,
	    &refused_ops, NULL);
	if (p == NULL) {
		close(fd);
		return;
	}
	(void)peer_send_struct(p, IMSG_SESSION_END, 0, &end, -1);
	peer_close(p);
}

/*
 * An lmtpd is granted anyone who gets mail here: one that somebody else has
 * takes the places of its own, and leaves imapd and the other lmtpds theirs.
 */
static bool
session_fits(const struct user *u, const struct grant_session *grant)
{
	const struct session	*s;
	unsigned		 n = 0;

	if (u->nsessions < SESSIONS_USER_MAX)
		return true;
	TAILQ_FOREACH(s, &u->sessions, entry)
		n += s->kind == grant->kind && (s->kind != PROC_LMTPD ||
		    s->index == grant->index);
	return n < SESSIONS_USER_MAX;
}

static bool
server_fits(const struct grant_session *grant)
{
	return nsessions < env->sessions_max && (grant->kind != PROC_LMTPD ||
	    nlmtpd < env->sessions_max / 2);
}

void
session_new(const char *user, const struct grant_session *grant, int fd)
{
	struct session	*s;
	struct user	*u;
	struct log_context old;
	char		 word[2 * USER_ID_MAX + 8];
	struct timeval	 tv = { (time_t)(env->timeout_ms / 1000),
			    (suseconds_t)(env->timeout_ms % 1000) * 1000 };

	if (!server_fits(grant) || (u = user_get(user)) == NULL) {
		session_refuse(log_word(word, sizeof(word), user), fd,
		    "Too many sessions on this server, try again later");
		return;
	}
	if (!session_fits(u, grant)) {
		session_refuse(u->word, fd, "Too many sessions for this user");
		return;
	}
	if (session_alloc(&s, fd) == -1) {
		log_warn("user=%s session", u->word);
		close(fd);
		user_release(u);
		return;
	}
	s->user = u;
	s->rights = grant->rights;
	s->kind = grant->kind;
	s->index = grant->index;
	s->name = s->context.session = grant->session;
	user_limits(u, &grant->quota);
	TAILQ_INSERT_TAIL(&u->sessions, s, entry);
	u->nsessions++;
	nsessions++;
	nlmtpd += s->kind == PROC_LMTPD;
	s->opens = true;
	user_busy(u);
	if (env->draining) {
		session_end(s, MBOX_UNAVAILABLE, "The server is shutting down");
		return;
	}
	if (user_open(u) == -1) {
		session_end(s, u->why_code, u->why);
		return;
	}
	log_debug("session=%016" PRIx64 " user=%s result=open", s->name,
	    u->word);
	if (!u->ix->fresh || u->follow.opened) {
		session_open_over(s);
		return;
	}
	evtimer_add(s->timer, &tv);
	/*
	 * In a store that did not exist a moment ago there is hardly anything
	 * to refuse: nobody waits for the first head to be written.  Whatever
	 * is asked waits for it (OP_OPEN).  Later the bucket may be away, which
	 * a login is told of.
	 */
	if (env->sure && env->fresh && clock_ms() - env->sure_ms <
	    SESSION_FRESH_MS)
		session_ready(s);
	log_context_swap(&s->context, &old);
	session_open(s);
	log_context_swap(&old, NULL);
}

static int
session_message(struct peer *p, struct msg *m, void *arg)
{
	struct session	*s = arg;
	struct log_context old;
	int		 r;

	(void)p;
	if (m->fd != -1)
		close(m->fd);
	if (s->dead)
		return 0;
	s->heard_ms = clock_ms();
	log_context_swap(&s->context, &old);
	r = ops->message(s, m);
	log_context_swap(&old, NULL);
	if (r == -1)
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
	log_debug("session=%016" PRIx64 " user=%s result=closed why=\"%s\"",
	    s->name, s->user->word, why);
	session_later(s);
}

static void
session_drained(struct peer *p, void *arg)
{
	struct session	*s = arg;

	if (s->dead)
		return;
	if (s->held) {
		s->held = false;
		peer_hold(p, false);
	}
	ops->drained(s);
}
