/*
 * The commit of one user: its queue, its phases and its clock.  What goes
 * on in each phase has a file of its own (commit_read, _build, _seal,
 * _settle, _catchup, _spill).  Nothing here may send a second attempt while
 * one is unsettled, nor answer an intent of one with UNAVAILABLE.  DESIGN
 * section 3; pail-bucket.5, "The commit rule".
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit_int.h"

#define BIT(p)	((uint16_t)1 << PHASE_##p)

static const struct commit_limits commit_limits = {
	.spill = 80 * 1024,
	.hard = 256 * 1024,
	.logs = 64,
	.garbage = 128,
	.garbage_hard = 64 * 1024,
	.prune = { HEAD_NODES_KEEP, HEAD_SILENT },
};

static const char *const phase_names[] = {
#define X(name, word)	[PHASE_##name] = word,
	COMMIT_PHASES(X)
#undef X
};

static const uint16_t moves[] = {	/* from each phase, to these */
	[PHASE_IDLE] = BIT(READ) | BIT(BUILD) | BIT(FENCED),
	[PHASE_READ] = BIT(IDLE) | BIT(READ) | BIT(LIST) | BIT(CATCHUP) |
	    BIT(FENCED),
	[PHASE_LIST] = BIT(IDLE) | BIT(BUILD) | BIT(FENCED),
	[PHASE_CATCHUP] = BIT(IDLE) | BIT(FENCED),
	[PHASE_BUILD] = BIT(IDLE) | BIT(READ) | BIT(UPLOAD) | BIT(PUT) |
	    BIT(FENCED),
	[PHASE_UPLOAD] = BIT(IDLE) | BIT(PUT) | BIT(FENCED),
	[PHASE_PUT] = BIT(IDLE) | BIT(PUT) | BIT(LOOK) | BIT(CATCHUP) |
	    BIT(FENCED),
	[PHASE_LOOK] = BIT(LOOK) | BIT(PUT) | BIT(IDLE) | BIT(CATCHUP) |
	    BIT(FENCED),
	[PHASE_FENCED] = 0,
};

static void	 commit_step(void *);
static void	 commit_tick(void *);
static void	 commit_kick(struct commit *, uint64_t);

void
commit_enter(struct commit *c, enum commit_phase phase)
{
	if ((moves[c->phase] & (1 << phase)) == 0)
		fatalx("commit: from %s to %s", phase_names[c->phase],
		    phase_names[phase]);
	log_debug("user=%s commit=%llu phase=%s", c->user,
	    (unsigned long long)c->head.commit, phase_names[phase]);
	c->phase = phase;
	if (phase == PHASE_IDLE)
		commit_kick(c, 0);
}

struct commit *
commit_new(const struct commit_conf *conf)
{
	struct commit	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->conf = *conf;
	c->io = conf->io;
	c->alone = conf->alone;
	c->limits = commit_limits;
	memcpy(c->node, conf->node, sizeof(c->node));
	head_init(&c->head);
	manifest_init(&c->manifest);
	TAILQ_INIT(&c->queue);
	TAILQ_INIT(&c->answering);
	TAILQ_INIT(&c->refreshes);
	TAILQ_INIT(&c->uploads);
	if ((c->user = log_word_dup(conf->user)) == NULL ||
	    key_user(conf->user, c->prefix, sizeof(c->prefix)) == -1 ||
	    key_head(c->prefix, c->key, sizeof(c->key)) == -1) {
		free(c->user);
		free(c);
		return NULL;
	}
	return c;
}

bool
commit_idle(const struct commit *c)
{
	if (c->calling > 0)
		return false;
	if (c->phase == PHASE_FENCED)
		return c->told_fenced && TAILQ_EMPTY(&c->queue) &&
		    TAILQ_EMPTY(&c->refreshes);
	return c->phase == PHASE_IDLE && c->attempt == NULL &&
	    c->batch == NULL && TAILQ_EMPTY(&c->queue) &&
	    TAILQ_EMPTY(&c->refreshes);
}

