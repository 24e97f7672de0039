/*
 * What storaged says in a session (msg_mbox.h).  It is checked by peer.c
 * and the wire tables; what makes no sense here cuts the channel.
 */
#include "common/mbox_client_impl.h"

#include <string.h>

#include "common/arena.h"
#include "common/peer.h"

#define REPLY_ARENA_MAX	(48 * 1024 * 1024)

static struct mbox_ask *
ask_find(struct mbox_client *s, uint32_t id)
{
	struct mbox_ask	*a;

	TAILQ_FOREACH(a, &s->asks, entry)
		if (a->id == id && !a->refused)
			return a;
	return NULL;
}

static int
on_data(struct mbox_client *s, struct msg *m)
{
	struct mbox_ask	*a = ask_find(s, m->id);

	if (a == NULL || (a->data == NULL && a->owner != NULL))
		return -1;
	s->current = a;
	a->owed += (uint32_t)m->len;
	if (a->owed > MBOX_CREDIT)
		return -1;	/* more than it may */
	if (a->owner != NULL && !a->cancelled &&
	    a->data(a->owner, m->data, m->len) == -1)
		return -1;
	/* in portions, so that credit costs few messages */
	if (a->owner == NULL || (!a->held && !mbox_client_full(s) &&
	    a->owed >= MBOX_CREDIT / 4))
		mbox_ask_credit(a);
	return 0;
}

static int
on_credit(struct mbox_client *s, struct msg *m, struct arena *arena)
{
	struct mbox_ask		*a = ask_find(s, m->id);
	struct data_credit	 d;

	if (a == NULL || a->credit == NULL || wire_decode(&data_credit_wire,
	    &d, m->data, m->len, arena) == -1 || d.bytes > MBOX_CREDIT)
		return -1;
	a->room += d.bytes;
	if (a->room > MBOX_CREDIT)
		return -1;
	if (a->owner != NULL)
		a->credit(a->owner);
	return 0;
}

static int
on_reply(struct mbox_client *s, struct msg *m, struct arena *arena)
{
	struct mbox_ask		*a = ask_find(s, m->id);
	struct mbox_answer	 answer = { 0 };
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
		mbox_ask_answer(a, &answer);
	return ret;
}

union event_any {
	struct ev_added		 added;
	struct ev_flags		 flags;
	struct ev_expunged	 expunged;
	struct ev_keywords	 keywords;
};

static const struct {
	enum msg_type	 type;
	size_t		 cause;		/* where it is in the struct */
} events[] = {
	{ IMSG_EV_ADDED, offsetof(struct ev_added, cause) },
	{ IMSG_EV_FLAGS, offsetof(struct ev_flags, cause) },
	{ IMSG_EV_EXPUNGED, offsetof(struct ev_expunged, cause) },
	{ IMSG_EV_KEYWORDS, offsetof(struct ev_keywords, cause) },
};

static int
on_event(struct mbox_client *s, struct msg *m, struct arena *arena)
{
	const struct mbox_ask	*a = NULL;
	union event_any		 ev;
	uint32_t		 cause;
	size_t			 i;

	if (m->type == IMSG_EV_GONE || m->type == IMSG_EV_WAITING)
		return s->ops->event(s->arg, m->type, NULL, NULL);
	for (i = 0; i < nitems(events); i++)
		if (events[i].type == m->type)
			break;
	if (i == nitems(events) || wire_decode(msg_rule(m->type)->ws, &ev,
	    m->data, m->len, arena) == -1)
		return -1;
	memcpy(&cause, (const char *)&ev + events[i].cause, sizeof(cause));
	if (cause != 0)
		a = ask_find(s, cause);
	return s->ops->event(s->arg, m->type, &ev,
	    a != NULL ? a->owner : NULL);
}

static int
on_ready(struct mbox_client *s, struct msg *m, struct arena *arena)
{
	struct session_ready	 ready;

	if (s->ready || wire_decode(&session_ready_wire, &ready, m->data,
	    m->len, arena) == -1)
		return -1;
	s->ready = true;
	s->ops->ready(s->arg, &ready);
	return 0;
}

static int
on_end(struct mbox_client *s, struct msg *m, struct arena *arena)
{
	struct session_end	 end;

	if (wire_decode(&session_end_wire, &end, m->data, m->len,
	    arena) == -1)
		return -1;
	mbox_client_lost(s, "storaged ended the session", &end);
	return 0;
}

int
mbox_client_message(struct peer *p, struct msg *m, void *arg)
{
	struct mbox_client	*s = arg;
	struct arena		*arena;
	int			 ret;

	(void)p;
	if (m->type == IMSG_REPLY_DATA)
		return on_data(s, m);
	if ((arena = arena_new(REPLY_ARENA_MAX)) == NULL)
		return -1;
	switch (m->type) {
	case IMSG_SESSION_READY:
		ret = on_ready(s, m, arena);
		break;
	case IMSG_SESSION_END:
		ret = on_end(s, m, arena);
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
