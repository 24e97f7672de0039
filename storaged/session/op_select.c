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
	enum mbox_code	 code;		/* why it is NO */
	const char	*why;
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

static int
select_no(struct select *x, enum mbox_code code, const char *why)
{
	x->code = code;
	x->why = why;
	return -1;
}

static void
select_reply(struct op *op, struct select *x, struct mbox_selected *r)
{
	const struct mbox_select *req = op->req;
	uint32_t		 recent = user_recent(op->user, x->box.id);

	r->box = x->box.id;
	r->uidvalidity = x->box.uidvalidity;
	r->uidnext = x->box.uidnext;
	r->highestmodseq = x->box.modseq;
	r->first_unseen = x->first_unseen;
	r->recent_from = recent < x->box.uidnext ? recent : 0;
	r->uids = x->uids;
	op->s->full = r->full;
	op->s->box = x->box.id;
	op->s->readonly = req->readonly;
	op->s->passed = op->user->shown;
	if (!req->readonly)
		user_recent_set(op->user, x->box.id, x->box.uidnext);
	(void)session_send(op->s, IMSG_REPLY_SELECTED, op->id, r);
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

/* 1: it is there, and its UIDs are known; 0: are to be read; -1: no. */
static int
select_find(struct op *op, struct select *x)
{
	const struct mbox_select *req = op->req;
	char			 name[MBOX_NAME_MAX + 1];
	int			 rv;

	rv = mailbox_name(req->name, name) == -1 ? 0 :
	    box_by_name(&op->user->ix->read, str_from(name), &x->box);
	if (rv == 0)
		return select_no(x, MBOX_NONEXISTENT_BOX, "No such mailbox");
	if (rv == -1)
		return select_no(x, MBOX_SERVERBUG,
		    "The index cannot be read");
	x->found = true;
	return boxuids_get(op->user->boxuids, &x->box, &x->uids,
	    &x->first_unseen);
}

/* A turn of reading.  1: that was all; 0: there is more; -1: no. */
static int
select_read(struct op *op, struct select *x)
{
	struct index	*ix = op->user->ix;
	uint64_t	 start = clock_us();
	int		 rv;

	if (!x->found && (rv = select_find(op, x)) != 0)
		return rv;
	do {
		if (x->gone)
			return select_no(x, MBOX_NONEXISTENT_BOX,
			    "No such mailbox");
		rv = read_uids(ix, x->box.id, x->last, SELECT_ROWS, &x->uids,
		    &x->last, &x->first_unseen);
		if (x->uids.n > MBOX_VIEW_RANGES_MAX)
			return select_no(x, MBOX_LIMIT,
			    "The mailbox has too many gaps between its UIDs");
		if (rv == -1 ||
		    (rv < SELECT_ROWS && select_scanned(op, x) == -1))
			return select_no(x, MBOX_SERVERBUG,
			    "The mailbox cannot be read");
		if (rv < SELECT_ROWS)
			return 1;
	} while (!session_turn_over(start));
	return 0;
}

static int
select_keywords(struct op *op, struct select *x, struct mbox_selected *r,
    struct arena *a)
{
	struct db	*db = &op->user->ix->read;
	int		 full;

	if (a == NULL || read_keywords(db, x->box.id, NULL, &r->keywords,
	    a) == -1 || (full = keyword_full(db)) == -1)
		return select_no(x, MBOX_SERVERBUG,
		    "The index cannot be read");
	r->full = full != 0;
	return 1;
}

static void
select_run(struct op *op)
{
	struct select		*x = op->x;
	struct mbox_selected	 r = { 0 };
	struct arena		*a = NULL;
	int			 rv;

	index_hold(op->user->ix);
	if ((rv = select_read(op, x)) == 1) {
		a = arena_new(1024 * 1024);
		rv = select_keywords(op, x, &r, a);
	}
	index_let(op->user->ix);
	if (rv == 0)
		op_kick(op);
	else if (rv == -1)
		op_no(op, x->code, x->why);
	else {
		select_reply(op, x, &r);
		op_end(op);
	}
	arena_free(a);
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
