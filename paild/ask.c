/*
 * Each question has an id of its own, which the answer repeats.
 */
#include "common/compat.h"

#include "paild/ask.h"
#include "common/mem.h"

struct ask {
	TAILQ_ENTRY(ask)	 entry;
	uint32_t		 id;
	ask_cb			 cb;
	void			*arg;
};

int
ask_send(struct proc *p, enum msg_type type, const void *data, size_t len,
    ask_cb cb, void *arg)
{
	static uint32_t	 last;
	struct ask	*a;

	if (p->setup == NULL)
		return -1;
	a = mem_new(1, sizeof(*a));
	if (++last == 0)
		last = 1;
	a->id = last;
	a->cb = cb;
	a->arg = arg;
	if (peer_send(p->setup, type, a->id, data, len, -1) == -1) {
		free(a);
		return -1;
	}
	TAILQ_INSERT_TAIL(&p->asks, a, entry);
	return 0;
}

size_t
ask_stats(struct paild *pd, bool polls, ask_cb cb, void *arg)
{
	struct proc	*p;
	size_t		 n = 0;

	for (p = pd->procs; p < pd->procs + pd->nprocs; p++)
		if (p->state != PROC_DOWN && (polls ? !ask_open(p, arg) :
		    p->state != PROC_STARTING) &&
		    ask_send(p, IMSG_CTL_STATS, NULL, 0, cb, arg) == 0)
			n++;
	return n;
}

int
ask_answer(struct proc *p, const struct msg *m)
{
	struct ask	*a;

	TAILQ_FOREACH(a, &p->asks, entry)
		if (a->id == m->id)
			break;
	if (a == NULL)
		return -1;
	TAILQ_REMOVE(&p->asks, a, entry);
	if (a->cb != NULL)
		a->cb(p, m, a->arg);
	free(a);
	return 0;
}

void
ask_gone(struct proc *p)
{
	struct asks	 gone = TAILQ_HEAD_INITIALIZER(gone);
	struct ask	*a;

	TAILQ_CONCAT(&gone, &p->asks, entry);
	while ((a = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, a, entry);
		if (a->cb != NULL)
			a->cb(p, NULL, a->arg);
		free(a);
	}
}

bool
ask_open(const struct proc *p, const void *arg)
{
	const struct ask	*a;

	TAILQ_FOREACH(a, &p->asks, entry)
		if (a->arg == arg)
			return true;
	return false;
}

void
ask_forget(struct paild *pd, const void *arg)
{
	struct ask	*a;
	size_t		 i;

	for (i = 0; i < pd->nprocs; i++)
		TAILQ_FOREACH(a, &pd->procs[i].asks, entry)
			if (a->arg == arg)
				a->cb = NULL;
}
