/*
 * One number from the counts of many.
 */
#include "common/compat.h"

#include "common/arena.h"
#include "paild/ask.h"
#include "paild/proc.h"
#include "paild/sessions.h"

static uint64_t
sessions_of(const struct msg *m)
{
	struct ctl_counts	 counts;
	const struct ctl_count	*v;
	struct arena		*a;
	uint64_t		 n = 0;
	size_t			 i;

	if ((a = arena_new(4 * 1024 * 1024)) == NULL)
		return 0;
	if (wire_decode(&ctl_counts_wire, &counts, m->data, m->len, a) == 0)
		for (i = 0; i < counts.counts.n; i++) {
			v = (const struct ctl_count *)counts.counts.v + i;
			if (str_eq(v->name, STR("sessions")))
				n += v->value;
		}
	arena_free(a);
	return n;
}

static void
on_answer(struct proc *p, const struct msg *m, void *arg)
{
	struct session_count	*q = arg;

	if (m != NULL)
		q->counted += sessions_of(m);
	if (--q->waiting == 0)
		q->done(p->paild, q->counted);
}

void
sessions_count(struct session_count *q, struct paild *pd)
{
	struct proc	*p;

	if (q->waiting != 0)
		return;
	q->counted = 0;
	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->kind == PROC_IMAPD && (p->state == PROC_READY ||
		    p->state == PROC_DRAINING) && ask_send(p, IMSG_CTL_STATS,
		    NULL, 0, on_answer, q) == 0)
			q->waiting++;
	if (q->waiting == 0)
		q->done(pd, 0);
}

void
sessions_forget(struct session_count *q, struct paild *pd)
{
	ask_forget(pd, q);
	q->waiting = 0;
}
