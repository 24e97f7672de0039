/*
 * The cache of immutable objects (blob_cache.h).  What is on disk is known
 * (cache_index.h); it is read and written by helper threads.  A read is cut
 * into parts, one for each block: from the disk, or from a fetch, which is
 * one GET for a run of missing blocks and lives until these are written.
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "storaged/blob_cache.h"
#include "storaged/cache_index.h"
#include "storaged/helper.h"

#define RUN_MAX		16	/* blocks in one GET: 4 MiB */
#define THREADS		2

#define FORGET_BLOCKS	4096	/* of an object: 1 GiB */

struct part {				/* of a read: one block */
	TAILQ_ENTRY(part) in_read, in_fetch;
	struct blob_cache_read *read;
	struct fetch	*fetch;		/* waits for it */
	struct helper_job *job;		/* reads the disk */
	struct cache_block b;		/* size: when it comes from there */
	struct cache_place place;
	int		 rc;
};

struct fetch {
	TAILQ_ENTRY(fetch) entry;
	struct blob_cache *cache;
	struct blob_request *req;
	struct helper_job *job;		/* writes to the disk */
	char		 key[BLOB_KEY_MAX];
	uint8_t		 id[16];
	uint64_t	 first;
	size_t		 n;		/* blocks */
	uint8_t		*data;		/* once it is there */
	size_t		 len;
	uint64_t	 size;		/* of the object */
	size_t		 kept;		/* bytes: no part of a block */
	struct cache_place place;
	int		 rc;		/* errno, by the helper */
	TAILQ_HEAD(, part) waiters;
};

struct blob_cache_read {
	TAILQ_ENTRY(blob_cache_read) entry;
	struct blob_cache *cache;
	char		 key[BLOB_KEY_MAX];
	uint8_t		 id[16];
	uint64_t	 offset;
	size_t		 len;
	uint8_t		*buf;
	uint64_t	 size;		/* of the object; 0: not known yet */
	enum blob_priority prio;
	TAILQ_HEAD(, part) parts;
	enum blob_outcome outcome;
	char		 why[256];
	struct event	*timer;
	blob_cb		 cb;
	void		*arg;
};

struct blob_cache {
	struct event_base *base;
	struct blob_store *store;
	struct helper_pool *pool;
	int		 dir, lock;
	uint64_t	 limit;
	struct cache_index *index;
	size_t		 writing;	/* bytes of fetches that are written */
	TAILQ_HEAD(, fetch) fetches;
	TAILQ_HEAD(, blob_cache_read) reads;
	struct blob_cache_counts counts;
	bool		 warned;	/* of a failed write */
};

/* -- parts and the end of a read -- */

static void
part_free(struct part *p)
{
	TAILQ_REMOVE(&p->read->parts, p, in_read);
	if (p->fetch != NULL)
		TAILQ_REMOVE(&p->fetch->waiters, p, in_fetch);
	cache_place_release(&p->place);
	free(p);
}

static void
read_free(struct blob_cache_read *r)
{
	struct part *p;

	while ((p = TAILQ_FIRST(&r->parts)) != NULL)
		part_free(p);
	TAILQ_REMOVE(&r->cache->reads, r, entry);
	event_free(r->timer);
	free(r->buf);
	free(r);
}

static void
read_over(int fd, short what, void *arg)
{
	struct blob_cache_read *r = arg;
	struct blob_result res = { .outcome = r->outcome, .etag = "",
	    .why = r->why, .size = r->size };

	(void)fd;
	(void)what;
	if (r->outcome == BLOB_DONE) {
		res.body = r->buf;
		res.own = &r->buf;
		res.len = r->len;
		if (r->size - r->offset < r->len)
			res.len = (size_t)(r->size - r->offset);
	}
	r->cb(&res, r->arg);
	read_free(r);
}

static void
read_check(struct blob_cache_read *r)
{
	struct timeval soon = { 0, 0 };

	if (TAILQ_EMPTY(&r->parts))
		evtimer_add(r->timer, &soon);
}

static void
read_fail(struct blob_cache_read *r, enum blob_outcome o, const char *why)
{
	if (r->outcome != BLOB_DONE)
		return;
	r->outcome = o;
	strlcpy(r->why, why, sizeof(r->why));
}

/* What the read wants of its block: a range of the object. */
static void
part_range(const struct part *p, uint64_t *from, uint64_t *to)
{
	const struct blob_cache_read *r = p->read;

	*from = p->b.number * CACHE_BLOCK;
	*to = *from + CACHE_BLOCK;
	if (*from < r->offset)
		*from = r->offset;
	if (*to > r->offset + r->len)
		*to = r->offset + r->len;
}

/* -- fetches -- */

static void
fetch_free(struct fetch *f)
{
	TAILQ_REMOVE(&f->cache->fetches, f, entry);
	cache_place_release(&f->place);
	free(f->data);
	free(f);
}

static struct cache_block
fetch_first(const struct fetch *f)
{
	struct cache_block b = { .number = f->first, .size = f->size };

	memcpy(b.id, f->id, sizeof(b.id));
	return b;
}

