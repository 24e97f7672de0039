/* Reads of the index but for messages (mailread.c).  Every statement is
 * stepped to its end or reset, so that no reader keeps the write-ahead log
 * from being emptied. */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/index_read.h"

static void
box_fill(sqlite3_stmt *st, struct box *box)
{
	struct str	 name = db_col(st, 1);
	size_t		 len = name.len;

	memset(box, 0, sizeof(*box));
	box->id = (uint64_t)db_int(st, 0);
	if (len > MBOX_NAME_MAX)
		len = MBOX_NAME_MAX;
	memcpy(box->name, name.p, len);
	box->uidvalidity = (uint32_t)db_int(st, 2);
	box->uidnext = (uint32_t)db_int(st, 3);
	box->use = (uint32_t)db_int(st, 4);
	box->messages = (uint32_t)db_int(st, 5);
	box->unseen = (uint32_t)db_int(st, 6);
	box->deleted = (uint32_t)db_int(st, 7);
	box->size = (uint64_t)db_int(st, 8);
	box->modseq = (uint64_t)db_int(st, 9);
}

static int
box_one(struct db *db, sqlite3_stmt *st, struct box *box)
{
	int	 rv = db_step(db, st);

	if (rv == 1) {
		box_fill(st, box);
		db_reset(st);
	}
	return rv;
}

int
box_by_name(struct db *db, struct str name, struct box *box)
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_BY_NAME);

	return db_bind(db, st, "s", name) == -1 ? -1 : box_one(db, st, box);
}

int
box_by_id(struct db *db, uint64_t id, struct box *box)
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_BY_ID);

	return db_bind(db, st, "u", id) == -1 ? -1 : box_one(db, st, box);
}

int
box_after(struct db *db, struct str after, struct box *box)
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_PAGE);

	if (db_bind(db, st, "si", after, (int64_t)1) == -1)
		return -1;
	return box_one(db, st, box);
}

int
box_by_use(struct db *db, uint32_t use, struct box *box)
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_BY_USE);

	if (db_bind(db, st, "i", (int64_t)use) == -1)
		return -1;
	return box_one(db, st, box);
}

/* The statement of the inferiors of name, bound; NULL: failed.  "name/" <=
 * inferior < "name0": '0' follows '/'. */
static sqlite3_stmt *
children(struct db *db, const char *name, char range[2 * MBOX_NAME_MAX + 4])
{
	sqlite3_stmt	*st = db_st(db, ST_BOX_CHILDREN);
	size_t		 len = strlen(name);
	char		*to = range + len + 1;

	memcpy(range, name, len);
	memcpy(to, name, len);
	range[len] = '/';
	to[len] = '/' + 1;
	return db_bind(db, st, "ss", (struct str){ range, len + 1 },
	    (struct str){ to, len + 1 }) == -1 ? NULL : st;
}

int
box_has_children(struct db *db, const char *name)
{
	char		 range[2 * MBOX_NAME_MAX + 4];
	sqlite3_stmt	*st;
	int64_t		 id;

	if (strlen(name) > MBOX_NAME_MAX)
		return 0;
	if ((st = children(db, name, range)) == NULL)
		return -1;
	return db_one(db, st, &id);
}

int
box_child(struct db *db, const char *parent, uint64_t *id,
    char name[MBOX_NAME_MAX + 1])
{
	char		 range[2 * MBOX_NAME_MAX + 4];
	sqlite3_stmt	*st = children(db, parent, range);
	struct str	 s;
	int		 rv;

	if (st == NULL || (rv = db_step(db, st)) == -1)
		return -1;
	if (rv == 0)
		return 0;
	*id = (uint64_t)db_int(st, 0);
	s = db_col(st, 1);
	if (s.len <= MBOX_NAME_MAX) {
		memcpy(name, s.p, s.len);
		name[s.len] = '\0';
	} else
		rv = -1;
	db_reset(st);
	return rv;
}

int
box_longest_child(struct db *db, const char *parent, size_t *len)
{
	char		 range[2 * MBOX_NAME_MAX + 4];
	sqlite3_stmt	*st = children(db, parent, range);
	int		 rv;

	*len = 0;
	if (st == NULL)
		return -1;
	while ((rv = db_step(db, st)) == 1)
		if (db_col(st, 1).len > *len)
			*len = db_col(st, 1).len;
	return rv;
}

int
box_count(struct db *db, int64_t *n)
{
	return db_one(db, db_st(db, ST_BOX_COUNT), n) == 1 ? 0 : -1;
}

int
sub_count(struct db *db, int64_t *n)
{
	return db_one(db, db_st(db, ST_SUB_COUNT), n) == 1 ? 0 : -1;
}

int
thread_find(struct db *db, uint64_t mid, uint64_t *thread)
{
	sqlite3_stmt	*st = db_st(db, ST_MID_GET);
	int64_t		 v;
	int		 rv;

	if (db_bind(db, st, "u", mid) == -1)
		return -1;
	if ((rv = db_one(db, st, &v)) == 1)
		*thread = (uint64_t)v;
	return rv;
}

int
key_known(struct db *db, const uint8_t key[DELIVER_KEY_LEN], int64_t now)
{
	sqlite3_stmt	*st = db_st(db, ST_DKEY_GET);
	int64_t		 one;

	return db_bind(db, st, "bi", (const void *)key,
	    (size_t)DELIVER_KEY_LEN, now - INDEX_KEY_LIFE) == -1 ? -1 :
	    db_one(db, st, &one);
}

