/*
 * Intents on many messages are evaluated in steps, so that the loop is
 * never held for long: first the set is looked through, then records of a
 * bounded number of messages are made.  Between two steps nothing else is
 * evaluated: the steps of an intent are one change.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/eval.h"

int
uidset_cut(struct uidset *dst, const struct uidset *set, uint32_t from,
    uint32_t to)
{
	uint32_t	 a, b;
	size_t		 i;

	uidset_clear(dst);
	for (i = uidset_find(set, from); i < set->n; i++) {
		a = set->v[i].first;
		b = set->v[i].last;
		if (a > to)
			break;
		if (uidset_add(dst, a < from ? from : a, b > to ? to : b) ==
		    -1)
			return -1;
	}
	return 0;
}

/* The UID up to which set holds max messages from step.from on; UINT32_MAX:
 * no more than that are left.  0: failed. */
static uint32_t
window_end(struct index *ix, const struct work *w, uint64_t box,
    const struct uidset *set, unsigned max)
{
	struct span	 sp;
	sqlite3_stmt	*st;
	int64_t		 n = 0;
	uint32_t	 last;

	span_from(ix, &sp, set, w->step.from);
	while (span_next(&sp)) {
		st = db_st(&ix->hot, ST_SPAN_NTH);
		if (db_bind(&ix->hot, st, "uiii", box, sp.first, sp.last,
		    (int64_t)max - n) == -1 || db_step(&ix->hot, st) != 1)
			return 0;
		n += sqlite3_column_int64(st, 0);
		last = (uint32_t)sqlite3_column_int64(st, 1);
		sqlite3_reset(st);
		if (n >= max)
			return last;
	}
	return UINT32_MAX;
}

int
eval_window(struct index *ix, struct work *w, uint64_t box,
    const struct uidset *set, struct uidset *part)
{
	uint32_t	 to = UINT32_MAX;

	if (w->step.scanned)
		return 0;
	if (w->step.from == 0)
		w->step.from = 1;
	if (uidset_count(set) > EVAL_SCAN && (to = window_end(ix, w, box, set,
	    EVAL_SCAN)) == 0)
		return -1;
	if (uidset_cut(part, set, w->step.from, to) == -1)
		return -1;
	if (to == UINT32_MAX || to >= uidset_last(set)) {
		w->step.scanned = true;
		w->step.from = 1;
	} else
		w->step.from = to + 1;
	return 1;
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
	sqlite3_stmt	*st = db_st(&ix->hot, ST_SCAN_UIDS);
	uint32_t	 uid;
	int		 rv;

	uidset_clear(part);
	if (db_bind(&ix->hot, st, "uii", box, (int64_t)0, (int64_t)max) == -1)
		return -1;
	while ((rv = db_step(&ix->hot, st)) == 1) {
		uid = (uint32_t)sqlite3_column_int64(st, 0);
		if (uidset_add(part, uid, uid) == -1) {
			sqlite3_reset(st);
			return -1;
		}
	}
	return rv == -1 ? -1 : part->n > 0;
}

void
eval_step_begin(struct index *ix, struct work *w)
{
	uidset_free(&w->step.found);
	memset(&w->step, 0, sizeof(w->step));
	w->step.tx = ix->ntx;
}
