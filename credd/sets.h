/*
 * The sets of credentials: the store's, and one for each entry of "ingest" that
 * has its own.  Each is looked for and renewed by itself (refresh.h), from the
 * same sources: a set sees the configuration as if its keys were the store's.
 */
#ifndef CREDD_SETS_H
#define CREDD_SETS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/slice.h"
#include "credd/keys.h"
#include "credd/refresh.h"
#include "credd/source.h"

struct sets;

/* Does anything need credentials? */
bool	 sets_needed(const struct slice *conf);
/* For the life of the process.  world is borrowed; the keys go out by k.
 * fatal() when out of memory. */
struct sets *sets_new(const struct source_world *world, struct keys *k);
/* Looks at once, by this slice, borrowed until the next call.  Which entries of
 * "ingest" there are is decided by the first call. */
void	 sets_configure(struct sets *s, const struct slice *conf);
/* keys_refused_cb: arg is a struct sets. */
void	 sets_refused(unsigned set, const char *access_key, void *arg);
/* Of all: the looks together, the set that ends first. */
void	 sets_status(const struct sets *s, struct refresh_status *st);
/* When each one ends, or has ended (which is to be noticed); 0: never, or it is
 * not there yet. */
void	 sets_expiries(const struct sets *s,
	    void (*one)(const char *of, int64_t expires));
/* For the operator. */
void	 sets_report(const struct sets *s, char *dst, size_t size);
/* {"credentials": [...]}: none if the store needs none. */
void	 sets_report_json(const struct sets *s, struct buf *b);

#endif
