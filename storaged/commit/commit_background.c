/*
 * Background work of a user: what makes the head shorter is written to the
 * bucket beside the commits, and the next head made after it is there refers
 * to it.  Nothing here delays a commit: a job is begun from the loop, not
 * from a commit's step, one at a time, and within a budget of the process.
 * Who gets none of it waits; should the head be full before, the commit
 * itself writes out what is in the way (commit_seal.c).
 */
#include "common/compat.h"

#include "storaged/commit/commit_int.h"

#define AGAIN_MS	5000	/* after a failed job */
#define BUDGET_MS	1000	/* the budget is used up: look again */

static const struct job_kind *const kinds[JOBS] = {
	[JOB_FLUSH] = &job_flush,
	[JOB_MANIFEST] = &job_manifest,
};

static void	 background_run(void *);

/* -- the budget -- */

static bool
budget_take(struct commit *c, struct job *j, size_t cost)
{
	struct commit_budget	*b = c->io->budget;

	if (b != NULL && (b->jobs >= b->jobs_max ||
	    (b->jobs > 0 && b->bytes + cost > b->bytes_max)))
		return false;
	j->cost = cost;
	if (b != NULL) {
		b->jobs++;
		b->bytes += cost;
	}
	return true;
}

static void
budget_give(struct commit *c, struct job *j)
{
	struct commit_budget	*b = c->io->budget;

	if (b != NULL && j->cost > 0) {
		b->jobs--;
		b->bytes -= j->cost;
	}
	j->cost = 0;
}

/* -- a job -- */

static struct job *
job_of(struct commit *c, const struct upload *u)
{
	unsigned	 i;

	for (i = 0; i < JOBS; i++)
		if (c->background.jobs[i].upload == u)
			return &c->background.jobs[i];
	return NULL;
}

static void
job_failed(struct commit *c, struct job *j)
{
	c->background.after = c->io->now_ms(c->io->arg) + AGAIN_MS;
	if (j == NULL)
		return;			/* dropped meanwhile */
	budget_give(c, j);
	if (j->upload != NULL)
		j->upload->job = NULL;
	j->upload = NULL;
}

static void
job_done(struct upload *u, const struct blob_result *r)
{
	struct commit	*c = u->of->c;
	struct job	*j = job_of(c, u);

	commit_date(c, r);
	if (r->outcome != BLOB_DONE)
		job_failed(c, j);
	else if (j != NULL)
		budget_give(c, j);
}

static void
job_start(struct commit *c, struct job *j, const struct job_kind *kind)
{
	struct upload	*u;

	if ((u = upload_new(&c->uploads, kind->object)) == NULL) {
		job_failed(c, j);
		return;
	}
	u->job = &j->upload;
	j->upload = u;
	if (kind->make(c, u) == 0 && upload_name(u) == 0 &&
	    upload_send(u, true, job_done) == 0)
		return;
	u->name[0] = '\0';		/* never sent: nothing to name */
	u->state = UPLOAD_DROPPED;
	job_failed(c, j);
}

void
commit_background_drop(struct commit *c, enum job_id id)
{
	struct job	*j = &c->background.jobs[id];

	if (j->upload == NULL)
		return;
	budget_give(c, j);
	j->upload->state = UPLOAD_DROPPED;
	j->upload->job = NULL;
	j->upload = NULL;
}

/* Forget what is of no use any more; the next commit names it as garbage. */
static void
weed(struct commit *c)
{
	const struct upload	*u;
	unsigned		 i;

	for (i = 0; i < JOBS; i++) {
		u = c->background.jobs[i].upload;
		if (u != NULL && (!kinds[i]->fits(c, u) ||
		    (u->state == UPLOAD_READY && !upload_live(u))))
			commit_background_drop(c, (enum job_id)i);
	}
}

struct upload *
commit_background_ready(struct commit *c, enum job_id id)
{
	struct upload	*u;

	weed(c);
	u = c->background.jobs[id].upload;
	return u != NULL && upload_live(u) ? u : NULL;
}

/* -- when -- */

/* The first kind that is to be begun, and what it would cost; or JOBS. */
static unsigned
next_job(const struct commit *c, size_t *cost)
{
	unsigned	 i;

	if (c->background.after <= c->io->now_ms(c->io->arg))
		for (i = 0; i < JOBS; i++)
			if (c->background.jobs[i].upload == NULL &&
			    (*cost = kinds[i]->wanted(c)) > 0)
				return i;
	return JOBS;
}

static void
run_after(struct commit *c, uint64_t ms)
{
	struct background	*g = &c->background;

	if (g->timer == NULL)
		g->timer = c->io->timer(c->io->arg, ms, background_run, c);
}

void
commit_background(struct commit *c)
{
	size_t	 cost;

	weed(c);
	if (next_job(c, &cost) < JOBS)
		run_after(c, 0);
}

/* Is the head that the state has the bucket's, as far as is known? */
static bool
head_holds(const struct commit *c)
{
	return c->have && !c->behind && (c->phase == PHASE_IDLE ||
	    c->phase == PHASE_BUILD || c->phase == PHASE_UPLOAD ||
	    c->phase == PHASE_PUT);
}

static void
background_run(void *arg)
{
	struct commit	*c = arg;
	struct job	*j;
	size_t		 cost;
	unsigned	 i;

	c->background.timer = NULL;
	if (!head_holds(c))
		return;			/* commit_background() comes again */
	weed(c);
	if ((i = next_job(c, &cost)) == JOBS)
		return;
	j = &c->background.jobs[i];
	if (!budget_take(c, j, cost)) {
		run_after(c, BUDGET_MS);
		return;
	}
	job_start(c, j, kinds[i]);
	if (next_job(c, &cost) < JOBS)
		run_after(c, 0);
}

void
commit_background_free(struct commit *c)
{
	struct background	*g = &c->background;
	unsigned		 i;

	if (g->timer != NULL)
		c->io->untimer(c->io->arg, g->timer);
	g->timer = NULL;
	for (i = 0; i < JOBS; i++)
		budget_give(c, &g->jobs[i]);
}
