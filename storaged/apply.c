/*
 * One record into the index: always the same rows on every node and at
 * every time (pail-bucket.5, "Records").  A record that does not fit is
 * damage; nothing here chooses.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/apply.h"

static int	 apply_create(struct index *, const struct record *, uint64_t);
static int	 apply_rename(struct index *, const struct record *, uint64_t);
static int	 apply_delete(struct index *, const struct record *, uint64_t);
static int	 apply_subscribe(struct index *, const struct record *,
		    uint64_t);
static int	 apply_add(struct index *, const struct record *, uint64_t);

static const struct {
	enum record_type type;
	int		 (*fn)(struct index *, const struct record *, uint64_t);
} apply_table[] = {
	{ RECORD_CREATE,	apply_create },
	{ RECORD_RENAME,	apply_rename },
	{ RECORD_DELETE,	apply_delete },
	{ RECORD_SUBSCRIBE,	apply_subscribe },
	{ RECORD_ADD,		apply_add },
	{ RECORD_COPY,		apply_copy },
	{ RECORD_FLAGS,		apply_flags },
	{ RECORD_EXPUNGE,	apply_expunge },
};

int
index_apply(struct index *ix, const struct record *r, uint64_t commit)
{
	size_t	 i;

	if (r->number != ix->next.records + 1) {
		log_warnx("index: record %llu where %llu was to come",
		    (unsigned long long)r->number,
		    (unsigned long long)ix->next.records + 1);
		return -1;
	}
	for (i = 0; i < nitems(apply_table); i++) {
		if (apply_table[i].type != r->type)
			continue;
		if (apply_table[i].fn(ix, r, commit) == -1) {
			log_warnx("index: record %llu (%s) does not fit",
			    (unsigned long long)r->number,
			    record_type_name(r->type));
			return -1;
		}
		ix->next.records = r->number;
		return 0;
	}
	return -1;
}

static bool
name_fits(struct str name)
{
	return name.len > 0 && name.len <= MBOX_NAME_MAX &&
	    memchr(name.p, '\0', name.len) == NULL;
}

static int
apply_create(struct index *ix, const struct record *r, uint64_t commit)
{
	struct box	 box;

	(void)commit;
	if (!name_fits(r->name) || r->box == 0 || r->uidvalidity == 0 ||
	    box_by_name(&ix->hot, r->name, &box) != 0 ||
	    box_by_id(&ix->hot, r->box, &box) != 0)
		return -1;
	if (ix->next.uidvalidity < r->uidvalidity)
		ix->next.uidvalidity = r->uidvalidity;
	return db_run(&ix->hot, ST_BOX_INSERT, "usiiu", r->box, r->name,
	    (int64_t)r->uidvalidity, (int64_t)r->use, r->number);
}

static int
apply_rename(struct index *ix, const struct record *r, uint64_t commit)
{
	struct box	 box;

	(void)commit;
	if (!name_fits(r->name) ||
	    box_by_name(&ix->hot, r->name, &box) != 0 ||
	    box_by_id(&ix->hot, r->box, &box) != 1)
		return -1;
	return db_run(&ix->hot, ST_BOX_RENAME, "us", r->box, r->name);
}

int
apply_note_dead(struct index *ix, sqlite3_stmt *st)
{
	struct dead	*d;
	size_t		 size;
	int		 rv;

	while ((rv = db_step(&ix->hot, st)) == 1) {
		if (ix->ndead == ix->sizedead) {
			size = ix->sizedead == 0 ? 64 : ix->sizedead * 2;
			d = reallocarray(ix->dead, size, sizeof(*d));
			if (d == NULL) {
				sqlite3_reset(st);
				return -1;
			}
			ix->dead = d;
			ix->sizedead = size;
		}
		d = &ix->dead[ix->ndead++];
		d->m = (uint64_t)sqlite3_column_int64(st, 0);
		d->where = (uint8_t)sqlite3_column_int(st, 1);
		(void)db_col_blob(st, 2, d->object, sizeof(d->object));
	}
	return rv;
}

static int
apply_delete(struct index *ix, const struct record *r, uint64_t commit)
{
	struct box	 box;
	sqlite3_stmt	*st;

	(void)commit;
	if (box_by_id(&ix->hot, r->box, &box) != 1)
		return -1;
	if (db_run(&ix->hot, ST_BOX_UNREF, "u", r->box) == -1)
		return -1;
	st = db_st(&ix->hot, ST_BOX_DEAD);
	if (db_bind(&ix->hot, st, "u", r->box) == -1 ||
	    apply_note_dead(ix, st) == -1)
		return -1;
	if (db_run(&ix->hot, ST_BOX_FREE, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_MAIL, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_GONE, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_KW, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_RECENT, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DELETE, "u", r->box) == -1)
		return -1;
	return index_change(ix, CHANGE_GONE, r->box, r->number, NULL);
}

static int
apply_subscribe(struct index *ix, const struct record *r, uint64_t commit)
{
	(void)commit;
	if (!name_fits(r->name))
		return -1;
	return db_run(&ix->hot, r->on ? ST_SUB_ADD : ST_SUB_DEL, "s",
	    r->name);
}

static int
apply_add(struct index *ix, const struct record *r, uint64_t commit)
{
	const struct record_place	*p = &r->place;
	struct kwnums	 nums;
	struct uidset	 uids = UIDSET_INIT;
	struct box	 box;
	int64_t		 kw;
	int		 rv;

	if (box_by_id(&ix->hot, r->box, &box) != 1 || r->uid == 0 ||
	    r->uid < box.uidnext || r->uid == UINT32_MAX ||
	    r->size > UINT32_MAX)
		return -1;
	if (keyword_numbers(ix, r->keywords, r->nkeywords, true,
	    &nums) == -1 || kwset_id(ix, &nums, &kw) == -1 ||
	    keyword_in_box(ix, r->box, &nums, r->number) == -1)
		return -1;
	if (db_run(&ix->hot, ST_MSG_INSERT, "ubuiibuuuub", r->number,
	    (const void *)r->msgid, sizeof(r->msgid), r->threadid,
	    (int64_t)p->where, (int64_t)p->codec,
	    (const void *)p->object, sizeof(p->object), commit, p->offset,
	    p->stored, p->digest_len, (const void *)p->sha256,
	    sizeof(p->sha256)) == -1)
		return -1;
	if (db_run(&ix->hot, ST_MAIL_INSERT, "uiiiuuiiiu", r->box,
	    (int64_t)r->uid, (int64_t)(r->flags & MBOX_FLAGS_ALL), kw,
	    r->number, r->size, r->date, (int64_t)r->zone, r->savedate,
	    r->number) == -1)
		return -1;
	if (db_run(&ix->hot, ST_BOX_ADDED, "uiiiiuu", r->box,
	    (int64_t)r->uid + 1, (int64_t)1,
	    (int64_t)((r->flags & MBOX_SEEN) == 0),
	    (int64_t)((r->flags & MBOX_DELETED) != 0), r->size,
	    r->number) == -1)
		return -1;
	rv = uidset_add(&uids, r->uid, r->uid);
	if (rv == 0)
		rv = index_change(ix, CHANGE_ADDED, r->box, r->number, &uids);
	uidset_free(&uids);
	return rv;
}
