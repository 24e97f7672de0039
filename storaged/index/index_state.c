/*
 * The index as the commit sees it (state.h): intents are evaluated by
 * kind, each within a savepoint, so that one that is refused leaves
 * nothing behind.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/eval.h"

static enum state_verdict (*const eval_table[WORK_KINDS])(struct index *,
    struct work *, struct batch *) = {
	[WORK_STORE] = eval_store,
	[WORK_COPY] = eval_copy,
	[WORK_MOVE] = eval_copy,
	[WORK_EXPUNGE] = eval_expunge,
	[WORK_APPEND] = eval_append,
	[WORK_CREATE] = eval_create,
	[WORK_DELETE] = eval_delete,
	[WORK_RENAME] = eval_rename,
	[WORK_SUBSCRIBE] = eval_subscribe,
};

void
answer_clear(struct answer *a)
{
	uidset_free(&a->ok.src);
	uidset_free(&a->ok.dst);
	uidset_free(&a->ok.modified);
	memset(a, 0, sizeof(*a));
}

void
work_clear(struct work *w)
{
	answer_clear(&w->answer);
	uidset_free(&w->step.found);
	memset(&w->step, 0, sizeof(w->step));
}

enum state_verdict
eval_no(struct work *w, enum mbox_code code, const char *text)
{
	answer_clear(&w->answer);
	w->answer.code = (uint8_t)code;
	w->answer.text = text;
	return STATE_NOTHING;
}

enum state_verdict
eval_emit(struct index *ix, struct batch *b, struct record *r,
    struct batch_message *m)
{
	switch (batch_add(b, r, m)) {
	case 0:
		break;
	case -2:
		return STATE_NOTHING;
	default:
		return STATE_FULL;
	}
	if (index_apply(ix, r, batch_commit(b)) == -1)
		return STATE_FAILED;
	return STATE_RECORDS;
}

uint32_t
eval_uidvalidity(struct index *ix, struct batch *b)
{
	int64_t	 now = batch_time(b);

	if (now > (int64_t)ix->next.uidvalidity && now <= UINT32_MAX)
		return (uint32_t)now;
	return ix->next.uidvalidity + 1;
}

/* Objects that lost their last reference are garbage from now on. */
static int
eval_garbage(struct index *ix, struct batch *b, size_t from)
{
	size_t	 i;

	for (i = from; i < ix->ndead; i++)
		if (ix->dead[i].where == RECORD_MSG &&
		    batch_garbage(b, KEY_MSG, ix->dead[i].object) == -1)
			return -1;
	return 0;
}

static enum state_verdict
state_evaluate(void *state, struct intent *in, struct batch *b)
{
	struct index		*ix = state;
	struct work		*w = in->payload;
	enum state_verdict	 v;
	size_t			 dead;

	if (w->step.tx != ix->ntx) {
		answer_clear(&w->answer);
		eval_step_begin(ix, w);
		if (index_save(ix) == -1)
			return STATE_FAILED;
	}
	dead = ix->ndead;
	ix->cause_session = w->session;
	ix->cause_id = w->id;
	v = eval_table[w->kind](ix, w, b);
	ix->cause_session = 0;
	ix->cause_id = 0;
	if ((v == STATE_RECORDS || v == STATE_MORE) &&
	    eval_garbage(ix, b, dead) == -1)
		v = STATE_FULL;
	if (v == STATE_MORE && !index_failed(ix))
		return v;
	w->step.tx = 0;
	if (v == STATE_RECORDS)
		index_keep(ix);
	else
		index_back(ix);
	return index_failed(ix) ? STATE_FAILED : v;
}

static enum state_verdict
first_mailbox(struct index *ix, struct batch *b, const char *name,
    uint32_t use)
{
	struct record	 r;
	struct box	 box;

	if (box_by_name(&ix->hot, str_from(name), &box) != 0)
		return STATE_RECORDS;	/* named twice */
	memset(&r, 0, sizeof(r));
	r.type = RECORD_CREATE;
	arc4random_buf(&r.box, sizeof(r.box));
	r.box |= 1;
	r.name = str_from(name);
	r.uidvalidity = eval_uidvalidity(ix, b);
	r.use = use;
	if (eval_emit(ix, b, &r, NULL) != STATE_RECORDS)
		return STATE_FAILED;
	memset(&r, 0, sizeof(r));
	r.type = RECORD_SUBSCRIBE;
	r.name = str_from(name);
	r.on = true;
	return eval_emit(ix, b, &r, NULL);
}

enum state_verdict
index_state_first(void *state, struct batch *b)
{
	struct index	*ix = state;
	size_t		 i;

	if (first_mailbox(ix, b, "INBOX", 0) != STATE_RECORDS)
		return STATE_FAILED;
	for (i = 0; i < ix->conf->ndefaults; i++)
		if (first_mailbox(ix, b, ix->conf->defaults[i].name,
		    ix->conf->defaults[i].use) != STATE_RECORDS)
			return STATE_FAILED;
	return STATE_RECORDS;
}

static int
state_begin(void *state)
{
	return index_begin(state);
}

static int
state_apply(void *state, const struct record *r, uint64_t commit)
{
	return index_apply(state, r, commit);
}

static int
state_hash(void *state, uint8_t hash[32])
{
	return index_state_hash(state, hash);
}

static int
state_commit(void *state, const struct state_mark *mark)
{
	return index_commit(state, mark);
}

static void
state_rollback(void *state)
{
	index_rollback(state);
}

static void
state_mark(void *state, struct state_mark *mark)
{
	struct index	*ix = state;

	*mark = ix->in_tx ? ix->next : ix->mark;
}

static int
state_reset(void *state)
{
	return index_reset(state);
}

const struct state_ops index_state_ops = {
	.begin = state_begin,
	.evaluate = state_evaluate,
	.apply = state_apply,
	.state_hash = state_hash,
	.commit = state_commit,
	.rollback = state_rollback,
	.mark = state_mark,
	.reset = state_reset,
};
