/*
 * admind's questions: who may ask, how often, and what it is told.  An admind
 * that was taken over gets no more than an honest one.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_admin.h"
#include "common/test.h"
#include "paild/admin.h"
#include "paild/ask.h"
#include "paild/proc.h"
#include "paild/resources.h"

enum { ADMIND, IMAPD, CREDD, STORAGED, PROCS };

static struct paild	 pd;
static struct proc	 procs[PROCS];

/* A child's end of its setup channel. */
static struct end {
	struct peer	*p;
	unsigned int	 asked;		/* CTL_STATS */
	bool		 silent;
	struct proc	*proc;
} ends[PROCS];

/* What admind was told. */
static struct {
	unsigned int	 done;
	unsigned int	 procs, answered, down;
	size_t		 counts;	/* octets */
	bool		 own;		/* paild itself */
	uint32_t	 id, missing;
} told;

static int
on_child(struct peer *p, struct msg *m, void *arg)
{
	struct end		*e = arg;
	struct admin_proc	 a;
	struct admin_done	 d;

	if (m->type == IMSG_CTL_STATS) {
		e->asked++;
		if (!e->silent)
			(void)peer_send(p, IMSG_CTL_COUNTS, m->id, "\0", 1,
			    -1);
	} else if (m->type == IMSG_ADMIN_PROC) {
		CHECK(wire_decode(&admin_proc_wire, &a, m->data, m->len,
		    NULL) == 0);
		told.procs++;
		told.answered += a.answered;
		told.down += a.state == ADMIN_DOWN;
		told.counts += a.counts.len;
		if (a.kind == PROC_PAILD)
			told.own = a.pid == (uint32_t)getpid() && a.known &&
			    a.rss > 0 && a.fds > 0 && a.threads == 1;
	} else if (m->type == IMSG_ADMIN_DONE) {
		CHECK(wire_decode(&admin_done_wire, &d, m->data, m->len,
		    NULL) == 0);
		CHECK(d.version.len > 0 && d.serving && !d.stopping);
		told.done++;
		told.id = m->id;
		told.missing = d.missing;
	}
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	((struct end *)arg)->p = NULL;
}

static int
on_paild(struct peer *p, struct msg *m, void *arg)
{
	struct end	*e = arg;

	(void)p;
	return m->type == IMSG_CTL_COUNTS ? ask_answer(e->proc, m) : 0;
}

static void
on_cut(struct peer *p, const char *why, void *arg)
{
	struct end	*e = arg;

	(void)p;
	(void)why;
	e->proc->setup = NULL;
}

static const struct peer_ops child_side = { on_child, on_closed, NULL };
static const struct peer_ops paild_side = { on_paild, on_cut, NULL };

static void
begin(void)
{
	static const enum proc_kind	 kinds[PROCS] = { PROC_ADMIND,
					    PROC_IMAPD, PROC_CREDD,
					    PROC_STORAGED };
	int				 i, sv[2];

	pd.base = event_base_new();
	pd.procs = procs;
	pd.nprocs = PROCS;
	pd.ready = true;
	for (i = 0; i < PROCS; i++) {
		procs[i].paild = &pd;
		procs[i].kind = kinds[i];
		TAILQ_INIT(&procs[i].asks);
		ends[i].proc = &procs[i];
		if (i == STORAGED)	/* it is down */
			continue;
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
			fatal("socketpair");
		procs[i].state = PROC_READY;
		procs[i].setup = peer_new(pd.base, sv[0], MSG_CHANNEL_SETUP,
		    MSG_SIDE_A, &paild_side, &ends[i]);
		ends[i].p = peer_new(pd.base, sv[1], MSG_CHANNEL_SETUP,
		    MSG_SIDE_B, &child_side, &ends[i]);
	}
}

static int
want(int who, uint32_t id)
{
	struct msg	 m = { .type = IMSG_ADMIN_WANT, .id = id, .fd = -1 };

	return admin_want(&procs[who], &m);
}

