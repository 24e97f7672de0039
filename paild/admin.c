/*
 * admind's questions.  It is the process that strangers reach by HTTP, so it
 * has no other: all that it gets is what all processes count, and what the
 * system says of them.  One question at a time, and one answer a second at
 * most, whatever it sends; the processes' counts pass through unread.
 */
#include "common/compat.h"

#include <event2/event.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/msg_admin.h"
#include "paild/admin.h"
#include "paild/ask.h"
#include "paild/proc.h"
#include "paild/resources.h"

/* The question that is open. */
static struct {
	struct proc	*to;		/* NULL: none */
	uint32_t	 id;
	bool		 asking;	/* the processes; else: too early */
	size_t		 waiting;	/* answers that are still to come */
	bool		*told;		/* of each process */
	uint64_t	 last;		/* clock_ms() of the last question */
	struct event	*timer;
} q;

static const enum admin_state states[] = {
	[PROC_DOWN] = ADMIN_DOWN,
	[PROC_STARTING] = ADMIN_STARTING,
	[PROC_READY] = ADMIN_READY,
	[PROC_DRAINING] = ADMIN_DRAINING
};

static void
question_end(void)
{
	free(q.told);
	q.told = NULL;
	q.to = NULL;
	q.asking = false;
	q.waiting = 0;
	event_free(q.timer);
	q.timer = NULL;
}

static void
tell(struct admin_proc *a, pid_t pid, time_t started)
{
	struct resources	 r;

	a->pid = (uint32_t)pid;
	a->started = (uint64_t)(time(NULL) - (paild_now() - started));
	if (pid != 0 && resources_of(pid, &r) == 0) {
		a->known = true;
		a->cpu_us = r.cpu_us;
		a->rss = r.rss;
		a->vsize = r.vsize;
		a->fds = r.fds;
		a->threads = r.threads;
	}
	if (q.to->setup != NULL)
		peer_send_struct(q.to->setup, IMSG_ADMIN_PROC, q.id, a, -1);
}

/* m NULL: it has not answered. */
static void
tell_proc(struct proc *p, const struct msg *m)
{
	struct admin_proc	 a = {
		.kind = (uint8_t)p->kind,
		.index = p->index,
		.state = (uint8_t)states[p->state],
		.restarts = p->restarts,
		.answered = m != NULL
	};

	if (m != NULL && m->len <= ADMIN_COUNTS_MAX)
		a.counts = (struct str){ (const char *)m->data, m->len };
	q.told[p - p->paild->procs] = true;
	tell(&a, p->pid, p->started);
}

static void
question_done(void)
{
	struct paild		*pd = q.to->paild;
	struct admin_proc	 self = { .kind = PROC_PAILD,
				    .state = ADMIN_READY, .answered = true };
	struct admin_done	 done = { .serving = pd->ready,
				    .stopping = pd->stopping,
				    .version = STR(PAIL_VERSION) };
	size_t			 i;

	ask_forget(pd, &q);
	for (i = 0; i < pd->nprocs; i++)
		if (!q.told[i]) {
			done.missing++;
			tell_proc(&pd->procs[i], NULL);
		}
	tell(&self, getpid(), pd->started);
	if (q.to->setup != NULL)
		peer_send_struct(q.to->setup, IMSG_ADMIN_DONE, q.id, &done,
		    -1);
	question_end();
}

static void
on_answer(struct proc *p, const struct msg *m, void *arg)
{
	(void)arg;
	if (m != NULL)
		tell_proc(p, m);
	if (--q.waiting == 0)
		question_done();
}

static void
ask_all(void)
{
	struct timeval	 tv = { ADMIN_ANSWER_MS / 1000,
			    ADMIN_ANSWER_MS % 1000 * 1000 };
	struct paild	*pd = q.to->paild;

	log_debug("admind asks about the processes");
	q.asking = true;
	q.last = clock_ms();
	q.told = mem_new(pd->nprocs, sizeof(*q.told));
	/* One that starts answers behind that, or while it waits. */
	q.waiting = ask_stats(pd, true, on_answer, &q);
	event_add(q.timer, &tv);
	if (q.waiting == 0)
		question_done();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (q.to == NULL)
		return;
	if (q.asking)
		question_done();
	else
		ask_all();
}

int
admin_want(struct proc *p, const struct msg *m)
{
	struct timeval	 tv;
	uint64_t	 since = clock_ms() - q.last;

	/* One that waits for its certificates serves http:// already. */
	if (p->kind != PROC_ADMIND || q.to != NULL)
		return -1;
	if ((q.timer = evtimer_new(p->paild->base, on_timer, NULL)) == NULL)
		fatalx("evtimer_new");
	q.to = p;
	q.id = m->id;
	if (q.last == 0 || since >= ADMIN_PACE_MS) {
		ask_all();
		return 0;
	}
	tv.tv_sec = 0;
	tv.tv_usec = (suseconds_t)(ADMIN_PACE_MS - since) * 1000;
	event_add(q.timer, &tv);
	return 0;
}

void
admin_gone(struct proc *p)
{
	if (q.to != p)
		return;
	ask_forget(p->paild, &q);
	question_end();
}
