/*
 * Helper threads: work that would block the event loop for more than about 5 ms
 * (fsync; compression and hashing of more than 256 KiB) runs here, and
 * completes on the loop.  Each pool has threads of its own.
 */
#ifndef STORAGED_HELPER_H
#define STORAGED_HELPER_H

#include <stdbool.h>

struct event_base;
struct helper_pool;
struct helper_job;

/* n threads, all signals blocked in them.  NULL with errno. */
struct helper_pool *helper_new(struct event_base *base, unsigned n);
/* Waits for running jobs; queued ones are dropped without done().  NULL is
 * fine. */
void	 helper_free(struct helper_pool *p);
/*
 * Runs work(arg) in a thread and then done(arg) on the loop. urgent jobs go
 * before others.  The job is owned by the pool and freed after done().  Calls
 * fatal() if out of memory.
 */
struct helper_job *helper_run(struct helper_pool *p, bool urgent,
	    void (*work)(void *arg), void (*done)(void *arg), void *arg);
/*
 * No done() follows.  Waits for a job that is already running, so that the
 * caller may free its data.
 */
void	 helper_cancel(struct helper_job *j);

#endif
