/*
 * Fetches of the cache (cache_read.h): one GET for a run of missing pieces,
 * which gives its bytes to all who wait for them and then writes them down.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/bucket/cache/blob_cache_int.h"
#include "storaged/util/helper.h"

#define RESUME_MS	2000	/* after a failed write */

/* It is not found at the next start. */
static void
fetch_clear(const struct cache_fetch *f)
{
	struct cache_place p = f->place;
	size_t i;

	for (i = 0; i < cache_pieces(f->kept); i++, p.slot++)
		cache_piece_clear(&p);
}

void
cache_fetch_free(struct cache_fetch *f)
{
	if (f->spoiled && f->place.segment != NULL)
		fetch_clear(f);
	TAILQ_REMOVE(&f->cache->fetches, f, entry);
	cache_place_release(&f->place);
	free(f->data);
	free(f);
}

static struct cache_piece
fetch_first(const struct cache_fetch *f)
{
	struct cache_piece b = { .number = f->first, .size = f->size };

	memcpy(b.id, f->id, sizeof(b.id));
	return b;
}

/* In a helper thread. */
static void
fetch_write(void *arg)
{
	struct cache_fetch *f = arg;
	struct cache_piece b = fetch_first(f);

	if (cache_piece_write(&f->place, &b, f->data, f->kept) == -1)
		f->rc = errno;
}

/* What the disk does not take must not push out what it has. */
static void
fetch_failed(struct blob_cache *c, int why)
{
	if (!c->failing)
		log_warnx("cache: write: %s", strerror(why));
	c->failing = true;
	c->resume = clock_ms() + RESUME_MS;
}

static void
fetch_written(void *arg)
{
	struct cache_fetch *f = arg;
	struct blob_cache *c = f->cache;
	struct cache_piece b = fetch_first(f);

	f->job = NULL;
	if (f->rc != 0)
		fetch_failed(c, f->rc);
	else {
		if (!f->spoiled)
			cache_index_add(c->index, &b, f->kept, &f->place);
		c->failing = false;
	}
	c->writing -= f->len;
	cache_fetch_free(f);
}

/* What the disk does not keep up with is not kept. */
void
cache_fetch_keep(struct cache_fetch *f)
{
	struct blob_cache *c = f->cache;

	f->kept = f->len;
	if (f->first * CACHE_PIECE + f->len < f->size)
		f->kept -= f->len % CACHE_PIECE;
	if (f->kept == 0 || c->writing + f->len > BLOB_CACHE_WRITING ||
	    clock_ms() < c->resume) {
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
	uint64_t from, to, base = f->first * CACHE_PIECE;

	cache_part_range(p, &from, &to);
	if (to > base + f->len)
		to = base + f->len;
	if (from < to)
		memcpy(r->buf + (from - r->offset), f->data + (from - base),
		    (size_t)(to - from));
	else if (from == r->offset)
		cache_read_fail(r, BLOB_BEHIND,
		    "the range starts beyond the end");
	cache_part_served(p, from < to ? (size_t)(to - from) : 0, f->size);
}

/* Nothing came, which is an error but for a part behind the end of an object
 * of which another part is there. */
static void
fetch_give_none(struct cache_part *p, enum blob_outcome o, const char *why)
{
	struct blob_cache_read *r = p->read;
	uint64_t from, to;

	cache_part_range(p, &from, &to);
	if (o != BLOB_BEHIND || from == r->offset)
		cache_read_fail(r, o, why);
	cache_part_free(p);
	cache_read_check(r);
}

static void
fetch_done(const struct blob_result *res, void *arg)
{
	struct cache_fetch *f = arg;
	enum blob_outcome o = res->outcome;
	const char *why = res->why;
	struct cache_part *p;

	f->req = NULL;
	if (o == BLOB_DONE && res->len == 0) {
		o = BLOB_BEHIND;
		why = "empty range";
	} else if (o == BLOB_DONE && (res->size < res->len ||
	    res->size - res->len < f->first * CACHE_PIECE)) {
		o = BLOB_ERROR;
		why = "the response is longer than the object";
	}
	if (o == BLOB_DONE && (f->data = blob_take(res)) == NULL) {
		o = BLOB_UNAVAILABLE;
		why = "out of memory";
	}
	f->len = res->len;
	f->size = res->size;
	while ((p = TAILQ_FIRST(&f->waiters)) != NULL) {
		if (o == BLOB_DONE)
			fetch_give(f, p);
		else
			fetch_give_none(p, o, why);
	}
	if (o == BLOB_DONE)
		cache_fetch_keep(f);
	else
		cache_fetch_free(f);
}

struct cache_fetch *
cache_fetch_find(struct blob_cache *c, const uint8_t id[16], uint64_t number)
{
	struct cache_fetch *f;

	TAILQ_FOREACH(f, &c->fetches, entry) {
		if (number >= f->first && number - f->first < f->n &&
		    !f->spoiled && memcmp(f->id, id, 16) == 0)
			return f;
	}
	return NULL;
}

void
cache_fetch_spoil(struct blob_cache *c, const uint8_t id[16])
{
	struct cache_fetch *f;

	TAILQ_FOREACH(f, &c->fetches, entry) {
		if (f->data != NULL && memcmp(f->id, id, 16) == 0)
			f->spoiled = true;
	}
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
	f->req = blob_get(f->cache->store, f->key, f->first * CACHE_PIECE,
	    f->n * CACHE_PIECE, f->n * CACHE_PIECE, NULL, prio, fetch_done, f);
}

void
cache_fetch_join(struct cache_part *p, struct cache_fetch *f)
{
	p->fetch = f;
	TAILQ_INSERT_TAIL(&f->waiters, p, in_fetch);
	if (f->data != NULL)
		fetch_give(f, p);
}
