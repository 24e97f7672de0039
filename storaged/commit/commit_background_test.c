/*
 * Background work: it begins from the loop, within the budget, again after
 * it failed, and it leaves nothing of the budget taken.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/commit/test/nodes.h"

static struct node		*n = &nodes[0];
static struct commit_budget	*budget;
static unsigned			 logs_lost;	/* so many PUTs of logs fail */
static char			 order[64];	/* h: the head, l: a log */

static enum fake_fate
background_fate(struct fake_world *world, struct fake_node *fn,
    enum fake_verb verb, const char *key, void *arg)
{
	bool	 log = strstr(key, "/log/") != NULL;
	size_t	 len = strlen(order);

	if (verb == FAKE_PUT && fn->index == 0 && len + 1 < sizeof(order))
		order[len] = log ? 'l' : 'h';
	if (log && verb == FAKE_PUT && logs_lost > 0) {
		logs_lost--;
		return FATE_REFUSED;
	}
	return fate(world, fn, verb, key, arg);
}

static void
begin(void)
{
	start();
	w.fate = background_fate;
	budget = &n->fn->budget;
	n->c->limits.flush = SIZE_MAX;
	CHECK(refresh(n) == COMMIT_DONE);
	other(n, 1);
	logs_lost = 0;
}

static void
end(void)
{
	commit_abandon(n->c);
	n->c = NULL;
	CHECK(budget->jobs == 0 && budget->bytes == 0);
	CHECK(fake_timers(n->fn) == 0);
	finish();
}

/* A commit that waits goes first. */
static void
test_beside(void)
{
	struct fake_op	 op;

	begin();
	n->c->limits.flush = 1;
	memset(order, 0, sizeof(order));
	submit(n, &op, FAKE_ADD, 2, 10);
	run(1000);
	CHECK_ROW(strcmp(order, "hl") == 0, "%s", order);
	free(op.bytes);
	other(n, 3);
	CHECK(n->c->head.logs.n == 1 && n->c->head.logs.v[0].last == 2);
	end();
}

static void
test_budget(void)
{
	begin();
	budget->jobs_max = 1;
	budget->jobs = 1;		/* another user's */
	n->c->limits.flush = 1;
	commit_background(n->c);
	run(5000);
	CHECK(w.counts.put_log == 0);
	budget->jobs = 0;
	run(3000);
	CHECK(w.counts.put_log == 1);
	CHECK(commit_background_ready(n->c, JOB_FLUSH) != NULL);
	CHECK(budget->jobs == 0 && budget->bytes == 0);
	other(n, 2);
	/* One by its bytes; but one goes ahead whatever it needs. */
	budget->jobs_max = 9;
	budget->jobs = 1;
	budget->bytes = budget->bytes_max = 10;
	commit_background(n->c);
	run(5000);
	CHECK(w.counts.put_log == 1);
	budget->jobs = 0;
	budget->bytes = 0;
	run(3000);
	CHECK(w.counts.put_log == 2);
	end();
}

/* Under way, and then its user is let go. */
static void
test_cut(void)
{
	begin();
	n->c->limits.flush = 1;
	commit_background(n->c);
	run(0);
	CHECK(budget->jobs == 1 && budget->bytes > 0);
	end();
}

/* What waits for its turn goes with its user. */
static void
test_cut_waiting(void)
{
	begin();
	n->c->limits.flush = 1;
	commit_background(n->c);
	CHECK(fake_timers(n->fn) > 0);
	end();
}

static void
test_again(void)
{
	begin();
	n->c->limits.flush = 1;
	logs_lost = 1;
	commit_background(n->c);
	run(1000);
	CHECK(w.counts.put_log == 1 && budget->jobs == 0);
	CHECK(commit_background_ready(n->c, JOB_FLUSH) == NULL);
	commit_background(n->c);	/* not at once */
	run(1000);
	CHECK(w.counts.put_log == 1);
	run(5000);
	commit_background(n->c);
	run(1000);
	CHECK(w.counts.put_log == 2);
	CHECK(commit_background_ready(n->c, JOB_FLUSH) != NULL);
	/* The next commit refers to it, and the first one is garbage. */
	n->c->limits.flush = SIZE_MAX;
	other(n, 2);
	CHECK(n->c->head.logs.n == 1 && n->c->head.garbage.n == 1);
	end();
}

static void *
no_put(void *arg, const char *key, const void *p, size_t len,
    enum blob_condition cond, const char *etag, enum blob_priority prio,
    blob_cb cb, void *cbarg)
{
	(void)arg, (void)key, (void)p, (void)len, (void)cond, (void)etag;
	(void)prio, (void)cb, (void)cbarg;
	return NULL;
}

/* No memory to send it: nothing is there, so nothing is garbage. */
static void
test_not_sent(void)
{
	void	*(*put)(void *, const char *, const void *, size_t,
		    enum blob_condition, const char *, enum blob_priority,
		    blob_cb, void *);

	begin();
	put = n->fn->io.put;
	n->fn->io.put = no_put;
	n->c->limits.flush = 1;
	commit_background(n->c);
	run(1000);
	CHECK(budget->jobs == 0);
	CHECK(commit_background_ready(n->c, JOB_FLUSH) == NULL);
	n->fn->io.put = put;
	run(5000);
	commit_background(n->c);
	run(1000);
	CHECK(commit_background_ready(n->c, JOB_FLUSH) != NULL);
	n->c->limits.flush = SIZE_MAX;
	other(n, 2);
	CHECK(n->c->head.logs.n == 1 && n->c->head.garbage.n == 0);
	end();
}

int
main(void)
{
	log_init("commit_background_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_beside();
	test_budget();
	test_cut();
	test_cut_waiting();
	test_again();
	test_not_sent();
	return TEST_END();
}
