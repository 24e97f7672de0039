/* See s3_gate.h. */
#include "common/compat.h"

#include "storaged/bucket/s3/s3_gate.h"

void
s3_gate_init(struct s3_gate *g, unsigned max, unsigned max_background)
{
	TAILQ_INIT(&g->waiting[BLOB_USER]);
	TAILQ_INIT(&g->waiting[BLOB_BACKGROUND]);
	g->in = g->in_background = 0;
	g->busy = false;
	g->max = max;
	g->max_background = max_background;
}

static bool
room(const struct s3_gate *g, enum blob_priority prio)
{
	return g->in < g->max && (prio == BLOB_USER ||
	    (g->in_background < g->max_background &&
	    TAILQ_EMPTY(&g->waiting[BLOB_USER])));
}

static void
let_in(struct s3_gate *g, struct s3_gate_entry *e)
{
	e->state = GATE_IN;
	g->in++;
	if (e->prio == BLOB_BACKGROUND)
		g->in_background++;
	e->go(e->arg);
}

void
s3_gate_enter(struct s3_gate *g, struct s3_gate_entry *e)
{
	if (room(g, e->prio) && TAILQ_EMPTY(&g->waiting[e->prio])) {
		let_in(g, e);
		return;
	}
	e->state = GATE_WAITING;
	TAILQ_INSERT_TAIL(&g->waiting[e->prio], e, entry);
}

void
s3_gate_leave(struct s3_gate *g, struct s3_gate_entry *e)
{
	struct s3_gate_entry *next;
	int prio;

	if (e->state == GATE_WAITING)
		TAILQ_REMOVE(&g->waiting[e->prio], e, entry);
	else if (e->state == GATE_IN) {
		g->in--;
		if (e->prio == BLOB_BACKGROUND)
			g->in_background--;
	}
	e->state = GATE_OUT;
	if (g->busy)
		return;		/* who is let in has left at once */
	g->busy = true;
	for (prio = BLOB_USER; prio <= BLOB_BACKGROUND; prio++) {
		while ((next = TAILQ_FIRST(&g->waiting[prio])) != NULL &&
		    room(g, (enum blob_priority)prio)) {
			TAILQ_REMOVE(&g->waiting[prio], next, entry);
			let_in(g, next);
		}
	}
	g->busy = false;
}
