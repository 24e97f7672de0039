/*
 * One record into the index: always the same rows on every node and at
 * every time (pail-bucket.5, "Records").  A record that does not fit is
 * damage; nothing here chooses.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/index/apply.h"
#include "storaged/index/mailset.h"
#include "storaged/index/msgref.h"

static int (*const apply_table[])(struct index *, const struct record *,
    uint64_t) = {
#define X(n, NAME, name, must, may)	[n] = apply_##name,
	RECORD_TABLE(X)
#undef X
};

int
index_apply(struct index *ix, const struct record *r, uint64_t commit)
{
	if (r->number != ix->next.records + 1) {
		log_warnx("index: record %llu, expected %llu",
		    (unsigned long long)r->number,
		    (unsigned long long)ix->next.records + 1);
		return -1;
	}
	if ((size_t)r->type >= nitems(apply_table) ||
	    apply_table[r->type] == NULL)
		return -1;
	if (apply_table[r->type](ix, r, commit) == -1) {
		log_warnx("index: record %llu (%s) cannot be applied",
		    (unsigned long long)r->number, record_type_name(r->type));
		return -1;
	}
	ix->next.records = r->number;
	return 0;
}

static bool
name_fits(struct str name)
{
	return name.len > 0 && name.len <= MBOX_NAME_MAX &&
	    memchr(name.p, '\0', name.len) == NULL;
}

int
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

int
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

/* The mailbox's messages lose a reference each. */
static int
delete_mail(struct index *ix, uint64_t box)
{
	struct mailwalk	 w UNINIT;
	int		 rv;

	mailwalk_init(&w, &ix->hot, box, NULL, 1, true);
	while ((rv = mailwalk_next(&w)) == 1)
		if (msgref_drop(ix, &w, false) == -1 ||
		    apply_tally(ix, &w, -1) == -1)
			return -1;
	return rv;
}

int
apply_delete(struct index *ix, const struct record *r, uint64_t commit)
{
	struct box	 box;

	(void)commit;
	if (box_by_id(&ix->hot, r->box, &box) != 1)
		return -1;
	if (delete_mail(ix, r->box) == -1 ||
	    usage_take(&ix->usage_next, box.messages, box.size) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_MAIL, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_FACT, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_GONE, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_KW, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DROP_RECENT, "u", r->box) == -1 ||
	    db_run(&ix->hot, ST_BOX_DELETE, "u", r->box) == -1)
		return -1;
	return index_change(ix, CHANGE_GONE, r->box, r->number, NULL);
}

int
apply_subscribe(struct index *ix, const struct record *r, uint64_t commit)
{
	(void)commit;
	if (!name_fits(r->name))
		return -1;
	return db_run(&ix->hot, r->on ? ST_SUB_ADD : ST_SUB_DEL, "s",
	    r->name);
}

static int
add_msg(struct index *ix, const struct record *r, uint64_t commit)
{
	const struct record_place	*p = &r->place;

	return db_run(&ix->hot, ST_MSG_INSERT, "ubuiibuuuub", r->number,
	    (const void *)r->msgid, sizeof(r->msgid), r->threadid,
	    (int64_t)p->where, (int64_t)p->codec,
	    (const void *)p->object, sizeof(p->object), commit, p->offset,
	    p->stored, p->digest_len, (const void *)p->sha256,
	    sizeof(p->sha256));
}

/* So that answers to it find its thread; the first of a Message-ID counts. */
static int
add_mid(struct index *ix, const struct record *r)
{
	return r->mid == 0 ? 0 : db_run(&ix->hot, ST_MID_ADD, "uu", r->mid,
	    r->threadid);
}

/* What is a day older than a newer delivery is forgotten: by the records' own
 * dates, so that it is the same on every node. */
static int
add_key(struct index *ix, const struct record *r)
{
	static const uint8_t	 none[sizeof(r->key)];

	if (memcmp(r->key, none, sizeof(none)) == 0)
		return 0;
	if (db_run(&ix->hot, ST_DKEY_PRUNE, "i", r->savedate -
	    INDEX_KEY_LIFE) == -1)
		return -1;
	return db_run(&ix->hot, ST_DKEY_ADD, "bi", (const void *)r->key,
	    sizeof(r->key), r->savedate);
}

static int
add_mail(struct index *ix, const struct record *r, int64_t kw)
{
	struct mailgroup	 k UNINIT;

	k.n = 1;
	k.v[MAIL_UID][0] = r->uid;
	k.v[MAIL_FLAGS][0] = r->flags & MBOX_FLAGS_ALL;
	k.v[MAIL_KW][0] = kw;
	k.v[MAIL_MODSEQ][0] = k.v[MAIL_M][0] = (int64_t)r->number;
	k.v[MAIL_SIZE][0] = (int64_t)r->size;
	k.v[MAIL_DATE][0] = r->date;
	k.v[MAIL_ZONE][0] = r->zone;
	k.v[MAIL_SAVEDATE][0] = r->savedate;
	return mailset_append(&ix->hot, r->box, &k);
}

int
apply_add(struct index *ix, const struct record *r, uint64_t commit)
{
	struct kwnums	 nums;
	struct uidset	 uids = UIDSET_INIT;
	struct box	 box;
	int64_t		 kw;
	int		 rv;

	if (box_by_id(&ix->hot, r->box, &box) != 1 || r->uid == 0 ||
	    r->uid < box.uidnext || r->uid == UINT32_MAX ||
	    r->size > UINT32_MAX)
		return -1;
	if (keyword_forget(ix, r->forget, r->nforget, r->number) == -1 ||
	    keyword_numbers(ix, r->keywords, r->nkeywords, true,
	    &nums) == -1 || kwset_id(ix, &nums, &kw) == -1 ||
	    kwset_use(ix, kw, 1) == -1 ||
	    keyword_in_box(ix, r->box, &nums, r->number) == -1)
		return -1;
	if (add_msg(ix, r, commit) == -1 || add_mid(ix, r) == -1 ||
	    add_key(ix, r) == -1 || add_mail(ix, r, kw) == -1 ||
	    usage_add(&ix->usage_next, 1, r->size) == -1)
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
