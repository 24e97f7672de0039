/*
 * How many mailboxes' messages refer to the bytes of one (msgref.h).  A
 * message that is twice in a set ends a run, so each run counts every one
 * of its messages once.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "storaged/index/msgref.h"

struct run { int64_t first, last; };

/* The run that begins with the i-th pick; returns where the next begins. */
static unsigned
run_at(const struct mailwalk *w, unsigned i, struct run *r)
{
	const int64_t	*m = w->k.v[MAIL_M];

	r->first = r->last = m[w->pick[i]];
	while (++i < w->npick && m[w->pick[i]] - 1 == r->last)
		r->last++;
	return i;
}

/* How many messages of the run a statement changed, or -1. */
static int64_t
run_change(struct index *ix, enum index_st n, const struct run *r)
{
	if (db_run(&ix->hot, n, "ii", r->first, r->last) == -1)
		return -1;
	return db_changes(&ix->hot);
}

/* Notes those that have one reference left. */
static int
note_dead(struct index *ix, const struct run *r)
{
	sqlite3_stmt	*st = db_st(&ix->hot, ST_REF_DEAD);
	struct dead	*d;
	size_t		 size;
	int		 rv;

	if (db_bind(&ix->hot, st, "ii", r->first, r->last) == -1)
		return -1;
	while ((rv = db_step(&ix->hot, st)) == 1) {
		if (ix->ndead == ix->sizedead) {
			size = ix->sizedead == 0 ? 64 : ix->sizedead * 2;
			d = reallocarray(ix->dead, size, sizeof(*d));
			if (d == NULL) {
				db_reset(st);
				return -1;
			}
			ix->dead = d;
			ix->sizedead = size;
		}
		d = &ix->dead[ix->ndead++];
		d->m = (uint64_t)db_int(st, 0);
		d->where = (uint8_t)db_int(st, 1);
		(void)db_col_blob(st, 2, d->object, sizeof(d->object));
	}
	return rv;
}

int
msgref_add(struct index *ix, const struct mailwalk *w)
{
	struct run	 r;
	unsigned	 i = 0;

	while (i < w->npick) {
		i = run_at(w, i, &r);
		if (run_change(ix, ST_REF_ADD, &r) != r.last - r.first + 1)
			return -1;
	}
	return 0;
}

/* free: the rows of those that nothing refers to any more go at once. */
static int
run_drop(struct index *ix, const struct run *r, bool free)
{
	int64_t	 left = r->last - r->first + 1, n = 0;

	if (note_dead(ix, r) == -1)
		return -1;
	if (free && (n = run_change(ix, ST_REF_FREE, r)) == -1)
		return -1;
	left -= n;
	return left == 0 || run_change(ix, ST_REF_DROP, r) == left ? 0 : -1;
}

int
msgref_drop(struct index *ix, const struct mailwalk *w, bool keep)
{
	struct run	 r, all = { INT64_MAX, 0 };
	unsigned	 i = 0;
	bool		 past = !keep && ix->npast > 0;

	while (i < w->npick) {
		i = run_at(w, i, &r);
		if (run_drop(ix, &r, !keep && !past) == -1)
			return -1;
		if (r.first < all.first)
			all.first = r.first;
		if (r.last > all.last)
			all.last = r.last;
	}
	/* Once a group: it looks at all of table past. */
	return past && run_change(ix, ST_REF_FREE_PAST, &all) == -1 ? -1 : 0;
}
