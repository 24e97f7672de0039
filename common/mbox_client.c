/*
 * One session's channel to storaged (msg_mbox.h): its requests, and who
 * waits for their answers.  What comes is in mbox_client_in.c.
 */
#include "common/mbox_client_impl.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/log_context.h"
#include "common/peer.h"

static void	 mbox_client_closed(struct peer *, const char *, void *);

static const struct peer_ops mbox_client_peer_ops = {
	.message = mbox_client_message,
	.closed = mbox_client_closed
};

static void
ask_free(struct mbox_ask *a)
{
	TAILQ_REMOVE(&a->session->asks, a, entry);
	free(a);
}

void
mbox_ask_answer(struct mbox_ask *a, const struct mbox_answer *answer)
{
	void		*owner = a->owner;
	mbox_reply_fn	*reply = a->reply;

	a->session->current = a;	/* only to be compared with */
	ask_free(a);
	if (owner != NULL)
		reply(owner, answer);
}

/* Requests that could not be said. */
static void
answer_refused(evutil_socket_t fd, short what, void *arg)
{
	static const struct reply_no	 no = { .code = MBOX_LIMIT,
	    .text = { "Too many messages at once", 25 } };
	struct mbox_client		*s = arg;
	struct mbox_answer		 answer = { .no = &no };
	struct mbox_ask			*a, *next;

	(void)fd;
	(void)what;
	TAILQ_FOREACH_SAFE(a, &s->asks, entry, next)
		if (a->refused)
			mbox_ask_answer(a, &answer);
}

static void
ask_refuse(struct mbox_ask *a)
{
	a->refused = true;
	event_active(&a->session->ev_refused, EV_TIMEOUT, 0);
}

struct mbox_client *
mbox_client_new(struct event_base *base, int fd,
    const struct mbox_client_ops *ops, void *arg)
{
	struct mbox_client	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	TAILQ_INIT(&s->asks);
	s->ops = ops;
	s->arg = arg;
	s->peer = peer_new(base, fd, MSG_CHANNEL_MBOX, MSG_SIDE_A,
	    &mbox_client_peer_ops, s);
	if (s->peer == NULL) {
		free(s);
		return NULL;
	}
	peer_listen_first(s->peer);	/* to SESSION_READY */
	evtimer_assign(&s->ev_refused, base, answer_refused, s);
	return s;
}

void
mbox_client_close(struct mbox_client *s)
{
	struct mbox_ask	*a;

	if (s == NULL)
		return;
	while ((a = TAILQ_FIRST(&s->asks)) != NULL)
		ask_free(a);
	event_del(&s->ev_refused);
	peer_close(s->peer);
	free(s);
}

bool
mbox_client_ready(const struct mbox_client *s)
{
	return s->ready;
}

void
mbox_client_lost(struct mbox_client *s, const char *why,
    const struct session_end *end)
{
	s->ops->end(s->arg, why, end);
	mbox_client_close(s);
}

static void
mbox_client_closed(struct peer *p, const char *why, void *arg)
{
	struct mbox_client	*s = arg;

	(void)p;
	s->peer = NULL;		/* frees itself */
	mbox_client_lost(s, why, NULL);
}

static int
request_send(struct mbox_ask *a, enum msg_type type, const void *req)
{
	const struct msg_rule	*rule = msg_rule(type);
	struct peer		*p = a->session->peer;
	struct buf		 b;
	int			 ret = -1;

	if (rule == NULL)
		fatalx("no such request: %u", type);
	if (rule->ws->nfields == 0)
		return peer_send(p, type, a->id, NULL, 0, -1);
	buf_init(&b, rule->max);
	if (wire_encode(rule->ws, req, &b) == 0)
		ret = peer_send(p, type, a->id, b.data, b.len, -1);
	buf_free(&b);
	return ret;
}

static struct mbox_ask *
ask_new(struct mbox_client *s, mbox_reply_fn *reply, void *owner)
{
	struct mbox_ask	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("calloc");
	a->session = s;
	a->owner = owner;
	a->reply = reply;
	if (++s->last == 0)
		s->last = 1;
	a->id = s->last;
	TAILQ_INSERT_TAIL(&s->asks, a, entry);
	return a;
}

struct mbox_ask *
mbox_client_stream(struct mbox_client *s, enum msg_type type,
    const void *req, mbox_data_fn *data, mbox_reply_fn *reply, void *owner)
{
	struct mbox_ask	*a = ask_new(s, reply, owner);

	a->data = data;
	if (request_send(a, type, req) == -1)
		ask_refuse(a);
	return a;
}

