/*
 * The flush: committed blocks leave the head as a log object (pail-bucket.5,
 * "Log objects").
 */
#include "common/compat.h"

#include "storaged/commit/commit_int.h"
#include "storaged/format/logobj.h"

static size_t
flush_wanted(const struct commit *c)
{
	size_t	 n = blocklist_bytes(&c->head.blocks);

	return n >= c->limits.flush ? n : 0;
}

static int
flush_make(struct commit *c, struct upload *u)
{
	return logobj_encode(c->head.history, TAILQ_FIRST(&c->head.blocks),
	    TAILQ_LAST(&c->head.blocks, blocklist), &u->ref, &u->bytes);
}

/* Does the log object hold just what the head begins with? */
static bool
flush_fits(const struct commit *c, const struct upload *u)
{
	const struct block	*first = TAILQ_FIRST(&c->head.blocks);

	return first != NULL && first->number == u->ref.first &&
	    u->ref.last <= c->head.commit;
}

const struct job_kind	job_flush = { KEY_LOG, flush_wanted, flush_make,
			    flush_fits };

size_t
commit_flush_bytes(struct commit *c)
{
	const struct upload	*u = commit_background_ready(c, JOB_FLUSH);
	const struct block	*k;
	size_t			 n = 0;

	if (u == NULL)
		return 0;
	TAILQ_FOREACH(k, &c->head.blocks, entry)
		if (k->number <= u->ref.last)
			n += k->len;
	return n;
}

int
commit_flush_use(struct commit *c, struct head *next, uint64_t *upto)
{
	struct upload	*u = commit_background_ready(c, JOB_FLUSH);

	if (u == NULL)
		return 0;
	if (loglist_add(&next->logs, &u->ref) == -1)
		return -1;
	u->used = 1;
	*upto = u->ref.last;
	return 0;
}
