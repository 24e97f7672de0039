/*
 * Making the attempt: one block of the batch, the next head, and what has to
 * be in the bucket before it.  Its bytes are made once; they never change,
 * however often they are sent.  pail-bucket.5, "The commit rule".
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/sum.h"
#include "storaged/commit/commit_int.h"
#include "storaged/format/logobj.h"
#include "storaged/format/pack.h"

#define GARBAGE_BYTES	48	/* about, of one entry */

void
commit_attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	head_free(&a->next);
	buf_free(&a->bytes);
	free(a);
}

/* The next head's new block; those that stay are the present head's as yet. */
static int
block_make(struct head *next, const struct block *k)
{
	struct block	*copy, new;
	struct buf	 bytes = BUF_INIT;
	struct cursor	 cur;

	if (block_encode(k, &bytes) == -1) {
		buf_free(&bytes);
		return -1;
	}
	cursor_init(&cur, bytes.data, bytes.len);
	copy = block_decode(&new, &cur) == 0 ? block_dup(&new) : NULL;
	buf_free(&bytes);
	if (copy == NULL)
		return -1;
	TAILQ_INSERT_TAIL(&next->blocks, copy, entry);
	return 0;
}

/* The part of the next head that every commit has, empty ones too. */
static void
next_make(struct commit *c, struct head *next, struct block *k,
    const uint8_t node[16], const uint8_t nonce[16], int64_t now)
{
	memset(k, 0, sizeof(*k));
	k->number = next->commit = c->head.commit + 1;
	k->time = next->time = now;
	k->first = c->head.records + 1;
	memcpy(k->prev, c->head.nonce, sizeof(k->prev));
	memcpy(k->node, node, sizeof(k->node));
	memcpy(k->nonce, nonce, sizeof(k->nonce));
	memcpy(next->nonce, nonce, sizeof(next->nonce));
	head_enter(next, node, nonce, next->commit, now, &c->limits.prune);
}

static void
sealed_upload_done(struct upload *u, const struct blob_result *r)
{
	struct commit	*c = u->of->c;
	struct attempt	*a = c->attempt;
	struct intents	 failed = TAILQ_HEAD_INITIALIZER(failed);

	commit_date(c, r);
	if (a == NULL || c->phase != PHASE_UPLOAD)
		return;			/* quarantined meanwhile */
	if (r->outcome != BLOB_DONE)
		a->upload_failed = true;
	if (--a->uploads > 0)
		return;
	if (!a->upload_failed && !commit_uploads_old(c)) {
		commit_send(c);
		return;
	}
	/* Never sent: these are certainly not done. */
	if (a->upload_failed)
		TAILQ_CONCAT(&failed, &a->intents, entry);
	else
		commit_requeue(c, &a->intents);	/* this process slept */
	c->conf.ops->rollback(c->conf.state);
	c->attempt = NULL;
	commit_attempt_free(a);
	uploads_lost(&c->uploads);
	commit_enter(c, PHASE_IDLE);
	commit_pause(c, commit_go_on);
	commit_answer(c, &failed, COMMIT_UNAVAILABLE);
}

static int
upload_start(struct commit *c, struct upload *u)
{
	u->used = 1;
	c->attempt->uploads++;
	return upload_send(u, false, sealed_upload_done);
}

static int
pack_start(struct commit *c, struct batch *b)
{
	struct upload	*u = b->pack;

	b->pack = NULL;
	if (u == NULL)
		return 0;
	if (b->area.len == 0) {		/* never sent: nothing to name */
		u->name[0] = '\0';
		u->state = UPLOAD_DROPPED;
		return 0;
	}
	if (pack_encode(c->head.history, b->area.data, b->area.len,
	    &u->bytes) == -1)
		return -1;
	return upload_start(c, u);
}

/* The blocks of the present head that stay in the next one. */
static const struct block *
blocks_kept(const struct commit *c)
{
	const struct block	*k = TAILQ_FIRST(&c->head.blocks);

	while (k != NULL && k->number <= c->attempt->upto)
		k = TAILQ_NEXT(k, entry);
	return k;
}

/* Before the new one, copies of those that stay, which then do not. */
static int
blocks_gather(struct commit *c, struct head *next)
{
	const struct block	*k;
	struct block		*new = TAILQ_FIRST(&next->blocks), *copy;

	for (k = blocks_kept(c); k != NULL; k = TAILQ_NEXT(k, entry)) {
		if ((copy = block_dup(k)) == NULL)
			return -1;
		TAILQ_INSERT_BEFORE(new, copy, entry);
	}
	c->attempt->upto = UINT64_MAX;
	return 0;
}

/* All inline blocks, the new one too, into a log object that the commit
 * names: they would burst the head. */
