/*
 * One session's channel to storaged: requests out, answers and events in.
 * What storaged says is checked by peer.c and the wire tables; what makes
 * no sense here cuts the channel, and the client gets BYE.
 */
#include "imapd/storage.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/log.h"
#include "common/peer.h"
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/view.h"

#define REPLY_ARENA_MAX	(32 * 1024 * 1024)

struct ask {
	TAILQ_ENTRY(ask)	 entry;
	struct storage		*storage;
	uint32_t		 id;
	struct command		*cmd;	/* NULL: forgotten */
	storage_reply_fn	*reply;
	storage_data_fn		*data;
	storage_credit_fn	*credit;
	uint32_t		 owed;	/* credit to give back */
	size_t			 room;	/* APPEND: octets we may send */
	bool			 opened;
	bool			 refused; /* never sent: answer from the loop */
	bool			 cancelled;
	bool			 held;	/* gets no credit for now */
};

struct storage {
	struct peer		*peer;
	struct client		*client;
	storage_ready_fn	*ready;		/* NULL once it was called */
	TAILQ_HEAD(, ask)	 asks;		/* by id */
	const struct ask	*current;	/* whose function is called */
	uint32_t		 last;
	bool			 more;
	struct event		 ev_refused;
};

static int	 storage_message(struct peer *, struct msg *, void *);
static void	 storage_closed(struct peer *, const char *, void *);

static const struct peer_ops storage_ops = {
	.message = storage_message,
	.closed = storage_closed
};

static void
ask_free(struct storage *s, struct ask *a)
{
	TAILQ_REMOVE(&s->asks, a, entry);
	if (a->cmd != NULL)
		a->cmd->asks--;
	free(a);
}

static void
ask_answer(struct storage *s, struct ask *a, const struct answer *answer)
{
	struct command		*cmd = a->cmd;
	storage_reply_fn	*reply = a->reply;

	s->current = a;		/* only to be compared with */
	ask_free(s, a);
	if (cmd != NULL)
		reply(cmd, answer);
}

/* Requests that could not be said. */
static void
storage_refuse(evutil_socket_t fd, short what, void *arg)
{
	static const struct reply_no	 no = { .code = MBOX_LIMIT,
	    .text = { "Too many messages at once", 25 } };
	struct storage			*s = arg;
	struct answer			 answer = { .no = &no };
	struct ask			*a, *next;

	(void)fd;
	(void)what;
	TAILQ_FOREACH_SAFE(a, &s->asks, entry, next)
		if (a->refused)
			ask_answer(s, a, &answer);
}

struct storage *
storage_new(struct event_base *base, struct client *c, int fd,
    storage_ready_fn *ready)
{
	struct storage	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	TAILQ_INIT(&s->asks);
	s->client = c;
	s->ready = ready;
	s->peer = peer_new(base, fd, MSG_CHANNEL_MBOX, MSG_SIDE_A,
	    &storage_ops, s);
	if (s->peer == NULL) {
		free(s);
		return NULL;
	}
	evtimer_assign(&s->ev_refused, base, storage_refuse, s);
	return s;
}

void
storage_close(struct storage *s)
{
	struct ask	*a;

	if (s == NULL)
		return;
	while ((a = TAILQ_FIRST(&s->asks)) != NULL)
		ask_free(s, a);
	event_del(&s->ev_refused);
	peer_close(s->peer);
	free(s);
}

/* The channel is gone: nothing of this session can be answered any more. */
static void
storage_lost(struct storage *s, const char *why, const struct session_end *end)
{
	struct client		*c = s->client;
	storage_ready_fn	*ready = s->ready;

	c->storage = NULL;
	storage_close(s);
	if (ready != NULL) {
		static const struct session_end away = {
		    .code = MBOX_UNAVAILABLE,
		    .text = { "The mail store is away", 22 } };

		ready(c, NULL, end != NULL ? end : &away);
		return;
	}
	log_info("session=%08x user=%s session ends why=\"%s\"",
	    c->session, c->user != NULL ? c->user : "", why);
	if (end != NULL && end->text.len > 0)
		client_bye(c, "%.*s", (int)end->text.len, end->text.p);
	else
		client_bye(c, "[UNAVAILABLE] The mail store went away");
}

static void
storage_closed(struct peer *p, const char *why, void *arg)
{
	struct storage	*s = arg;

	(void)p;
	s->peer = NULL;		/* frees itself */
	storage_lost(s, why, NULL);
}

