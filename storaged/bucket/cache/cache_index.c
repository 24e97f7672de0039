/* See cache_index.h. */
#include "common/compat.h"

#include <sys/queue.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/bucket/cache/cache_index.h"
#include "storaged/util/helper.h"
#include "storaged/util/spool_room.h"

#define SLOTS_MIN	4096
#define SLOTS_MAX	((size_t)1 << 20)
#define SEGMENTS	64	/* so many make up the limit, or more */
#define SEGMENT_MIN	(4 * CACHE_PIECE)
#define SEGMENT_MAX	((uint64_t)256 << 20)

struct cache_entry {			/* a piece on disk */
	LIST_ENTRY(cache_entry) in_slot;
	TAILQ_ENTRY(cache_entry) in_segment;
	struct cache_piece b;
	struct cache_segment *segment;
	uint64_t	 slot, at;
	bool		 used;		/* since it was written */
};

struct carry {				/* copies a piece */
	TAILQ_ENTRY(carry) entry;
	struct cache_index *index;
	struct helper_job *job;
	struct cache_piece b;
	struct cache_place from, to;
	int		 rc;
};

LIST_HEAD(cache_slot, cache_entry);

struct cache_index {
	struct cache_segments segments;
	uint64_t	 limit;
	struct blob_cache_counts *counts;
	struct cache_slot *slots;
	size_t		 nslots;
	TAILQ_HEAD(, carry) carries;
};

/* -- entries -- */

static struct cache_slot *
slot_of(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	uint32_t h;

	memcpy(&h, id, sizeof(h));
	return &x->slots[(h + number * 2654435761U) % x->nslots];
}

static struct cache_entry *
entry_find(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct cache_entry *e;

	LIST_FOREACH(e, slot_of(x, id, number), in_slot) {
		if (e->b.number == number && memcmp(e->b.id, id, 16) == 0)
			return e;
	}
	return NULL;
}

static struct cache_place
entry_place(const struct cache_entry *e)
{
	return (struct cache_place){ e->segment, e->segment->headers,
	    e->segment->data, e->slot, e->at };
}

static void
entry_forget(struct cache_index *x, struct cache_entry *e)
{
	x->counts->pieces--;
	LIST_REMOVE(e, in_slot);
	TAILQ_REMOVE(&e->segment->entries, e, in_segment);
	free(e);
}

/* Not found at the next start either. */
static void
entry_drop(struct cache_index *x, struct cache_entry *e)
{
	struct cache_place p = entry_place(e);

	cache_piece_clear(&p);
	entry_forget(x, e);
}

static void
entry_add(struct cache_index *x, const struct cache_piece *b,
    const struct cache_place *p, bool used)
{
	struct cache_entry *e = entry_find(x, b->id, b->number);

	/* The header stays: it may be read just now. */
	if (e != NULL)
		entry_forget(x, e);
	if (p->segment->gone || (e = calloc(1, sizeof(*e))) == NULL)
		return;
	e->used = used;
	e->b = *b;
	e->segment = p->segment;
	e->slot = p->slot;
	e->at = p->at;
	LIST_INSERT_HEAD(slot_of(x, b->id, b->number), e, in_slot);
	TAILQ_INSERT_TAIL(&e->segment->entries, e, in_segment);
	x->counts->pieces++;
}

const struct cache_piece *
cache_index_find(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct cache_entry *e = entry_find(x, id, number);

	return e != NULL ? &e->b : NULL;
}

const struct cache_piece *
cache_index_use(struct cache_index *x, const uint8_t id[16], uint64_t number,
    struct cache_place *p)
{
	struct cache_entry *e = entry_find(x, id, number);

	if (e == NULL)
		return NULL;
	e->used = true;
	*p = entry_place(e);
	cache_place_hold(p);
	return &e->b;
}

void
cache_index_add(struct cache_index *x, const struct cache_piece *b,
    uint64_t len, const struct cache_place *p)
{
	struct cache_piece k = *b;
	struct cache_place at = *p;
	uint64_t off;

	for (off = 0; off < len; off += CACHE_PIECE) {
		k.number = b->number + off / CACHE_PIECE;
		at.slot = p->slot + off / CACHE_PIECE;
		at.at = p->at + off;
		entry_add(x, &k, &at, false);
	}
}

bool
cache_index_drop(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct cache_entry *e = entry_find(x, id, number);

	if (e == NULL)
		return false;
	entry_drop(x, e);
	return true;
}

/* -- eviction -- */

/* In a helper thread. */
static void
carry_work(void *arg)
{
	struct carry *c = arg;
	size_t len = cache_piece_len(&c->b);
	void *data = malloc(len);

	if (data == NULL ||
	    cache_piece_read(&c->from, &c->b, 0, len, data) == -1 ||
	    cache_piece_write(&c->to, &c->b, data, len) == -1)
		c->rc = -1;
	free(data);
}

