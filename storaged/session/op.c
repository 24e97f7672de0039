/*
 * The life of an operation: waiting for what it needs, turns of work,
 * flow-controlled streams, and the one answer.  Nothing here knows what an
 * operation does.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/session/op.h"
#include "storaged/session/op_int.h"
#include "storaged/session/past.h"

#define OP_ARENA	(32 * 1024 * 1024)	/* a set is in it twice */
#define STREAM_AHEAD	(32 * 1024)	/* rows made before they are taken */
#define STREAM_CLOCK	16	/* rows made between looks at the clock */

static void
op_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	op_step(arg);
}

/* Is the request an intent, as it stands? */
static bool
op_submits(const struct op_class *c)
{
	return (c->needs & OP_CHANGE) != 0 && c->run == NULL;
}

static int
op_decode(struct op *op, const struct msg *m)
{
	const struct op_class	*c = op->class;
	const struct wire_struct *ws = msg_rule(m->type)->ws;
	void			*copy;

	if (c->extra != 0 &&
	    (op->x = arena_alloc(op->arena, c->extra)) == NULL)
		return -1;
	if (ws->nfields == 0)
		return m->len != 0 ? -1 :
		    c->check != NULL ? c->check(op) : 0;
	/* The strings of the request are borrowed from this copy. */
	if ((copy = arena_dup(op->arena, m->data, m->len)) == NULL ||
	    (op->req = arena_alloc(op->arena, ws->size)) == NULL ||
	    wire_decode(ws, op->req, copy, m->len, op->arena) == -1)
		return -1;
	if (op_submits(c)) {
		if (ws->size > sizeof(op->work.u))
			fatalx("op: %s: no room for its request", c->name);
		memcpy(&op->work.u, op->req, ws->size);
	}
	return c->check != NULL ? c->check(op) : 0;
}

int
op_new(struct session *s, const struct op_class *class, const struct msg *m)
{
	struct op	*op;

	if (m->id == 0 || s->nops >= SESSION_OPS_MAX ||
	    s->bytes + m->len > SESSION_BYTES_MAX ||
	    op_find(s, m->id) != NULL)
		return -1;
	if ((op = calloc(1, sizeof(*op))) == NULL)
		return -1;
	op->s = s;
	op->user = s->user;
	op->class = class;
	op->id = m->id;
	op->context = s->context;
	op->needs = class->needs;
	op->credit = MBOX_CREDIT;
	op->since_ms = clock_ms();
	op->arena = arena_new(OP_ARENA);
	op->ev = event_new(op->user->env->base, -1, 0, op_event, op);
	if (op->arena == NULL || op->ev == NULL || op_decode(op, m) == -1) {
		if (op->ev != NULL)
			event_free(op->ev);
		arena_free(op->arena);
		free(op);
		return -1;
	}
	op->bytes = arena_used(op->arena);
	s->bytes += op->bytes;
	s->nops++;
	TAILQ_INSERT_TAIL(&s->ops, op, entry);
	user_busy(op->user);
	if ((s->rights & class->rights) != class->rights)
		op_no(op, MBOX_NOPERM,
		    "This session is not permitted to do that");
	else if (user_open(op->user) == -1)
		op_no(op, op->user->why_code, op->user->why);
	else
		op_step(op);
	return 0;
}

struct op *
op_find(struct session *s, uint32_t id)
{
	struct op	*op;

	TAILQ_FOREACH(op, &s->ops, entry)
		if (op->id == id)
			return op;
	return NULL;
}

void
op_end(struct op *op)
{
	struct session	*s = op->s;
	struct user	*u = op->user;

	if (op->class->stop != NULL)
		op->class->stop(op);
	op_turn_leave(op);
	if (op->refreshing)
		commit_refresh_cancel(u->commit, &op->refresh);
	TAILQ_REMOVE(&s->ops, op, entry);
	s->nops--;
	s->bytes -= op->bytes;
	if (op->state == OP_RUNS && (op->needs & OP_STREAM))
		s->streams--;
	work_clear(&op->work);
	event_free(op->ev);
	buf_free(&op->out);
	arena_free(op->arena);
	free(op);
	session_kick(s);
	user_idle(u);
}

void
op_ok(struct op *op, const struct reply_ok *ok)
{
	struct reply_ok	 bare = *ok;

	/* A mailbox from before there was a limit may have more ranges than
	 * a message holds: no COPYUID then (RFC 4315: it is a help). */
	if (ok->src.n + ok->dst.n > MBOX_VIEW_RANGES_MAX) {
		memset(&bare.src, 0, sizeof(bare.src));
		memset(&bare.dst, 0, sizeof(bare.dst));
	}
	/* Who may only append learns nothing of what is in the mailbox. */
	if ((op->s->rights & GRANT_READ) == 0)
		bare = (struct reply_ok){ .full = ok->full,
		    .known = ok->known };
	(void)session_send(op->s, IMSG_REPLY_OK, op->id, &bare);
	op_end(op);
}

