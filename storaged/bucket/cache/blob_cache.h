/*
 * The local cache of immutable objects: pieces of 256 KiB, aligned in the
 * object, fetched by ranged GETs and kept on disk.  May be deleted at any time,
 * survives restarts, is never synced: pieces torn by a crash fail their
 * checksum and are fetched again.  Not to be used for heads.
 */
#ifndef STORAGED_BLOB_CACHE_H
#define STORAGED_BLOB_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/blob.h"
#include "storaged/bucket/cache/cache_counts.h"

struct blob_cache;
struct blob_cache_read;		/* under way; owned by the cache */

#define BLOB_CACHE_READ_MAX	((size_t)64 << 20)
/* How much may be waiting to be written; what arrives faster than that is
 * served, but not cached. */
#define BLOB_CACHE_WRITING	((size_t)64 << 20)

/*
 * dir is created if it is missing (but not its parents) and locked: it is an
 * error if another process uses it. limit: bytes on disk, at least a few MiB;
 * the oldest pieces go first, except for those used since (cache_index.h).
 * store is borrowed and must outlive the cache.  NULL with the reason in why.
 */
struct blob_cache *blob_cache_open(struct event_base *base,
	    struct blob_store *store, const char *dir, uint64_t limit,
	    char *why, size_t size);
/* Waits for what is being written, but not for what is queued; reads in
 * progress end without a callback. */
void	 blob_cache_close(struct blob_cache *c);	/* NULL is fine */

/*
 * Reads [offset, offset + len) of the object: from the cache, or with as few
 * GETs as the missing pieces allow; concurrent reads of a piece share one.  The
 * result's body is shorter if the object ends earlier (its size is in size);
 * other outcomes are blob_get()'s. etag is not known ("").  From the loop,
 * never from within the call; exactly one callback unless cancelled.
 */
struct blob_cache_read *blob_cache_read(struct blob_cache *c,
	    const char *key, uint64_t offset, size_t len,
	    enum blob_priority prio, blob_cb cb, void *arg);
void	 blob_cache_cancel(struct blob_cache_read *r);	/* NULL is fine */

/*
 * Adds an object that was just written, so that it need not be fetched: all of
 * its bytes, which are copied.  Failure does no harm.
 */
void	 blob_cache_add(struct blob_cache *c, const char *key,
	    const struct piece *pieces, size_t n);

/* What was read of it is damaged: the next read fetches it again. */
void	 blob_cache_forget(struct blob_cache *c, const char *key);

const struct blob_cache_counts *blob_cache_counts(const struct blob_cache *c);

#endif
