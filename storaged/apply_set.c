/*
 * Records that concern many messages: COPY, FLAGS, EXPUNGE.  Whole spans
 * of UIDs go through SQLite in one statement each.
 */
#include "common/compat.h"

#include "storaged/apply.h"

struct sums { int64_t count, unseen, deleted, size; };

/* Adds up a set; -1 also when one of its UIDs does not exist. */
static int
apply_sums(struct index *ix, const struct record *r, struct sums *s)
{
	struct span	 sp;
	sqlite3_stmt	*st;

	*s = (struct sums){ 0 };
	if (r->uids.n == 0)
		return -1;
	span_init(ix, &sp, &r->uids);
	while (span_next(&sp)) {
		st = db_st(&ix->hot, ST_SPAN_SUM);
		if (db_bind(&ix->hot, st, "uii", r->box, sp.first,
		    sp.last) == -1 || db_step(&ix->hot, st) != 1)
			return -1;
		s->count += sqlite3_column_int64(st, 0);
		s->unseen += sqlite3_column_int64(st, 1);
		s->deleted += sqlite3_column_int64(st, 2);
		s->size += sqlite3_column_int64(st, 3);
		sqlite3_reset(st);
	}
	return (uint64_t)s->count == uidset_count(&r->uids) ? 0 : -1;
}

/* Runs a statement whose parameters are box, first and last. */
static int
apply_spans(struct index *ix, const struct record *r, enum index_st n)
{
	struct span	 sp;

	span_init(ix, &sp, &r->uids);
	while (span_next(&sp))
		if (db_run(&ix->hot, n, "uii", r->box, sp.first,
		    sp.last) == -1)
			return -1;
	return 0;
}

/* The keywords of the source messages are now the target's too. */
static int
copy_keywords(struct index *ix, const struct record *r)
{
	struct kwnums	 nums;
	size_t		 i;

	if (kwmap_list(ix, r->box, &r->uids) == -1)
		return -1;
	for (i = 0; i < ix->fn_nmap; i++)
		if (kwset_get(&ix->hot, ix->fn_map[i].from, &nums) == -1 ||
		    keyword_in_box(ix, r->dst, &nums, r->number) == -1)
			return -1;
	return 0;
}

int
apply_copy(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 s;
	struct span	 sp;
	struct box	 src, dst;
	struct uidset	 uids = UIDSET_INIT;
	int64_t		 last;
	int		 rv;

	(void)commit;
	if (box_by_id(&ix->hot, r->box, &src) != 1 ||
	    box_by_id(&ix->hot, r->dst, &dst) != 1 ||
	    r->dst_first < dst.uidnext || r->dst_first == 0 ||
	    apply_sums(ix, r, &s) == -1)
		return -1;
	last = (int64_t)r->dst_first + s.count - 1;
	if (last >= UINT32_MAX)
		return -1;
	if (copy_keywords(ix, r) == -1 ||
	    apply_spans(ix, r, ST_SPAN_REF) == -1)
		return -1;
	span_init(ix, &sp, &r->uids);
	while (span_next(&sp))
		if (db_run(&ix->hot, ST_SPAN_COPY, "uiiuiui", r->box,
		    sp.first, sp.last, r->dst, (int64_t)r->dst_first,
		    r->number, r->savedate) == -1)
			return -1;
	if (db_run(&ix->hot, ST_BOX_ADDED, "uiiiiiu", r->dst, last + 1,
	    s.count, s.unseen, s.deleted, s.size, r->number) == -1)
		return -1;
	rv = uidset_add(&uids, r->dst_first, (uint32_t)last);
	if (rv == 0)
		rv = index_change(ix, CHANGE_ADDED, r->dst, r->number, &uids);
	uidset_free(&uids);
	return rv;
}

