/*
 * Fetches of the cache (cache_read.h): one GET for a run of missing blocks,
 * which gives its bytes to all who wait for them and then writes them down.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/cache_read.h"
#include "storaged/helper.h"

void
cache_fetch_free(struct cache_fetch *f)
{
	TAILQ_REMOVE(&f->cache->fetches, f, entry);
	cache_place_release(&f->place);
	free(f->data);
	free(f);
}

static struct cache_block
fetch_first(const struct cache_fetch *f)
{
	struct cache_block b = { .number = f->first, .size = f->size };

	memcpy(b.id, f->id, sizeof(b.id));
	return b;
}

/* In a helper thread. */
static void
fetch_write(void *arg)
{
	struct cache_fetch *f = arg;
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
	struct cache_fetch *f = arg;
	struct blob_cache *c = f->cache;
	struct cache_block b = fetch_first(f);

	f->job = NULL;
	if (f->rc != 0)
		fetch_failed(c, f->rc);
	else
		cache_index_add(c->index, &b, f->kept, &f->place);
	c->writing -= f->len;
	cache_fetch_free(f);
}

/* What the disk does not keep up with is not kept. */
void
cache_fetch_keep(struct cache_fetch *f)
{
	struct blob_cache *c = f->cache;

	f->kept = f->len;
	if (f->first * CACHE_BLOCK + f->len < f->size)
		f->kept -= f->len % CACHE_BLOCK;
	else if (f->first * CACHE_BLOCK + f->len > f->size)
		f->kept = 0;		/* the store's size is wrong */
	if (f->kept == 0 || c->writing + f->len > BLOB_CACHE_WRITING) {
		cache_fetch_free(f);
		return;
	}
	if (!cache_index_reserve(c->index, f->kept, &f->place)) {
		fetch_failed(c, errno);
		cache_fetch_free(f);
		return;
	}
	c->writing += f->len;
	f->job = helper_run(c->pool, false, fetch_write, fetch_written, f);
}

/* A part's bytes out of the fetch's. */
static void
fetch_give(struct cache_fetch *f, struct cache_part *p)
{
	struct blob_cache_read *r = p->read;
	uint64_t from, to, base = f->first * CACHE_BLOCK;

	cache_part_range(p, &from, &to);
	r->size = f->size;
	if (to > base + f->len)
		to = base + f->len;
	if (from < to)
		memcpy(r->buf + (from - r->offset), f->data + (from - base),
		    (size_t)(to - from));
	else if (from == r->offset)
		cache_read_fail(r, BLOB_BEHIND,
		    "the range begins behind the end");
	cache_part_free(p);
	cache_read_check(r);
}

static void
fetch_done(const struct blob_result *res, void *arg)
{
	struct cache_fetch *f = arg;
	struct blob_cache_read *r;
	struct cache_part *p;

	f->req = NULL;
	if (res->outcome == BLOB_DONE && res->len != 0 &&
	    (f->data = blob_take(res)) != NULL) {
		f->len = res->len;
		f->size = res->size;
		while ((p = TAILQ_FIRST(&f->waiters)) != NULL)
			fetch_give(f, p);
		cache_fetch_keep(f);
		return;
	}
	while ((p = TAILQ_FIRST(&f->waiters)) != NULL) {
		r = p->read;
		if (res->outcome == BLOB_DONE)
			cache_read_fail(r, BLOB_BEHIND, "an empty range");
		else
			cache_read_fail(r, res->outcome, res->why);
		cache_part_free(p);
		cache_read_check(r);
	}
	cache_fetch_free(f);
}

struct cache_fetch *
cache_fetch_find(struct blob_cache *c, const uint8_t id[16], uint64_t number)
{
	struct cache_fetch *f;

	TAILQ_FOREACH(f, &c->fetches, entry) {
		if (number >= f->first && number - f->first < f->n &&
		    memcmp(f->id, id, 16) == 0)
			return f;
	}
	return NULL;
}

struct cache_fetch *
cache_fetch_new(struct blob_cache *c, const char *key, const uint8_t id[16],
    uint64_t first)
{
	struct cache_fetch *f;

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

void
cache_fetch_send(struct cache_fetch *f, enum blob_priority prio)
{
	f->req = blob_get(f->cache->store, f->key, f->first * CACHE_BLOCK,
	    f->n * CACHE_BLOCK, f->n * CACHE_BLOCK, NULL, prio, fetch_done, f);
}

/* Joins a fetch, or (once it has its bytes) takes from it. */
void
cache_fetch_join(struct cache_part *p, struct cache_fetch *f)
{
	p->fetch = f;
	TAILQ_INSERT_TAIL(&f->waiters, p, in_fetch);
	if (f->data != NULL)
		fetch_give(f, p);
}
