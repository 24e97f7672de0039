/*
 * Sending an attempt and settling it: won, lost for good, or beyond
 * knowing.  While it is unsettled the same bytes are sent again and nothing
 * else of this user.  pail-bucket.5, "The commit rule".
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"
#include "storaged/commit/commit_metric.h"

#define MISMATCHES_MAX	10	/* one after the other */

static void	 look(struct commit *);
static void	 look_done(const struct blob_result *, void *);
static void	 put_done(const struct blob_result *, void *);

bool
commit_uploads_old(const struct commit *c)
{
	const struct attempt	*a = c->attempt;

	return a->oldest != UINT64_MAX &&
	    c->io->now_ms(c->io->arg) - a->oldest >= UPLOAD_LIFE_MS;
}

/* The same bytes, each time; or, once what they name is too old to be
 * named, an empty commit on the same base. */
void
commit_send(struct commit *c)
{
	struct attempt	*a = c->attempt;
	struct log_context old;

	if (!a->gives_up && a->sent && commit_uploads_old(c)) {
		log_warnx("user=%s commit=%llu result=giveup why=\"the uploads "
		    "are too old\"", c->user,
		    (unsigned long long)a->base + 1);
		if (commit_seal_empty(c) == -1) {
			commit_pause(c, look);
			return;
		}
	}
	commit_context(c, &old);
	commit_enter(c, PHASE_PUT);
	a->mismatch = false;
	if (!a->sent)
		commit_backoff_began(c);
	commit_space(c);
	a->sent = true;
	a->ticket = ++c->tickets;
	c->request = c->io->put(c->io->arg, c->key, a->bytes.data,
	    a->bytes.len, a->base_none ? BLOB_IF_NONE_MATCH : BLOB_IF_MATCH,
	    a->etag, BLOB_USER, put_done, c);
	if (c->request == NULL)
		commit_pause(c, look);
	commit_tick_start(c);
	log_context_swap(&old, NULL);
}

/* Take over what the attempt's uploads brought. */
static void
won_manifest(struct commit *c)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &c->uploads.list, entry)
		if (u->kind == KEY_MANIFEST && u->used != 0 &&
		    u->manifest != NULL) {
			manifest_free(&c->manifest);
			c->manifest = *u->manifest;
			manifest_init(u->manifest);
			memcpy(c->manifest_id, u->id, 16);
			c->have_manifest = true;
		}
}

/* The next head gets those blocks of the present one that stay. */
static void
won_head(struct commit *c)
{
	struct attempt	*a = c->attempt;
	struct blocklist *l = &c->head.blocks;
	struct block	*k;

	while ((k = TAILQ_FIRST(l)) != NULL && k->number <= a->upto) {
		TAILQ_REMOVE(l, k, entry);
		block_free(k);
	}
	TAILQ_CONCAT(l, &a->next.blocks, entry);
	TAILQ_CONCAT(&a->next.blocks, l, entry);
	head_move(&c->head, &a->next);
}

/*
 * It is in the bucket: events, answers, and then the state, which costs the
 * waiting client nothing so.  Should its commit fail, what was answered holds
 * all the same.  0; -1: quarantined.
 */
static int
settle_won(struct commit *c, const char *etag)
{
	struct attempt		*a = c->attempt;
	struct intents		 won = TAILQ_HEAD_INITIALIZER(won);
	struct state_mark	 mark = { 0 };
	uint64_t		 last = a->last, n = 0;
	const struct intent	*i;

	TAILQ_FOREACH(i, &a->intents, entry)
		n++;
	commit_metric_won(n);
	memcpy(mark.history, a->next.history, sizeof(mark.history));
	memcpy(mark.nonce, a->next.nonce, sizeof(mark.nonce));
	mark.commit = a->next.commit;
	mark.records = a->next.records;
	mark.uidvalidity = a->next.uidvalidity;
	won_head(c);
	strlcpy(c->etag, etag, sizeof(c->etag));
	c->have = true;
	won_manifest(c);
	uploads_won(&c->uploads);
	TAILQ_CONCAT(&won, &a->intents, entry);
	c->attempt = NULL;
	commit_attempt_free(a);
	c->pace.tries = 0;
	c->mismatches = 0;
	commit_backoff_won(c);
	if (c->head.commit == 1)
		commit_backoff_first(c);
	c->rebuilt = false;
	commit_changed(c, last);
	commit_answer(c, &won, COMMIT_DONE);
	commit_call(c, c->conf.answered);
	if (c->conf.ops->commit(c->conf.state, &mark) == -1) {
		commit_fail(c, "the index could not be committed");
		return -1;
	}
	commit_call(c, c->conf.committed);
	return 0;
}

static void
put_done(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;
	struct attempt	*a = c->attempt;
	uint64_t	 ticket = a->ticket;

	c->request = NULL;
	commit_date(c, r);
	commit_space(c);
	if (r->outcome == BLOB_DONE && !a->gives_up && r->etag != NULL &&
	    r->etag[0] != '\0' && strlen(r->etag) < sizeof(c->etag)) {
		if (settle_won(c, r->etag) == 0) {
			commit_enter(c, PHASE_IDLE);
			commit_fresh(c, ticket);
		}
		return;
	}
	a->unsure = true;
	a->mismatch = r->outcome == BLOB_CONFLICT && r->status == 412;
	commit_retry_after(c, r);
	commit_unanswered(c, "put", r);
	look(c);
}

