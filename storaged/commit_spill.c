/*
 * What leaves the head, in the background: committed blocks as a log object,
 * the changes since the manifest as a new one.  Nothing here delays a
 * commit: the next head made after such an upload is there refers to it.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/commit_int.h"
#include "storaged/logobj.h"
#include "storaged/sum.h"

#define AGAIN_MS	5000	/* after a failed upload */

static void
background_done(struct upload *u, bool ok)
{
	struct commit	*c = u->c;

	if (ok)
		return;
	c->spill_after = c->io->now_ms(c->io->arg) + AGAIN_MS;
	if (c->spill == u)
		c->spill = NULL;
	if (c->newer == u)
		c->newer = NULL;
}

/* Does the log object hold just what the head begins with? */
static bool
spill_fits(const struct commit *c, const struct upload *u)
{
	const struct block	*first = TAILQ_FIRST(&c->head.blocks);

	return first != NULL && first->number == u->ref.first &&
	    u->ref.last <= c->head.commit;
}

static bool
newer_fits(const struct commit *c, const struct upload *u)
{
	return u->had_manifest == c->head.has_manifest &&
	    (!u->had_manifest ||
	    memcmp(u->before, c->head.manifest, 16) == 0) &&
	    u->logs <= c->head.logs.n && u->garbage <= c->head.garbage.n;
}

/* Forget what is of no use any more; the next commit names it as garbage. */
static void
weed(struct commit *c)
{
	if (c->spill != NULL && (!spill_fits(c, c->spill) ||
	    (c->spill->state == UPLOAD_READY && !upload_live(c->spill)))) {
		c->spill->state = UPLOAD_DROPPED;
		c->spill = NULL;
	}
	if (c->newer != NULL && (!newer_fits(c, c->newer) ||
	    (c->newer->state == UPLOAD_READY && !upload_live(c->newer)))) {
		c->newer->state = UPLOAD_DROPPED;
		c->newer = NULL;
	}
}

static void
start_failed(struct upload *u)
{
	if (u == NULL)
		return;
	u->name[0] = '\0';		/* never sent: nothing to name */
	u->state = UPLOAD_DROPPED;
	background_done(u, false);
}

static void
spill_start(struct commit *c)
{
	struct upload	*u;

	if ((u = upload_new(c, KEY_LOG)) == NULL)
		return;
	if (logobj_encode(c->head.history, TAILQ_FIRST(&c->head.blocks),
	    TAILQ_LAST(&c->head.blocks, blocklist), &u->ref,
	    &u->bytes) == -1 || upload_name(u) == -1 ||
	    upload_send(u, true, background_done) == -1)
		start_failed(u);
	else
		c->spill = u;
}

struct manifest *
commit_manifest_make(struct commit *c, const struct head *from)
{
	struct manifest	*m;
	char		 name[KEY_NAME_MAX];

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	m->commit = from->commit;
	if (loglist_append(&m->logs, &c->manifest.logs, 0) == -1 ||
	    loglist_append(&m->logs, &from->logs, 0) == -1 ||
	    garbage_append(&m->garbage, &c->manifest.garbage, 0) == -1 ||
	    garbage_append(&m->garbage, &from->garbage, 0) == -1 ||
	    buf_put(&m->unknown, c->manifest.unknown.data,
	    c->manifest.unknown.len) == -1)
		goto fail;
	/* The one that it replaces. */
	if (c->head.has_manifest && (key_object("", KEY_MANIFEST,
	    c->head.manifest, name, sizeof(name)) == -1 ||
	    garbage_add(&m->garbage, name, commit_time(c)) == -1))
		goto fail;
	return m;
fail:
	manifest_free(m);
	free(m);
	return NULL;
}

static void
newer_start(struct commit *c)
{
	struct upload	*u;

	if ((u = upload_new(c, KEY_MANIFEST)) == NULL)
		return;
	u->logs = c->head.logs.n;
	u->garbage = c->head.garbage.n;
	u->had_manifest = c->head.has_manifest;
	memcpy(u->before, c->head.manifest, sizeof(u->before));
	if ((u->manifest = commit_manifest_make(c, &c->head)) == NULL ||
	    manifest_encode(u->manifest, c->head.history, &c->conf.codec,
	    &u->bytes) == -1 || upload_name(u) == -1) {
		start_failed(u);
		return;
	}
	sum_of(u->bytes.data, u->bytes.len, u->ref.sha256);
	if (upload_send(u, true, background_done) == -1)
		start_failed(u);
	else
		c->newer = u;
}

void
commit_spill_maybe(struct commit *c)
{
	weed(c);
	if (c->spill_after > c->io->now_ms(c->io->arg))
		return;
	if (c->spill == NULL &&
	    blocklist_bytes(&c->head.blocks) >= c->limits.spill)
		spill_start(c);
	if (c->newer == NULL && (c->head.logs.n >= c->limits.logs ||
	    c->head.garbage.n >= c->limits.garbage))
		newer_start(c);
}

size_t
commit_spill_bytes(struct commit *c)
{
	const struct block	*k;
	size_t			 n = 0;

	weed(c);
	if (c->spill == NULL || !upload_live(c->spill))
		return 0;
	TAILQ_FOREACH(k, &c->head.blocks, entry)
		if (k->number <= c->spill->ref.last)
			n += k->len;
	return n;
}

int
commit_spill_use(struct commit *c, struct head *next, uint64_t *upto)
{
	weed(c);
	if (c->spill == NULL || !upload_live(c->spill))
		return 0;
	if (loglist_add(&next->logs, &c->spill->ref) == -1)
		return -1;
	c->spill->used = 1;
	*upto = c->spill->ref.last;
	return 0;
}

int
commit_manifest_use(struct commit *c, struct head *next)
{
	struct upload	*u = c->newer;

	weed(c);
	if (c->newer == NULL || !upload_live(c->newer))
		return 0;
	u->used = 1;
	next->has_manifest = true;
	memcpy(next->manifest, u->id, sizeof(next->manifest));
	memcpy(next->manifest_sha256, u->ref.sha256, 32);
	loglist_drop(&next->logs, u->logs);
	garbage_drop(&next->garbage, u->garbage);
	return 0;
}