/* Until admind was told all of it so often; how long that took, ms. */
static uint64_t
await_done(unsigned int n)
{
	uint64_t	 begun = clock_ms();

	while (told.done < n && clock_ms() - begun < TEST_PATIENCE_MS)
		event_base_loop(pd.base, EVLOOP_ONCE);
	CHECK_ROW(told.done == n, "%u", told.done);
	return clock_ms() - begun;
}

static void
forget(void)
{
	unsigned int	 n = told.done;

	memset(&told, 0, sizeof(told));
	told.done = n;
}

static void
test_question(void)
{
	CHECK(want(IMAPD, 1) == -1 && want(CREDD, 1) == -1);
	CHECK(want(ADMIND, 7) == 0);
	CHECK(want(ADMIND, 8) == -1);		/* one at a time */
	await_done(1);
	CHECK(told.id == 7 && told.procs == PROCS + 1 && told.own);
	CHECK(told.answered == PROCS && told.down == 1 && told.missing == 1);
	CHECK(told.counts == PROCS - 1);
	CHECK(ends[IMAPD].asked == 1 && ends[CREDD].asked == 1);
}

/* However often it asks. */
static void
test_pace(void)
{
	uint64_t	 begun = clock_ms();

	forget();
	procs[ADMIND].state = PROC_STARTING;
	CHECK(want(ADMIND, 8) == 0 && want(ADMIND, 9) == -1);
	await_done(2);
	procs[ADMIND].state = PROC_READY;
	CHECK(want(ADMIND, 10) == 0);
	await_done(3);
	CHECK(told.id == 10 && ends[IMAPD].asked == 3);
	CHECK(clock_ms() - begun >= ADMIN_PACE_MS);
}

/* One that does not answer is left out, and not asked again until it has. */
static void
test_missing(void)
{
	forget();
	ends[CREDD].silent = true;
	CHECK(want(ADMIND, 11) == 0);
	CHECK(await_done(4) >= ADMIN_ANSWER_MS);
	CHECK(told.missing == 2 && told.procs == PROCS + 1);
	CHECK(ends[CREDD].asked == 4);
	forget();
	CHECK(want(ADMIND, 12) == 0);
	await_done(5);
	CHECK(told.missing == 2 && ends[CREDD].asked == 4 &&
	    ends[IMAPD].asked == 5);
}

/* Its place is taken by the next one, whom no old answer reaches. */
static void
test_gone(void)
{
	unsigned int	 asked = ends[IMAPD].asked;

	forget();
	ends[IMAPD].silent = true;
	CHECK(want(ADMIND, 13) == 0);
	while (ends[IMAPD].asked == asked)
		event_base_loop(pd.base, EVLOOP_ONCE);
	admin_gone(&procs[IMAPD]);	/* it is not who asks */
	CHECK(want(ADMIND, 14) == -1);
	admin_gone(&procs[ADMIND]);
	ask_gone(&procs[IMAPD]);
	CHECK(want(ADMIND, 15) == 0);
	await_done(6);
	CHECK(told.id == 15);
}

static void
test_resources(void)
{
	struct resources	 r, more;
	int			 fd;

	CHECK(resources_of(getpid(), &r) == 0);
	CHECK(r.rss > 0 && r.vsize >= r.rss && r.threads == 1);
	fd = dup(0);
	CHECK(resources_of(getpid(), &more) == 0);
	CHECK(more.fds == r.fds + 1 && more.cpu_us >= r.cpu_us);
	close(fd);
	CHECK(resources_of(-1, &r) == -1);
}

int
main(void)
{
	int	 i;

	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	begin();
	test_question();
	test_pace();
	test_missing();
	test_gone();
	test_resources();
	for (i = 0; i < PROCS; i++) {
		peer_close(procs[i].setup);
		peer_close(ends[i].p);
		ask_gone(&procs[i]);
	}
	event_base_loop(pd.base, EVLOOP_NONBLOCK);
	event_base_free(pd.base);
	return TEST_END();
}
