/*
 * Changes: STORE, COPY, MOVE, EXPUNGE, CREATE, DELETE, RENAME, SUBSCRIBE.
 * Each is one intent, evaluated when its batch is built (eval_*.c); here is
 * only the request's sense.
 */
#include "common/compat.h"

#include "storaged/op.h"

static int
store_check(struct op *op)
{
	struct mbox_store	*r = op->req;
	const struct mbox_word	*v = r->keywords.v;
	size_t			 i;

	if (r->how > MBOX_STORE_REMOVE || (r->flags & ~MBOX_FLAGS_ALL) != 0)
		return -1;
	for (i = 0; i < r->keywords.n; i++)
		if (!keyword_valid(v[i].word))
			return -1;
	op->work.u.store = *r;
	return 0;
}

static void
store_run(struct op *op)
{
	op_submit(op, WORK_STORE);
}

const struct op_class op_store = {
	.name = "STORE",
	.type = IMSG_MBOX_STORE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_store_wire,
	.check = store_check,
	.run = store_run,
};

static int
copy_check(struct op *op)
{
	op->work.u.copy = *(struct mbox_copy *)op->req;
	return 0;
}

static void
copy_run(struct op *op)
{
	op_submit(op, WORK_COPY);
}

static void
move_run(struct op *op)
{
	op_submit(op, WORK_MOVE);
}

const struct op_class op_copy = {
	.name = "COPY",
	.type = IMSG_MBOX_COPY,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_copy_wire,
	.check = copy_check,
	.run = copy_run,
};

const struct op_class op_move = {
	.name = "MOVE",
	.type = IMSG_MBOX_MOVE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_copy_wire,
	.check = copy_check,
	.run = move_run,
};

static int
expunge_check(struct op *op)
{
	op->work.u.expunge = *(struct mbox_expunge *)op->req;
	return 0;
}

static void
expunge_run(struct op *op)
{
	op_submit(op, WORK_EXPUNGE);
}

const struct op_class op_expunge = {
	.name = "EXPUNGE",
	.type = IMSG_MBOX_EXPUNGE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_expunge_wire,
	.check = expunge_check,
	.run = expunge_run,
};

static int
create_check(struct op *op)
{
	op->work.u.create = *(struct mbox_create *)op->req;
	return 0;
}

static void
create_run(struct op *op)
{
	op_submit(op, WORK_CREATE);
}

const struct op_class op_create = {
	.name = "CREATE",
	.type = IMSG_MBOX_CREATE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_create_wire,
	.check = create_check,
	.run = create_run,
};

static int
delete_check(struct op *op)
{
	op->work.u.del = *(struct mbox_delete *)op->req;
	return 0;
}

static void
delete_run(struct op *op)
{
	op_submit(op, WORK_DELETE);
}

const struct op_class op_delete = {
	.name = "DELETE",
	.type = IMSG_MBOX_DELETE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_delete_wire,
	.check = delete_check,
	.run = delete_run,
};

static int
rename_check(struct op *op)
{
	op->work.u.rename = *(struct mbox_rename *)op->req;
	return 0;
}

static void
rename_run(struct op *op)
{
	op_submit(op, WORK_RENAME);
}

const struct op_class op_rename = {
	.name = "RENAME",
	.type = IMSG_MBOX_RENAME,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_rename_wire,
	.check = rename_check,
	.run = rename_run,
};

static int
subscribe_check(struct op *op)
{
	op->work.u.subscribe = *(struct mbox_subscribe *)op->req;
	return 0;
}

static void
subscribe_run(struct op *op)
{
	op_submit(op, WORK_SUBSCRIBE);
}

const struct op_class op_subscribe = {
	.name = "SUBSCRIBE",
	.type = IMSG_MBOX_SUBSCRIBE,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &mbox_subscribe_wire,
	.check = subscribe_check,
	.run = subscribe_run,
};
