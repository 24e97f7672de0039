/*
 * Intents on many messages are evaluated in steps, so that the loop is
 * never held for long: first the set is looked through, then records of a
 * bounded number of messages are made.  Between two steps nothing else is
 * evaluated: the steps of an intent are one change.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/eval.h"

int
eval_scan(struct index *ix, struct work *w, uint64_t box,
    const struct uidset *set, int (*fn)(const struct mailwalk *, unsigned,
    void *), void *arg)
{
	struct mailwalk	 walk;
	unsigned	 i, n = 0;
	int		 rv = 1;

	if (w->step.from == 0)
		w->step.from = 1;
	mailwalk_init(&walk, &ix->hot, box, set, w->step.from,
	    w->step.facts);
	while (n < EVAL_SCAN && (rv = mailwalk_next(&walk)) == 1) {
		for (i = 0; i < walk.npick; i++)
			if (fn(&walk, walk.pick[i], arg) == -1)
				return -1;
		n += walk.npick;
	}
	if (rv == -1)
		return -1;
	w->step.scanned = rv == 0 || walk.end;
	w->step.from = w->step.scanned ? 1 : walk.from;
	return 0;
}

int
eval_chunk(struct work *w, const struct uidset *found, unsigned max,
    struct uidset *part)
{
	size_t		 i;
	uint32_t	 a, b;
	uint64_t	 left = max;

	uidset_clear(part);
	for (i = uidset_find(found, w->step.from); i < found->n && left > 0;
	    i++) {
		a = found->v[i].first;
		b = found->v[i].last;
		if (a < w->step.from)
			a = w->step.from;
		if (b - a >= left)
			b = a + (uint32_t)left - 1;
		if (uidset_add(part, a, b) == -1)
			return -1;
		left -= b - a + 1;
		w->step.from = b + 1;	/* no UID is UINT32_MAX */
	}
	return part->n > 0;
}

bool
eval_rest(const struct work *w, const struct uidset *found)
{
	return w->step.from <= uidset_last(found);
}

int
eval_first_uids(struct index *ix, uint64_t box, unsigned max,
    struct uidset *part)
{
	struct mailwalk	 w UNINIT;
	uint32_t	 uid;
	unsigned	 i, n = 0;
	int		 rv = 1;

	uidset_clear(part);
	mailwalk_init(&w, &ix->hot, box, NULL, 1, false);
	while (n < max && (rv = mailwalk_next(&w)) == 1)
		for (i = 0; i < w.npick && n < max; i++, n++) {
			uid = (uint32_t)w.k.v[MAIL_UID][w.pick[i]];
			if (uidset_add(part, uid, uid) == -1)
				return -1;
		}
	return rv == -1 ? -1 : part->n > 0;
}

void
eval_step_begin(struct index *ix, struct work *w)
{
	uidset_free(&w->step.found);
	memset(&w->step, 0, sizeof(w->step));
	w->step.tx = ix->ntx;
	if (ix->quota != NULL)
		w->step.quota = *ix->quota;
}
