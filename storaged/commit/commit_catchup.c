/*
 * Catching up: a newer head was read, and the state is brought to it by
 * applying what was committed since: from log objects, then from the head's
 * inline part; from the very first record when the state is empty.  Replay
 * only applies, and checks: the chain of nonces, the numbers, and each
 * commit's state hash.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"
#include "storaged/format/logobj.h"

#define RECORD_ARENA	(64 * 1024 * 1024)

static void	 catchup_plan(struct commit *);
static void	 catchup_apply(struct commit *);

void
commit_catchup_free(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	size_t		 i;

	if (!cu->active)
		return;
	commit_unpause(c);
	if (cu->request != NULL)
		c->io->cancel(c->io->arg, cu->request);
	for (i = 0; i < COMMIT_LOG_GETS; i++) {
		if (cu->gets[i].request != NULL)
			c->io->cancel(c->io->arg, cu->gets[i].request);
		blocklist_free(&cu->gets[i].blocks);
	}
	if (cu->begun)
		c->conf.ops->rollback(c->conf.state);
	blocklist_free(&cu->blocks);
	block_free(cu->at);
	loglist_free(&cu->logs);
	head_free(&cu->target);
	arena_free(cu->arena);
	memset(cu, 0, sizeof(*cu));
}

/* The bucket did not give what is needed: from the start, later. */
static void
catchup_failed(struct commit *c, const struct blob_result *r)
{
	uint64_t	 ticket = c->catchup.ticket;

	commit_unanswered(c, "log", r);
	commit_catchup_free(c);
	c->behind = true;
	commit_enter(c, PHASE_IDLE);
	commit_pause(c, commit_go_on);
	commit_fail_before(c, ticket, COMMIT_UNAVAILABLE);
}

static void
catchup_damage(struct commit *c, int e, const char *what)
{
	if (e == FORMAT_UNKNOWN) {
		commit_catchup_free(c);
		commit_readonly(c);
	} else if (e == FORMAT_NO_MEMORY)
		commit_fail(c, "out of memory");
	else
		commit_quarantine(c, "%s", what);
}

/* An empty state, at the start of the target's history. */
static int
state_reset(struct commit *c)
{
	struct catchup	*cu = &c->catchup;

	if (c->conf.ops->reset(c->conf.state) == -1) {
		commit_fail(c, "the index cannot be reset");
		return -1;
	}
	memset(&cu->mark, 0, sizeof(cu->mark));
	memcpy(cu->mark.history, cu->target.history, 16);
	c->queue.told = 0;
	return 0;
}

/* The records do not fit the state: once, it may be the state's fault. */
static void
state_broken(struct commit *c, const char *what)
{
	struct catchup	*cu = &c->catchup;
	size_t		 i;

	if (c->rebuilt) {
		commit_quarantine(c, "%s, even after a rebuild", what);
		return;
	}
	log_warnx("user=%s commit=%llu result=rebuild why=\"%s\"", c->user,
	    (unsigned long long)cu->mark.commit, what);
	c->rebuilt = true;
	commit_unpause(c);
	if (cu->begun)
		c->conf.ops->rollback(c->conf.state);
	cu->begun = cu->inlined = false;
	blocklist_free(&cu->blocks);
	block_free(cu->at);
	cu->at = NULL;
	for (i = 0; i < COMMIT_LOG_GETS; i++) {
		if (cu->gets[i].request != NULL)
			c->io->cancel(c->io->arg, cu->gets[i].request);
		cu->gets[i].request = NULL;
		cu->gets[i].done = false;
		blocklist_free(&cu->gets[i].blocks);
	}
	loglist_free(&cu->logs);
	cu->next_get = cu->next_apply = 0;
	if (state_reset(c) == -1)
		return;
	if (c->have)
		commit_ended(c, "the index had to be rebuilt");
	catchup_plan(c);
}

