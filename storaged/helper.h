/*
 * Helper threads: what would hold up the event loop for more than about 5 ms
 * (fsync; compression and hashing of more than 256 KiB) runs here, and its
 * end is told on the loop.  Each pool has threads of its own.
 */
#ifndef STORAGED_HELPER_H
#define STORAGED_HELPER_H

#include <stdbool.h>

struct event_base;
struct helper_pool;
struct helper_job;

/* n threads, all signals blocked in them.  NULL with errno. */
struct helper_pool *helper_new(struct event_base *base, unsigned n);
/* Waits for what runs; what is queued is dropped without its done().  NULL
 * is fine. */
void	 helper_free(struct helper_pool *p);
/*
 * Runs work(arg) in a thread and then done(arg) on the loop.  urgent jobs
 * go before others.  The job is the pool's; it dies after done().  fatal()s
 * when out of memory.
 */
struct helper_job *helper_run(struct helper_pool *p, bool urgent,
	    void (*work)(void *arg), void (*done)(void *arg), void *arg);
/*
 * No done() follows.  A job that runs already is waited for, so that the
 * caller may free what it works on.
 */
void	 helper_cancel(struct helper_job *j);

#endif
