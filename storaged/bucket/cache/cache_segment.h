/*
 * The files of the cache, in segments: each has a file with the pieces' bytes,
 * <number>.data, and one with their headers, <number>.headers (cache_piece.h);
 * the number is 16 hex digits.  New pieces are appended to the newest; space is
 * freed by deleting the oldest as a whole.  A piece thus needs no file of its
 * own, and the disk is written sequentially.  Only for the thread of the event
 * loop, except for the descriptors of a place that is held.
 */
#ifndef STORAGED_CACHE_SEGMENT_H
#define STORAGED_CACHE_SEGMENT_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/cache/cache_piece.h"

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
 * Calls found() for all headers of a directory's segments, the oldest first.
 * Other files there are deleted, and segments that cannot be opened.  0 or -1
 * with errno.
 */
int	 cache_segments_open(struct cache_segments *s, int dir,
	    struct helper_pool *pool, uint64_t full,
	    void (*found)(const struct cache_piece *b,
	    const struct cache_place *p, void *arg), void *arg);
/* No place is held any more. */
void	 cache_segments_close(struct cache_segments *s);

/*
 * A place for a run of pieces of len bytes in all; held.  Blocks while it
 * creates a file, once per segment. false: errno.
 */
bool	 cache_segments_reserve(struct cache_segments *s, uint64_t len,
	    struct cache_place *p);
/* What it costs of the disk. */
uint64_t cache_run_disk(uint64_t len);

/* Its descriptors stay until it is released. */
void	 cache_place_hold(const struct cache_place *p);
void	 cache_place_release(struct cache_place *p);	/* unset is fine */

/* Removes it from the list; its files are deleted once no place in it is
 * held. */
void	 cache_segment_delete(struct cache_segment *g);

#endif