void
mbox_client_ask(struct mbox_client *s, enum msg_type type, const void *req,
    mbox_reply_fn *reply, void *owner)
{
	(void)mbox_client_stream(s, type, req, NULL, reply, owner);
}

void
mbox_ask_cancel(struct mbox_ask *a)
{
	if (a->cancelled || a->refused)
		return;
	a->cancelled = true;
	(void)peer_send(a->session->peer, IMSG_MBOX_CANCEL, a->id, NULL, 0,
	    -1);
}

void
mbox_client_forget(struct mbox_client *s, const void *owner)
{
	struct mbox_ask	*a;

	if (s == NULL)
		return;
	TAILQ_FOREACH(a, &s->asks, entry)
		if (a->owner == owner) {
			a->owner = NULL;
			if (a->data != NULL || a->credit != NULL)
				mbox_ask_cancel(a);
		}
}

bool
mbox_client_waits(const struct mbox_client *s, const void *owner)
{
	const struct mbox_ask	*a;

	TAILQ_FOREACH(a, &s->asks, entry)
		if (a->owner == owner)
			return true;
	return false;
}

struct mbox_ask *
mbox_client_append(struct mbox_client *s, struct str name, bool early,
    mbox_credit_fn *credit, mbox_reply_fn *reply, void *owner)
{
	struct append_open	 req = { .name = name, .early = early };
	struct mbox_ask		*a = ask_new(s, reply, owner);

	a->credit = credit;
	if (peer_send_struct(s->peer, IMSG_APPEND_OPEN, a->id, &req, -1) == -1)
		ask_refuse(a);
	else if (early)
		a->room = MBOX_EARLY;
	return a;
}

size_t
mbox_append_room(const struct mbox_ask *a)
{
	return a->cancelled ? 0 : a->room;
}

int
mbox_append_data(struct mbox_ask *a, const void *p, size_t len)
{
	const uint8_t	*q = p;
	size_t		 n;

	while (len > 0) {
		n = len > MSG_DATA_MAX ? MSG_DATA_MAX : len;
		if (n > a->room || peer_send(a->session->peer,
		    IMSG_APPEND_DATA, a->id, q, n, -1) == -1)
			return -1;
		a->room -= n;
		q += n;
		len -= n;
	}
	return 0;
}

int
mbox_append_msg(struct mbox_ask *a, const struct append_msg *m)
{
	return peer_send_struct(a->session->peer, IMSG_APPEND_MSG, a->id,
	    m, -1);
}

int
mbox_append_parcel(struct mbox_ask *a, const struct append_parcel *m)
{
	return peer_send_struct(a->session->peer, IMSG_APPEND_PARCEL, a->id,
	    m, -1);
}

int
mbox_append_done(struct mbox_ask *a)
{
	return peer_send(a->session->peer, IMSG_APPEND_DONE, a->id, NULL, 0,
	    -1);
}

void
mbox_client_trace(struct mbox_client *s, const struct log_context *of)
{
	struct mbox_trace	 t;

	if (s == NULL)
		return;
	mbox_trace_from(&t, of);
	if (t.session == s->trace.session && t.traced == s->trace.traced &&
	    t.span == s->trace.span &&
	    memcmp(t.trace, s->trace.trace, sizeof(t.trace)) == 0)
		return;
	s->trace = t;
	(void)peer_send_struct(s->peer, IMSG_MBOX_TRACE, 0, &t, -1);
}

void
mbox_client_more(struct mbox_client *s, bool more)
{
	struct mbox_more	 m = { .more = more };

	if (s == NULL || s->peer == NULL || !s->ready || s->more == more)
		return;
	s->more = more;
	(void)peer_send_struct(s->peer, IMSG_MBOX_MORE, 0, &m, -1);
}

void
mbox_ask_credit(struct mbox_ask *a)
{
	struct data_credit	 m = { .bytes = a->owed };

	if (a->owed == 0)
		return;
	a->owed = 0;
	(void)peer_send_struct(a->session->peer, IMSG_DATA_CREDIT, a->id,
	    &m, -1);
}

bool
mbox_client_full(const struct mbox_client *s)
{
	return s->ops->full != NULL && s->ops->full(s->arg);
}

void
mbox_client_resume(struct mbox_client *s)
{
	struct mbox_ask	*a;

	if (s == NULL || s->peer == NULL)
		return;
	TAILQ_FOREACH(a, &s->asks, entry)
		if (!a->held)
			mbox_ask_credit(a);
}

void
mbox_ask_hold(struct mbox_ask *a, bool hold)
{
	a->held = hold;
	if (!hold && !mbox_client_full(a->session))
		mbox_ask_credit(a);
}

const struct mbox_ask *
mbox_client_current(const struct mbox_client *s)
{
	return s->current;
}
