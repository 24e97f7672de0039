/* Statistics of the cache, for the log and the counters. */
#ifndef STORAGED_CACHE_COUNTS_H
#define STORAGED_CACHE_COUNTS_H

#include <stdint.h>

struct blob_cache_counts {
	uint64_t hits, misses;		/* pieces */
	uint64_t damaged, evicted;
	uint64_t pieces, bytes;		/* now */
};

#endif