void
op_no(struct op *op, enum mbox_code code, const char *text)
{
	struct reply_no	 no = { .code = (uint8_t)code };

	no.text = str_from(text);
	log_debug("session=%016" PRIx64 " user=%s cmd=%s ms=%llu result=no "
	    "why=\"%s\"", op->s->name, op->user->word, op->class->name,
	    (unsigned long long)(clock_ms() - op->since_ms), text);
	if (code == MBOX_OVERQUOTA)
		op_over_log(op);
	(void)session_send(op->s, IMSG_REPLY_NO, op->id, &no);
	op_end(op);
}

void
op_orphan(struct op *op)
{
	/* In an attempt: it may be done, and nobody will be told. */
	if (op->submitted && !commit_cancel(op->user->commit,
	    &op->work.intent))
		op->maybe = true;
	op->submitted = false;
	op_end(op);
}

void
op_kick(struct op *op)
{
	event_active(op->ev, EV_TIMEOUT, 1);
}

void
op_later(struct op *op)
{
	const struct timeval	 now = { 0, 0 };

	event_add(op->ev, &now);
}

bool
op_blocked(const struct op *op)
{
	struct op	*o;

	TAILQ_FOREACH(o, &op->s->ops, entry) {
		if (o == op)
			return false;
		if (o->needs & OP_CHANGE)
			return true;
	}
	return false;
}

/* Is an earlier one of its kind under way? */
static bool
op_earlier(const struct op *op)
{
	struct op	*o;

	TAILQ_FOREACH(o, &op->s->ops, entry) {
		if (o == op)
			return false;
		if (o->class == op->class)
			return true;
	}
	return false;
}

static void
op_refreshed(struct refresh *ref, enum commit_outcome o, void *arg)
{
	struct op	*op = arg;

	(void)ref;
	op->refreshing = false;
	op->state = OP_WAITS;
	follow_asked(&op->user->follow, o);
	if (o == COMMIT_DONE || o == COMMIT_READONLY) {
		op->needs &= ~(unsigned)(OP_FRESH | OP_OPEN | OP_TRY);
		op->fresh = true;
		op_step(op);
		return;
	}
	/* Reading goes on from the index and the cache. */
	if (o == COMMIT_UNAVAILABLE && !(op->needs & (OP_FRESH | OP_CHANGE)) &&
	    !op->user->ix->fresh) {
		op->needs &= ~(unsigned)(OP_OPEN | OP_TRY);
		op_step(op);
		return;
	}
	op_no(op, o == COMMIT_QUARANTINED ? MBOX_CORRUPTION : MBOX_UNAVAILABLE,
	    user_refusal(o));
}

static bool
op_may_run(struct op *op)
{
	if ((op->needs & OP_AFTER) && op_blocked(op))
		return false;
	/* Its session sees to that, and tries as long as a login may take. */
	if ((op->needs & OP_OPEN) && op->s->opens)
		return false;
	/* Each SELECT under way holds the UIDs of a mailbox. */
	if (op->class == &op_MBOX_SELECT && op_earlier(op))
		return false;
	if ((op->needs & (OP_FRESH | OP_TRY)) ||
	    ((op->needs & OP_OPEN) && !op->user->follow.opened)) {
		memset(&op->refresh, 0, sizeof(op->refresh));
		op->refresh.done = op_refreshed;
		op->refresh.arg = op;
		op->state = OP_REFRESHES;
		op->refreshing = true;
		commit_refresh(op->user->commit, &op->refresh);
		return false;
	}
	if (op->needs & OP_STREAM) {
		if (op->s->streams >= SESSION_STREAMS_MAX)
			return false;
		op->s->streams++;
	}
	return true;
}

/* Sends what credit and channel take.  -1: the peer broke. */
static int
stream_pump(struct op *op)
{
	size_t	 n, sent = 0;

	while (sent < op->out.len && op->credit > 0 && op->s->peer != NULL &&
	    peer_queued(op->s->peer) < PEER_HIGH_WATER) {
		n = op->out.len - sent;
		if (n > op->credit)
			n = op->credit;
		if (n > MSG_DATA_MAX)
			n = MSG_DATA_MAX;
		if (peer_send(op->s->peer, IMSG_REPLY_DATA, op->id,
		    op->out.data + sent, n, -1) == -1)
			return -1;
		sent += n;
		op->credit -= (uint32_t)n;
	}
	buf_drain(&op->out, sent);
	return 0;
}

/*
 * Makes rows until a frame is full or no more are to be made now: a frame
 * for each row costs more than the row, and so does the clock.
 */
