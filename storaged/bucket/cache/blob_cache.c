/*
 * The cache of immutable objects (blob_cache.h).  What is on disk is known
 * (cache_index.h); it is read and written by helper threads.  A read is cut
 * into parts, one for each piece: from the disk, or from a fetch, which is
 * one GET for a run of missing pieces and lives until these are written.
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "storaged/bucket/cache/blob_cache_int.h"
#include "storaged/util/helper.h"

#define RUN_MAX		16	/* pieces in one GET: 4 MiB */
#define THREADS		2

#define FORGET_PIECES	4096	/* of an object: 1 GiB */

/* -- the disk -- */

/* In a helper thread. */
static void
part_read(void *arg)
{
	struct cache_part *p = arg;
	uint64_t from, to, base = p->b.number * CACHE_PIECE;

	cache_part_range(p, &from, &to);
	if (to > p->b.size)
		to = p->b.size;
	p->rc = 0;
	p->n = from < to ? (size_t)(to - from) : 0;
	if (p->n > 0 && cache_piece_read(&p->place, &p->b,
	    (size_t)(from - base), p->n,
	    p->read->buf + (from - p->read->offset)) == -1)
		p->rc = errno;
}

static void
part_was_read(void *arg)
{
	struct cache_part *p = arg;
	struct blob_cache_read *r = p->read;
	struct blob_cache *c = r->cache;
	struct cache_fetch *f;

	p->job = NULL;
	cache_place_release(&p->place);
	if (p->rc == 0) {
		cache_part_served(p, p->n, p->b.size);
		return;
	}
	if (cache_index_drop(c->index, r->id, p->b.number)) {
		c->counts.damaged++;
		log_warnx("cache: key=%s piece=%llu: %s: fetching it again",
		    r->key, (unsigned long long)p->b.number, strerror(p->rc));
	}
	if ((f = cache_fetch_find(c, r->id, p->b.number)) == NULL) {
		f = cache_fetch_new(c, r->key, r->id, p->b.number);
		f->n = 1;
		cache_fetch_send(f, r->prio);
	}
	cache_fetch_join(p, f);
}

/* -- reads -- */

static void
read_start(struct blob_cache_read *r)
{
	struct blob_cache *c = r->cache;
	uint64_t k, first = r->offset / CACHE_PIECE;
	uint64_t last = (r->offset + r->len - 1) / CACHE_PIECE;
	struct cache_fetch *f, *run = NULL;
	const struct cache_piece *b;
	struct cache_part *p;

	for (k = first; k <= last; k++) {
		if (r->size != 0 && k * CACHE_PIECE >= r->size)
			break;
		if ((p = calloc(1, sizeof(*p))) == NULL)
			fatal("blob_cache");
		p->read = r;
		p->b.number = k;
		TAILQ_INSERT_TAIL(&r->parts, p, in_read);
		if ((b = cache_index_use(c->index, r->id, k,
		    &p->place)) != NULL) {
			c->counts.hits++;
			p->b = *b;
			p->job = helper_run(c->pool, r->prio == BLOB_USER,
			    part_read, part_was_read, p);
			continue;
		}
		c->counts.misses++;
		if ((f = cache_fetch_find(c, r->id, k)) != NULL && f != run) {
			cache_fetch_join(p, f);
			continue;
		}
		if (run == NULL || run->first + run->n != k ||
		    run->n == RUN_MAX) {
			if (run != NULL)
				cache_fetch_send(run, r->prio);
			run = cache_fetch_new(c, r->key, r->id, k);
		}
		run->n++;
		cache_fetch_join(p, run);
	}
	if (run != NULL)
		cache_fetch_send(run, r->prio);
	cache_read_check(r);
}

struct blob_cache_read *
blob_cache_read(struct blob_cache *c, const char *key, uint64_t offset,
    size_t len, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct blob_cache_read *r;
	const struct cache_piece *b;
	uint64_t k;

	r = cache_read_new(c, cb, arg);
	r->offset = offset;
	r->len = len;
	r->prio = prio;
	if (len > BLOB_CACHE_READ_MAX || offset > INT64_MAX - len ||
	    strlcpy(r->key, key, sizeof(r->key)) >= sizeof(r->key)) {
		cache_read_fail(r, BLOB_ERROR,
		    "the range or key is too long");
		cache_read_check(r);
		return r;
	}
	if (len == 0) {
		r->size = offset;
		cache_read_check(r);
		return r;
	}
	cache_piece_id(key, r->id);
	if ((r->buf = malloc(len)) == NULL) {
		cache_read_fail(r, BLOB_UNAVAILABLE, "out of memory");
		cache_read_check(r);
		return r;
	}
	/* What is cached tells where the object ends. */
	for (k = offset / CACHE_PIECE; k <= (offset + len - 1) / CACHE_PIECE;
	    k++) {
		if ((b = cache_index_find(c->index, r->id, k)) != NULL) {
			r->size = b->size;
			break;
		}
	}
	if (r->size != 0 && offset >= r->size) {
		cache_read_fail(r, BLOB_BEHIND,
		    "the range starts beyond the end");
		cache_read_check(r);
	} else
		read_start(r);
	return r;
}