void
commit_abandon(struct commit *c)
{
	if (c->kick != NULL)
		c->io->untimer(c->io->arg, c->kick);
	commit_unpause(c);
	if (c->tick != NULL)
		c->io->untimer(c->io->arg, c->tick);
	if (c->request != NULL)
		c->io->cancel(c->io->arg, c->request);
	commit_turn_free(c);
	if (c->batch != NULL || c->attempt != NULL)
		c->conf.ops->rollback(c->conf.state);
	commit_catchup_free(c);
	commit_batch_free(c->batch);
	commit_attempt_free(c->attempt);
	upload_free_all(c);
	head_free(&c->head);
	manifest_free(&c->manifest);
	free(c->user);
	free(c);
}

void
commit_free(struct commit *c)
{
	if (c == NULL)
		return;
	if (c->attempt != NULL && c->attempt->sent &&
	    c->phase != PHASE_FENCED)
		fatalx("commit_free: an attempt is unsettled");
	commit_abandon(c);
}

/* See to it that commit_step() runs after ms (or sooner). */
static void
commit_kick(struct commit *c, uint64_t ms)
{
	uint64_t	 at = c->io->now_ms(c->io->arg) + ms;

	if (c->kick != NULL) {
		if (c->kick_at <= at)
			return;
		c->io->untimer(c->io->arg, c->kick);
	}
	c->kick_at = at;
	c->kick = c->io->timer(c->io->arg, ms, commit_step, c);
}

static void
commit_resume(void *arg)
{
	struct commit	*c = arg;
	void		(*resume)(struct commit *) = c->resume;

	c->pause = NULL;
	c->resume = NULL;
	resume(c);
}

void
commit_unpause(struct commit *c)
{
	if (c->pause != NULL)
		c->io->untimer(c->io->arg, c->pause);
	c->pause = NULL;
}

void
commit_later(struct commit *c, uint64_t ms, void (*resume)(struct commit *))
{
	commit_unpause(c);
	c->resume = resume;
	c->pause = c->io->timer(c->io->arg, ms, commit_resume, c);
}

void
commit_pause(struct commit *c, void (*resume)(struct commit *))
{
	uint64_t	 most = COMMIT_PAUSE_MIN, r;
	uint64_t	 now = c->io->now_ms(c->io->arg);
	unsigned	 i;

	for (i = 0; i < c->tries && most < COMMIT_PAUSE_MAX; i++)
		most *= 2;
	if (most > COMMIT_PAUSE_MAX)
		most = COMMIT_PAUSE_MAX;
	c->tries++;
	c->io->random(c->io->arg, &r, sizeof(r));
	r %= most + 1;
	if (c->retry_at > now)
		r += c->retry_at - now;
	commit_later(c, r, resume);
}

void
commit_retry_after(struct commit *c, const struct blob_result *r)
{
	uint64_t	 ms = r->retry_after;

	if (ms > COMMIT_RETRY_MAX)
		ms = COMMIT_RETRY_MAX;
	c->retry_at = ms != 0 ? c->io->now_ms(c->io->arg) + ms : 0;
}

void
commit_unanswered(const struct commit *c, const char *what,
    const struct blob_result *r)
{
	void	(*say)(const char *, ...) __attribute__((format(printf, 1, 2)));

	say = c->tries == 0 && r->outcome != BLOB_CONFLICT ? log_info :
	    log_debug;
	say("user=%s commit=%llu object=%s result=%s why=\"%s\"", c->user,
	    (unsigned long long)c->head.commit, what,
	    blob_outcome_name(r->outcome), r->why != NULL ? r->why : "");
}

void
commit_go_on(struct commit *c)
{
	commit_kick(c, 0);
}

/* How long the queue is held back still, ms; 0: go. */
static uint64_t
held(const struct commit *c, uint64_t now)
{
	const struct intent	*in = TAILQ_FIRST(&c->queue);
	uint64_t		 until = 0;

	if (c->holds > 0 && c->queue_bytes < COMMIT_HOLD_BYTES)
		until = in->arrived + COMMIT_HOLD_MS;
	if (c->not_before > until)
		until = c->not_before;
	return until > now ? until - now : 0;
}

static void
step_fenced(struct commit *c)
{
	commit_fail_before(c, UINT64_MAX, COMMIT_FENCED);
	if (c->told_fenced)
		return;
	c->told_fenced = true;
	c->calling++;
	c->conf.fenced(c->why, c->conf.arg);
	c->calling--;
}