/* In a helper thread. */
static void
fetch_write(void *arg)
{
	struct fetch *f = arg;
	struct cache_block b = fetch_first(f);

	if (cache_block_write(&f->place, &b, f->data, f->kept) == -1)
		f->rc = errno;
}

static void
fetch_failed(struct blob_cache *c, int why)
{
	if (!c->warned)
		log_warnx("cache: write: %s", strerror(why));
	c->warned = true;
}

static void
fetch_written(void *arg)
{
	struct fetch *f = arg;
	struct blob_cache *c = f->cache;
	struct cache_block b = fetch_first(f);

	f->job = NULL;
	if (f->rc != 0)
		fetch_failed(c, f->rc);
	else
		cache_index_add(c->index, &b, f->kept, &f->place);
	c->writing -= f->len;
	fetch_free(f);
}

/* What the disk does not keep up with is not kept. */
static void
fetch_keep(struct fetch *f)
{
	struct blob_cache *c = f->cache;

	f->kept = f->len;
	if (f->first * CACHE_BLOCK + f->len != f->size)
		f->kept -= f->len % CACHE_BLOCK;
	if (f->kept == 0 || c->writing + f->len > BLOB_CACHE_WRITING) {
		fetch_free(f);
		return;
	}
	if (!cache_index_reserve(c->index, f->kept, &f->place)) {
		fetch_failed(c, errno);
		fetch_free(f);
		return;
	}
	c->writing += f->len;
	f->job = helper_run(c->pool, false, fetch_write, fetch_written, f);
}

/* A part's bytes out of the fetch's. */
static void
fetch_give(struct fetch *f, struct part *p)
{
	struct blob_cache_read *r = p->read;
	uint64_t from, to, base = f->first * CACHE_BLOCK;

	part_range(p, &from, &to);
	r->size = f->size;
	if (to > base + f->len)
		to = base + f->len;
	if (from < to)
		memcpy(r->buf + (from - r->offset), f->data + (from - base),
		    (size_t)(to - from));
	else if (from == r->offset)
		read_fail(r, BLOB_BEHIND, "the range begins behind the end");
	part_free(p);
	read_check(r);
}

static void
fetch_done(const struct blob_result *res, void *arg)
{
	struct fetch *f = arg;
	struct blob_cache_read *r;
	struct part *p;

	f->req = NULL;
	if (res->outcome == BLOB_DONE && res->len != 0 &&
	    (f->data = blob_take(res)) != NULL) {
		f->len = res->len;
		f->size = res->size;
		while ((p = TAILQ_FIRST(&f->waiters)) != NULL)
			fetch_give(f, p);
		fetch_keep(f);
		return;
	}
	while ((p = TAILQ_FIRST(&f->waiters)) != NULL) {
		r = p->read;
		if (res->outcome == BLOB_DONE)
			read_fail(r, BLOB_BEHIND, "an empty range");
		else
			read_fail(r, res->outcome, res->why);
		part_free(p);
		read_check(r);
	}
	fetch_free(f);
}

static struct fetch *
fetch_find(struct blob_cache *c, const uint8_t id[16], uint64_t number)
{
	struct fetch *f;

	TAILQ_FOREACH(f, &c->fetches, entry) {
		if (number >= f->first && number - f->first < f->n &&
		    memcmp(f->id, id, 16) == 0)
			return f;
	}
	return NULL;
}

static struct fetch *
fetch_new(struct blob_cache *c, const char *key, const uint8_t id[16],
    uint64_t first)
{
	struct fetch *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		fatal("blob_cache");
	f->cache = c;
	f->first = first;
	memcpy(f->id, id, sizeof(f->id));
	strlcpy(f->key, key, sizeof(f->key));
	TAILQ_INIT(&f->waiters);
	TAILQ_INSERT_TAIL(&c->fetches, f, entry);
	return f;
}

static void
fetch_send(struct fetch *f, enum blob_priority prio)
{
	f->req = blob_get(f->cache->store, f->key, f->first * CACHE_BLOCK,
	    f->n * CACHE_BLOCK, f->n * CACHE_BLOCK, NULL, prio, fetch_done, f);
}

/* Joins a fetch, or (once it has its bytes) takes from it. */
static void
part_fetch(struct part *p, struct fetch *f)
{
	p->fetch = f;
	TAILQ_INSERT_TAIL(&f->waiters, p, in_fetch);
	if (f->data != NULL)
		fetch_give(f, p);
}

/* -- the disk -- */

/* In a helper thread. */
static void
part_read(void *arg)
{
	struct part *p = arg;
	uint64_t from, to, base = p->b.number * CACHE_BLOCK;

	part_range(p, &from, &to);
	if (to > p->b.size)
		to = p->b.size;
	p->rc = 0;
	if (from < to && cache_block_read(&p->place, &p->b,
	    (size_t)(from - base), (size_t)(to - from),
	    p->read->buf + (from - p->read->offset)) == -1)
		p->rc = errno;
}

