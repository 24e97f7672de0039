/* What the files of work.h share. */
#ifndef AUTHD_WORK_IMPL_H
#define AUTHD_WORK_IMPL_H

#include "authd/cache.h"
#include "authd/work.h"
#include "common/log_context.h"

struct work_worker {
	struct work	*work;
	uint32_t	 index;
	size_t		 pool;		/* AUTH_POOLS_MAX: none */
	struct peer	*peer;
	struct work_job	*job;		/* what it is at */
};

struct work_job {
	TAILQ_ENTRY(work_job)	 entry;
	struct work		*work;
	struct work_worker	*worker;	/* NULL: it waits */
	size_t			 pool;
	uint32_t		 queue;
	uint32_t		 id;
	uint32_t		 backend;
	enum work_how		 how;
	char			*user;
	char			*remote;
	char			*password;
	size_t			 password_len;
	work_cb			*cb;		/* NULL: nobody cares */
	void			*arg;
	struct event		*timer;
	int64_t			 given;		/* to its worker */
	bool			 late;		/* its end was said */
	struct log_context	 context;	/* of who asks */
};
TAILQ_HEAD(work_jobs, work_job);

/* Of a pool: the lanes, what is urgent, and two kinds of lanes aside, of
 * SCRAM's questions, which cost no guess, and of mail's recipients: only some
 * of a pool's workers are at these, or who asks them in a flood would leave
 * none for passwords. */
#define WORK_ASIDES	2
enum {
	WORK_URGENT = WORK_LANES,
	WORK_SALTS,
	WORK_NAMES = WORK_SALTS + WORK_LANES,
	WORK_QUEUES = WORK_NAMES + WORK_LANES
};

struct work_pool {
	struct work_jobs	 queue[WORK_QUEUES];
	size_t			 waiting[WORK_QUEUES];
	uint32_t		 turn[1 + WORK_ASIDES];	/* of lanes */
	struct work_aside {
		uint32_t	 busy;		/* that workers have */
		uint32_t	 most;
	}			 aside[WORK_ASIDES];
	size_t			 next;		/* of these */
	bool			 stepped;	/* the last job given was one
						 * of theirs */
	uint64_t		 late, ended;
};

struct work_backend {
	char			 name[48];
	size_t			 pool;
	uint32_t		 failed;	/* in a row */
	uint32_t		 trying;	/* jobs that workers have */
	int64_t			 retry;		/* when it is away */
	char			 why[96];
};

struct work {
	struct event_base	*base;
	struct auth_pools	 pools;
	struct work_worker	 worker[WORK_WORKERS_MAX];
	struct work_pool	 pool[AUTH_POOLS_MAX];
	struct work_backend	 backend[CACHE_BACKENDS_MAX];
	uint32_t		 last_id;
	void			(*idle)(void *);
	void			*idle_arg;
	void			(*revoke)(const char *, int64_t, void *);
	void			*revoke_arg;
};

/* work_pool.c: job's backend has cost it its worker, and said nothing; why is
 * for the log. */
void	 work_failed(const struct work_job *job, const char *why);
void	 work_answered(const struct work_job *job);
const char *work_late_text(const struct work_job *job, char *dst, size_t size);

#endif
