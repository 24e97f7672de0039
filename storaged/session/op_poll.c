/* NOOP, CHECK and IDLE: has anything come from other nodes? */
#include "common/compat.h"

#include <string.h>

#include "storaged/session/op.h"
#include "storaged/session/past.h"

static void
poll_answer(struct op *op)
{
	struct reply_ok	 ok;

	past_passed(op->s);
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

static int
poll_check(struct op *op)
{
	struct follow	*f = &op->user->follow;

	if (follow_due(f)) {
		follow_asked(f, COMMIT_UNAVAILABLE);	/* so far */
		op->needs |= OP_TRY;
	}
	return 0;
}

static void
poll_run(struct op *op)
{
	poll_answer(op);
}

const struct op_class op_MBOX_POLL = {
	.name = "NOOP",
	.rights = GRANT_READ,
	.check = poll_check,
	.run = poll_run,
};

static void
idle_run(struct op *op)
{
	const struct mbox_idle	*req = op->req;

	session_watch(op->s, req->on);
	poll_answer(op);
}

const struct op_class op_MBOX_IDLE = {
	.name = "IDLE",
	.rights = GRANT_READ,
	.run = idle_run,
};
