/*
 * Which keywords are in use.  kwset.refs counts the messages of a set,
 * kw.uses the sets with messages that a keyword is in.  What is used by
 * nothing makes room for another when there are MBOX_KEYWORDS_MAX: the
 * evaluation names it in the record, and applying that forgets it.  Its
 * number is never given again, so that no session mistakes the one for the
 * other.
 */
#include "common/compat.h"

#include "storaged/index/keyword.h"

/* The set has its first message now, or has lost its last. */
static int
set_turns(struct index *ix, int64_t id, int64_t by)
{
	struct kwnums	 nums;
	size_t		 i;

	ix->kw_turned = true;
	if (kwset_get(&ix->hot, id, &nums) == -1)
		return -1;
	for (i = 0; i < nums.n; i++)
		if (db_run(&ix->hot, ST_KW_USE, "ui", (uint64_t)nums.v[i],
		    by) == -1)
			return -1;
	return 0;
}

int
kwset_use(struct index *ix, int64_t id, int64_t by)
{
	sqlite3_stmt	*st;
	int64_t		 refs;

	if (id == 0 || by == 0)
		return 0;
	st = db_st(&ix->hot, ST_KWSET_REFS);
	if (db_bind(&ix->hot, st, "i", id) == -1 ||
	    db_one(&ix->hot, st, &refs) != 1 || refs + by < 0 ||
	    db_run(&ix->hot, ST_KWSET_USE, "ii", id, refs + by) == -1)
		return -1;
	if ((refs == 0) != (refs + by == 0))
		return set_turns(ix, id, refs == 0 ? 1 : -1);
	return 0;
}

int
kwtally_add(struct kwmap *tally, int64_t id, int64_t by)
{
	struct kwpair	*pair;

	if (id == 0)
		return 0;
	if ((pair = kwmap_note(tally, id, 0)) == NULL)
		return -1;
	pair->to += by;
	return 0;
}

int
kwtally_end(struct index *ix, struct kwmap *tally)
{
	size_t	 i;
	int	 rv = 0;

	for (i = 0; i < tally->n && rv == 0; i++)
		rv = kwset_use(ix, tally->v[i].from, tally->v[i].to);
	kwmap_free(tally);
	return rv;
}

int
keyword_forget(struct index *ix, const struct str *names, size_t n,
    uint64_t modseq)
{
	struct uidset	 gone = UIDSET_INIT;
	int64_t		 num;
	size_t		 i;
	int		 rv = 0;

	for (i = 0; i < n && rv == 0; i++) {
		if (keyword_find(ix, names[i], &num) != 1 ||
		    db_run(&ix->hot, ST_KW_DELETE, "i", num) == -1 ||
		    db_changes(&ix->hot) != 1 ||	/* it is in use */
		    db_run(&ix->hot, ST_BOXKW_FORGET, "i", num) == -1 ||
		    uidset_add(&gone, (uint32_t)num, (uint32_t)num) == -1)
			rv = -1;
	}
	/* Of box 0: whatever mailbox a session looks at. */
	if (rv == 0 && n > 0)
		rv = index_change(ix, CHANGE_FORGOTTEN, 0, modseq, &gone);
	uidset_free(&gone);
	return rv;
}

int
keyword_count(struct db *db, int64_t *n)
{
	return db_one(db, db_st(db, ST_KW_COUNT), n) == 1 ? 0 : -1;
}

int
keyword_unused(struct db *db, int (*fn)(void *, uint32_t, struct str),
    void *arg)
{
	sqlite3_stmt	*st = db_st(db, ST_KW_UNUSED);
	int		 rv, more = 1;

	while ((rv = db_step(db, st)) == 1) {
		more = fn(arg, (uint32_t)db_int(st, 0), db_col(st, 1));
		if (more != 1) {
			db_reset(st);
			return more;
		}
	}
	return rv;
}

int
keyword_full(struct db *db)
{
	sqlite3_stmt	*st = db_st(db, ST_KW_FULL);
	int64_t		 full;

	if (db_bind(db, st, "i", (int64_t)MBOX_KEYWORDS_MAX) == -1 ||
	    db_one(db, st, &full) != 1)
		return -1;
	return full != 0;
}
