/* The pool of helper threads: order, urgency, cancelling. */
#include "common/compat.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/util/helper.h"

static struct event_base *base;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int begun, worked;
static int ended;
static char order[64];

struct job { char name; struct helper_job *j; };

static void
work(void *arg)
{
	(void)arg;
	atomic_fetch_add(&begun, 1);
	pthread_mutex_lock(&gate);	/* held by the test: it blocks */
	pthread_mutex_unlock(&gate);
	atomic_fetch_add(&worked, 1);
}

static void
done(void *arg)
{
	struct job *j = arg;
	size_t n = strlen(order);

	ended++;
	order[n] = j->name;
	order[n + 1] = '\0';
}

static void
wait_for(int n)
{
	while (ended < n)
		event_base_loop(base, EVLOOP_ONCE);
}

/* The first job is at work, and waits at the gate. */
static void
wait_begun(void)
{
	while (atomic_load(&begun) == 0)
		sched_yield();
}

/* Urgent jobs first; done() on the loop, once each. */
static void
test_order(void)
{
	struct job j[5] = { { 'a', NULL }, { 'b', NULL }, { 'c', NULL },
	    { 'd', NULL }, { 'e', NULL } };
	struct helper_pool *p = helper_new(base, 1);
	int i;

	CHECK(p != NULL);
	ended = 0;
	order[0] = '\0';
	atomic_store(&begun, 0);
	atomic_store(&worked, 0);
	pthread_mutex_lock(&gate);
	helper_run(p, false, work, done, &j[0]);
	wait_begun();
	for (i = 1; i < 5; i++)
		helper_run(p, i >= 3, work, done, &j[i]);
	CHECK(ended == 0);
	pthread_mutex_unlock(&gate);
	wait_for(5);
	CHECK(atomic_load(&worked) == 5);
	CHECK_ROW(strcmp(order, "adebc") == 0, "%s", order);
	helper_free(p);
}

static void
test_cancel(void)
{
	struct job j[4] = { { 'a', NULL }, { 'b', NULL }, { 'c', NULL },
	    { 'd', NULL } };
	struct helper_pool *p = helper_new(base, 1);
	int i;

	ended = 0;
	order[0] = '\0';
	atomic_store(&begun, 0);
	atomic_store(&worked, 0);
	pthread_mutex_lock(&gate);
	for (i = 0; i < 4; i++)
		j[i].j = helper_run(p, false, work, done, &j[i]);
	wait_begun();
	helper_cancel(j[2].j);			/* queued: never runs */
	pthread_mutex_unlock(&gate);
	helper_cancel(j[0].j);			/* running, or over by now */
	CHECK(atomic_load(&worked) >= 1);
	wait_for(2);
	CHECK(strcmp(order, "bd") == 0);
	CHECK(atomic_load(&worked) == 3);
	/* What is queued at the end is dropped, what runs is waited for. */
	for (i = 0; i < 100; i++)
		helper_run(p, false, work, done, &j[0]);
	helper_free(p);
	CHECK(ended == 2);
}

int
main(void)
{
	log_init("helper_test");
	base = event_base_new();
	test_order();
	test_cancel();
	helper_free(NULL);
	event_base_free(base);
	return TEST_END();
}
