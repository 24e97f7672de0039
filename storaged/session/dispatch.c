/*
 * Messages of a session to what handles them: one table.  msg.h has
 * checked who may say what; the handlers check its sense.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/session/append.h"
#include "storaged/session/dispatch.h"
#include "storaged/session/op.h"
#include "storaged/session/parcel.h"
#include "storaged/session/sessions.h"

static int
on_cancel(struct session *s, const struct msg *m)
{
	struct op	*op = op_find(s, m->id);

	if (m->len != 0)
		return -1;
	/* A change that was handed to the commit is answered by it; a late
	 * cancel of what has ended means nothing. */
	if (op != NULL && !op->submitted &&
	    (op->needs & (OP_STREAM | OP_CANCEL)) != 0)
		op_no(op, MBOX_CANCELLED, "Cancelled");
	return 0;
}

static int
on_credit(struct session *s, const struct msg *m)
{
	struct data_credit	 credit;
	struct op		*op = op_find(s, m->id);

	if (wire_decode(&data_credit_wire, &credit, m->data, m->len,
	    NULL) == -1)
		return -1;
	if (op != NULL)
		op_credit(op, credit.bytes);
	return 0;
}

static int
on_more(struct session *s, const struct msg *m)
{
	struct mbox_more	 more;

	if (wire_decode(&mbox_more_wire, &more, m->data, m->len, NULL) == -1)
		return -1;
	if (more.more == s->more || user_open(s->user) == -1)
		return 0;
	s->more = more.more;
	commit_hold(s->user->commit, s->more);
	return 0;
}

/* Those that are under way keep what they came with. */
static int
on_trace(struct session *s, const struct msg *m)
{
	struct mbox_trace	 t;

	if (wire_decode(&mbox_trace_wire, &t, m->data, m->len, NULL) == -1)
		return -1;
	mbox_trace_to(&t, &s->context);
	if (t.session == 0)
		s->context.session = s->name;
	return 0;
}

static const struct {
	enum msg_type	 type;
	int		 (*fn)(struct session *, const struct msg *);
} others[] = {
	{ IMSG_MBOX_CANCEL,	on_cancel },
	{ IMSG_DATA_CREDIT,	on_credit },
	{ IMSG_MBOX_MORE,	on_more },
	{ IMSG_MBOX_TRACE,	on_trace },
	{ IMSG_APPEND_DATA,	append_data },
	{ IMSG_APPEND_MSG,	append_msg },
	{ IMSG_APPEND_PARCEL,	append_parcel },
	{ IMSG_APPEND_DONE,	append_done },
};

static const struct {
	enum msg_type		 type;
	const struct op_class	*class;
} requests[] = {
#define X(name, num, chan, side, max, fds, wire)			\
	{ IMSG_##name, &op_##name },
	MSG_REQUESTS(X)
#undef X
};

const struct op_class *
dispatch_class(enum msg_type type)
{
	size_t	 i;

	for (i = 0; i < nitems(requests); i++)
		if (requests[i].type == type)
			return requests[i].class;
	return NULL;
}

static int
dispatch(struct session *s, const struct msg *m)
{
	const struct op_class	*class = dispatch_class(m->type);
	size_t			 i;

	if (class != NULL)
		return op_new(s, class, m);
	for (i = 0; i < nitems(others); i++)
		if (others[i].type == m->type)
			return others[i].fn(s, m);
	return -1;
}

static void
dispatch_drop(struct session *s)
{
	struct op	*op;

	while ((op = TAILQ_FIRST(&s->ops)) != NULL)
		op_orphan(op);
}

static void
dispatch_kicked(struct session *s)
{
	struct op	*op, *next;

	/* One that ends takes nothing but itself off the list: what it lets
	 * run is looked at in the next turn. */
	TAILQ_FOREACH_SAFE(op, &s->ops, entry, next)
		if (op->state == OP_WAITS)
			op_step(op);
}

static void
dispatch_drained(struct session *s)
{
	struct op	*op;

	TAILQ_FOREACH(op, &s->ops, entry)
		if (op->state == OP_RUNS && op->class->produce != NULL &&
		    !op->async)
			op_kick(op);
}

void
dispatch_init(struct env *env)
{
	static const struct session_ops	 ops = {
		.message = dispatch,
		.drop = dispatch_drop,
		.kicked = dispatch_kicked,
		.drained = dispatch_drained,
	};

	session_init(env, &ops);
	sessions_init(env);
	parcels_init(env);
}
