/*
 * For tests of the cache: a counting store in a directory of its own, an
 * object's octets, and reads that are waited for and compared.
 */
#ifndef STORAGED_CACHE_RIG_H
#define STORAGED_CACHE_RIG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <event2/event.h>

#include "common/test.h"
#include "storaged/bucket/blob_impl.h"
#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/bucket/cache/cache_piece.h"
#include "storaged/bucket/test/blob_suite.h"

#define BIG	(3 * CACHE_PIECE + 1000)
#define ONE_SEGMENT	((uint64_t)1 << 30)	/* of all that is here */

#define LOOPS	400	/* until what is awaited did not come: 20 s */

extern struct event_base *base;
extern struct blob_store *store;
extern char cache_dir[64];
extern uint8_t *big;			/* of BIG octets */

/* The store holds k/msg/1 and k/msg/2, of BIG octets each. */
void	 cache_rig_begin(const char *name);
void	 cache_rig_end(void);
struct blob_cache *open_cache(uint64_t limit);
/* The cache's directory goes. */
void	 forget_all(void);
/* Into the store; waits. */
void	 put(const char *key, const void *p, size_t len);
/* GETs of the store so far. */
uint64_t	 gets(void);
/* Reads and compares with big; returns the GETs that it took. */
uint64_t	 check(struct blob_cache *c, const char *key, uint64_t offset,
	    size_t len, size_t want);
/* Until all fetches are written. */
void	 settle(struct blob_cache *c, uint64_t pieces);
/* For each file of a kind (what its name ends with). */
int	 each_file(const char *kind, int (*f)(const char *path, size_t i));
/* For each_file(): only counts. */
int	 nothing(const char *path, size_t i);

#endif
