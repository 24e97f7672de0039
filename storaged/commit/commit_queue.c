/*
 * What waits for a commit: the queue of intents, the refreshes, and how each
 * gets its answer.  Nothing here decides what became of an attempt
 * (commit_settle.c); callbacks may call back, hence the lists that
 * commit_cancel() knows.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"

void
commit_submit(struct commit *c, struct intent *in)
{
	in->ticket = ++c->tickets;
	in->arrived = in->told = c->io->now_ms(c->io->arg);
	in->where = INTENT_QUEUED;
	log_context_get(&in->context);
	TAILQ_INSERT_TAIL(&c->queue.list, in, entry);
	c->queue.bytes += in->bytes;
	commit_tick_start(c);
	commit_go_on(c);
}

/* Who waits for what is done next; NULL: nobody does. */
static const struct log_context *
whose(const struct commit *c)
{
	const struct intent	*in = NULL;
	const struct refresh	*ref = TAILQ_FIRST(&c->queue.refreshes);

	if (c->attempt != NULL)
		in = TAILQ_FIRST(&c->attempt->intents);
	else if (c->batch != NULL)
		in = TAILQ_FIRST(&c->batch->taken);
	if (in == NULL)
		in = TAILQ_FIRST(&c->queue.list);
	if (in != NULL)
		return &in->context;
	return ref != NULL ? &ref->context : NULL;
}

void
commit_context(const struct commit *c, struct log_context *old)
{
	const struct log_context *who = whose(c);
	const struct intent	*in;
	struct log_context	 of;

	if (who == NULL) {		/* work of our own: it stays */
		log_context_get(old);
		return;
	}
	of = *who;
	of.others = 0;
	if (c->attempt != NULL &&
	    (in = TAILQ_FIRST(&c->attempt->intents)) != NULL)
		while ((in = TAILQ_NEXT(in, entry)) != NULL)
			of.others++;
	log_context_swap(&of, old);
}

/* Half of it is in the batch: the others are evaluated again, without it. */
static void
cancel_partial(struct commit *c, struct intent *in)
{
	TAILQ_REMOVE(&c->batch->taken, in, entry);
	in->where = INTENT_FREE;
	commit_unpause(c);
	commit_batch_drop(c, true);
	commit_enter(c, PHASE_IDLE);
}

bool
commit_cancel(struct commit *c, struct intent *in)
{
	struct intents	*l = &c->queue.list;
	bool		 never = true;

	switch ((enum intent_where)in->where) {
	case INTENT_FREE:
		return true;
	case INTENT_QUEUED:
		c->queue.bytes -= in->bytes;
		break;
	case INTENT_ANSWERED:
		never = c->queue.answer != COMMIT_DONE &&
		    c->queue.answer != COMMIT_LOST;
		l = &c->queue.answering;
		break;
	case INTENT_TAKEN:
		if (c->batch != NULL && c->batch->partial == in) {
			cancel_partial(c, in);
			return true;
		}
		never = false;
		l = c->attempt != NULL ? &c->attempt->intents :
		    &c->batch->taken;
		break;
	}
	TAILQ_REMOVE(l, in, entry);
	in->where = INTENT_FREE;
	return never;
}

void
commit_hold(struct commit *c, bool more)
{
	if (more)
		c->queue.holds++;
	else if (c->queue.holds > 0 && --c->queue.holds == 0)
		commit_go_on(c);
}

void
commit_refresh(struct commit *c, struct refresh *ref)
{
	ref->ticket = ++c->tickets;
	ref->waits = true;
	log_context_get(&ref->context);
	TAILQ_INSERT_TAIL(&c->queue.refreshes, ref, entry);
	commit_go_on(c);
}

void
commit_refresh_cancel(struct commit *c, struct refresh *ref)
{
	if (!ref->waits)
		return;
	TAILQ_REMOVE(&c->queue.refreshes, ref, entry);
	ref->waits = false;
}

/* One at a time, from a list that commit_cancel() knows: done() may cancel
 * others of its session. */
void
commit_answer(struct commit *c, struct intents *l, enum commit_outcome o)
{
	struct intent	*in;

	TAILQ_FOREACH(in, l, entry)
		in->where = INTENT_ANSWERED;
	TAILQ_CONCAT(&c->queue.answering, l, entry);
	c->queue.answer = o;
	while ((in = TAILQ_FIRST(&c->queue.answering)) != NULL) {
		TAILQ_REMOVE(&c->queue.answering, in, entry);
		in->where = INTENT_FREE;
		c->calling++;
		in->done(in, o, in->arg);
		c->calling--;
	}
}

