/*
 * What of the cache is on disk: an index in memory of the blocks' files, and
 * in what order they were used.  Of the loop's thread alone.
 */
#ifndef STORAGED_CACHE_INDEX_H
#define STORAGED_CACHE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "storaged/blob_cache.h"
#include "storaged/cache_block.h"

struct cache_index;

/*
 * From the files of a cache's directory (a descriptor, borrowed), the oldest
 * to go first; what is none of ours there is deleted.  limit: bytes on disk.
 * counts (borrowed): blocks, bytes and evicted are kept here.  NULL: ENOMEM.
 */
struct cache_index *cache_index_load(int dir, uint64_t limit,
	    struct blob_cache_counts *counts);
void	 cache_index_free(struct cache_index *x);	/* NULL is fine */

/* The block, until it is dropped; NULL: it is not there. */
const struct cache_block *cache_index_find(struct cache_index *x,
	    const uint8_t id[16], uint64_t number);
/* The same; it is the last to go now. */
const struct cache_block *cache_index_use(struct cache_index *x,
	    const uint8_t id[16], uint64_t number);
/* Its file was written.  (No memory: the file is found at the next start.) */
void	 cache_index_add(struct cache_index *x, const struct cache_block *b);
/* Deletes its file; false: it was not there. */
bool	 cache_index_drop(struct cache_index *x, const uint8_t id[16],
	    uint64_t number);
/* Drops until the rest fits the limit. */
void	 cache_index_evict(struct cache_index *x);

#endif
