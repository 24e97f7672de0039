/*
 * What commits need from outside: the bucket, time and randomness, through one
 * table, so that tests and the simulation can replace them.  The real one is
 * commit_io.c: blob.h and libevent.
 */
#ifndef STORAGED_COMMIT_IO_H
#define STORAGED_COMMIT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/blob.h"

struct blob_cache;
struct event_base;

/* Of background work under way, all users together (commit_background.c);
 * one job goes ahead whatever its size. */
struct commit_budget {
	unsigned	 jobs, jobs_max;
	size_t		 bytes, bytes_max;	/* of objects being sent */
};

struct commit_io {
	/* As blob_put(), blob_get(), blob_list(), blob_cancel(). */
	void	*(*put)(void *arg, const char *key, const void *p, size_t len,
		    enum blob_condition cond, const char *etag,
		    enum blob_priority prio, blob_cb cb, void *cbarg);
	void	*(*get)(void *arg, const char *key, size_t max_len,
		    const char *none_match, enum blob_priority prio,
		    blob_cb cb, void *cbarg);
	void	*(*list)(void *arg, const char *prefix, unsigned max,
		    blob_list_cb cb, void *cbarg);
	void	 (*cancel)(void *arg, void *request);
	/* Time since boot, suspended time included (CLOCK_BOOTTIME). */
	uint64_t (*now_ms)(void *arg);
	int64_t	 (*wall)(void *arg);		/* seconds since 1970 */
	/* True if the running code has used up its 5 ms of the loop. */
	bool	 (*turn_over)(void *arg);
	/* Call fn once, after ms, from the loop. */
	void	*(*timer)(void *arg, uint64_t ms, void (*fn)(void *),
		    void *fnarg);
	void	 (*untimer)(void *arg, void *timer);	/* not after it ran */
	void	 (*random)(void *arg, void *p, size_t len);
	struct commit_budget *budget;		/* NULL: no bounds */
	void	*arg;
	/* At least, from a PUT of a head to the next one (0: none). */
	uint64_t head_ms;
};

/* The real one; NULL on ENOMEM.  Shared by all users of the process. */
struct commit_io *commit_io_new(struct event_base *base,
	    struct blob_store *store);
/* Log objects and packs go through the cache (borrowed; NULL: none), so that
 * what was just written need not be fetched to be read. */
void	 commit_io_cache(struct commit_io *io, struct blob_cache *cache);
void	 commit_io_free(struct commit_io *io);

#endif
