/*
 * The queues to the workers, processes that may block: a pool for each
 * backend, so that one that hangs holds up nobody who is not its user.  A
 * worker has one job at a time; jobs wait in lanes (one for each imapd and each
 * lmtpd) that take turns.  Mail's recipients have at most half of a pool's
 * workers, and every other turn, so that neither keeps the other out.
 *
 * A worker that does not answer within its pool's time ends itself
 * (worker.c); its job's end is said here a moment before.  A backend whose
 * workers have hung or died, each of them without an answer in between, is
 * away: it gets one job at a time, WORK_RETRY_MS after the last that failed.
 */
#ifndef AUTHD_WORK_H
#define AUTHD_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/auth_kind.h"
#include "common/buf.h"
#include "common/msg_auth.h"

#define WORK_WORKERS_MAX	AUTH_WORKERS_MAX
#define WORK_LANES		64	/* lane numbers are taken modulo */
#define WORK_MAIL		0x10000	/* lanes from here on are lmtpds' */
#define WORK_LANE_MAX		2048	/* jobs that wait in one */
#define WORK_WAIT_MS		30000	/* in a lane */
#define WORK_RETRY_MS		1000

struct event_base;
struct work;
struct work_job;

/* What a worker is asked; all borrowed. */
struct work_ask {
	enum work_how	 how;
	const char	*user;
	struct str	 password;
	const char	*remote;	/* the client's address; "": unknown */
};

/*
 * The end of a job: code, user (WORK_YES: a valid user id), why (of YES, NO
 * and UNKNOWN the generation, else the reason) and data (WORK_CHECK says which)
 * and quota (of YES) are borrowed.  The job is gone after it.
 */
typedef void work_cb(void *arg, enum work_result_code code, const char *user,
	    struct str why, struct str data, const struct found_quota *quota);

/* What has become of a pool's jobs, and its state now. */
struct work_counts {
	size_t		 workers;	/* that are connected */
	size_t		 busy;
	size_t		 idle;		/* what can be given to them now */
	size_t		 waiting;
	bool		 away;		/* a backend of it is */
	uint64_t	 late, ended;	/* jobs whose worker hung, or died */
};

/* pools is copied; until work_backend() says another, a backend's is the first.
 * NULL on ENOMEM. */
struct work *work_new(struct event_base *base, const struct auth_pools *pools);
/* backend's jobs are pool's from now on (AUTH_POOLS_MAX: nobody's), name is
 * for the log; what was known of it is forgotten. */
void	 work_backend(struct work *w, uint32_t backend, size_t pool,
	    const char *name);
/* A worker says that user (an id) is gone, or has another password, since
 * changed (milliseconds since 1970). */
void	 work_on_revoke(struct work *w, void (*revoke)(const char *user,
	    int64_t changed, void *arg), void *arg);
void	 work_free(struct work *w);	/* no callbacks; NULL is fine */
/* A worker's channel (replaces an older one of that index); takes fd. */
void	 work_worker(struct work *w, uint32_t index, int fd);
/*
 * Ask a worker; the callback comes later, never from within.  The password is
 * copied, and wiped when sent.  urgent: before all lanes (for what takes no
 * time).  NULL: the lane is full, the backend has no pool, or no memory.
 */
struct work_job *work_submit(struct work *w, uint32_t lane, uint32_t backend,
	    const struct work_ask *ask, bool urgent, work_cb *cb, void *arg);
/* No callback; a job that a worker has begun runs to its end. */
void	 work_cancel(struct work_job *job);
bool	 work_begun(const struct work_job *job);	/* a worker has it */
/* The pool of a backend; AUTH_POOLS_MAX: none. */
size_t	 work_pool(const struct work *w, uint32_t backend);
/* Why a backend is not to be asked now (the log's words), or NULL. */
const char *work_away(const struct work *w, uint32_t backend);
/* Are all backends of the pool away? */
bool	 work_pool_away(const struct work *w, size_t pool);
size_t	 work_waiting(const struct work *w);
size_t	 work_workers(const struct work *w);	/* of all pools */
/* Of one pool. */
void	 work_count(const struct work *w, size_t pool,
	    struct work_counts *counts);
/* The same for all pools of a type. */
struct work_counts work_counts(const struct work *w, const char *type);
/* idle is called (perhaps from within another call, perhaps for nothing)
 * when a worker has nothing to do. */
void	 work_on_idle(struct work *w, void (*idle)(void *), void *arg);

#endif
