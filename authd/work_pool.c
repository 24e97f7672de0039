/*
 * Backends and their pools of workers: which are away, and what is counted of
 * them.  Must never call one away for what a single login did to it.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "authd/work_impl.h"
#include "common/clock.h"
#include "common/log.h"

void
work_backend(struct work *w, uint32_t backend, size_t pool, const char *name)
{
	struct work_backend	*b = &w->backend[backend];

	/* What its workers have is counted off when it ends. */
	b->failed = 0;
	b->pool = pool;
	strlcpy(b->name, name, sizeof(b->name));
}

/* The backend has cost its job's worker, and said nothing. */
void
work_failed(const struct work_job *job, const char *why)
{
	struct work		*w = job->work;
	struct work_backend	*b = &w->backend[job->backend];
	char			 name[sizeof(b->name)];

	b->retry = (int64_t)clock_ms() + WORK_RETRY_MS;
	strlcpy(name, b->name, sizeof(name));
	snprintf(b->why, sizeof(b->why), "%s: %s", name, why);
	b->failed++;
	if (b->failed == w->pools.pool[job->pool].workers)
		log_warnx("backend=%s result=unavailable why=\"%s\"", b->name,
		    why);
	if (w->idle != NULL)
		w->idle(w->idle_arg);
}

void
work_answered(const struct work_job *job)
{
	struct work_backend	*b = &job->work->backend[job->backend];

	if (b->failed >= job->work->pools.pool[job->pool].workers)
		log_info("backend=%s result=ok", b->name);
	b->failed = 0;
}

const char *
work_late_text(const struct work_job *job, char *dst, size_t size)
{
	uint32_t	ms = job->work->pools.pool[job->pool].timeout_ms;

	snprintf(dst, size, ms % 1000 == 0 ?
	    "no response within %" PRIu32 " s" :
	    "no response within %" PRIu32 " ms", ms % 1000 == 0 ? ms / 1000 :
	    ms);
	return dst;
}

size_t
work_pool(const struct work *w, uint32_t backend)
{
	return backend < CACHE_BACKENDS_MAX ? w->backend[backend].pool :
	    AUTH_POOLS_MAX;
}

const char *
work_away(const struct work *w, uint32_t backend)
{
	const struct work_backend	*b = &w->backend[backend];

	if (b->pool == AUTH_POOLS_MAX)
		return "no workers for it until paild is restarted";
	if (b->failed < w->pools.pool[b->pool].workers)
		return NULL;
	return b->trying > 0 || (int64_t)clock_ms() < b->retry ? b->why : NULL;
}

bool
work_pool_away(const struct work *w, size_t pool)
{
	uint32_t	i;
	bool		away = false;

	for (i = 0; i < CACHE_BACKENDS_MAX; i++) {
		if (w->backend[i].name[0] == '\0' ||
		    w->backend[i].pool != pool)
			continue;
		if (work_away(w, i) == NULL)
			return false;
		away = true;
	}
	return away;
}

void
work_count(const struct work *w, size_t pool, struct work_counts *counts)
{
	const struct work_worker	*k;
	size_t				 passwords = 0, aside = 0;
	uint32_t			 i;

	memset(counts, 0, sizeof(*counts));
	for (k = w->worker; k < w->worker + WORK_WORKERS_MAX; k++)
		if (k->pool == pool && k->peer != NULL) {
			counts->workers++;
			counts->busy += k->job != NULL;
		}
	for (i = 0; i < WORK_QUEUES; i++) {
		counts->waiting += w->pool[pool].waiting[i];
		if (i < WORK_SALTS)
			passwords += w->pool[pool].waiting[i];
	}
	for (i = 0; i < CACHE_BACKENDS_MAX; i++)
		if (w->backend[i].name[0] != '\0' &&
		    w->backend[i].pool == pool && w->backend[i].failed >=
		    w->pools.pool[pool].workers)
			counts->away = true;
	counts->idle = counts->workers - counts->busy;
	/* Workers may never be idle for questions that take no time: the next
	 * job of one of these is what comes now. */
	for (i = 0; i < WORK_ASIDES; i++)
		aside += w->pool[pool].aside[i].busy;
	if (counts->idle == 0 && aside > 0 && passwords == 0)
		counts->idle = 1;
	counts->late = w->pool[pool].late;
	counts->ended = w->pool[pool].ended;
}

struct work_counts
work_counts(const struct work *w, const char *type)
{
	struct work_counts	 all, one;
	size_t			 i;

	memset(&all, 0, sizeof(all));
	for (i = 0; i < w->pools.n; i++) {
		if (strcmp(w->pools.pool[i].type, type) != 0)
			continue;
		work_count(w, i, &one);
		all.workers += one.workers;
		all.busy += one.busy;
		all.idle += one.idle;
		all.waiting += one.waiting;
		all.away |= one.away;
		all.late += one.late;
		all.ended += one.ended;
	}
	return all;
}

size_t
work_waiting(const struct work *w)
{
	struct work_counts	 c;
	size_t			 i, n = 0;

	for (i = 0; i < w->pools.n; i++) {
		work_count(w, i, &c);
		n += c.waiting;
	}
	return n;
}

size_t
work_workers(const struct work *w)
{
	size_t		n = 0;
	uint32_t	i;

	for (i = 0; i < WORK_WORKERS_MAX; i++)
		n += w->worker[i].peer != NULL;
	return n;
}
