/*
 * The queue to the workers, processes that may block.  Each has one job at
 * a time; jobs wait in lanes (one for each imapd) that take turns, so that
 * a flood from one holds up only itself.
 */
#ifndef AUTHD_WORK_H
#define AUTHD_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_auth.h"

#define WORK_WORKERS_MAX	64
#define WORK_LANES		64	/* lane numbers are taken modulo */
#define WORK_LANE_MAX		2048	/* jobs that wait in one */
#define WORK_TIMEOUT_MS		30000

struct event_base;
struct work;
struct work_job;

/*
 * The end of a job: code, user (WORK_YES: a valid user id) and why (the
 * generation or the reason) are borrowed.  The job is gone after it.
 */
typedef void work_cb(void *arg, enum work_result_code code, const char *user,
	    struct str why);

/* timeout: milliseconds from submitting to WORK_UNAVAILABLE. */
struct work *work_new(struct event_base *base, int timeout);
void	 work_free(struct work *w);	/* no callbacks; NULL is fine */
/* A worker's channel (replaces an older one of that index); takes fd. */
void	 work_worker(struct work *w, uint32_t index, int fd);
/*
 * Ask a worker; the callback comes later, never from within.  password is
 * copied, and wiped when sent.  urgent: before all lanes (for what takes no
 * time).  NULL: the lane is full, or no memory.
 */
struct work_job *work_submit(struct work *w, uint32_t lane, uint32_t backend,
	    const char *user, struct str password, bool urgent, work_cb *cb,
	    void *arg);
/* No callback; a job that a worker has begun runs to its end. */
void	 work_cancel(struct work_job *job);
bool	 work_begun(const struct work_job *job);	/* a worker has it */
size_t	 work_waiting(const struct work *w);
size_t	 work_workers(const struct work *w);

#endif
