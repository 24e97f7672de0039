/*
 * What of the cache is on disk: an index in memory of the blocks, and what
 * goes when room is wanted: the oldest segment, but those of its blocks that
 * were used since they were written are copied to the newest (at most half
 * of it, so that it ends).  Of the loop's thread alone.
 */
#ifndef STORAGED_CACHE_INDEX_H
#define STORAGED_CACHE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "storaged/blob_cache.h"
#include "storaged/cache_segment.h"

struct cache_index;

/*
 * From a cache's directory (a descriptor, borrowed).  limit: bytes on disk.
 * pool (borrowed) copies and deletes.  counts (borrowed): blocks, bytes and
 * evicted are kept here.  NULL: errno.
 */
struct cache_index *cache_index_load(int dir, struct helper_pool *pool,
	    uint64_t limit, struct blob_cache_counts *counts);
/* Stops copying; before the pool is freed. */
void	 cache_index_stop(struct cache_index *x);
/* After that; all places were released.  NULL is fine. */
void	 cache_index_free(struct cache_index *x);

/* The block, until it is dropped; NULL: it is not there. */
const struct cache_block *cache_index_find(struct cache_index *x,
	    const uint8_t id[16], uint64_t number);
/* The same, to be read at p, which is held. */
const struct cache_block *cache_index_use(struct cache_index *x,
	    const uint8_t id[16], uint64_t number, struct cache_place *p);
/* A place for a run of blocks of len bytes, held.  false: errno. */
bool	 cache_index_reserve(struct cache_index *x, uint64_t len,
	    struct cache_place *p);
/* The run that begins with b was written there.  (No memory: it is found at
 * the next start.) */
void	 cache_index_add(struct cache_index *x, const struct cache_block *b,
	    uint64_t len, const struct cache_place *p);
/* false: it was not there. */
bool	 cache_index_drop(struct cache_index *x, const uint8_t id[16],
	    uint64_t number);

#endif
