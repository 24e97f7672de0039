/*
 * STORE, COPY, MOVE and EXPUNGE become records (APPEND: eval_append.c).  What
 * does not exist (any more) is left out, what would change nothing too.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/eval.h"
#include "storaged/index/flagrule.h"

static const char no_box[] = "The mailbox has been deleted";

/* Adds a message that a scan looks at to the set arg. */
static int
collect(const struct mailwalk *walk, unsigned i, void *arg)
{
	uint32_t	 uid = (uint32_t)walk->k.v[MAIL_UID][i];

	return uidset_add(arg, uid, uid);
}

/* The same for a COPY, with the sizes. */
static int
collect_copy(const struct mailwalk *walk, unsigned i, void *arg)
{
	struct work	*w = arg;

	if (w->step.facts) {
		w->step.bytes += w->step.last;
		w->step.last = (uint64_t)walk->k.v[MAIL_SIZE][i];
	}
	return collect(walk, i, &w->answer.ok.src);
}

static int
collect_deleted(const struct mailwalk *walk, unsigned i, void *arg)
{
	if ((walk->k.v[MAIL_FLAGS][i] & MBOX_DELETED) == 0)
		return 0;
	return collect(walk, i, arg);
}

struct store_plan {
	struct index	*ix;
	struct work	*w;
	struct flagrule	 rule;
};

/* What is taken away needs no room, and need not be known. */
static int
store_words(struct index *ix, struct work *w)
{
	const struct wire_list	*l = &w->u.store.keywords;
	const struct mbox_word	*v = l->v;
	struct eval_words	*ew;
	struct str		 names[MBOX_KEYWORDS_MAX];
	size_t			 i;

	if (l->n > nitems(names))
		return -1;
	for (i = 0; i < l->n; i++)
		names[i] = v[i].word;
	if (eval_words(ix, w, names, l->n) == -1)
		return -1;
	ew = w->words;
	if (w->u.store.how == MBOX_STORE_REMOVE) {
		memcpy(ew->keep, names, l->n * sizeof(names[0]));
		ew->nkeep = l->n;
		ew->nforget = ew->left = 0;
	}
	w->answer.ok.full = ew->left > 0;
	return 0;
}

/* Would this message change, or does it fail UNCHANGEDSINCE? */
static int
store_look(const struct mailwalk *walk, unsigned i, void *arg)
{
	struct store_plan	*p = arg;
	int64_t			 flags = walk->k.v[MAIL_FLAGS][i];
	int64_t			 kw = walk->k.v[MAIL_KW][i];
	int			 rv;

	if ((uint64_t)walk->k.v[MAIL_MODSEQ][i] >
	    p->w->u.store.unchangedsince)
		return collect(walk, i, &p->w->answer.ok.modified);
	rv = flagrule_apply(p->ix, &p->rule, &flags, &kw);
	return rv == 1 ? collect(walk, i, &p->w->step.found) : rv;
}

static int
store_scan(struct index *ix, struct work *w, struct store_plan *p)
{
	const struct mbox_store	*s = &w->u.store;
	int			 rv;

	p->ix = ix;
	p->w = w;
	if (flagrule_init(ix, &p->rule, s->how, s->flags, w->words->keep,
	    w->words->nkeep, false) == -1)
		return -1;
	rv = eval_scan(ix, w, s->box, &s->uids, store_look, p);
	flagrule_free(&p->rule);
	return rv;
}

/* The records of the next messages that are to change. */
static enum state_verdict
store_emit(struct index *ix, struct work *w, struct batch *b)
{
	const struct mbox_store	*s = &w->u.store;
	struct uidset		 part = UIDSET_INIT;
	struct record		 r;
	enum state_verdict	 v;

	if (eval_chunk(w, &w->step.found, EVAL_STORE, &part) != 1) {
		uidset_free(&part);
		return STATE_FAILED;
	}
	memset(&r, 0, sizeof(r));
	r.type = RECORD_FLAGS;
	r.box = s->box;
	r.uids = part;
	r.how = s->how;
	r.flags = s->flags;
	eval_words_record(w, &r);
	v = eval_emit(ix, b, &r, NULL);
	w->answer.ok.modseq = r.number;
	w->words->nforget = 0;		/* the first record has said it */
	uidset_free(&part);
	if (v == STATE_RECORDS && eval_rest(w, &w->step.found))
		return STATE_MORE;
	return v;
}

