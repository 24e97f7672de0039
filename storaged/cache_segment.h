/*
 * The files of the cache, in segments: of each a file of the blocks' bytes,
 * <number>.data, and one of their headers, <number>.headers (cache_block.h),
 * number in 16 hex digits.  What is new is written behind the newest; room is
 * made by deleting the oldest as a whole.  So a block costs no file of its
 * own, and the disk is written in order.  Of the loop's thread alone, but
 * for the descriptors of a place that is held.
 */
#ifndef STORAGED_CACHE_SEGMENT_H
#define STORAGED_CACHE_SEGMENT_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/cache_block.h"

struct helper_pool;
struct cache_entry;			/* cache_index.c */
TAILQ_HEAD(cache_entries, cache_entry);

struct cache_segment {
	TAILQ_ENTRY(cache_segment) entry;
	struct cache_segments *all;
	uint64_t	 number;
	int		 headers, data;
	uint64_t	 slots, bytes;	/* given away so far */
	unsigned	 held;		/* places */
	bool		 gone;		/* deleted with the last of these */
	struct cache_entries entries;	/* the index's */
};
TAILQ_HEAD(cache_segment_list, cache_segment);

struct cache_segments {
	struct helper_pool *pool;	/* borrowed: deletes */
	int		 dir;		/* borrowed */
	uint64_t	 full;		/* bytes, after which another begins */
	uint64_t	 next;		/* number; none comes twice */
	uint64_t	 bytes;		/* on disk, of those not gone */
	struct cache_segment_list list;	/* the oldest first */
	struct cache_segment_list gone;
};

/*
 * All headers of a directory's segments are told to found(), the oldest
 * first.  Other files there are deleted, and segments that cannot be opened.
 * 0 or -1 with errno.
 */
int	 cache_segments_open(struct cache_segments *s, int dir,
	    struct helper_pool *pool, uint64_t full,
	    void (*found)(const struct cache_block *b,
	    const struct cache_place *p, void *arg), void *arg);
/* No place is held any more. */
void	 cache_segments_close(struct cache_segments *s);

/*
 * A place for a run of blocks of len bytes in all; held.  Blocking for as
 * long as it takes to create a file, once in a segment.  false: errno.
 */
bool	 cache_segments_reserve(struct cache_segments *s, uint64_t len,
	    struct cache_place *p);
/* What it costs of the disk. */
uint64_t cache_run_disk(uint64_t len);

/* Its descriptors stay until it is released. */
void	 cache_place_hold(const struct cache_place *p);
void	 cache_place_release(struct cache_place *p);	/* unset is fine */

/* Off the list; its files go when no place in it is held. */
void	 cache_segment_delete(struct cache_segment *g);

#endif
