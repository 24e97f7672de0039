/*
 * One question at a time: paild cuts whoever asks for more.  An answer that
 * comes in pieces counts once it is whole.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/known/state.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

static struct {
	const struct state_ops	*ops;
	TAILQ_HEAD(, state_wait) waits;
	struct state		*now;		/* NULL: nothing yet */
	struct state		*coming;	/* NULL: nothing is asked */
	uint32_t		 id;
	bool			 leaving;
} st;

static void
state_drop(struct state *s)
{
	size_t	 i;

	if (s == NULL)
		return;
	for (i = 0; i < s->nprocs; i++)
		free((void *)(uintptr_t)s->procs[i].counts.p);
	free(s->procs);
	buf_free(&s->text[0]);
	buf_free(&s->text[1]);
	free(s);
}

void
state_init(const struct state_ops *ops)
{
	st.ops = ops;
	TAILQ_INIT(&st.waits);
}

void
state_free(void)
{
	state_drop(st.now);
	state_drop(st.coming);
	st.now = st.coming = NULL;
}

struct state *
state_now(void)
{
	return st.now;
}

void
state_want(struct state_wait *w)
{
	if (st.now != NULL && clock_ms() - st.now->at < STATE_FRESH_MS) {
		w->ready(w);
		return;
	}
	w->waiting = true;
	TAILQ_INSERT_TAIL(&st.waits, w, entry);
	if (st.coming != NULL)
		return;
	st.coming = mem_new(1, sizeof(*st.coming));
	if (++st.id == 0)
		st.id = 1;
	st.ops->want(st.id);
}

void
state_forget(struct state_wait *w)
{
	if (!w->waiting)
		return;
	w->waiting = false;
	TAILQ_REMOVE(&st.waits, w, entry);
}

static int
on_proc(const struct msg *m)
{
	struct state		*s = st.coming;
	struct admin_proc	 a;

	if (s->nprocs == STATE_PROCS || wire_decode(&admin_proc_wire, &a,
	    m->data, m->len, NULL) == -1)
		return -1;
	if (a.counts.len != 0) {
		a.counts.p = memcpy(mem_new(a.counts.len, 1), a.counts.p,
		    a.counts.len);
	} else
		a.counts.p = NULL;
	s->procs = mem_grow(s->procs, s->nprocs + 1, sizeof(*s->procs));
	s->procs[s->nprocs++] = a;
	return 0;
}

static int
on_done(const struct msg *m)
{
	struct state		*s = st.coming;
	struct state_wait	*w;

	if (wire_decode(&admin_done_wire, &s->done, m->data, m->len,
	    NULL) == -1)
		return -1;
	str_copy(s->version, sizeof(s->version), s->done.version);
	s->done.version = str_from(s->version);
	s->at = clock_ms();
	s->leaving = st.leaving;
	state_drop(st.now);
	st.now = s;
	st.coming = NULL;
	while ((w = TAILQ_FIRST(&st.waits)) != NULL) {
		state_forget(w);
		w->ready(w);
	}
	return 0;
}

void
state_leave(void)
{
	st.leaving = true;
	if (st.now != NULL)
		st.now->leaving = true;
}

int
state_message(const struct msg *m)
{
	if (st.coming == NULL || m->id != st.id)
		return -1;
	return m->type == IMSG_ADMIN_PROC ? on_proc(m) : on_done(m);
}
