/*
 * Manifests: the head's lists of log objects and garbage, with those of the
 * manifest before, as a new one (pail-bucket.5, "Manifests").
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/sum.h"
#include "storaged/commit/commit_int.h"

#define LOG_BYTES	80	/* about, of an entry */
#define GARBAGE_BYTES	48

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

static size_t
manifest_wanted(const struct commit *c)
{
	if (c->head.logs.n < c->limits.logs &&
	    c->head.garbage.n < c->limits.garbage)
		return 0;
	return (c->head.logs.n + c->manifest.logs.n) * LOG_BYTES +
	    (c->head.garbage.n + c->manifest.garbage.n) * GARBAGE_BYTES;
}

static int
manifest_make(struct commit *c, struct upload *u)
{
	u->logs = c->head.logs.n;
	u->garbage = c->head.garbage.n;
	u->had_manifest = c->head.has_manifest;
	memcpy(u->before, c->head.manifest, sizeof(u->before));
	if ((u->manifest = commit_manifest_make(c, &c->head)) == NULL ||
	    manifest_encode(u->manifest, c->head.history, &c->conf.codec,
	    &u->bytes) == -1)
		return -1;
	sum_of(u->bytes.data, u->bytes.len, u->ref.sha256);
	return 0;
}

static bool
manifest_fits(const struct commit *c, const struct upload *u)
{
	return u->had_manifest == c->head.has_manifest &&
	    (!u->had_manifest ||
	    memcmp(u->before, c->head.manifest, 16) == 0) &&
	    u->logs <= c->head.logs.n && u->garbage <= c->head.garbage.n;
}

const struct job_kind	job_manifest = { KEY_MANIFEST, manifest_wanted,
			    manifest_make, manifest_fits };

void
commit_manifest_use(struct commit *c, struct head *next)
{
	struct upload	*u = commit_background_ready(c, JOB_MANIFEST);

	if (u == NULL)
		return;
	u->used = 1;
	next->has_manifest = true;
	memcpy(next->manifest, u->id, sizeof(next->manifest));
	memcpy(next->manifest_sha256, u->ref.sha256, 32);
	loglist_drop(&next->logs, u->logs);
	garbage_drop(&next->garbage, u->garbage);
}
