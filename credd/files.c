/* Questions to paild under way (files.h). */
#include "common/compat.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "credd/files.h"

struct files_job {
	TAILQ_ENTRY(files_job)	 entry;
	struct files		*files;
	struct files_item	 items[FILES_MAX];
	uint32_t		 ids[FILES_MAX];	/* 0: answered */
	size_t			 n, waiting;
	files_cb		 cb;
	void			*arg;
};

struct files {
	void			(*ask)(uint32_t, const char *);
	uint32_t		 last;
	TAILQ_HEAD(, files_job)	 jobs;
};

struct files *
files_new(void (*ask)(uint32_t id, const char *what))
{
	struct files	*f = mem_new(1, sizeof(*f));

	f->ask = ask;
	TAILQ_INIT(&f->jobs);
	return f;
}

void
files_free(struct files *f)
{
	struct files_job	*job;

	if (f == NULL)
		return;
	while ((job = TAILQ_FIRST(&f->jobs)) != NULL)
		files_cancel(job);
	free(f);
}

struct files_job *
files_gather(struct files *f, const char *const *what, size_t n, files_cb cb,
    void *arg)
{
	struct files_job	*job = mem_new(1, sizeof(*job));
	size_t			 i;

	job->files = f;
	job->n = job->waiting = n < FILES_MAX ? n : FILES_MAX;
	job->cb = cb;
	job->arg = arg;
	TAILQ_INSERT_TAIL(&f->jobs, job, entry);
	for (i = 0; i < job->n; i++) {
		if (++f->last == 0)
			f->last = 1;
		job->ids[i] = f->last;
		f->ask(f->last, what[i]);
	}
	return job;
}

void
files_cancel(struct files_job *job)
{
	size_t	i;

	if (job == NULL)
		return;
	TAILQ_REMOVE(&job->files->jobs, job, entry);
	for (i = 0; i < job->n; i++)
		freezero(job->items[i].data, job->items[i].len);
	free(job);
}

static void
item_take(struct files_item *it, const struct setup_give *g)
{
	size_t	n = g->why.len < sizeof(it->why) ? g->why.len :
		    sizeof(it->why) - 1;

	it->outcome = (enum setup_give_outcome)g->outcome;
	it->len = it->outcome == SETUP_GIVE_FOUND ? g->data.len : 0;
	it->data = mem_dup_len(it->len > 0 ? g->data.p : "", it->len);
	if (n > 0)
		memcpy(it->why, g->why.p, n);
}

void
files_given(struct files *f, uint32_t id, const struct setup_give *g)
{
	struct files_job	*job;
	size_t			 i;

	if (id == 0)
		return;
	TAILQ_FOREACH(job, &f->jobs, entry)
		for (i = 0; i < job->n; i++) {
			if (job->ids[i] != id)
				continue;
			job->ids[i] = 0;
			item_take(&job->items[i], g);
			if (--job->waiting == 0) {
				job->cb(job->items, job->arg);
				files_cancel(job);
			}
			return;
		}
}