static void
look(struct commit *c)
{
	struct log_context old;

	commit_context(c, &old);
	commit_enter(c, PHASE_LOOK);
	c->reading.ticket = ++c->tickets;
	c->request = c->io->get(c->io->arg, c->key, HEAD_MAX,
	    c->attempt->base_none ? NULL : c->attempt->etag, BLOB_USER,
	    look_done, c);
	if (c->request == NULL)
		commit_pause(c, look);
	log_context_swap(&old, NULL);
}

/* Lost for good, its base is gone: apply what was missed, evaluate anew. */
static void
settle_lost(struct commit *c, struct head *found, const char *etag)
{
	struct attempt	*a = c->attempt;

	commit_metric_lost();
	c->conf.ops->rollback(c->conf.state);
	uploads_lost(&c->uploads);
	commit_requeue(c, &a->intents);
	c->attempt = NULL;
	commit_attempt_free(a);
	c->pace.tries = 0;
	if (c->single_node) {
		log_warnx("user=%s why=\"cluster is false, but another "
		    "process writes to this bucket\"", c->user);
		c->single_node = false;
	}
	commit_backoff_lost(c);
	commit_adopt(c, found, etag, c->reading.ticket);
}

/* Our entry was pruned: nobody can know. */
static void
settle_forget(struct commit *c, struct head *found, const char *etag)
{
	struct attempt	*a = c->attempt;
	struct intents	 lost = TAILQ_HEAD_INITIALIZER(lost);

	log_warnx("user=%s commit=%llu result=lost why=\"this node's entry "
	    "was pruned from the head\"", c->user,
	    (unsigned long long)a->base + 1);
	c->conf.ops->rollback(c->conf.state);
	uploads_forget(&c->uploads);
	TAILQ_CONCAT(&lost, &a->intents, entry);
	c->attempt = NULL;
	commit_attempt_free(a);
	c->pace.tries = 0;
	c->io->random(c->io->arg, c->node, sizeof(c->node));
	commit_answer(c, &lost, COMMIT_LOST);
	commit_ended(c, "the outcome of a change is unknown");
	commit_adopt(c, found, etag, c->reading.ticket);
}

/*
 * The head is still the base.  A server that says so, and that If-Match does
 * not match, does not take back the ETag that it tells (a gateway alters it):
 * by turns it would never end.  True: it has ended.
 */
static bool
mismatched(struct commit *c)
{
	if (!c->attempt->mismatch || ++c->mismatches < MISMATCHES_MAX)
		return false;
	c->mismatches = 0;
	commit_fail(c, "the store does not accept the ETag that it returned");
	return true;
}

/* The head has moved: what does it say of the attempt? */
static void
look_found(struct commit *c, struct head *found, const char *etag)
{
	struct attempt		*a = c->attempt;
	const struct head_node	*entry = head_find(found, a->node);

	if (entry != NULL && memcmp(entry->nonce, a->nonce, 16) == 0) {
		if (settle_won(c, "") == 0)
			commit_adopt(c, found, etag, c->reading.ticket);
	} else if (entry == NULL && found->floor > a->base)
		settle_forget(c, found, etag);
	else
		settle_lost(c, found, etag);
}

static bool
is_base(const struct commit *c, const struct head *found)
{
	return c->have && found->commit == c->head.commit &&
	    memcmp(found->nonce, c->head.nonce, 16) == 0;
}

static void
look_head(struct commit *c, const struct blob_result *r)
{
	struct attempt	*a = c->attempt;
	struct head	 found;
	int		 e;

	e = head_decode(&found, c->name, r->body, r->len);
	if (e == FORMAT_NO_MEMORY)
		commit_fail(c, head_why(e));
	else if (e != 0)
		commit_quarantine(c, "%s", head_why(e));
	else if (!a->base_none &&
	    memcmp(found.history, c->head.history, 16) != 0)
		commit_quarantine(c, "the head belongs to another history");
	else if (found.commit < a->base)
		commit_pause(c, look);		/* a stale read */
	else if (!is_base(c, &found)) {
		c->mismatches = 0;
		look_found(c, &found, r->etag);
	} else if (!mismatched(c))
		look_found(c, &found, r->etag);
	head_free(&found);
}

static void
look_done(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;
	struct attempt	*a = c->attempt;

	c->request = NULL;
	commit_date(c, r);
	switch (r->outcome) {
	case BLOB_UNCHANGED:
		/* It may land yet. */
		if (!mismatched(c))
			commit_pause(c, commit_send);
		break;
	case BLOB_ABSENT:
		if (a->base_none)
			commit_pause(c, commit_send);
		else
			commit_quarantine(c, "the head has vanished");
		break;
	case BLOB_DONE:
		look_head(c, r);
		break;
	default:
		/* Those in the attempt wait; the others were never in one. */
		commit_unanswered(c, "head", r);
		commit_pause(c, look);
		commit_fail_before(c, c->reading.ticket, COMMIT_UNAVAILABLE);
		break;
	}
}