static void
refreshes_before(struct commit *c, uint64_t ticket, enum commit_outcome o)
{
	struct refresh	*ref;

	while ((ref = TAILQ_FIRST(&c->queue.refreshes)) != NULL &&
	    ref->ticket <= ticket) {
		TAILQ_REMOVE(&c->queue.refreshes, ref, entry);
		ref->waits = false;
		c->calling++;
		ref->done(ref, o, ref->arg);
		c->calling--;
	}
}

static void
queue_before(struct commit *c, uint64_t ticket, enum commit_outcome o)
{
	struct intent	*in;

	while ((in = TAILQ_FIRST(&c->queue.list)) != NULL &&
	    in->ticket <= ticket) {
		TAILQ_REMOVE(&c->queue.list, in, entry);
		c->queue.bytes -= in->bytes;
		in->where = INTENT_FREE;
		c->calling++;
		in->done(in, o, in->arg);
		c->calling--;
	}
}

void
commit_fail_before(struct commit *c, uint64_t ticket, enum commit_outcome o)
{
	/* What callbacks submit now is not meant. */
	if (ticket > c->tickets)
		ticket = c->tickets;
	refreshes_before(c, ticket, o);
	queue_before(c, ticket, o);
}

void
commit_fresh(struct commit *c, uint64_t ticket)
{
	if (ticket > c->fresh)
		c->fresh = ticket;
	refreshes_before(c, c->fresh, COMMIT_DONE);
}

void
commit_changed(struct commit *c, uint64_t last)
{
	uint64_t	 first = c->queue.told + 1;

	if (last < first)
		return;
	c->queue.told = last;
	c->calling++;
	c->conf.changed(first, last, c->conf.arg);
	c->calling--;
}

void
commit_call(struct commit *c, void (*fn)(void *))
{
	if (fn == NULL)
		return;
	c->calling++;
	fn(c->conf.arg);
	c->calling--;
}

void
commit_ended(struct commit *c, const char *why)
{
	c->calling++;
	c->conf.ended(why, c->conf.arg);
	c->calling--;
}

/* Back to the front of the queue, in their order. */
void
commit_requeue(struct commit *c, struct intents *l)
{
	struct intent	*in;

	while ((in = TAILQ_LAST(l, intents)) != NULL) {
		TAILQ_REMOVE(l, in, entry);
		in->where = INTENT_QUEUED;
		TAILQ_INSERT_HEAD(&c->queue.list, in, entry);
		c->queue.bytes += in->bytes;
	}
}

/* The next one of the attempt whose client should hear that we try. */
static struct intent *
tick_waiting(struct attempt *a, uint64_t now)
{
	struct intent	*in;

	TAILQ_FOREACH(in, &a->intents, entry)
		if (now - in->told >= (in->told == in->arrived ?
		    COMMIT_WAITING_MS : COMMIT_REPEAT_MS))
			return in;
	return NULL;
}

static void
tick_attempt(struct commit *c, struct attempt *a, uint64_t now)
{
	struct intents	 lost = TAILQ_HEAD_INITIALIZER(lost);
	struct intent	*in, *next;

	TAILQ_FOREACH_SAFE(in, &a->intents, entry, next)
		if (now - in->arrived >= COMMIT_END_MS) {
			TAILQ_REMOVE(&a->intents, in, entry);
			TAILQ_INSERT_TAIL(&lost, in, entry);
		}
	while ((in = tick_waiting(a, now)) != NULL) {
		in->told = now;
		c->calling++;
		if (c->conf.waiting != NULL)
			c->conf.waiting(in, c->conf.arg);
		c->calling--;
	}
	if (!TAILQ_EMPTY(&lost))
		log_warnx("user=%s commit=%llu result=lost why=\"no outcome "
		    "for five minutes\"", c->user,
		    (unsigned long long)a->base + 1);
	commit_answer(c, &lost, COMMIT_LOST);
}

/* Each second while anything waits. */
static void
commit_tick(void *arg)
{
	struct commit	*c = arg;
	struct intent	*in;
	uint64_t	 now = c->io->now_ms(c->io->arg), ticket = 0;

	c->queue.tick = NULL;
	if (c->attempt != NULL && c->attempt->sent)
		tick_attempt(c, c->attempt, now);
	if (c->attempt != NULL && c->attempt->unsure) {
		TAILQ_FOREACH(in, &c->queue.list, entry)
			if (now - in->arrived >= COMMIT_PATIENCE_MS)
				ticket = in->ticket;
		queue_before(c, ticket, COMMIT_UNAVAILABLE);
	}
	if (!TAILQ_EMPTY(&c->queue.list) || c->attempt != NULL)
		commit_tick_start(c);
}

void
commit_tick_start(struct commit *c)
{
	if (c->queue.tick == NULL)
		c->queue.tick = c->io->timer(c->io->arg, COMMIT_TICK_MS,
		    commit_tick, c);
}