static void
manifest_done(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;
	struct catchup	*cu = &c->catchup;
	struct manifest	 m;
	int		 e;

	cu->request = NULL;
	commit_date(c, r);
	if (r->outcome == BLOB_ABSENT) {
		commit_quarantine(c, "the manifest is missing");
		return;
	}
	if (r->outcome == BLOB_LONG) {
		commit_quarantine(c, "the manifest is too long");
		return;
	}
	if (r->outcome != BLOB_DONE) {
		catchup_failed(c, r);
		return;
	}
	if ((e = manifest_decode(&m, r->body, r->len, cu->target.history,
	    cu->target.manifest_sha256)) != 0) {
		manifest_free(&m);
		catchup_damage(c, e, "the manifest is damaged");
		return;
	}
	manifest_free(&c->manifest);
	c->manifest = m;
	c->have_manifest = true;
	memcpy(c->manifest_id, cu->target.manifest, 16);
	catchup_plan(c);
}

static void
manifest_get(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	char		 key[KEY_MAX];

	if (key_object(c->prefix, KEY_MANIFEST, cu->target.manifest, key,
	    sizeof(key)) == 0)
		cu->request = c->io->get(c->io->arg, key, MANIFEST_MAX, NULL,
		    BLOB_USER, manifest_done, c);
	if (cu->request == NULL)
		commit_fail(c, "out of memory");
}

void
commit_adopt(struct commit *c, struct head *h, const char *etag,
    uint64_t ticket)
{
	struct catchup	*cu = &c->catchup;
	size_t		 i;

	commit_enter(c, PHASE_CATCHUP);
	memset(cu, 0, sizeof(*cu));
	cu->active = true;
	head_init(&cu->target);
	head_move(&cu->target, h);
	TAILQ_INIT(&cu->blocks);
	for (i = 0; i < COMMIT_LOG_GETS; i++) {
		cu->gets[i].c = c;
		TAILQ_INIT(&cu->gets[i].blocks);
	}
	strlcpy(cu->etag, etag, sizeof(cu->etag));
	cu->ticket = ticket;
	if ((cu->arena = arena_new(RECORD_ARENA)) == NULL) {
		commit_fail(c, "out of memory");
		return;
	}
	c->conf.ops->mark(c->conf.state, &cu->mark);
	if (!c->queue.adopted)
		c->queue.told = cu->mark.records;
	c->queue.adopted = true;
	if ((cu->mark.commit == 0 ||
	    memcmp(cu->mark.history, cu->target.history, 16) != 0) &&
	    state_reset(c) == -1)
		return;
	if (!cu->target.has_manifest) {
		manifest_free(&c->manifest);
		c->have_manifest = false;
	} else if (!c->have_manifest ||
	    memcmp(c->manifest_id, cu->target.manifest, 16) != 0) {
		manifest_get(c);
		return;
	}
	catchup_plan(c);
}

static void
catchup_finish(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	uint64_t	 last = cu->mark.records, ticket = cu->ticket;

	head_move(&c->head, &cu->target);
	strlcpy(c->etag, cu->etag, sizeof(c->etag));
	c->have = true;
	c->behind = false;
	commit_catchup_free(c);
	commit_enter(c, PHASE_IDLE);
	commit_changed(c, last);
	commit_fresh(c, ticket);
}

static void
log_get_done(const struct blob_result *r, void *arg)
{
	struct log_get	*f = arg;
	struct commit	*c = f->c;
	struct catchup	*cu = &c->catchup;
	int		 e;

	f->request = NULL;
	if (r->outcome == BLOB_ABSENT) {
		commit_quarantine(c, "a log object is missing");
		return;
	}
	if (r->outcome == BLOB_BEHIND ||	/* empty, says the cache */
	    r->outcome == BLOB_LONG) {
		commit_quarantine(c, "a log object is damaged");
		return;
	}
	if (r->outcome != BLOB_DONE) {
		catchup_failed(c, r);
		return;
	}
	if ((e = logobj_decode(r->body, r->len, cu->target.history,
	    &cu->logs.v[f->index], &f->blocks)) != 0) {
		catchup_damage(c, e, "a log object is damaged");
		return;
	}
	f->done = true;
	if (f->index == cu->next_apply && cu->at == NULL &&
	    TAILQ_EMPTY(&cu->blocks) && c->pace.pause == NULL)
		catchup_apply(c);
}

