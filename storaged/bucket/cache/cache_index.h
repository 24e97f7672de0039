/*
 * What the cache has on disk: an in-memory index of the pieces, and eviction:
 * the oldest segment is deleted, except that pieces used since they were
 * written are copied to the newest (at most half of the segment, so that this
 * terminates).  Only for the thread of the event loop.
 */
#ifndef STORAGED_CACHE_INDEX_H
#define STORAGED_CACHE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "storaged/bucket/cache/cache_counts.h"
#include "storaged/bucket/cache/cache_segment.h"

struct cache_index;

/*
 * From a cache's directory (a descriptor, borrowed).  limit: bytes on disk.
 * pool (borrowed) copies and deletes.  counts (borrowed): pieces, bytes and
 * evicted are kept here.  NULL: errno.
 */
struct cache_index *cache_index_load(int dir, struct helper_pool *pool,
	    uint64_t limit, struct blob_cache_counts *counts);
/* Stops copying; before the pool is freed. */
void	 cache_index_stop(struct cache_index *x);
/* All places must have been released.  NULL is fine. */
void	 cache_index_free(struct cache_index *x);

/* The piece, valid until it is dropped; NULL: not cached. */
const struct cache_piece *cache_index_find(struct cache_index *x,
	    const uint8_t id[16], uint64_t number);
/* The same, to be read at p; the place is held. */
const struct cache_piece *cache_index_use(struct cache_index *x,
	    const uint8_t id[16], uint64_t number, struct cache_place *p);
/* A place for a run of pieces of len bytes, held.  false: errno. */
bool	 cache_index_reserve(struct cache_index *x, uint64_t len,
	    struct cache_place *p);
/* The run that begins with b was written there.  (No memory: it is found at
 * the next start.) */
void	 cache_index_add(struct cache_index *x, const struct cache_piece *b,
	    uint64_t len, const struct cache_place *p);
/* false: it was not there. */
bool	 cache_index_drop(struct cache_index *x, const uint8_t id[16],
	    uint64_t number);

#endif
