/*
 * Changes: STORE, COPY, MOVE, EXPUNGE, CREATE, DELETE, RENAME, SUBSCRIBE.
 * Each is one intent, evaluated when its batch is built (eval_*.c); here is
 * only the request's sense.
 */
#include "common/compat.h"

#include "storaged/session/op.h"

static int
store_check(struct op *op)
{
	const struct mbox_store	*r = op->req;
	const struct mbox_word	*v = r->keywords.v;
	size_t			 i;

	if (r->how > MBOX_STORE_REMOVE || (r->flags & ~MBOX_FLAGS_ALL) != 0)
		return -1;
	for (i = 0; i < r->keywords.n; i++)
		if (!keyword_valid(v[i].word))
			return -1;
	return 0;
}

#define CHANGE(NAME, chk, more)						\
	const struct op_class op_MBOX_##NAME = {			\
		.name = #NAME, .kind = WORK_##NAME,			\
		.rights = GRANT_CHANGE, .check = chk,			\
		.needs = OP_CHANGE | OP_OPEN | (more)			\
	}

CHANGE(STORE, store_check, 0);
CHANGE(COPY, NULL, 0);
CHANGE(MOVE, NULL, OP_REMOVES);
CHANGE(EXPUNGE, NULL, OP_REMOVES);
CHANGE(CREATE, NULL, 0);
CHANGE(DELETE, NULL, 0);
CHANGE(RENAME, NULL, 0);
CHANGE(SUBSCRIBE, NULL, 0);