int
key_like(struct db *db, const uint8_t begin[DELIVER_ENVELOPE_LEN],
    int64_t now)
{
	sqlite3_stmt	*st = db_st(db, ST_DKEY_LIKE);
	uint8_t		 first[DELIVER_KEY_LEN], last[DELIVER_KEY_LEN];
	int64_t		 one;

	memset(first, 0, sizeof(first));
	memset(last, 0xff, sizeof(last));
	memcpy(first, begin, DELIVER_ENVELOPE_LEN);
	memcpy(last, begin, DELIVER_ENVELOPE_LEN);
	return db_bind(db, st, "bbi", (const void *)first, sizeof(first),
	    (const void *)last, sizeof(last), now - INDEX_KEY_LIFE) == -1 ?
	    -1 : db_one(db, st, &one);
}

int
sub_has(struct db *db, struct str name)
{
	sqlite3_stmt	*st = db_st(db, ST_SUB_HAS);
	int64_t		 one;

	return db_bind(db, st, "s", name) == -1 ? -1 : db_one(db, st, &one);
}

int
sub_orphan_after(struct db *db, struct str after, char *name, size_t size)
{
	sqlite3_stmt	*st = db_st(db, ST_SUB_ORPHANS);
	struct str	 s;
	int		 rv;

	if (db_bind(db, st, "si", after, (int64_t)1) == -1)
		return -1;
	if ((rv = db_step(db, st)) == 1) {
		s = db_col(st, 0);
		if (s.len >= size)
			s.len = size - 1;
		memcpy(name, s.p, s.len);
		name[s.len] = '\0';
		db_reset(st);
	}
	return rv;
}

static int
keyword_item(struct mbox_keyword *k, sqlite3_stmt *st, struct arena *a)
{
	struct str	 name = db_col(st, 1);

	k->number = (uint32_t)db_int(st, 0);
	k->name.len = name.len;
	k->name.p = arena_dup(a, name.p, name.len);
	return k->name.p == NULL ? -1 : 0;
}

int
read_keywords(struct db *db, uint64_t box, const struct uidset *numbers,
    struct wire_list *l, struct arena *a)
{
	sqlite3_stmt		*st = db_st(db, ST_BOXKW_ALL);
	struct mbox_keyword	*v;
	int			 rv;

	l->n = 0;
	l->v = v = arena_array(a, MBOX_KEYWORDS_SEEN, sizeof(*v));
	if (v == NULL || db_bind(db, st, "u", box) == -1)
		return -1;
	while ((rv = db_step(db, st)) == 1) {
		if (l->n == MBOX_KEYWORDS_SEEN)
			break;
		if (numbers != NULL && !uidset_has(numbers,
		    (uint32_t)db_int(st, 0)))
			continue;
		if (keyword_item(&v[l->n], st, a) == -1)
			break;
		l->n++;
	}
	if (rv == 1)
		db_reset(st);
	return rv == 0 || l->n == MBOX_KEYWORDS_SEEN ? 0 : -1;
}

void
index_hold(struct index *ix)
{
	if (!ix->held && !index_failed(ix))
		ix->held = db_run(&ix->read, ST_READ, "") == 0;
}

void
index_let(struct index *ix)
{
	if (ix->held)
		(void)db_run(&ix->read, ST_COMMIT, "");
	if (ix->cold_held)
		(void)db_run(&ix->cold, COLD_COMMIT, "");
	ix->held = ix->cold_held = false;
}

int
recent_get(struct index *ix, uint64_t box, uint32_t *uid)
{
	sqlite3_stmt	*st = db_st(&ix->read, ST_RECENT_GET);
	int64_t		 v = 0;

	if (db_bind(&ix->read, st, "u", box) == -1 ||
	    db_one(&ix->read, st, &v) == -1)
		return -1;
	*uid = (uint32_t)v;
	return 0;
}

int
recent_set(struct index *ix, uint64_t box, uint32_t uid)
{
	return db_run(&ix->hot, ST_RECENT_SET, "ui", box, (int64_t)uid);
}

int
index_past_box(struct index *ix, int64_t after, int64_t *box)
{
	sqlite3_stmt	*st = db_st(&ix->hot, ST_PAST_BOX);

	if (db_bind(&ix->hot, st, "i", after) == -1)
		return -1;
	return db_one(&ix->hot, st, box);
}

int
index_past_drop(struct index *ix, uint64_t box, uint64_t upto, unsigned max)
{
	struct db	*db = &ix->hot;
	sqlite3_stmt	*st = db_st(db, ST_PAST_UPTO);
	int64_t		 last;
	int		 n;

	if (upto > INT64_MAX)
		upto = INT64_MAX;
	if (db_bind(db, st, "uui", box, upto, (int64_t)max) == -1 ||
	    db_one(db, st, &last) != 1)
		return -1;
	if (last == 0)
		return 0;	/* max() of nothing */
	if (db_run(db, ST_PAST_FREE, "uui", box, upto, last) == -1 ||
	    db_run(db, ST_PAST_DROP, "uui", box, upto, last) == -1)
		return -1;
	n = db_changes(db);
	ix->npast -= (uint64_t)n < ix->npast ? (uint64_t)n : ix->npast;
	return n;
}
