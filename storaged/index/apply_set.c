/*
 * Records that concern many messages: COPY, FLAGS, EXPUNGE.  Each is one
 * walk over the groups that hold them.
 */
#include "common/compat.h"

#include "storaged/index/apply.h"
#include "storaged/index/flagrule.h"
#include "storaged/index/mailset.h"
#include "storaged/index/msgref.h"

struct sums { int64_t count, unseen, deleted, size; };

static void
sums_state(struct sums *s, int64_t flags, int64_t one)
{
	s->unseen += (flags & MBOX_SEEN) == 0 ? one : 0;
	s->deleted += (flags & MBOX_DELETED) != 0 ? one : 0;
}

/* Adds the picked messages of a group that was read with its facts. */
static void
sums_add(struct sums *s, const struct mailwalk *w)
{
	unsigned	 i;

	for (i = 0; i < w->npick; i++) {
		sums_state(s, w->k.v[MAIL_FLAGS][w->pick[i]], 1);
		s->size += w->k.v[MAIL_SIZE][w->pick[i]];
	}
	s->count += w->npick;
}

/* Did the walk meet every UID of the record? */
static bool
sums_whole(const struct sums *s, const struct record *r)
{
	return s->count > 0 && (uint64_t)s->count == uidset_count(&r->uids);
}

int
apply_tally(struct index *ix, const struct mailwalk *w, int64_t by)
{
	struct kwmap	 tally = KWMAP_INIT;
	unsigned	 i;

	for (i = 0; i < w->npick; i++)
		if (kwtally_add(&tally, w->k.v[MAIL_KW][w->pick[i]],
		    by) == -1) {
			kwmap_free(&tally);
			return -1;
		}
	return kwtally_end(ix, &tally);
}

/* The keywords of the copied messages are the target's too. */
static int
copy_keywords(struct index *ix, const struct record *r,
    const struct kwmap *sets)
{
	struct kwnums	 nums;
	size_t		 i;

	for (i = 0; i < sets->n; i++)
		if (kwset_get(&ix->hot, sets->v[i].from, &nums) == -1 ||
		    keyword_in_box(ix, r->dst, &nums, r->number) == -1)
			return -1;
	return 0;
}

/* What is picked of a group, as it will be in the target from UID on. */
static int
copy_group(struct index *ix, const struct record *r,
    const struct mailwalk *w, int64_t uid, struct kwmap *sets)
{
	struct mailgroup	 out UNINIT;
	unsigned		 i;

	out.n = 0;
	for (i = 0; i < w->npick; i++) {
		mailgroup_copy(&out, &w->k, w->pick[i], 1);
		out.v[MAIL_UID][i] = uid + i;
		out.v[MAIL_MODSEQ][i] = (int64_t)r->number;
		out.v[MAIL_SAVEDATE][i] = r->savedate;
		if (kwmap_note(sets, out.v[MAIL_KW][i], -1) == NULL)
			return -1;
	}
	if (msgref_add(ix, w) == -1 || apply_tally(ix, w, 1) == -1)
		return -1;
	return mailset_append(&ix->hot, r->dst, &out);
}

static int
copy_all(struct index *ix, const struct record *r, struct sums *s,
    struct kwmap *sets)
{
	struct mailwalk	 w UNINIT;
	int		 rv;

	mailwalk_init(&w, &ix->hot, r->box, &r->uids, 1, true);
	while ((rv = mailwalk_next(&w)) == 1) {
		if (copy_group(ix, r, &w, (int64_t)r->dst_first + s->count,
		    sets) == -1)
			return -1;
		sums_add(s, &w);
	}
	return rv == 0 && sums_whole(s, r) ? 0 : -1;
}

int
apply_copy(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 s = { 0 };
	struct box	 src, dst;
	struct uidset	 uids = UIDSET_INIT;
	struct kwmap	 sets = KWMAP_INIT;
	uint64_t	 last;
	int		 rv;

	(void)commit;
	last = r->dst_first + uidset_count(&r->uids) - 1;
	if (box_by_id(&ix->hot, r->box, &src) != 1 ||
	    box_by_id(&ix->hot, r->dst, &dst) != 1 ||
	    r->dst_first < dst.uidnext || r->dst_first == 0 ||
	    r->uids.n == 0 || last >= UINT32_MAX)
		return -1;
	rv = copy_all(ix, r, &s, &sets);
	if (rv == 0)
		rv = copy_keywords(ix, r, &sets);
	kwmap_free(&sets);
	if (rv == -1 || usage_add(&ix->usage_next, (uint64_t)s.count,
	    (uint64_t)s.size) == -1 || db_run(&ix->hot, ST_BOX_ADDED,
	    "uiiiiiu", r->dst, (int64_t)last + 1, s.count, s.unseen,
	    s.deleted, s.size, r->number) == -1)
		return -1;
	rv = uidset_add(&uids, r->dst_first, (uint32_t)last);
	if (rv == 0)
		rv = index_change(ix, CHANGE_ADDED, r->dst, r->number, &uids);
	uidset_free(&uids);
	return rv;
}

