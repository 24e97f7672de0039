/*
 * The store object: what says that a bucket (under its key-prefix) is a
 * Pail store, and which (pail-bucket.5, "The store object").
 */
#ifndef STORAGED_STOREOBJ_H
#define STORAGED_STOREOBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define STOREOBJ_MAX	4096	/* bytes of the object */
#define STOREOBJ_KEYS	1	/* the key rules that we follow */

struct blob_store;

/* Appends the object.  0 or -1. */
int	 storeobj_encode(const uint8_t uuid[16], struct buf *out);
/* 0, FORMAT_DAMAGED or FORMAT_UNKNOWN (a newer level or other rules). */
int	 storeobj_decode(const void *p, size_t len, uint8_t uuid[16]);

enum storeobj_verdict {
	STOREOBJ_OK,
	STOREOBJ_AWAY,		/* try again */
	STOREOBJ_ABSENT,	/* not there, and not to be made by us */
	STOREOBJ_REFUSED	/* damaged, vanished, or newer than we are */
};
/*
 * Reads it, or (make) makes it when nothing at all is under the prefix; what
 * the probe left does not count.  One callback, later; one at a time.
 */
typedef void (*storeobj_cb)(enum storeobj_verdict v, const uint8_t uuid[16],
	    const char *why);
void	 storeobj_open(struct blob_store *s, bool make, storeobj_cb cb);

/*
 * Is the cache directory of this store?  true, also for a new one, which
 * then remembers it; false: it knows another.
 */
bool	 storeobj_cache(const char *dir, const uint8_t uuid[16]);
/* Does the cache directory know one? */
bool	 storeobj_known(const char *dir);

#endif
