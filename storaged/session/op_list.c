/* LIST, LSUB and STATUS: the user's mailboxes as rows, by name; behind
 * them the subscribed names that are no mailbox. */
#include "common/compat.h"

#include <string.h>

#include "storaged/session/op.h"

struct list {
	char		 after[MBOX_NAME_MAX + 1];	/* the last row */
	bool		 orphans;	/* the mailboxes are done */
};

static int
list_check(struct op *op)
{
	const struct mbox_list	*req = op->req;

	if (req->fresh && !op->user->env->single_node)
		op->needs |= OP_FRESH;
	return 0;
}

/* Appends varint length and row. */
static int
list_put(struct op *op, const struct mbox_row *row)
{
	struct buf	 b = BUF_INIT;
	int		 rv = -1;

	if (wire_encode(&mbox_row_wire, row, &b) == 0 &&
	    buf_put_bytes(&op->out, b.data, b.len) == 0)
		rv = 0;
	buf_free(&b);
	return rv;
}

static int
list_row(struct op *op, const struct box *box)
{
	const struct mbox_list	*req = op->req;
	struct index		*ix = op->user->ix;
	struct mbox_row		 row;
	int			 rv;

	memset(&row, 0, sizeof(row));
	row.name = str_from(box->name);
	row.box = box->id;
	row.attrs = box->use & MBOX_USE_MASK;
	if ((rv = sub_has(&ix->read, row.name)) == -1)
		return -1;
	if (rv == 1)
		row.attrs |= MBOX_SUBSCRIBED;
	if (req->counts) {
		row.uidvalidity = box->uidvalidity;
		row.uidnext = box->uidnext;
		row.messages = box->messages;
		row.unseen = box->unseen;
		row.deleted = box->deleted;
		row.size = box->size;
		row.highestmodseq = box->modseq;
		if (read_count_from(ix, box->id, user_recent(op->user,
		    box->id), &row.recent) == -1)
			return -1;
	}
	return list_put(op, &row);
}

static int
list_orphan(struct op *op, const char *name)
{
	struct mbox_row	 row;

	memset(&row, 0, sizeof(row));
	row.name = str_from(name);
	row.attrs = MBOX_SUBSCRIBED | MBOX_NONEXISTENT;
	return list_put(op, &row);
}

static enum op_more
list_fail(struct op *op)
{
	op_no(op, MBOX_SERVERBUG, "The index cannot be read");
	return OP_FAILED;
}

/* The one mailbox that is named. */
static enum op_more
list_named(struct op *op)
{
	const struct mbox_list	*req = op->req;
	struct index		*ix = op->user->ix;
	char			 name[MBOX_NAME_MAX + 1];
	struct box		 box;
	int			 rv;

	if (mailbox_name(req->name, name) == -1)
		return OP_DONE;
	rv = box_by_name(&ix->read, str_from(name), &box);
	if (rv == 1)
		return list_row(op, &box) == -1 ? list_fail(op) : OP_DONE;
	if (rv == 0)
		rv = sub_has(&ix->read, str_from(name));
	if (rv == -1 || (rv == 1 && list_orphan(op, name) == -1))
		return list_fail(op);
	return OP_DONE;
}

static enum op_more
list_produce(struct op *op)
{
	const struct mbox_list	*req = op->req;
	struct list		*x = op->x;
	struct index		*ix = op->user->ix;
	struct box		 box;
	int			 rv;

	if (req->name.len != 0)
		return list_named(op);
	if (!x->orphans) {
		rv = box_after(&ix->read, str_from(x->after), &box);
		if (rv == -1 || (rv == 1 && list_row(op, &box) == -1))
			return list_fail(op);
		if (rv == 1)
			memcpy(x->after, box.name, sizeof(x->after));
		else {
			x->orphans = true;
			x->after[0] = '\0';
		}
		return OP_MORE;
	}
	rv = sub_orphan_after(&ix->read, str_from(x->after), x->after,
	    sizeof(x->after));
	if (rv == -1 || (rv == 1 && list_orphan(op, x->after) == -1))
		return list_fail(op);
	return rv == 1 ? OP_MORE : OP_DONE;
}

const struct op_class op_MBOX_LIST = {
	.name = "LIST",
	.rights = GRANT_READ,
	.needs = OP_AFTER | OP_OPEN | OP_STREAM,
	.extra = sizeof(struct list),
	.check = list_check,
	.produce = list_produce,
};