enum stream_fill { FILL_MORE, FILL_OVER, FILL_FAILED };
static enum stream_fill
stream_fill(struct op *op, uint64_t start)
{
	size_t		 full = op->out.len + MSG_DATA_MAX;
	unsigned	 made = 0;

	while (!op->produced && !op->async && op->out.len < full &&
	    op->out.len < STREAM_AHEAD) {
		if (made++ % STREAM_CLOCK == 0 && session_turn_over(start))
			return FILL_OVER;
		switch (op->class->produce(op)) {
		case OP_MORE:
			break;
		case OP_DONE:
			op->produced = true;
			break;
		case OP_ASYNC:
			op->async = true;
			break;
		case OP_FAILED:
			return FILL_FAILED;
		}
	}
	return FILL_MORE;
}

static void
stream_end(struct op *op)
{
	struct reply_ok	 ok;

	if (op->final != MBOX_CODE_NONE) {
		op_no(op, op->final, op->final_text);
		return;
	}
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

static void
stream_turn(struct op *op)
{
	uint64_t		 start = clock_us();
	enum stream_fill	 fill;

	do {
		if ((fill = stream_fill(op, start)) == FILL_FAILED)
			return;
		if (stream_pump(op) == -1) {
			session_end(op->s, MBOX_SERVERBUG, "Out of memory");
			return;
		}
		if (op->produced && op->out.len == 0) {
			stream_end(op);
			return;
		}
		/* Without OVER, credit or op_kick() go on. */
		if (fill == FILL_OVER)
			op_kick(op);
	} while (fill == FILL_MORE && !op->produced && !op->async &&
	    op->out.len < STREAM_AHEAD);
}

static void
stream_run(struct op *op)
{
	struct user	*u = op->user;		/* its session keeps it */
	struct index	*ix = u->ix;

	if (!op_turn_begin(op))
		return;
	index_hold(ix);
	stream_turn(op);	/* which may end it */
	index_let(ix);
	op_turn_end(u);
}

static void
step(struct op *op)
{
	switch (op->state) {
	case OP_WAITS:
		if (!op_may_run(op))
			return;
		op->state = OP_RUNS;
		if (op->class->run != NULL)
			op->class->run(op);
		else if (op_submits(op->class))
			op_submit(op, op->class->kind);
		else
			stream_run(op);
		return;
	case OP_RUNS:
		op->async = false;
		if (op->class->produce != NULL)
			stream_run(op);
		else if (op->class->run != NULL)
			op->class->run(op);
		return;
	case OP_REFRESHES:
	case OP_ENDED:
		return;
	}
}

void
op_step(struct op *op)
{
	struct log_context	 of = op->context, old;

	if (op->s->dead || !op->s->ready)
		return;
	log_context_swap(&of, &old);
	step(op);		/* which may end it */
	log_context_swap(&old, NULL);
}

void
op_credit(struct op *op, uint32_t bytes)
{
	if (bytes > MBOX_CREDIT || op->credit + bytes > MBOX_CREDIT)
		op->credit = MBOX_CREDIT;
	else
		op->credit += bytes;
	/* A produce() that waits for the bucket is not disturbed. */
	if (op->state == OP_RUNS && op->class->produce != NULL && !op->async)
		op_kick(op);
}

void
op_answer(struct op *op, enum commit_outcome o)
{
	struct answer	*a = &op->work.answer;

	op->submitted = false;
	switch (o) {
	case COMMIT_DONE:
		if ((op->needs & OP_REMOVES) != 0)
			past_passed(op->s);
		if (a->code == MBOX_CODE_NONE)
			op_ok(op, &a->ok);
		else
			op_no(op, a->code, a->text != NULL ? a->text : "No");
		return;
	case COMMIT_UNAVAILABLE:
	case COMMIT_FAILED:
		op_no(op, MBOX_UNAVAILABLE, user_refusal(o));
		return;
	case COMMIT_LOST:
		op->maybe = true;
		session_end(op->s, MBOX_UNAVAILABLE,
		    "The outcome of a change is unknown, log in again");
		op_end(op);
		return;
	case COMMIT_READONLY:
		op_no(op, MBOX_READONLY, user_refusal(o));
		return;
	case COMMIT_QUARANTINED:
		op_no(op, MBOX_CORRUPTION, user_refusal(o));
		return;
	case COMMIT_TOOBIG:
		op_no(op, MBOX_LIMIT, "The change is too large");
		return;
	}
}

static void
op_committed(struct intent *in, enum commit_outcome o, void *arg)
{
	(void)in;
	op_answer(arg, o);
}

void
op_submit(struct op *op, enum work_kind kind)
{
	struct work	*w = &op->work;

	w->kind = kind;
	w->arena = op->arena;
	w->session = op->s->serial;
	w->id = op->id;
	w->owner = op;
	w->intent.payload = w;
	if (w->intent.bytes == 0)
		w->intent.bytes = op->bytes + 256;
	if (w->intent.done == NULL) {
		w->intent.done = op_committed;
		w->intent.arg = op;
	}
	op->submitted = true;
	commit_submit(op->user->commit, &w->intent);
}