static int
log_start(struct commit *c, struct head *next)
{
	struct upload	*u;

	if (blocks_bytes(blocks_kept(c)) + blocklist_bytes(&next->blocks) <=
	    c->limits.hard)
		return 0;
	if (blocks_gather(c, next) == -1 ||
	    (u = upload_new(&c->uploads, KEY_LOG)) == NULL ||
	    logobj_encode(next->history, TAILQ_FIRST(&next->blocks),
	    TAILQ_LAST(&next->blocks, blocklist), &u->ref, &u->bytes) == -1 ||
	    upload_name(u) == -1 || loglist_add(&next->logs, &u->ref) == -1)
		return -1;
	blocklist_free(&next->blocks);
	return upload_start(c, u);
}

/* A manifest that the commit names: the garbage would burst the head. */
static int
manifest_start(struct commit *c, struct head *next)
{
	struct upload	*u;

	if ((u = upload_new(&c->uploads, KEY_MANIFEST)) == NULL ||
	    upload_name(u) == -1 ||
	    (u->manifest = commit_manifest_make(c, next)) == NULL ||
	    manifest_encode(u->manifest, next->history, &c->conf.codec,
	    &u->bytes) == -1)
		return -1;
	next->has_manifest = true;
	memcpy(next->manifest, u->id, sizeof(next->manifest));
	sum_of(u->bytes.data, u->bytes.len, next->manifest_sha256);
	loglist_free(&next->logs);
	garbage_free(&next->garbage);
	return upload_start(c, u);
}

/* Lists of the next head: what left it, what is garbage now. */
static int
lists_make(struct commit *c, struct batch *b, struct head *next)
{
	bool	 burst;

	burst = (next->garbage.n + b->garbage.n) * GARBAGE_BYTES >
	    c->limits.garbage_hard;
	if (burst)
		commit_background_drop(c, JOB_MANIFEST);
	else
		commit_manifest_use(c, next);
	if (log_start(c, next) == -1 || pack_start(c, b) == -1 ||
	    garbage_append(&next->garbage, &b->garbage, 0) == -1 ||
	    uploads_garbage(&c->uploads, &next->garbage, b->time) == -1)
		return -1;
	return burst ? manifest_start(c, next) : 0;
}

static int
attempt_make(struct commit *c, struct batch *b, struct attempt *a)
{
	struct head	*next = &a->next;
	struct block	 k;
	struct upload	*u;

	memcpy(a->node, c->node, sizeof(a->node));
	c->io->random(c->io->arg, a->nonce, sizeof(a->nonce));
	a->base_none = !c->have;
	a->base = c->head.commit;
	strlcpy(a->etag, c->have ? c->etag : "", sizeof(a->etag));
	a->first = b->first;
	a->last = b->next - 1;
	if (head_copy(next, &c->head) == -1)
		return -1;
	next_make(c, next, &k, a->node, a->nonce, b->time);
	next->records = a->last;
	next->uidvalidity = b->uidvalidity;
	if (c->conf.ops->state_hash(c->conf.state, next->state_hash) == -1)
		return -1;
	memcpy(k.state_hash, next->state_hash, sizeof(k.state_hash));
	k.count = b->next - b->first;
	k.records = b->records.data;
	k.records_len = b->records.len;
	if (!b->packed) {
		k.messages = b->area.data;
		k.messages_len = b->area.len;
	}
	if (commit_flush_use(c, next, &a->upto) == -1 ||
	    block_make(next, &k) == -1 ||
	    lists_make(c, b, next) == -1 ||
	    head_encode(next, blocks_kept(c), &a->bytes) == -1)
		return -1;
	a->oldest = UINT64_MAX;
	TAILQ_FOREACH(u, &c->uploads.list, entry)
		if (u->used != 0 && u->begun < a->oldest)
			a->oldest = u->begun;
	return 0;
}

void
commit_seal(struct commit *c)
{
	struct batch	*b = c->batch;
	struct attempt	*a;
	struct log_context old;

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		commit_fail(c, "out of memory");
		return;
	}
	TAILQ_INIT(&a->intents);
	head_init(&a->next);
	c->attempt = a;
	c->batch = NULL;
	TAILQ_CONCAT(&a->intents, &b->taken, entry);
	commit_context(c, &old);
	if (attempt_make(c, b, a) == -1)
		commit_fail(c, "the commit cannot be built");
	else if (a->uploads > 0)
		commit_enter(c, PHASE_UPLOAD);
	else
		commit_send(c);
	log_context_swap(&old, NULL);
	commit_batch_free(b);
}

int
commit_seal_empty(struct commit *c)
{
	struct attempt	*a = c->attempt;
	struct head	 next;
	struct block	 k;
	struct buf	 bytes = BUF_INIT;
	int		 ret = -1;

	c->io->random(c->io->arg, a->rival, sizeof(a->rival));
	if (head_copy(&next, &c->head) == -1)
		return -1;
	next_make(c, &next, &k, a->node, a->rival, commit_time(c));
	memcpy(k.state_hash, c->head.state_hash, sizeof(k.state_hash));
	if (block_make(&next, &k) == 0 && head_encode(&next,
	    TAILQ_FIRST(&c->head.blocks), &bytes) == 0) {
		buf_free(&a->bytes);
		a->bytes = bytes;
		a->gives_up = true;
		ret = 0;
	} else
		buf_free(&bytes);
	head_free(&next);
	return ret;
}