static void
part_was_read(void *arg)
{
	struct part *p = arg;
	struct blob_cache_read *r = p->read;
	struct blob_cache *c = r->cache;
	struct fetch *f;

	p->job = NULL;
	cache_place_release(&p->place);
	if (p->rc == 0) {
		r->size = p->b.size;
		part_free(p);
		read_check(r);
		return;
	}
	if (cache_index_drop(c->index, r->id, p->b.number)) {
		c->counts.damaged++;
		log_warnx("cache: key=%s block=%llu: %s: fetched again",
		    r->key, (unsigned long long)p->b.number, strerror(p->rc));
	}
	if ((f = fetch_find(c, r->id, p->b.number)) == NULL) {
		f = fetch_new(c, r->key, r->id, p->b.number);
		f->n = 1;
		fetch_send(f, r->prio);
	}
	part_fetch(p, f);
}

/* -- reads -- */

static void
read_start(struct blob_cache_read *r)
{
	struct blob_cache *c = r->cache;
	uint64_t k, first = r->offset / CACHE_BLOCK;
	uint64_t last = (r->offset + r->len - 1) / CACHE_BLOCK;
	struct fetch *f, *run = NULL;
	const struct cache_block *b;
	struct part *p;

	for (k = first; k <= last; k++) {
		if (r->size != 0 && k * CACHE_BLOCK >= r->size)
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
		if ((f = fetch_find(c, r->id, k)) != NULL && f != run) {
			part_fetch(p, f);
			continue;
		}
		if (run == NULL || run->first + run->n != k ||
		    run->n == RUN_MAX) {
			if (run != NULL)
				fetch_send(run, r->prio);
			run = fetch_new(c, r->key, r->id, k);
		}
		run->n++;
		part_fetch(p, run);
	}
	if (run != NULL)
		fetch_send(run, r->prio);
	read_check(r);
}

struct blob_cache_read *
blob_cache_read(struct blob_cache *c, const char *key, uint64_t offset,
    size_t len, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct blob_cache_read *r;
	const struct cache_block *b;
	uint64_t k;

	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->timer = evtimer_new(c->base, read_over, r)) == NULL)
		fatal("blob_cache");
	r->cache = c;
	r->offset = offset;
	r->len = len;
	r->prio = prio;
	r->cb = cb;
	r->arg = arg;
	TAILQ_INIT(&r->parts);
	TAILQ_INSERT_TAIL(&c->reads, r, entry);
	if (len > BLOB_CACHE_READ_MAX || offset > INT64_MAX - len ||
	    strlcpy(r->key, key, sizeof(r->key)) >= sizeof(r->key)) {
		read_fail(r, BLOB_ERROR, "a range or name that is too long");
		read_check(r);
		return r;
	}
	if (len == 0) {
		r->size = offset;
		read_check(r);
		return r;
	}
	cache_block_id(key, r->id);
	if ((r->buf = malloc(len)) == NULL) {
		read_fail(r, BLOB_UNAVAILABLE, "out of memory");
		read_check(r);
		return r;
	}
	/* What is cached tells where the object ends. */
	for (k = offset / CACHE_BLOCK; k <= (offset + len - 1) / CACHE_BLOCK;
	    k++) {
		if ((b = cache_index_find(c->index, r->id, k)) != NULL) {
			r->size = b->size;
			break;
		}
	}
	if (r->size != 0 && offset >= r->size) {
		read_fail(r, BLOB_BEHIND, "the range begins behind the end");
		read_check(r);
	} else
		read_start(r);
	return r;
}

void
blob_cache_cancel(struct blob_cache_read *r)
{
	struct part *p;

	if (r == NULL)
		return;
	TAILQ_FOREACH(p, &r->parts, in_read) {
		if (p->job != NULL)
			helper_cancel(p->job);
	}
	read_free(r);
}

void
blob_cache_add(struct blob_cache *c, const char *key,
    const struct blob_piece *pieces, size_t n)
{
	struct fetch *f;
	uint8_t id[16];
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += pieces[i].len;
	if (len == 0 || len > c->limit / 4 || len > BLOB_CACHE_READ_MAX)
		return;
	cache_block_id(key, id);
	if (cache_index_find(c->index, id, 0) != NULL ||
	    fetch_find(c, id, 0) != NULL)
		return;
	f = fetch_new(c, key, id, 0);
	f->n = (len + CACHE_BLOCK - 1) / CACHE_BLOCK;
	if ((f->data = malloc(len)) == NULL) {
		fetch_free(f);
		return;
	}
	for (i = 0; i < n; i++) {
		if (pieces[i].len != 0)
			memcpy(f->data + f->len, pieces[i].p, pieces[i].len);
		f->len += pieces[i].len;
	}
	f->size = len;
	fetch_keep(f);
}

void
blob_cache_forget(struct blob_cache *c, const char *key)
{
	uint64_t	 n;
	uint8_t		 id[16];

	cache_block_id(key, id);
	for (n = 0; n < FORGET_BLOCKS; n++)
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
	struct fetch *f;

	if (c == NULL)
		return;
	while ((r = TAILQ_FIRST(&c->reads)) != NULL)
		blob_cache_cancel(r);
	while ((f = TAILQ_FIRST(&c->fetches)) != NULL) {
		blob_cancel(f->req);
		if (f->job != NULL)
			helper_cancel(f->job);
		fetch_free(f);
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
