/*
 * The local cache of immutable objects: blocks of 256 KiB, aligned in the
 * object, fetched by ranged GETs and kept on disk.  May be deleted at any
 * time, survives a restart, is never synced: what a crash has torn fails its
 * checksum and is fetched again.  Never ask it for a head.
 */
#ifndef STORAGED_BLOB_CACHE_H
#define STORAGED_BLOB_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "storaged/blob.h"

struct blob_cache;
struct blob_cache_read;		/* under way; owned by the cache */

#define BLOB_CACHE_READ_MAX	((size_t)64 << 20)
/* So much may wait to be written; what comes faster than that is served, but
 * not kept. */
#define BLOB_CACHE_WRITING	((size_t)64 << 20)

/*
 * dir is made when it is missing (not its parents) and locked: another
 * process on it is an error.  limit: bytes on disk, at least a few MiB; the
 * oldest go first, but for those that were used since (cache_index.h).  store
 * is borrowed and must outlive the cache.  NULL with the reason in why.
 */
struct blob_cache *blob_cache_open(struct event_base *base,
	    struct blob_store *store, const char *dir, uint64_t limit,
	    char *why, size_t size);
/* Waits for what is just being written, not for what is to be; reads under
 * way end without callback. */
void	 blob_cache_close(struct blob_cache *c);	/* NULL is fine */

/*
 * Reads [offset, offset + len) of the object: from the cache, or with as few
 * GETs as the missing blocks allow; concurrent reads of a block share one.
 * The result's body is shorter when the object ends before (its size is in
 * size); other outcomes are blob_get()'s.  etag is not known ("").  From the
 * loop, never from within the call; exactly one callback unless cancelled.
 */
struct blob_cache_read *blob_cache_read(struct blob_cache *c,
	    const char *key, uint64_t offset, size_t len,
	    enum blob_priority prio, blob_cb cb, void *arg);
void	 blob_cache_cancel(struct blob_cache_read *r);	/* NULL is fine */

/*
 * An object that was just put, so that it need not be fetched: all of its
 * bytes, which are copied.  No harm when it does not work.
 */
void	 blob_cache_add(struct blob_cache *c, const char *key,
	    const struct blob_piece *pieces, size_t n);

/* What was read of it is not what it should be: the next read fetches it. */
void	 blob_cache_forget(struct blob_cache *c, const char *key);

struct blob_cache_counts {
	uint64_t hits, misses;		/* blocks */
	uint64_t damaged, evicted;
	uint64_t blocks, bytes;		/* now */
};
const struct blob_cache_counts *blob_cache_counts(const struct blob_cache *c);

#endif