/* What is next, when nothing is under way. */
static void
commit_step(void *arg)
{
	struct commit	*c = arg;
	struct refresh	*ref;
	uint64_t	 now = c->io->now_ms(c->io->arg), ms = 0;

	c->kick = NULL;
	if (c->phase == PHASE_FENCED) {
		step_fenced(c);
		return;
	}
	if (c->phase != PHASE_IDLE || c->pause != NULL)
		return;
	ref = TAILQ_FIRST(&c->refreshes);
	if (!c->have || c->behind) {
		if (ref != NULL || !TAILQ_EMPTY(&c->queue))
			commit_read(c);
		return;
	}
	commit_spill_maybe(c);
	if (!TAILQ_EMPTY(&c->queue) && (ms = held(c, now)) == 0) {
		commit_build(c);
		return;
	}
	if (c->alone)
		commit_fresh(c, ++c->tickets);
	else if (ref != NULL) {
		commit_read(c);
		return;
	}
	if (ms > 0)
		commit_kick(c, ms);
}

void
commit_submit(struct commit *c, struct intent *in)
{
	in->ticket = ++c->tickets;
	in->arrived = in->told = c->io->now_ms(c->io->arg);
	in->where = INTENT_QUEUED;
	TAILQ_INSERT_TAIL(&c->queue, in, entry);
	c->queue_bytes += in->bytes;
	commit_tick_start(c);
	commit_kick(c, 0);
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
	struct intents	*l = &c->queue;
	bool		 never = true;

	switch ((enum intent_where)in->where) {
	case INTENT_FREE:
		return true;
	case INTENT_QUEUED:
		c->queue_bytes -= in->bytes;
		break;
	case INTENT_ANSWERED:
		never = c->answer != COMMIT_DONE && c->answer != COMMIT_LOST;
		l = &c->answering;
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
		c->holds++;
	else if (c->holds > 0 && --c->holds == 0)
		commit_kick(c, 0);
}

void
commit_refresh(struct commit *c, struct refresh *ref)
{
	ref->ticket = ++c->tickets;
	ref->waits = true;
	TAILQ_INSERT_TAIL(&c->refreshes, ref, entry);
	commit_kick(c, 0);
}

void
commit_refresh_cancel(struct commit *c, struct refresh *ref)
{
	if (!ref->waits)
		return;
	TAILQ_REMOVE(&c->refreshes, ref, entry);
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
	TAILQ_CONCAT(&c->answering, l, entry);
	c->answer = o;
	while ((in = TAILQ_FIRST(&c->answering)) != NULL) {
		TAILQ_REMOVE(&c->answering, in, entry);
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

	while ((ref = TAILQ_FIRST(&c->refreshes)) != NULL &&
	    ref->ticket <= ticket) {
		TAILQ_REMOVE(&c->refreshes, ref, entry);
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

	while ((in = TAILQ_FIRST(&c->queue)) != NULL &&
	    in->ticket <= ticket) {
		TAILQ_REMOVE(&c->queue, in, entry);
		c->queue_bytes -= in->bytes;
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
	uint64_t	 first = c->told + 1;

	if (last < first)
		return;
	c->told = last;
	c->calling++;
	c->conf.changed(first, last, c->conf.arg);
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
		TAILQ_INSERT_HEAD(&c->queue, in, entry);
		c->queue_bytes += in->bytes;
	}
}

int64_t
commit_time(const struct commit *c)
{
	return c->io->wall(c->io->arg) + c->clock_offset;
}

/* Ages come from the server's dates: keep its distance from our clock. */
void
commit_date(struct commit *c, const struct blob_result *r)
{
	int64_t	 d;

	if (r->date == 0)
		return;
	d = r->date - c->io->wall(c->io->arg);
	c->clock_offset = d > 2 || d < -2 ? d : 0;
}

/*
 * The user is not served any more: what waits is answered from the loop
 * (commit_step), what was in an attempt cannot be known.
 */
void
commit_fence(struct commit *c, const char *fmt, ...)
{
	struct attempt	*a = c->attempt;
	struct intents	 lost = TAILQ_HEAD_INITIALIZER(lost);
	va_list		 ap;

	if (c->phase == PHASE_FENCED)
		return;
	va_start(ap, fmt);
	vsnprintf(c->why_buf, sizeof(c->why_buf), fmt, ap);
	va_end(ap);
	c->why = c->why_buf;
	log_warnx("user=%s commit=%llu result=fenced why=\"%s\"", c->user,
	    (unsigned long long)c->head.commit, c->why);
	commit_enter(c, PHASE_FENCED);
	commit_unpause(c);
	if (c->batch != NULL)
		commit_batch_drop(c, true);
	if (a != NULL) {
		c->conf.ops->rollback(c->conf.state);
		c->attempt = NULL;
		if (a->sent)
			TAILQ_CONCAT(&lost, &a->intents, entry);
		else
			commit_requeue(c, &a->intents);
		commit_attempt_free(a);
	}
	commit_catchup_free(c);
	commit_answer(c, &lost, COMMIT_LOST);
	commit_kick(c, 0);
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
		log_warnx("user=%s commit=%llu result=lost why=\"unsettled "
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

	c->tick = NULL;
	if (c->attempt != NULL && c->attempt->sent)
		tick_attempt(c, c->attempt, now);
	if (c->attempt != NULL && c->attempt->unsure) {
		TAILQ_FOREACH(in, &c->queue, entry)
			if (now - in->arrived >= COMMIT_PATIENCE_MS)
				ticket = in->ticket;
		queue_before(c, ticket, COMMIT_UNAVAILABLE);
	}
	if (!TAILQ_EMPTY(&c->queue) || c->attempt != NULL)
		commit_tick_start(c);
}

void
commit_tick_start(struct commit *c)
{
	if (c->tick == NULL)
		c->tick = c->io->timer(c->io->arg, COMMIT_TICK_MS,
		    commit_tick, c);
}

/* In this head, or in a log object that it lists. */
static enum commit_at
locate_in(const struct commit *c, const struct head *h, uint64_t commit,
    struct commit_place *place)
{
	const struct block	*k;
	const struct logref	*log;

	TAILQ_FOREACH(k, &h->blocks, entry)
		if (k->number == commit) {
			place->p = k->messages;
			place->len = k->messages_len;
			return COMMIT_IN_HEAD;
		}
	if ((log = loglist_find(&h->logs, commit)) == NULL &&
	    (log = loglist_find(&c->manifest.logs, commit)) == NULL)
		return COMMIT_NOWHERE;
	if (key_log(c->prefix, log->first, log->last, log->id, place->key,
	    sizeof(place->key)) == -1)
		return COMMIT_NOWHERE;
	place->size = log->size;
	return COMMIT_IN_LOG;
}

enum commit_at
commit_locate(const struct commit *c, uint64_t commit,
    struct commit_place *place)
{
	enum commit_at	 at;

	memset(place, 0, sizeof(*place));
	at = locate_in(c, &c->head, commit, place);
	/* While catching up, the state may be ahead of the head. */
	if (at == COMMIT_NOWHERE && c->catchup.active)
		at = locate_in(c, &c->catchup.target, commit, place);
	if (at == COMMIT_NOWHERE && commit > c->head.commit)
		at = COMMIT_AHEAD;
	return at;
}

int
commit_upload_begin(struct commit *c, uint8_t id[16])
{
	struct upload	*u;

	if ((u = upload_new(c, KEY_MSG)) == NULL)
		return -1;
	u->large = true;
	memcpy(id, u->id, 16);
	return upload_name(u);
}

void
commit_upload_drop(struct commit *c, const uint8_t id[16])
{
	struct upload	*u;

	/* One that an attempt uses stays: it may be named. */
	if ((u = upload_find(&c->uploads, KEY_MSG, id)) == NULL)
		return;
	if (u->used)
		u->orphan = true;
	else
		u->state = UPLOAD_DROPPED;
}

bool
commit_alone(const struct commit *c)
{
	return c->alone;
}

void
commit_cluster(struct commit *c)
{
	c->alone = false;
}

const uint8_t *
commit_history(const struct commit *c)
{
	return c->have ? c->head.history : NULL;
}

const char *
commit_prefix(const struct commit *c)
{
	return c->prefix;
}
