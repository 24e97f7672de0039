/*
 * The store object: identifies a bucket (under its key-prefix) as a particular
 * Pail store (pail-bucket.5, "The store object").
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

struct storeobj {
	uint8_t		 uuid[16];
	unsigned	 dispersion;	/* key_dispersion() of its names */
};

/* Appends the object.  0 or -1. */
int	 storeobj_encode(const struct storeobj *o, struct buf *out);
/* 0, FORMAT_DAMAGED or FORMAT_UNKNOWN (a newer level or other rules). */
int	 storeobj_decode(const void *p, size_t len, struct storeobj *o);

enum storeobj_verdict {
	STOREOBJ_OK,
	STOREOBJ_AWAY,		/* try again */
	STOREOBJ_ABSENT,	/* not there, and not to be made by us */
	STOREOBJ_REFUSED	/* damaged, vanished, newer than we are, or of
				   another dispersion */
};
/*
 * Reads it, or (make) creates it if there is nothing at all under the prefix,
 * apart from what the probe left behind.  One callback, possibly at once; one
 * call at a time.
 */
typedef void (*storeobj_cb)(enum storeobj_verdict v, const uint8_t uuid[16],
	    const char *why);
/*
 * Requests what storeobj_open() will need, without changing anything, so that
 * it takes less time once the store may be used.  The next storeobj_open() uses
 * the responses; another look drops them.
 */
void	 storeobj_look(struct blob_store *s, bool make);
/*
 * The store will most likely be used: creates the object now, if the look was
 * to make it and finds nothing at all; storeobj_open() then waits until it has
 * been seen there, and what is there counts.  If the store is not used after
 * all, the object stays: others may rely on it.
 */
void	 storeobj_likely(void);
void	 storeobj_open(struct blob_store *s, bool make, storeobj_cb cb);
/* Was it missing, so that this process has created it, or has tried to? */
bool	 storeobj_made(void);

/*
 * Does the cache directory belong to this store? true, also for a new
 * directory, which then records it, and for one whose store-uuid is damaged:
 * the store has its object, and the indexes still know their own users (DESIGN
 * section 3, "No head"). false: it belongs to another store.
 */
bool	 storeobj_cache(const char *dir, const uint8_t uuid[16]);
/* Does the cache directory belong to a store, or did it (damaged)?  Then none
 * is created. */
bool	 storeobj_known(const char *dir);
/* Does it contain an undamaged one, as written by storeobj_cache()? */
bool	 storeobj_told(const char *dir);

#endif
