/*
 * APPEND becomes records, and what it shares with COPY: the mailbox that a
 * message is to go to, and whether there is room in it.  A delivery says where
 * else it may go, and has a key: what was stored under it is not stored again.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "storaged/index/eval.h"

const char eval_no_target[] = "No such mailbox";
static const char no_uids[] = "The mailbox has run out of UIDs";

enum state_verdict
eval_room(const struct index *ix, struct work *w, const struct box *box,
    uint64_t more)
{
	if (box->uidnext == 0 || box->uidnext + more >= UINT32_MAX)
		return eval_no(w, MBOX_LIMIT, no_uids);
	if (box->messages + more > ix->conf->messages_max)
		return eval_no(w, MBOX_LIMIT, eval_full_text(ix->conf));
	return STATE_RECORDS;
}

const char *
eval_full_text(const struct eval_conf *conf)
{
	static char	 text[80];

	snprintf(text, sizeof(text),
	    "A mailbox can hold at most %u messages", conf->messages_max);
	return text;
}

int
eval_target(struct index *ix, struct str name, struct box *box)
{
	char	 clean[MBOX_NAME_MAX + 1];

	if (mailbox_name(name, clean) == -1)
		return 0;
	return box_by_name(&ix->hot, str_from(clean), box);
}

/*
 * The thread of the first known id among In-Reply-To and References; an
 * unknown thread is named by its oldest reference, so that nodes that have
 * not seen the first message agree.
 */
static int
append_thread(struct index *ix, const struct append_item *it,
    uint64_t *thread)
{
	size_t	 i;
	int	 rv;

	for (i = 0; i < it->nrefs; i++)
		if ((rv = thread_find(&ix->hot, it->refs[i], thread)) != 0)
			return rv == 1 ? 0 : -1;
	if (it->nrefs > 0)
		*thread = it->refs[it->nrefs - 1];
	else if (it->mid != 0)
		*thread = it->mid;
	else
		memcpy(thread, it->msgid, sizeof(*thread));
	if (*thread == 0)
		*thread = 1;
	return 0;
}

static enum state_verdict
append_one(struct index *ix, struct work *w, struct append_item *it,
    struct batch *b, const struct box *box, uint32_t uid)
{
	struct record		 r;
	enum state_verdict	 v;

	memset(&r, 0, sizeof(r));
	r.type = RECORD_ADD;
	r.box = box->id;
	r.uid = uid;
	r.flags = it->flags;
	if (eval_words(ix, w, it->keywords, it->nkeywords) == -1)
		return STATE_FAILED;
	eval_words_record(w, &r);
	if (w->words->left > 0)
		w->answer.ok.full = true;
	r.date = it->date;
	r.zone = it->zone;
	r.savedate = batch_time(b);
	r.size = it->size;
	memcpy(r.msgid, it->msgid, sizeof(r.msgid));
	r.mid = it->mid;
	if (append_thread(ix, it, &r.threadid) == -1)
		return STATE_FAILED;
	if (w->u.append.keyed)
		memcpy(r.key, w->u.append.key, sizeof(r.key));
	if (it->large)
		r.place = it->place;
	v = eval_emit(ix, b, &r, it->large ? NULL : &it->small);
	it->number = r.number;
	it->uid = uid;
	return v;
}

/* Where the message goes.  STATE_RECORDS, or why not. */
static enum state_verdict
append_target(struct index *ix, struct work *w, struct batch *b,
    struct box *box)
{
	const struct str	 name = w->u.append.name;
	const uint8_t		 target = w->u.append.target;
	enum state_verdict	 v;
	int			 rv = 0;

	if ((target & DELIVER_JUNK) != 0)
		rv = box_by_use(&ix->hot, MBOX_USE_JUNK, box);
	if (rv == 0)
		rv = eval_target(ix, name, box);
	if (rv == 0 && (target & DELIVER_CREATE) != 0) {
		v = eval_create_for(ix, w, b, name, box);
		if (v != STATE_NOTHING || (target & DELIVER_OR_INBOX) == 0)
			return v;
		answer_clear(&w->answer);
	}
	if (rv == 0 && (target & DELIVER_OR_INBOX) != 0)
		rv = box_by_name(&ix->hot, STR("INBOX"), box);
	if (rv == 0)
		return eval_no(w, MBOX_TRYCREATE, eval_no_target);
	return rv == 1 ? STATE_RECORDS : STATE_FAILED;
}

enum state_verdict
eval_append(struct index *ix, struct work *w, struct batch *b)
{
	struct append_item	*it;
	struct answer		*a = &w->answer;
	struct box		 box;
	enum state_verdict	 v;
	uint32_t		 uid;
	size_t			 i;
	int			 rv;

	if (w->u.append.keyed) {
		if ((rv = key_known(&ix->hot, w->u.append.key,
		    batch_time(b))) == -1)
			return STATE_FAILED;
		a->ok.known = rv == 1;
		if (rv == 1)
			return STATE_NOTHING;
	}
	if ((v = append_target(ix, w, b, &box)) != STATE_RECORDS)
		return v;
	if (w->u.append.n == 0 && w->u.append.keyed) {
		v = eval_quota(ix, w, 1, 0);
		return v != STATE_RECORDS ? v : eval_no(w, MBOX_UNAVAILABLE,
		    "Send the message again");
	}
	if (w->u.append.n == 0)
		return STATE_NOTHING;
	if ((v = eval_room(ix, w, &box, w->u.append.n)) != STATE_RECORDS ||
	    (v = eval_quota_append(ix, w)) != STATE_RECORDS)
		return v;
	for (i = 0; i < w->u.append.n; i++) {
		it = &w->u.append.v[i];
		uid = box.uidnext + (uint32_t)i;
		v = append_one(ix, w, it, b, &box, uid);
		/* An upload too old to be named: only as the first may it
		 * be refused here. */
		if (v == STATE_NOTHING)
			return i > 0 ? STATE_FULL : eval_no(w,
			    MBOX_UNAVAILABLE,
			    "The upload has expired, send the message again");
		if (v != STATE_RECORDS)
			return v;
		a->ok.modseq = it->number;
	}
	a->ok.uidvalidity = box.uidvalidity;
	if (uidset_add(&a->ok.dst, box.uidnext,
	    (uint32_t)(box.uidnext + w->u.append.n - 1)) == -1)
		return STATE_FAILED;
	return STATE_RECORDS;
}