/* Keep a few log objects on their way. */
static int
log_get_more(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	struct logref	*log;
	struct log_get	*f;
	char		 key[KEY_MAX];

	while (cu->next_get < cu->logs.n &&
	    cu->next_get - cu->next_apply < COMMIT_LOG_GETS) {
		f = &cu->gets[cu->next_get % COMMIT_LOG_GETS];
		log = &cu->logs.v[cu->next_get];
		f->index = cu->next_get++;
		f->done = false;
		if (key_log(c->prefix, log->first, log->last, log->id, key,
		    sizeof(key)) == 0)
			f->request = c->io->get(c->io->arg, key,
			    (size_t)log->size, NULL, BLOB_USER,
			    log_get_done, f);
		if (f->request == NULL) {
			commit_fail(c, "out of memory");
			return -1;
		}
	}
	return 0;
}

/* The log objects that hold from..., in order. */
static int
logs_from(struct loglist *dst, const struct loglist *src, uint64_t from)
{
	size_t	 i;

	for (i = 0; i < src->n; i++)
		if (src->v[i].last >= from &&
		    loglist_add(dst, &src->v[i]) == -1)
			return -1;
	return 0;
}

static bool
logs_meet(const struct loglist *l, uint64_t from, uint64_t upto)
{
	size_t	 i;

	if (l->n == 0 || l->v[0].first > from || l->v[l->n - 1].last != upto)
		return false;
	for (i = 1; i < l->n; i++)
		if (l->v[i].first != l->v[i - 1].last + 1)
			return false;
	return true;
}

static void
catchup_plan(struct commit *c)
{
	struct catchup		*cu = &c->catchup;
	const struct block	*k = TAILQ_FIRST(&cu->target.blocks);
	uint64_t		 inlined, from = cu->mark.commit + 1;

	if (cu->mark.commit == cu->target.commit) {
		if (memcmp(cu->mark.nonce, cu->target.nonce, 16) != 0)
			commit_quarantine(c,
			    "the index belongs to a different head "
			    "with the same number");
		else
			catchup_finish(c);
		return;
	}
	if (cu->mark.commit > cu->target.commit) {
		commit_quarantine(c, "the index is newer than the head");
		return;
	}
	inlined = k != NULL ? k->number : cu->target.commit + 1;
	if (from < inlined) {
		if (logs_from(&cu->logs, &c->manifest.logs, from) == -1 ||
		    logs_from(&cu->logs, &cu->target.logs, from) == -1 ||
		    !logs_meet(&cu->logs, from, inlined - 1)) {
			commit_quarantine(c, "the log has a gap");
			return;
		}
		if (log_get_more(c) == -1)
			return;
	}
	catchup_apply(c);
}

/* Commit what was applied, and tell of it: the state keeps the changes of
 * one transaction only.  0 or -1 (quarantined). */
static int
apply_commit(struct commit *c)
{
	struct catchup	*cu = &c->catchup;

	if (!cu->begun)
		return 0;
	cu->begun = false;
	if (c->conf.ops->commit(c->conf.state, &cu->mark) == 0) {
		commit_changed(c, cu->mark.records);
		commit_call(c, c->conf.committed);
		return 0;
	}
	commit_fail(c, "the index could not be committed");
	return -1;
}

/* The next source of blocks.  1: there are some; 0: wait, done or
 * quarantined. */
