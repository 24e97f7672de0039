/*
 * A read in progress, its parts, and the fetches that they wait for: internal
 * to blob_cache.c, cache_read.c and cache_fetch.c.
 */
#ifndef STORAGED_BLOB_CACHE_INT_H
#define STORAGED_BLOB_CACHE_INT_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/bucket/cache/cache_index.h"

struct event;
struct helper_job;
struct helper_pool;

struct cache_part {			/* of a read: one piece */
	TAILQ_ENTRY(cache_part) in_read, in_fetch;
	struct blob_cache_read *read;
	struct cache_fetch *fetch;	/* waits for it */
	struct helper_job *job;		/* reads the disk */
	struct cache_piece b;		/* size: when it comes from there */
	struct cache_place place;
	size_t		 n;		/* bytes read there; or errno */
	int		 rc;
};

struct cache_fetch {
	TAILQ_ENTRY(cache_fetch) entry;
	struct blob_cache *cache;
	struct blob_request *req;
	struct helper_job *job;		/* writes to the disk */
	char		 key[KEY_MAX];
	uint8_t		 id[16];
	uint64_t	 first;
	size_t		 n;		/* pieces */
	uint8_t		*data;		/* once it is there */
	size_t		 len;
	uint64_t	 size;		/* of the object */
	size_t		 kept;		/* bytes: no part of a piece */
	bool		 spoiled;	/* not what it should be */
	struct cache_place place;
	int		 rc;		/* errno, by the helper */
	TAILQ_HEAD(, cache_part) waiters;
};

struct blob_cache_read {
	TAILQ_ENTRY(blob_cache_read) entry;
	struct blob_cache *cache;
	char		 key[KEY_MAX];
	uint8_t		 id[16];
	uint64_t	 offset;
	size_t		 len;
	uint8_t		*buf;
	uint64_t	 size;		/* of the object; 0: not known yet */
	size_t		 got;		/* bytes of buf that are there */
	enum blob_priority prio;
	TAILQ_HEAD(, cache_part) parts;
	enum blob_outcome outcome;
	char		 why[256];
	struct event	*timer;
	blob_cb		 cb;
	void		*arg;
};

struct blob_cache {
	struct event_base *base;
	struct blob_store *store;
	struct helper_pool *pool;
	int		 dir, lock;
	uint64_t	 limit;
	struct cache_index *index;
	size_t		 writing;	/* bytes of fetches that are written */
	TAILQ_HEAD(, cache_fetch) fetches;
	TAILQ_HEAD(, blob_cache_read) reads;
	struct blob_cache_counts counts;
	bool		 failing;	/* the last write did */
	uint64_t	 resume;	/* clock_ms(): not before then */
};

/* -- cache_read.c -- */

/* What the part needs from its piece: a range of the object. */
void	 cache_part_range(const struct cache_part *p, uint64_t *from,
	    uint64_t *to);
/* The part has been served, or abandoned: removes it from its read and its
 * fetch. */
void	 cache_part_free(struct cache_part *p);
/* A new one, without parts.  Calls fatal() if out of memory. */
struct blob_cache_read *cache_read_new(struct blob_cache *c, blob_cb cb,
	    void *arg);
/* Without its callback.  No job of its parts runs. */
void	 cache_read_free(struct blob_cache_read *r);
/* The callback follows, from the loop, once no part is left. */
void	 cache_read_check(struct blob_cache_read *r);
/* n bytes of the part's range are in its read's buf, of an object of that
 * size: it is over.  n is less than the range where the object ends. */
void	 cache_part_served(struct cache_part *p, size_t n, uint64_t size);
/* What it ends with; the first counts. */
void	 cache_read_fail(struct blob_cache_read *r, enum blob_outcome o,
	    const char *why);

/* -- cache_fetch.c -- */

/* The fetch that includes the piece; NULL: none does. */
struct cache_fetch *cache_fetch_find(struct blob_cache *c,
	    const uint8_t id[16], uint64_t number);
/* A new one, without pieces: the caller sets n.  Calls fatal() if out of
 * memory. */
struct cache_fetch *cache_fetch_new(struct blob_cache *c, const char *key,
	    const uint8_t id[16], uint64_t first);
void	 cache_fetch_send(struct cache_fetch *f, enum blob_priority prio);
/* The part waits for it, or (once it has its bytes) takes from it. */
void	 cache_fetch_join(struct cache_part *p, struct cache_fetch *f);
/* Writes its data, and ends. */
void	 cache_fetch_keep(struct cache_fetch *f);
/* Those of the object that have their bytes: nobody takes from them any more,
 * and what they write is dropped. */
void	 cache_fetch_spoil(struct blob_cache *c, const uint8_t id[16]);
/* Neither its request nor its job is under way. */
void	 cache_fetch_free(struct cache_fetch *f);

#endif
