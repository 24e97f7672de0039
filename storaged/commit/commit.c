/*
 * The commit of one user: its life, its phases and its clock.  What goes on
 * in each phase has a file of its own (commit_read, _build, _seal, _settle,
 * _catchup), what is done beside it is in commit_background, what waits for
 * it in commit_queue.  Nothing here may send a second attempt while one is
 * unsettled, nor answer an intent of one with UNAVAILABLE.  DESIGN section
 * 3; pail-bucket.5, "The commit rule".
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"

#define BIT(p)	((uint16_t)1 << PHASE_##p)

static const struct commit_limits commit_limits = {
	.flush = 80 * 1024,
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
	[PHASE_IDLE] = BIT(READ) | BIT(BUILD) | BIT(QUARANTINED),
	[PHASE_READ] = BIT(IDLE) | BIT(READ) | BIT(LIST) | BIT(CATCHUP) |
	    BIT(QUARANTINED),
	[PHASE_LIST] = BIT(IDLE) | BIT(BUILD) | BIT(QUARANTINED),
	[PHASE_CATCHUP] = BIT(IDLE) | BIT(QUARANTINED),
	[PHASE_BUILD] = BIT(IDLE) | BIT(READ) | BIT(UPLOAD) | BIT(PUT) |
	    BIT(QUARANTINED),
	[PHASE_UPLOAD] = BIT(IDLE) | BIT(PUT) | BIT(QUARANTINED),
	[PHASE_PUT] = BIT(IDLE) | BIT(PUT) | BIT(LOOK) | BIT(CATCHUP) |
	    BIT(QUARANTINED),
	[PHASE_LOOK] = BIT(LOOK) | BIT(PUT) | BIT(IDLE) | BIT(CATCHUP) |
	    BIT(QUARANTINED),
	[PHASE_QUARANTINED] = 0,
};

static void	 commit_step(void *);
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
	c->single_node = conf->single_node;
	c->limits = commit_limits;
	memcpy(c->node, conf->node, sizeof(c->node));
	head_init(&c->head);
	manifest_init(&c->manifest);
	TAILQ_INIT(&c->queue.list);
	TAILQ_INIT(&c->queue.answering);
	TAILQ_INIT(&c->queue.refreshes);
	if ((c->user = log_word_dup(conf->user)) == NULL ||
	    user_key(conf->user, c->name, sizeof(c->name)) == -1 ||
	    key_user(conf->user, c->prefix, sizeof(c->prefix)) == -1 ||
	    key_head(c->prefix, c->key, sizeof(c->key)) == -1) {
		free(c->user);
		free(c);
		return NULL;
	}
	uploads_init(&c->uploads, c->io, c->user, c->prefix, c);
	return c;
}

bool
commit_idle(const struct commit *c)
{
	if (c->calling > 0)
		return false;
	if (c->phase == PHASE_QUARANTINED)
		return c->quarantine.told && TAILQ_EMPTY(&c->queue.list) &&
		    TAILQ_EMPTY(&c->queue.refreshes);
	return c->phase == PHASE_IDLE && c->attempt == NULL &&
	    c->batch == NULL && TAILQ_EMPTY(&c->queue.list) &&
	    TAILQ_EMPTY(&c->queue.refreshes);
}

void
commit_abandon(struct commit *c)
{
	if (c->pace.kick != NULL)
		c->io->untimer(c->io->arg, c->pace.kick);
	commit_unpause(c);
	if (c->queue.tick != NULL)
		c->io->untimer(c->io->arg, c->queue.tick);
	if (c->request != NULL)
		c->io->cancel(c->io->arg, c->request);
	if (c->reading.list != NULL)
		c->io->cancel(c->io->arg, c->reading.list);
	commit_backoff_free(c);
	commit_background_free(c);
	if (c->batch != NULL || c->attempt != NULL)
		c->conf.ops->rollback(c->conf.state);
	commit_catchup_free(c);
	commit_batch_free(c->batch);
	commit_attempt_free(c->attempt);
	uploads_free(&c->uploads);
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
	    c->phase != PHASE_QUARANTINED)
		fatalx("commit_free: an attempt is unsettled");
	commit_abandon(c);
}

/* See to it that commit_step() runs after ms (or sooner). */
static void
commit_kick(struct commit *c, uint64_t ms)
{
	uint64_t	 at = c->io->now_ms(c->io->arg) + ms;

	if (c->pace.kick != NULL) {
		if (c->pace.kick_at <= at)
			return;
		c->io->untimer(c->io->arg, c->pace.kick);
	}
	c->pace.kick_at = at;
	c->pace.kick = c->io->timer(c->io->arg, ms, commit_step, c);
}

static void
commit_resume(void *arg)
{
	struct commit	*c = arg;
	void		(*resume)(struct commit *) = c->pace.resume;
	struct log_context old;

	c->pace.pause = NULL;
	c->pace.resume = NULL;
	commit_context(c, &old);
	resume(c);
	log_context_swap(&old, NULL);
}

void
commit_unpause(struct commit *c)
{
	if (c->pace.pause != NULL)
		c->io->untimer(c->io->arg, c->pace.pause);
	c->pace.pause = NULL;
}

