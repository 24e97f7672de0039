/* The parts of a read, and its end (cache_read.h). */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "storaged/bucket/cache/blob_cache_int.h"

void
cache_part_free(struct cache_part *p)
{
	TAILQ_REMOVE(&p->read->parts, p, in_read);
	if (p->fetch != NULL)
		TAILQ_REMOVE(&p->fetch->waiters, p, in_fetch);
	cache_place_release(&p->place);
	free(p);
}

void
cache_read_free(struct blob_cache_read *r)
{
	struct cache_part *p;

	while ((p = TAILQ_FIRST(&r->parts)) != NULL)
		cache_part_free(p);
	TAILQ_REMOVE(&r->cache->reads, r, entry);
	event_free(r->timer);
	free(r->buf);
	free(r);
}

/* What came is what there is of the range. */
static bool
read_whole(const struct blob_cache_read *r)
{
	uint64_t n = r->len;

	if (r->size < r->offset)
		return false;
	if (n > r->size - r->offset)
		n = r->size - r->offset;
	return r->got == n;
}

static void
read_over(int fd, short what, void *arg)
{
	struct blob_cache_read *r = arg;
	struct blob_result res = { .outcome = r->outcome, .etag = "",
	    .why = r->why, .size = r->size };

	(void)fd;
	(void)what;
	if (!TAILQ_EMPTY(&r->parts))
		return;		/* came after one that was served at once */
	if (r->outcome == BLOB_DONE && !read_whole(r)) {
		/* Or it would be so again. */
		blob_cache_forget(r->cache, r->key);
		cache_read_fail(r, BLOB_ERROR,
		    "the store reported conflicting sizes");
		res.outcome = r->outcome;
	}
	if (r->outcome == BLOB_DONE) {
		res.body = r->buf;
		res.own = &r->buf;
		res.len = r->got;
	}
	r->cb(&res, r->arg);
	cache_read_free(r);
}

struct blob_cache_read *
cache_read_new(struct blob_cache *c, blob_cb cb, void *arg)
{
	struct blob_cache_read *r;

	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->timer = evtimer_new(c->base, read_over, r)) == NULL)
		fatal("blob_cache");
	r->cache = c;
	r->cb = cb;
	r->arg = arg;
	TAILQ_INIT(&r->parts);
	TAILQ_INSERT_TAIL(&c->reads, r, entry);
	return r;
}

void
cache_read_check(struct blob_cache_read *r)
{
	struct timeval soon = { 0, 0 };

	if (TAILQ_EMPTY(&r->parts))
		evtimer_add(r->timer, &soon);
}

void
cache_read_fail(struct blob_cache_read *r, enum blob_outcome o, const char *why)
{
	if (r->outcome != BLOB_DONE)
		return;
	r->outcome = o;
	strlcpy(r->why, why, sizeof(r->why));
}

void
cache_part_range(const struct cache_part *p, uint64_t *from, uint64_t *to)
{
	const struct blob_cache_read *r = p->read;

	*from = p->b.number * CACHE_PIECE;
	*to = *from + CACHE_PIECE;
	if (*from < r->offset)
		*from = r->offset;
	if (*to > r->offset + r->len)
		*to = r->offset + r->len;
}

void
cache_part_served(struct cache_part *p, size_t n, uint64_t size)
{
	struct blob_cache_read *r = p->read;

	if (r->size != 0 && r->size != size) {
		blob_cache_forget(r->cache, r->key);
		cache_read_fail(r, BLOB_ERROR, "the object's size changed");
	}
	r->size = size;
	r->got += n;
	cache_part_free(p);
	cache_read_check(r);
}
