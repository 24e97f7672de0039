/*
 * /healthz: do all processes that are wanted run, and answer?  What is told is
 * what paild has seen; the bucket is /readyz's.
 */
#include "common/compat.h"

#include <stdio.h>

#include "admind/page.h"
#include "common/proc_kind.h"

/* With leaving, processes end as they should; whoever restarts what is not
 * healthy must not come before them. */
static const char *
wrong(const struct admin_proc *p, bool leaving)
{
	if (leaving && (p->state == ADMIN_DRAINING || p->state == ADMIN_DOWN))
		return NULL;
	switch (p->state) {
	case ADMIN_DOWN:
		return "is not running";
	case ADMIN_STARTING:		/* or waits for the store */
		return p->answered ? NULL : "is starting";
	case ADMIN_DRAINING:
		return "is stopping";
	default:
		return p->answered ? NULL : "does not respond";
	}
}

void
page_healthz(struct state *s, const struct head *h, bool known,
    struct answer *a)
{
	const struct admin_proc	*p;
	const char		*why;
	size_t			 i, n = 0;

	(void)h;
	for (i = 0; i < s->nprocs; i++) {
		p = &s->procs[i];
		if ((why = wrong(p, s->leaving)) == NULL)
			continue;
		n++;
		buf_printf(&a->body, "%s %u %s\n", proc_kind_name(
		    (enum proc_kind)p->kind), p->index, why);
	}
	if (n == 0)
		answer_text(a, 200, "ok");
	else if (!known)
		answer_text(a, 503, "not healthy");
	else
		a->status = 503;
}