void
commit_later(struct commit *c, uint64_t ms, void (*resume)(struct commit *))
{
	commit_unpause(c);
	c->pace.resume = resume;
	c->pace.pause = c->io->timer(c->io->arg, ms, commit_resume, c);
}

void
commit_pause(struct commit *c, void (*resume)(struct commit *))
{
	uint64_t	 most = COMMIT_PAUSE_MIN, r;
	uint64_t	 now = c->io->now_ms(c->io->arg);
	unsigned	 i;

	for (i = 0; i < c->pace.tries && most < COMMIT_PAUSE_MAX; i++)
		most *= 2;
	if (most > COMMIT_PAUSE_MAX)
		most = COMMIT_PAUSE_MAX;
	c->pace.tries++;
	c->io->random(c->io->arg, &r, sizeof(r));
	r %= most + 1;
	if (c->pace.retry_at > now)
		r += c->pace.retry_at - now;
	commit_later(c, r, resume);
}

void
commit_retry_after(struct commit *c, const struct blob_result *r)
{
	uint64_t	 ms = r->retry_after;

	if (ms > COMMIT_RETRY_MAX)
		ms = COMMIT_RETRY_MAX;
	if (ms < c->io->head_ms)
		ms = c->io->head_ms;
	c->pace.retry_at = ms != 0 ? c->io->now_ms(c->io->arg) + ms : 0;
}

void
commit_space(struct commit *c)
{
	uint64_t	 at = c->io->now_ms(c->io->arg) + c->io->head_ms;

	if (c->io->head_ms != 0 && c->backoff.not_before < at)
		c->backoff.not_before = at;
}

void
commit_unanswered(const struct commit *c, const char *what,
    const struct blob_result *r)
{
	void	(*say)(const char *, ...) __attribute__((format(printf, 1, 2)));

	say = c->pace.tries == 0 && r->outcome != BLOB_CONFLICT ? log_info :
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
	const struct intent	*in = TAILQ_FIRST(&c->queue.list);
	uint64_t		 until = 0;

	if (c->queue.holds > 0 && c->queue.bytes < COMMIT_HOLD_BYTES)
		until = in->arrived + COMMIT_HOLD_MS;
	if (c->backoff.not_before > until)
		until = c->backoff.not_before;
	return until > now ? until - now : 0;
}

static void
step_quarantined(struct commit *c)
{
	commit_fail_before(c, UINT64_MAX, c->quarantine.outcome);
	if (c->quarantine.told)
		return;
	c->quarantine.told = true;
	c->calling++;
	c->conf.quarantined(c->quarantine.outcome, c->quarantine.why,
	    c->conf.arg);
	c->calling--;
}

/* What is next, when nothing is under way. */
static void
step(struct commit *c)
{
	struct refresh	*ref;
	uint64_t	 now = c->io->now_ms(c->io->arg), ms = 0;

	if (c->phase == PHASE_QUARANTINED) {
		step_quarantined(c);
		return;
	}
	if (c->phase != PHASE_IDLE || c->pace.pause != NULL)
		return;
	ref = TAILQ_FIRST(&c->queue.refreshes);
	if (!c->have || c->behind) {
		if (ref != NULL || !TAILQ_EMPTY(&c->queue.list))
			commit_read(c);
		return;
	}
	commit_background(c);
	if (!TAILQ_EMPTY(&c->queue.list) && (ms = held(c, now)) == 0) {
		commit_build(c);
		return;
	}
	if (c->single_node)
		commit_fresh(c, ++c->tickets);
	else if (ref != NULL) {
		commit_read(c);
		return;
	}
	if (ms > 0)
		commit_kick(c, ms);
}

static void
commit_step(void *arg)
{
	struct commit	*c = arg;
	struct log_context old;

	c->pace.kick = NULL;
	commit_context(c, &old);
	step(c);
	log_context_swap(&old, NULL);
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
static void
quarantine(struct commit *c, enum commit_outcome o)
{
	struct attempt	*a = c->attempt;
	struct intents	 lost = TAILQ_HEAD_INITIALIZER(lost);

	c->quarantine.outcome = o;
	log_warnx("user=%s commit=%llu result=%s why=\"%s\"", c->user,
	    (unsigned long long)c->head.commit,
	    o == COMMIT_QUARANTINED ? "quarantined" : "failed",
	    c->quarantine.why);
	commit_enter(c, PHASE_QUARANTINED);
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

void
commit_quarantine(struct commit *c, const char *fmt, ...)
{
	va_list	 ap;

	if (c->phase == PHASE_QUARANTINED)
		return;
	va_start(ap, fmt);
	vsnprintf(c->quarantine.why, sizeof(c->quarantine.why), fmt, ap);
	va_end(ap);
	quarantine(c, COMMIT_QUARANTINED);
}

void
commit_fail(struct commit *c, const char *why)
{
	if (c->phase == PHASE_QUARANTINED)
		return;
	strlcpy(c->quarantine.why, why, sizeof(c->quarantine.why));
	quarantine(c, COMMIT_FAILED);
}

bool
commit_single_node(const struct commit *c)
{
	return c->single_node;
}

void
commit_cluster(struct commit *c)
{
	c->single_node = false;
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