static void
carry_free(struct carry *c)
{
	TAILQ_REMOVE(&c->index->carries, c, entry);
	cache_place_release(&c->from);
	cache_place_release(&c->to);
	free(c);
}

static void
carry_done(void *arg)
{
	struct carry *c = arg;
	struct cache_entry *e;

	e = entry_find(c->index, c->b.id, c->b.number);
	if (e == NULL || e->segment != c->from.segment) {
		/* dropped or fetched anew meanwhile */
		if (c->rc == 0)
			cache_piece_clear(&c->to);
	} else if (c->rc == 0)
		entry_add(c->index, &c->b, &c->to, e->used);
	else {
		entry_forget(c->index, e);
		c->index->counts->evicted++;
	}
	carry_free(c);
}

/* The entry stays where it is until it is copied. */
static bool
carry_start(struct cache_index *x, struct cache_entry *e)
{
	struct carry *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return false;
	c->index = x;
	c->b = e->b;
	c->from = entry_place(e);
	if (!cache_segments_reserve(&x->segments, cache_piece_len(&e->b),
	    &c->to)) {
		free(c);
		return false;
	}
	cache_place_hold(&c->from);
	e->used = false;
	TAILQ_INSERT_TAIL(&x->carries, c, entry);
	c->job = helper_run(x->segments.pool, false, carry_work, carry_done,
	    c);
	return true;
}

static void
evict_segment(struct cache_index *x, struct cache_segment *g)
{
	struct cache_entry *e, *next;
	uint64_t room = g->bytes / 2, need;

	/* It must not go before its entries have their copies. */
	for (e = TAILQ_FIRST(&g->entries); e != NULL; e = next) {
		next = TAILQ_NEXT(e, in_segment);
		need = cache_run_disk(cache_piece_len(&e->b));
		if (e->used && need <= room && carry_start(x, e)) {
			room -= need;
			continue;
		}
		entry_forget(x, e);
		x->counts->evicted++;
	}
	cache_segment_delete(g);
}

/* Until the rest fits the limit; keep (or NULL) stays. */
static void
evict(struct cache_index *x, const struct cache_segment *keep)
{
	struct cache_segment *g;

	while (x->segments.bytes > x->limit &&
	    (g = TAILQ_FIRST(&x->segments.list)) != NULL && g != keep)
		evict_segment(x, g);
	x->counts->bytes = x->segments.bytes;
}

bool
cache_index_reserve(struct cache_index *x, uint64_t len,
    struct cache_place *p)
{
	struct cache_segment *g;

	/* The disk is down to its floor: what is old makes room, and until
	 * it has, nothing is kept. */
	if (disk_left() < cache_run_disk(len)) {
		g = TAILQ_FIRST(&x->segments.list);
		if (g != NULL && TAILQ_NEXT(g, entry) != NULL)
			evict_segment(x, g);
		x->counts->bytes = x->segments.bytes;
		errno = ENOSPC;
		return false;
	}
	if (!cache_segments_reserve(&x->segments, len, p))
		return false;
	evict(x, p->segment);
	return true;
}

/* -- open and close -- */

static void
found(const struct cache_piece *b, const struct cache_place *p, void *arg)
{
	entry_add(arg, b, p, false);
}

static uint64_t
within(uint64_t v, uint64_t min, uint64_t max)
{
	return v < min ? min : v > max ? max : v;
}

struct cache_index *
cache_index_load(int dir, struct helper_pool *pool, uint64_t limit,
    struct blob_cache_counts *counts)
{
	struct cache_index *x;
	int save;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	x->nslots = (size_t)within(limit / CACHE_PIECE, SLOTS_MIN, SLOTS_MAX);
	if ((x->slots = calloc(x->nslots, sizeof(*x->slots))) == NULL) {
		free(x);
		return NULL;
	}
	x->limit = limit;
	x->counts = counts;
	TAILQ_INIT(&x->carries);
	if (cache_segments_open(&x->segments, dir, pool, within(limit /
	    SEGMENTS, SEGMENT_MIN, SEGMENT_MAX), found, x) == -1) {
		save = errno;
		cache_index_free(x);
		errno = save;
		return NULL;
	}
	evict(x, NULL);
	return x;
}

void
cache_index_stop(struct cache_index *x)
{
	struct carry *c;

	while ((c = TAILQ_FIRST(&x->carries)) != NULL) {
		helper_cancel(c->job);
		carry_free(c);
	}
}

void
cache_index_free(struct cache_index *x)
{
	struct cache_entry *e;
	size_t i;

	if (x == NULL)
		return;
	for (i = 0; i < x->nslots; i++) {
		while ((e = LIST_FIRST(&x->slots[i])) != NULL)
			entry_forget(x, e);
	}
	cache_segments_close(&x->segments);
	free(x->slots);
	free(x);
}