void
blob_cache_cancel(struct blob_cache_read *r)
{
	struct cache_part *p;

	if (r == NULL)
		return;
	TAILQ_FOREACH(p, &r->parts, in_read) {
		if (p->job != NULL)
			helper_cancel(p->job);
	}
	cache_read_free(r);
}

void
blob_cache_add(struct blob_cache *c, const char *key,
    const struct piece *pieces, size_t n)
{
	struct cache_fetch *f;
	uint8_t id[16];
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += pieces[i].len;
	if (len == 0 || len > c->limit / 4 || len > BLOB_CACHE_READ_MAX)
		return;
	cache_piece_id(key, id);
	if (cache_index_find(c->index, id, 0) != NULL ||
	    cache_fetch_find(c, id, 0) != NULL)
		return;
	f = cache_fetch_new(c, key, id, 0);
	f->n = cache_pieces(len);
	if ((f->data = malloc(len)) == NULL) {
		cache_fetch_free(f);
		return;
	}
	for (i = 0; i < n; i++) {
		if (pieces[i].len != 0)
			memcpy(f->data + f->len, pieces[i].p, pieces[i].len);
		f->len += pieces[i].len;
	}
	f->size = len;
	cache_fetch_keep(f);
}

void
blob_cache_forget(struct blob_cache *c, const char *key)
{
	uint64_t	 n;
	uint8_t		 id[16];

	cache_piece_id(key, id);
	cache_fetch_spoil(c, id);
	for (n = 0; n < FORGET_PIECES; n++)
		(void)cache_index_drop(c->index, id, n);
}

const struct blob_cache_counts *
blob_cache_counts(const struct blob_cache *c)
{
	return &c->counts;
}

/* -- open and close -- */

struct blob_cache *
blob_cache_open(struct event_base *base, struct blob_store *store,
    const char *dir, uint64_t limit, char *why, size_t size)
{
	struct blob_cache *c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	c->base = base;
	c->store = store;
	c->limit = limit;
	c->dir = c->lock = -1;
	TAILQ_INIT(&c->fetches);
	TAILQ_INIT(&c->reads);
	if ((mkdir(dir, 0700) == -1 && errno != EEXIST) ||
	    (c->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (c->lock = openat(c->dir, ".lock", O_RDWR | O_CREAT | O_CLOEXEC,
	    0600)) == -1) {
		snprintf(why, size, "cache %s: %s", dir, strerror(errno));
		goto fail;
	}
	if (flock(c->lock, LOCK_EX | LOCK_NB) == -1) {
		snprintf(why, size, "cache %s: %s", dir,
		    errno == EWOULDBLOCK ? "in use by another process" :
		    strerror(errno));
		goto fail;
	}
	if ((c->pool = helper_new(base, THREADS)) == NULL ||
	    (c->index = cache_index_load(c->dir, c->pool, limit,
	    &c->counts)) == NULL) {
		snprintf(why, size, "cache %s: %s", dir, strerror(errno));
		goto fail;
	}
	return c;
fail:
	blob_cache_close(c);
	return NULL;
}

void
blob_cache_close(struct blob_cache *c)
{
	struct blob_cache_read *r;
	struct cache_fetch *f;

	if (c == NULL)
		return;
	while ((r = TAILQ_FIRST(&c->reads)) != NULL)
		blob_cache_cancel(r);
	while ((f = TAILQ_FIRST(&c->fetches)) != NULL) {
		blob_cancel(f->req);
		if (f->job != NULL)
			helper_cancel(f->job);
		cache_fetch_free(f);
	}
	if (c->index != NULL)
		cache_index_stop(c->index);
	helper_free(c->pool);		/* no job is left */
	cache_index_free(c->index);
	if (c->dir != -1)
		close(c->dir);
	if (c->lock != -1)
		close(c->lock);
	free(c);
}