static const struct {
	enum msg_type			 type;
	const struct wire_struct	*ws;
} requests[] = {
	{ IMSG_MBOX_LIST,	&mbox_list_wire },
	{ IMSG_MBOX_CREATE,	&mbox_create_wire },
	{ IMSG_MBOX_DELETE,	&mbox_delete_wire },
	{ IMSG_MBOX_RENAME,	&mbox_rename_wire },
	{ IMSG_MBOX_SUBSCRIBE,	&mbox_subscribe_wire },
	{ IMSG_MBOX_SELECT,	&mbox_select_wire },
	{ IMSG_MBOX_UNSELECT,	&mbox_box_wire },
	{ IMSG_MBOX_META,	&mbox_meta_wire },
	{ IMSG_MBOX_BODY,	&mbox_body_wire },
	{ IMSG_MBOX_STORE,	&mbox_store_wire },
	{ IMSG_MBOX_COPY,	&mbox_copy_wire },
	{ IMSG_MBOX_MOVE,	&mbox_copy_wire },
	{ IMSG_MBOX_EXPUNGE,	&mbox_expunge_wire },
	{ IMSG_MBOX_POLL,	NULL },
	{ IMSG_MBOX_IDLE,	&mbox_idle_wire },
};

static int
request_send(struct storage *s, struct ask *a, enum msg_type type,
    const void *req)
{
	const struct msg_rule	*rule = msg_rule(type);
	struct buf		 b;
	size_t			 i;
	int			 ret = -1;

	for (i = 0; i < nitems(requests); i++)
		if (requests[i].type == type)
			break;
	if (i == nitems(requests) || rule == NULL)
		fatalx("no such request: %u", type);
	if (requests[i].ws == NULL)
		return peer_send(s->peer, type, a->id, NULL, 0, -1);
	buf_init(&b, rule->max);
	if (wire_encode(requests[i].ws, req, &b) == 0)
		ret = peer_send(s->peer, type, a->id, b.data, b.len, -1);
	buf_free(&b);
	return ret;
}

