/*
 * SELECT, EXAMINE and UNSELECT.  The UIDs are read in turns; what is
 * committed meanwhile is taken out of (or found by) the rest of the scan,
 * and events begin with the answer.
 */
#include "common/compat.h"

#include <string.h>

#include "common/clock.h"
#include "storaged/index/boxuids.h"
#include "storaged/session/op.h"

#define SELECT_ROWS	2000	/* a step */

struct select {
	struct box	 box;
	bool		 found;
	bool		 gone;
	struct uidset	 uids;
	uint32_t	 last;
	uint32_t	 first_unseen;
};

static int
select_check(struct op *op)
{
	/* Whatever comes of it, the mailbox of before is left. */
	op->s->box = 0;
	op->user->past_due = true;
	if (op->user->env->single_node)
		op->needs &= ~(unsigned)OP_FRESH;
	return 0;
}

static void
select_reply(struct op *op, struct select *x)
{
	const struct mbox_select *req = op->req;
	struct mbox_selected	 r;
	struct arena		*a = arena_new(1024 * 1024);
	uint32_t		 recent;
	int			 full;

	memset(&r, 0, sizeof(r));
	if (a == NULL || read_keywords(&op->user->ix->read, x->box.id, NULL,
	    &r.keywords, a) == -1 ||
	    (full = keyword_full(&op->user->ix->read)) == -1) {
		arena_free(a);
		op_no(op, MBOX_SERVERBUG, "The index cannot be read");
		return;
	}
	recent = user_recent(op->user, x->box.id);
	r.box = x->box.id;
	r.uidvalidity = x->box.uidvalidity;
	r.uidnext = x->box.uidnext;
	r.highestmodseq = x->box.modseq;
	r.first_unseen = x->first_unseen;
	r.recent_from = recent < x->box.uidnext ? recent : 0;
	r.uids = x->uids;
	r.full = op->s->full = full != 0;
	op->s->box = x->box.id;
	op->s->readonly = req->readonly;
	op->s->passed = op->user->shown;
	if (!req->readonly)
		user_recent_set(op->user, x->box.id, x->box.uidnext);
	(void)session_send(op->s, IMSG_REPLY_SELECTED, op->id, &r);
	arena_free(a);
	op_end(op);
}

/* All rows are read; what changed meanwhile is not all known. */
static int
select_scanned(struct op *op, struct select *x)
{
	struct index	*ix = op->user->ix;
	uint64_t	 was = x->box.modseq;

	if (box_by_id(&ix->read, x->box.id, &x->box) != 1)
		return -1;
	if (x->box.modseq != was)
		return read_first_unseen(ix, x->box.id, &x->first_unseen);
	boxuids_put(&op->user->boxuids, &x->box, &x->uids, x->first_unseen);
	return 0;
}

static void
select_run(struct op *op)
{
	const struct mbox_select *req = op->req;
	struct select		*x = op->x;
	struct index		*ix = op->user->ix;
	char			 name[MBOX_NAME_MAX + 1];
	uint64_t		 start = clock_us();
	int			 rv;

	if (!x->found) {
		rv = mailbox_name(req->name, name) == -1 ? 0 :
		    box_by_name(&ix->read, str_from(name), &x->box);
		if (rv != 1) {
			op_no(op, rv == 0 ? MBOX_NONEXISTENT_BOX :
			    MBOX_SERVERBUG, rv == 0 ? "No such mailbox" :
			    "The index cannot be read");
			return;
		}
		x->found = true;
		if (boxuids_get(op->user->boxuids, &x->box, &x->uids,
		    &x->first_unseen)) {
			select_reply(op, x);
			return;
		}
	}
	do {
		if (x->gone) {
			op_no(op, MBOX_NONEXISTENT_BOX, "No such mailbox");
			return;
		}
		rv = read_uids(ix, x->box.id, x->last, SELECT_ROWS, &x->uids,
		    &x->last, &x->first_unseen);
		if (x->uids.n > MBOX_VIEW_RANGES_MAX) {
			op_no(op, MBOX_LIMIT,
			    "The mailbox has too many gaps between its UIDs");
			return;
		}
		if (rv == -1 ||
		    (rv < SELECT_ROWS && select_scanned(op, x) == -1)) {
			op_no(op, MBOX_SERVERBUG,
			    "The mailbox cannot be read");
			return;
		}
		if (rv < SELECT_ROWS) {
			select_reply(op, x);
			return;
		}
	} while (!session_turn_over(start));
	op_kick(op);
}

static void
select_stop(struct op *op)
{
	struct select	*x = op->x;

	uidset_free(&x->uids);
}

void
select_changed(struct user *u, const struct change *ch)
{
	struct session	*s;
	struct select	*x;
	struct op	*op;

	TAILQ_FOREACH(s, &u->sessions, entry)
		TAILQ_FOREACH(op, &s->ops, entry) {
			x = op->x;
			if (op->class != &op_MBOX_SELECT || !x->found ||
			    x->box.id != ch->box)
				continue;
			if (ch->kind == CHANGE_GONE)
				x->gone = true;
			else if (ch->kind == CHANGE_EXPUNGED &&
			    uidset_subtract(&x->uids, &ch->uids) == -1)
				x->gone = true;
		}
}

const struct op_class op_MBOX_SELECT = {
	.name = "SELECT",
	.rights = GRANT_READ,
	.needs = OP_AFTER | OP_FRESH | OP_OPEN,
	.extra = sizeof(struct select),
	.check = select_check,
	.run = select_run,
	.stop = select_stop,
};

static void
unselect_run(struct op *op)
{
	const struct mbox_box	*req = op->req;
	struct reply_ok		 ok;

	if (op->s->box == req->box)
		op->s->box = 0;
	op->user->past_due = true;
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

const struct op_class op_MBOX_UNSELECT = {
	.name = "UNSELECT",
	.rights = GRANT_READ,
	.run = unselect_run,
};
