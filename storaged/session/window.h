/*
 * Windows of immutable objects in memory: neighbours in a log object or pack
 * cost one GET, however many requests read them one by one.  A few MiB per
 * process; below it is the cache on disk.
 */
#ifndef STORAGED_WINDOW_H
#define STORAGED_WINDOW_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/blob.h"

#define WINDOW_SMALL	(256 * 1024)	/* of log objects and packs, */
#define WINDOW_STREAM	(1024 * 1024)	/* where most of them is wanted */
#define WINDOW_LARGE	(1024 * 1024)	/* of large messages */
#define WINDOWS_KEPT	(8 * 1024 * 1024) /* bytes of unused ones */
#define WINDOWS_CROWD	(64 * 1024 * 1024) /* in use: no more ahead */

struct blob_cache;
struct window;

/* Where they are read from: both borrowed, cache may be NULL. */
void	 windows_from(struct blob_store *store, struct blob_cache *cache);

/* A user of windows; zeroed before the first use. */
struct window_wait {
	TAILQ_ENTRY(window_wait) entry;
	struct window	*w;		/* NULL: none */
	bool		 waits;
	void		(*fn)(struct window_wait *ww, void *arg);
	void		*arg;
};

/*
 * Wants [off, off + len) of the object, off a multiple of len: true when
 * it is there (or has failed), else fn is called once it is.  What ww held
 * before is dropped.
 */
bool	 window_want(struct window_wait *ww, const char *key, uint64_t off,
	    size_t len, bool keep);
void	 window_drop(struct window_wait *ww);
bool	 window_is(const struct window_wait *ww, const char *key,
	    uint64_t off, size_t len);
/* BLOB_DONE: data and len (short at the object's end). */
enum blob_outcome window_data(const struct window_wait *ww,
	    const uint8_t **data, size_t *len);

/* So many are in use that nobody should ask for one before he needs it. */
bool	 windows_crowded(void);

/* The object's bytes are damaged: drops it here and in the cache, so that the
 * next read goes to the bucket. */
void	 window_spoil(const char *key);
/* Forgets those that nobody holds. */
void	 windows_drop(void);

#endif