static struct ask *
ask_new(struct command *cmd, storage_reply_fn *reply)
{
	struct storage	*s = cmd->client->storage;
	struct ask	*a;

	if (s == NULL || s->peer == NULL) {
		/* the session is gone: so is the client, soon */
		client_close(cmd->client, "no session");
		return NULL;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("calloc");
	a->storage = s;
	a->cmd = cmd;
	a->reply = reply;
	if (++s->last == 0)
		s->last = 1;
	a->id = s->last;
	cmd->asks++;
	TAILQ_INSERT_TAIL(&s->asks, a, entry);
	return a;
}

enum cmd_result
storage_stream(struct command *cmd, enum msg_type type, const void *req,
    storage_data_fn *data, storage_reply_fn *reply, struct ask **ap)
{
	struct ask	*a = ask_new(cmd, reply);

	if (ap != NULL)
		*ap = a;
	if (a == NULL)
		return CMD_WAIT;
	a->data = data;
	if (request_send(a->storage, a, type, req) == -1) {
		a->refused = true;
		event_active(&a->storage->ev_refused, EV_TIMEOUT, 0);
	}
	return CMD_WAIT;
}

enum cmd_result
storage_ask(struct command *cmd, enum msg_type type, const void *req,
    storage_reply_fn *reply)
{
	return storage_stream(cmd, type, req, NULL, reply, NULL);
}

void
storage_cancel(struct ask *a)
{
	if (a->cancelled || a->refused)
		return;
	a->cancelled = true;
	(void)peer_send(a->storage->peer, IMSG_MBOX_CANCEL, a->id, NULL, 0,
	    -1);
}

void
storage_forget(struct command *cmd)
{
	struct storage	*s = cmd->client->storage;
	struct ask	*a;

	if (s == NULL || cmd->asks == 0)
		return;
	TAILQ_FOREACH(a, &s->asks, entry)
		if (a->cmd == cmd) {
			a->cmd = NULL;
			if (a->data != NULL || a->credit != NULL)
				storage_cancel(a);
		}
	cmd->asks = 0;
}

struct ask *
storage_append_open(struct command *cmd, struct str name, bool early,
    storage_credit_fn *credit, storage_reply_fn *reply)
{
	struct append_open	 req = { .name = name, .early = early };
	struct ask		*a = ask_new(cmd, reply);

	if (a == NULL)
		return NULL;
	a->credit = credit;
	if (peer_send_struct(a->storage->peer, IMSG_APPEND_OPEN, a->id,
	    &append_open_wire, &req, -1) == -1) {
		a->refused = true;
		event_active(&a->storage->ev_refused, EV_TIMEOUT, 0);
	} else if (early)
		a->room = MBOX_EARLY;
	return a;
}

size_t
storage_append_room(const struct ask *a)
{
	return a->cancelled ? 0 : a->room;
}

int
storage_append_data(struct ask *a, const void *p, size_t len)
{
	const uint8_t	*q = p;
	size_t		 n;

	while (len > 0) {
		n = len > MSG_DATA_MAX ? MSG_DATA_MAX : len;
		if (n > a->room || peer_send(a->storage->peer,
		    IMSG_APPEND_DATA, a->id, q, n, -1) == -1)
			return -1;
		a->room -= n;
		q += n;
		len -= n;
	}
	return 0;
}

int
storage_append_msg(struct ask *a, const struct append_msg *m)
{
	return peer_send_struct(a->storage->peer, IMSG_APPEND_MSG, a->id,
	    &append_msg_wire, m, -1);
}

int
storage_append_done(struct ask *a)
{
	return peer_send(a->storage->peer, IMSG_APPEND_DONE, a->id, NULL, 0,
	    -1);
}

void
storage_more(struct storage *s, bool more)
{
	struct mbox_more	 m = { .more = more };

	if (s == NULL || s->peer == NULL || s->ready != NULL ||
	    s->more == more)
		return;
	s->more = more;
	(void)peer_send_struct(s->peer, IMSG_MBOX_MORE, 0, &mbox_more_wire,
	    &m, -1);
}

static void
give_credit(struct ask *a)
{
	struct data_credit	 m = { .bytes = a->owed };

	if (a->owed == 0)
		return;
	a->owed = 0;
	(void)peer_send_struct(a->storage->peer, IMSG_DATA_CREDIT, a->id,
	    &data_credit_wire, &m, -1);
}

void
storage_resume(struct storage *s)
{
	struct ask	*a;

	if (s == NULL || s->peer == NULL)
		return;
	TAILQ_FOREACH(a, &s->asks, entry)
		if (!a->held)
			give_credit(a);
}

void
storage_hold(struct ask *a, bool hold)
{
	a->held = hold;
	if (!hold && !client_full(a->storage->client))
		give_credit(a);
}

const struct ask *
storage_current(const struct command *cmd)
{
	return cmd->client->storage->current;
}

static struct ask *
ask_find(struct storage *s, uint32_t id)
{
	struct ask	*a;

	TAILQ_FOREACH(a, &s->asks, entry)
		if (a->id == id && !a->refused)
			return a;
	return NULL;
}

static struct command *
ask_cause(struct storage *s, uint32_t cause)
{
	struct ask	*a = cause != 0 ? ask_find(s, cause) : NULL;

	return a != NULL ? a->cmd : NULL;
}

static int
on_data(struct storage *s, struct msg *m)
{
	struct ask	*a = ask_find(s, m->id);

	if (a == NULL || (a->data == NULL && a->cmd != NULL))
		return -1;
	s->current = a;
	a->owed += (uint32_t)m->len;
	if (a->owed > MBOX_WINDOW)
		return -1;	/* more than it may */
	if (a->cmd != NULL && !a->cancelled &&
	    a->data(a->cmd, m->data, m->len) == -1)
		return -1;
	/* in portions, so that credit costs few messages */
	if (a->cmd == NULL || (!a->held && !client_full(s->client) &&
	    a->owed >= MBOX_WINDOW / 4))
		give_credit(a);
	return 0;
}

static int
on_credit(struct storage *s, struct msg *m, struct arena *arena)
{
	struct ask		*a = ask_find(s, m->id);
	struct data_credit	 d;

	if (a == NULL || a->credit == NULL || wire_decode(&data_credit_wire,
	    &d, m->data, m->len, arena) == -1 || d.bytes > MBOX_WINDOW)
		return -1;
	a->room += d.bytes;
	if (a->room > MBOX_WINDOW)
		return -1;
	a->opened = true;
	if (a->cmd != NULL)
		a->credit(a->cmd);
	return 0;
}

static int
on_reply(struct storage *s, struct msg *m, struct arena *arena)
{
	struct ask		*a = ask_find(s, m->id);
	struct answer		 answer = { 0 };
	struct reply_ok		 ok;
	struct reply_no		 no;
	struct mbox_selected	 sel;
	int			 ret;

	if (a == NULL)
		return -1;
	switch (m->type) {
	case IMSG_REPLY_OK:
		ret = wire_decode(&reply_ok_wire, &ok, m->data, m->len,
		    arena);
		answer.ok = &ok;
		break;
	case IMSG_REPLY_NO:
		ret = wire_decode(&reply_no_wire, &no, m->data, m->len,
		    arena);
		answer.no = &no;
		break;
	default:
		ret = wire_decode(&mbox_selected_wire, &sel, m->data, m->len,
		    arena);
		answer.selected = &sel;
		break;
	}
	if (ret == 0)
		ask_answer(s, a, &answer);
	return ret;
}

static int
on_event(struct storage *s, struct msg *m, struct arena *arena)
{
	struct view		*v = s->client->view;
	struct ev_added		 added;
	struct ev_flags		 flags;
	struct ev_expunged	 gone;
	struct ev_keywords	 kw;
	int			 ret = -1;

	switch (m->type) {
	case IMSG_EV_ADDED:
		if (wire_decode(&ev_added_wire, &added, m->data, m->len,
		    arena) == 0)
			ret = v == NULL || added.box != v->box ? 0 :
			    view_ev_added(v, &added, ask_cause(s, added.cause));
		break;
	case IMSG_EV_FLAGS:
		if (wire_decode(&ev_flags_wire, &flags, m->data, m->len,
		    arena) == 0)
			ret = v == NULL || flags.box != v->box ? 0 :
			    view_ev_flags(v, &flags, ask_cause(s, flags.cause));
		break;
	case IMSG_EV_EXPUNGED:
		if (wire_decode(&ev_expunged_wire, &gone, m->data, m->len,
		    arena) == 0)
			ret = v == NULL || gone.box != v->box ? 0 :
			    view_ev_expunged(v, &gone,
			    ask_cause(s, gone.cause));
		break;
	default:
		if (wire_decode(&ev_keywords_wire, &kw, m->data, m->len,
		    arena) == 0)
			ret = v == NULL || kw.box != v->box ? 0 :
			    view_ev_keywords(v, &kw);
		break;
	}
	if (ret == 0)
		client_wake(s->client);
	return ret;
}

static int
on_session(struct storage *s, struct msg *m, struct arena *arena)
{
	struct session_ready	 ready;
	struct session_end	 end;
	storage_ready_fn	*fn = s->ready;

	if (m->type == IMSG_SESSION_END) {
		if (wire_decode(&session_end_wire, &end, m->data, m->len,
		    arena) == -1)
			return -1;
		storage_lost(s, "storaged ended it", &end);
		return 0;
	}
	if (fn == NULL || wire_decode(&session_ready_wire, &ready, m->data,
	    m->len, arena) == -1)
		return -1;
	s->ready = NULL;
	fn(s->client, &ready, NULL);
	return 0;
}

static int
on_gone(struct storage *s)
{
	client_gone(s->client);
	return 0;
}

static int
storage_message(struct peer *p, struct msg *m, void *arg)
{
	struct storage	*s = arg;
	struct arena	*arena;
	int		 ret;

	(void)p;
	if (m->type == IMSG_REPLY_DATA)
		return on_data(s, m);
	if (m->type == IMSG_EV_GONE)
		return on_gone(s);
	if (m->type == IMSG_EV_WAITING) {
		client_waiting(s->client);
		return 0;
	}
	if ((arena = arena_new(REPLY_ARENA_MAX)) == NULL)
		return -1;
	switch (m->type) {
	case IMSG_SESSION_READY:
	case IMSG_SESSION_END:
		ret = on_session(s, m, arena);
		break;
	case IMSG_DATA_CREDIT:
		ret = on_credit(s, m, arena);
		break;
	case IMSG_REPLY_OK:
	case IMSG_REPLY_NO:
	case IMSG_REPLY_SELECTED:
		ret = on_reply(s, m, arena);
		break;
	default:
		ret = on_event(s, m, arena);
		break;
	}
	arena_free(arena);
	return ret;
}