static int
apply_source(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	struct log_get	*f;
	struct block	*k, *copy;

	if (apply_commit(c) == -1)
		return 0;
	if (cu->next_apply < cu->logs.n) {
		f = &cu->gets[cu->next_apply % COMMIT_LOG_GETS];
		if (!f->done)
			return 0;
		f->done = false;
		TAILQ_CONCAT(&cu->blocks, &f->blocks, entry);
		cu->next_apply++;
		return log_get_more(c) == 0;
	}
	if (cu->inlined) {
		if (cu->mark.commit != cu->target.commit)
			commit_quarantine(c, "the log ends before the head");
		else
			catchup_finish(c);
		return 0;
	}
	TAILQ_FOREACH(k, &cu->target.blocks, entry) {
		if ((copy = block_dup(k)) == NULL) {
			commit_fail(c, "out of memory");
			return 0;
		}
		TAILQ_INSERT_TAIL(&cu->blocks, copy, entry);
	}
	cu->inlined = true;
	return 1;
}

/* Start on the next block.  0, or -1: quarantined. */
static int
block_begin(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	struct block	*k = TAILQ_FIRST(&cu->blocks);

	TAILQ_REMOVE(&cu->blocks, k, entry);
	if (k->number <= cu->mark.commit) {
		if (k->number == cu->mark.commit &&
		    memcmp(k->nonce, cu->mark.nonce, 16) != 0) {
			commit_quarantine(c,
			    "the index belongs to another history");
			block_free(k);
			return -1;
		}
		block_free(k);
		return 0;
	}
	cu->at = k;
	if (k->number != cu->mark.commit + 1 ||
	    k->first != cu->mark.records + 1 ||
	    memcmp(k->prev, cu->mark.nonce, 16) != 0) {
		commit_quarantine(c, "the chain of commits is broken");
		return -1;
	}
	if (!cu->begun && c->conf.ops->begin(c->conf.state) == -1) {
		commit_fail(c, "the index cannot be written");
		return -1;
	}
	cu->begun = true;
	cu->left = k->count;
	cursor_init(&cu->records, k->records, k->records_len);
	return 0;
}

/* One record of the block.  0, or -1: started again, or quarantined. */
static int
record_apply(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	struct record	 r;
	int		 e;

	arena_reset(cu->arena);
	if ((e = record_decode(&r, &cu->records, cu->arena)) != 0) {
		catchup_damage(c, e, "a record is damaged");
		return -1;
	}
	r.number = cu->mark.records + 1;
	if (c->conf.ops->apply(c->conf.state, &r, cu->at->number) == -1) {
		state_broken(c, "a record cannot be applied to the index");
		return -1;
	}
	if (r.type == RECORD_CREATE && r.uidvalidity > cu->mark.uidvalidity)
		cu->mark.uidvalidity = r.uidvalidity;
	cu->mark.records++;
	cu->left--;
	return 0;
}

static int
block_end(struct commit *c)
{
	struct catchup	*cu = &c->catchup;
	struct block	*k = cu->at;
	uint8_t		 hash[32];

	if (!cursor_done(&cu->records)) {
		commit_quarantine(c, "a commit has trailing bytes");
		return -1;
	}
	if (c->conf.ops->state_hash(c->conf.state, hash) == -1) {
		commit_fail(c, "the index reported an error");
		return -1;
	}
	if (memcmp(hash, k->state_hash, sizeof(hash)) != 0) {
		state_broken(c,
		    "the index does not match the state hash of the commit");
		return -1;
	}
	cu->mark.commit = k->number;
	memcpy(cu->mark.nonce, k->nonce, sizeof(cu->mark.nonce));
	block_free(k);
	cu->at = NULL;
	return 0;
}

static void
catchup_apply(struct commit *c)
{
	struct catchup	*cu = &c->catchup;

	for (;;) {
		if (cu->at == NULL && TAILQ_EMPTY(&cu->blocks)) {
			if (apply_source(c) != 1)
				return;
		} else if (cu->at == NULL) {
			if (block_begin(c) == -1)
				return;
		} else if (cu->left > 0) {
			if (record_apply(c) == -1)
				return;
		} else if (block_end(c) == -1)
			return;
		/* Each time: one record may be of many messages. */
		if (c->io->turn_over(c->io->arg)) {
			commit_later(c, 0, catchup_apply);
			return;
		}
	}
}