static int
flags_update(struct index *ix, const struct record *r)
{
	struct kwnums	 nums;
	struct span	 sp;
	enum index_st	 n;
	int64_t		 kw = 0;

	if (keyword_numbers(ix, r->keywords, r->nkeywords,
	    r->how != MBOX_STORE_REMOVE, &nums) == -1)
		return -1;
	if (r->how != MBOX_STORE_REMOVE &&
	    keyword_in_box(ix, r->box, &nums, r->number) == -1)
		return -1;
	if (r->how == MBOX_STORE_SET) {
		n = ST_FLAGS_SET;
		if (kwset_id(ix, &nums, &kw) == -1)
			return -1;
	} else {
		n = r->how == MBOX_STORE_ADD ? ST_FLAGS_ADD :
		    ST_FLAGS_REMOVE;
		if (kwmap_build(ix, r->box, &r->uids,
		    r->how == MBOX_STORE_ADD, &nums) == -1)
			return -1;
	}
	span_init(ix, &sp, &r->uids);
	while (span_next(&sp))
		if (db_run(&ix->hot, n, n == ST_FLAGS_SET ? "uiiiui" :
		    "uiiiu", r->box, sp.first, sp.last,
		    (int64_t)(r->flags & MBOX_FLAGS_ALL), r->number,
		    kw) == -1)
			return -1;
	return 0;
}

int
apply_flags(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 before, after;

	(void)commit;
	if (r->how > MBOX_STORE_REMOVE ||
	    apply_sums(ix, r, &before) == -1 ||
	    flags_update(ix, r) == -1 ||
	    apply_sums(ix, r, &after) == -1)
		return -1;
	if (db_run(&ix->hot, ST_BOX_FLAGGED, "uiiu", r->box,
	    after.unseen - before.unseen, after.deleted - before.deleted,
	    r->number) == -1)
		return -1;
	return index_change(ix, CHANGE_FLAGS, r->box, r->number, &r->uids);
}

static int
expunge_dead(struct index *ix, const struct record *r, bool keep)
{
	struct span	 sp;
	sqlite3_stmt	*st;

	if (apply_spans(ix, r, ST_SPAN_UNREF) == -1)
		return -1;
	span_init(ix, &sp, &r->uids);
	while (span_next(&sp)) {
		st = db_st(&ix->hot, ST_SPAN_DEAD);
		if (db_bind(&ix->hot, st, "uii", r->box, sp.first,
		    sp.last) == -1 || apply_note_dead(ix, st) == -1)
			return -1;
		/* At once: a second span may hold the same message. */
		if (db_run(&ix->hot, keep ? ST_SPAN_RETIRE : ST_SPAN_FREE,
		    "uii", r->box, sp.first, sp.last) == -1)
			return -1;
	}
	return 0;
}

/* A session's client may not have heard of it yet: the rows stay. */
static int
expunge_keep(struct index *ix, const struct record *r, int64_t count)
{
	struct span	 sp;

	span_init(ix, &sp, &r->uids);
	while (span_next(&sp))
		if (db_run(&ix->hot, ST_SPAN_PAST, "uiiu", r->box, sp.first,
		    sp.last, r->number) == -1)
			return -1;
	ix->npast += (uint64_t)count;
	return 0;
}

int
apply_expunge(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 s;
	struct buf	 b = BUF_INIT;
	int		 rv = -1;
	bool		 keep;

	(void)commit;
	keep = !ix->dropping && ix->has_views != NULL &&
	    ix->has_views(ix->views_arg);
	if (apply_sums(ix, r, &s) == -1 || expunge_dead(ix, r, keep) == -1 ||
	    (keep && expunge_keep(ix, r, s.count) == -1) ||
	    apply_spans(ix, r, ST_SPAN_DELETE) == -1)
		return -1;
	if (uidset_encode(&r->uids, &b) == 0 &&
	    db_run(&ix->hot, ST_GONE_ADD, "uub", r->box, r->number,
	    (const void *)b.data, b.len) == 0 &&
	    db_run(&ix->hot, ST_BOX_EXPUNGED, "uiiiiu", r->box, s.count,
	    s.unseen, s.deleted, s.size, r->number) == 0)
		rv = index_change(ix, CHANGE_EXPUNGED, r->box, r->number,
		    &r->uids);
	buf_free(&b);
	return rv;
}