/* One group: what was is taken from the sums, what is now is added. */
static int
flags_group(struct index *ix, const struct record *r, struct mailwalk *w,
    struct flagrule *rule, struct sums *s, struct kwmap *tally)
{
	int64_t		*flags, *kw, was;
	unsigned	 i;

	for (i = 0; i < w->npick; i++) {
		flags = &w->k.v[MAIL_FLAGS][w->pick[i]];
		kw = &w->k.v[MAIL_KW][w->pick[i]];
		was = *kw;
		sums_state(s, *flags, -1);
		if (flagrule_apply(ix, rule, flags, kw) == -1)
			return -1;
		if (*kw != was && (kwtally_add(tally, was, -1) == -1 ||
		    kwtally_add(tally, *kw, 1) == -1))
			return -1;
		sums_state(s, *flags, 1);
		w->k.v[MAIL_MODSEQ][w->pick[i]] = (int64_t)r->number;
	}
	s->count += w->npick;
	return mailwalk_put(w);
}

static int
flags_all(struct index *ix, const struct record *r, struct flagrule *rule,
    struct sums *s)
{
	struct mailwalk	 w UNINIT;
	struct kwmap	 tally = KWMAP_INIT;
	int		 rv;

	mailwalk_init(&w, &ix->hot, r->box, &r->uids, 1, false);
	while ((rv = mailwalk_next(&w)) == 1)
		if (flags_group(ix, r, &w, rule, s, &tally) == -1) {
			rv = -1;
			break;
		}
	if (kwtally_end(ix, &tally) == -1)
		rv = -1;
	return rv == 0 && sums_whole(s, r) ? 0 : -1;
}

int
apply_flags(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 s = { 0 };
	struct flagrule	 rule;
	int		 rv;

	(void)commit;
	if (r->how > MBOX_STORE_REMOVE ||
	    keyword_forget(ix, r->forget, r->nforget, r->number) == -1 ||
	    flagrule_init(ix, &rule, r->how, r->flags, r->keywords,
	    r->nkeywords, true) == -1)
		return -1;
	rv = flags_all(ix, r, &rule, &s);
	if (rv == 0 && r->how != MBOX_STORE_REMOVE)
		rv = keyword_in_box(ix, r->box, &rule.nums, r->number);
	flagrule_free(&rule);
	if (rv == -1 || db_run(&ix->hot, ST_BOX_FLAGGED, "uiiu", r->box,
	    s.unseen, s.deleted, r->number) == -1)
		return -1;
	return index_change(ix, CHANGE_FLAGS, r->box, r->number, &r->uids);
}

/* A session's client may not have heard of it yet: the rows stay. */
static int
expunge_keep(struct index *ix, const struct record *r,
    const struct mailwalk *w)
{
	const int64_t	(*v)[MAIL_ROWS] = w->k.v;
	unsigned	 i, n;

	for (n = 0; n < w->npick; n++) {
		i = w->pick[n];
		if (db_run(&ix->hot, ST_PAST_ADD, "uiiiiiiiiiu", r->box,
		    v[MAIL_UID][i], v[MAIL_FLAGS][i], v[MAIL_KW][i],
		    v[MAIL_MODSEQ][i], v[MAIL_SIZE][i], v[MAIL_DATE][i],
		    v[MAIL_ZONE][i], v[MAIL_SAVEDATE][i], v[MAIL_M][i],
		    r->number) == -1)
			return -1;
	}
	ix->npast += w->npick;
	return 0;
}

static int
expunge_all(struct index *ix, const struct record *r, struct sums *s)
{
	struct mailwalk	 w UNINIT;
	bool		 keep;
	int		 rv;

	keep = !ix->dropping && ix->has_views != NULL &&
	    ix->has_views(ix->views_arg);
	mailwalk_init(&w, &ix->hot, r->box, &r->uids, 1, true);
	while ((rv = mailwalk_next(&w)) == 1) {
		sums_add(s, &w);
		if (msgref_drop(ix, &w, keep) == -1 ||
		    apply_tally(ix, &w, -1) == -1 ||
		    (keep && expunge_keep(ix, r, &w) == -1) ||
		    mailwalk_drop(&w) == -1)
			return -1;
	}
	return rv == 0 && sums_whole(s, r) ? 0 : -1;
}

int
apply_expunge(struct index *ix, const struct record *r, uint64_t commit)
{
	struct sums	 s = { 0 };
	struct buf	 b = BUF_INIT;
	int		 rv = -1;

	(void)commit;
	if (expunge_all(ix, r, &s) == -1 || usage_take(&ix->usage_next,
	    (uint64_t)s.count, (uint64_t)s.size) == -1)
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
