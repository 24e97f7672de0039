/*
 * The commit of one user: its life, its phases and its clock.  What goes on
 * in each phase has a file of its own (commit_read, _build, _seal, _settle,
 * _catchup, _spill), what waits for it is in commit_queue.  Nothing here may
 * send a second attempt while one is unsettled, nor answer an intent of one
 * with UNAVAILABLE.  DESIGN section 3; pail-bucket.5, "The commit rule".
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
	    user_key(conf->user, c->name, sizeof(c->name)) == -1 ||
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