/* Before the first look: is there a mailbox, which keywords can be had? */
static enum state_verdict
store_first(struct index *ix, struct work *w)
{
	const struct mbox_store	*s = &w->u.store;
	struct box		 box;
	int			 rv;

	if ((rv = box_by_id(&ix->hot, s->box, &box)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_NONEXISTENT_BOX, no_box);
	return store_words(ix, w) == -1 ? STATE_FAILED : STATE_MORE;
}

enum state_verdict
eval_store(struct index *ix, struct work *w, struct batch *b)
{
	struct store_plan	 p;
	enum state_verdict	 v;

	if (w->step.from == 0 && (v = store_first(ix, w)) != STATE_MORE)
		return v;
	if (w->step.scanned)
		return store_emit(ix, w, b);
	if (store_scan(ix, w, &p) == -1)
		return STATE_FAILED;
	return w->step.scanned && w->step.found.n == 0 ? STATE_NOTHING :
	    STATE_MORE;
}

static enum state_verdict
copy_one(struct index *ix, struct batch *b, uint64_t from,
    const struct uidset *uids, const struct box *dst, bool move,
    uint64_t *number)
{
	struct record		 r;
	enum state_verdict	 v;

	memset(&r, 0, sizeof(r));
	r.type = RECORD_COPY;
	r.box = from;
	r.uids = *uids;
	r.dst = dst->id;
	r.dst_first = dst->uidnext;
	r.savedate = batch_time(b);
	v = eval_emit(ix, b, &r, NULL);
	if (v == STATE_RECORDS && move) {
		memset(&r, 0, sizeof(r));
		r.type = RECORD_EXPUNGE;
		r.box = from;
		r.uids = *uids;
		v = eval_emit(ix, b, &r, NULL);
	}
	*number = r.number;
	return v;
}

enum state_verdict
eval_move_some(struct index *ix, struct work *w, struct batch *b,
    uint64_t from, uint64_t to)
{
	struct uidset		 part = UIDSET_INIT;
	struct box		 dst;
	enum state_verdict	 v = STATE_FAILED;
	int			 rv;

	if ((rv = eval_first_uids(ix, from, EVAL_MOVE, &part)) == 0)
		v = STATE_RECORDS;
	else if (rv == 1 && box_by_id(&ix->hot, to, &dst) == 1 &&
	    (v = copy_one(ix, b, from, &part, &dst, true,
	    &w->answer.ok.modseq)) == STATE_RECORDS)
		v = STATE_MORE;
	uidset_free(&part);
	return v;
}

static enum state_verdict
copy_emit(struct index *ix, struct work *w, struct batch *b,
    const struct box *dst)
{
	struct answer		*a = &w->answer;
	struct uidset		 part = UIDSET_INIT;
	enum state_verdict	 v = STATE_FAILED;

	if (eval_chunk(w, &a->ok.src, EVAL_MOVE, &part) == 1)
		v = copy_one(ix, b, w->u.copy.box, &part, dst,
		    w->kind == WORK_MOVE, &a->ok.modseq);
	if (v == STATE_RECORDS && uidset_add(&a->ok.dst, dst->uidnext,
	    (uint32_t)(dst->uidnext + uidset_count(&part) - 1)) == -1)
		v = STATE_FAILED;
	a->ok.count += (uint32_t)uidset_count(&part);
	a->ok.uidvalidity = dst->uidvalidity;
	if (v == STATE_RECORDS && eval_rest(w, &a->ok.src))
		v = STATE_MORE;
	uidset_free(&part);
	return v;
}

/* All of the source is looked through: will it go in? */
static enum state_verdict
copy_found(const struct index *ix, struct work *w, const struct box *dst)
{
	uint64_t	 count = uidset_count(&w->answer.ok.src);

	if (count == 0)
		return STATE_NOTHING;
	if (eval_room(ix, w, dst, count) != STATE_RECORDS)
		return STATE_NOTHING;
	/* A MOVE takes away what it adds, and is never refused. */
	if (w->kind == WORK_COPY &&
	    eval_quota(ix, w, count, w->step.bytes) != STATE_RECORDS)
		return STATE_NOTHING;
	return STATE_MORE;
}

enum state_verdict
eval_copy(struct index *ix, struct work *w, struct batch *b)
{
	const struct mbox_copy	*c = &w->u.copy;
	struct box		 src, dst;
	enum state_verdict	 v = STATE_MORE;
	int			 rv;

	if ((rv = box_by_id(&ix->hot, c->box, &src)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_NONEXISTENT_BOX, no_box);
	if ((rv = eval_target(ix, c->to, &dst)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_TRYCREATE, eval_no_target);
	if (w->step.scanned)
		return copy_emit(ix, w, b, &dst);
	w->step.facts = w->kind == WORK_COPY && w->step.quota.bytes != 0;
	if (eval_scan(ix, w, c->box, &c->uids, collect_copy, w) == -1)
		v = STATE_FAILED;
	else if (w->step.scanned)
		v = copy_found(ix, w, &dst);
	return v;
}

static enum state_verdict
expunge_emit(struct index *ix, struct work *w, struct batch *b, uint64_t box,
    const struct uidset *uids)
{
	struct record		 r;
	enum state_verdict	 v;

	memset(&r, 0, sizeof(r));
	r.type = RECORD_EXPUNGE;
	r.box = box;
	r.uids = *uids;
	v = eval_emit(ix, b, &r, NULL);
	w->answer.ok.modseq = r.number;
	return v;
}

enum state_verdict
eval_drop_some(struct index *ix, struct work *w, struct batch *b,
    uint64_t box)
{
	struct uidset		 part = UIDSET_INIT;
	enum state_verdict	 v = STATE_RECORDS;
	int			 rv;

	if ((rv = eval_first_uids(ix, box, EVAL_MOVE, &part)) == -1)
		v = STATE_FAILED;
	if (rv == 1) {
		ix->dropping = true;
		v = expunge_emit(ix, w, b, box, &part);
		ix->dropping = false;
		if (v == STATE_RECORDS)
			v = STATE_MORE;
	}
	uidset_free(&part);
	return v;
}

/* What is \Deleted in the next part of the set. */
static enum state_verdict
expunge_scan(struct index *ix, struct work *w)
{
	const struct mbox_expunge *e = &w->u.expunge;

	if (eval_scan(ix, w, e->box, e->only ? &e->uids : NULL,
	    collect_deleted, &w->step.found) == -1)
		return STATE_FAILED;
	return w->step.scanned && w->step.found.n == 0 ? STATE_NOTHING :
	    STATE_MORE;
}

enum state_verdict
eval_expunge(struct index *ix, struct work *w, struct batch *b)
{
	struct uidset		 part = UIDSET_INIT;
	struct box		 box;
	enum state_verdict	 v = STATE_FAILED;
	int			 rv;

	if ((rv = box_by_id(&ix->hot, w->u.expunge.box, &box)) != 1)
		return rv == -1 ? STATE_FAILED :
		    eval_no(w, MBOX_NONEXISTENT_BOX, no_box);
	if (box.deleted == 0)
		return STATE_NOTHING;
	if (!w->step.scanned)
		v = expunge_scan(ix, w);
	else if (eval_chunk(w, &w->step.found, EVAL_MOVE, &part) == 1) {
		v = expunge_emit(ix, w, b, box.id, &part);
		if (v == STATE_RECORDS && eval_rest(w, &w->step.found))
			v = STATE_MORE;
	}
	uidset_free(&part);
	return v;
}
