/*
 * Quota, before the octets come: MBOX_ROOM, and the look that APPEND takes.
 * A courtesy (the limit is kept by eval_quota.c), but a NO is true: of a
 * state that was read after it was asked, and that has the session's own
 * changes.
 */
#include "common/compat.h"

#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/log_limit.h"
#include "common/msg_deliver.h"
#include "storaged/session/op.h"

void
op_over_log(const struct op *op)
{
	static struct log_limit	 limit = LOG_LIMIT("over quota");
	const struct user	*u = op->user;

	if (u->ix != NULL && log_limit(&limit))
		log_warnx("user=%s cmd=%s bytes=%llu bytes-max=%llu "
		    "messages=%llu messages-max=%llu result=no why=\"over "
		    "quota\"", u->word, op->class->name,
		    (unsigned long long)u->ix->usage.bytes,
		    (unsigned long long)u->quota.bytes,
		    (unsigned long long)u->ix->usage.messages,
		    (unsigned long long)u->quota.messages);
}

bool
op_over_quota(struct op *op)
{
	struct user	*u = op->user;

	if (!usage_over(&u->ix->usage, &u->quota, 0, 0))
		return false;
	op->state = OP_WAITS;
	if (op_blocked(op))
		op->needs |= OP_AFTER;	/* it may make room */
	else if (!op->fresh) {
		op->needs |= OP_FRESH;	/* so may another node */
		op_kick(op);
	} else
		op_no(op, MBOX_OVERQUOTA, eval_quota_text);
	return true;
}

/*
 * Perhaps the message that filled the mailbox, whose 250 was lost: refused now,
 * it would be bounced.  Its key, at the end of its octets, decides.
 */
static bool
room_repeated(const struct op *op, struct str envelope)
{
	return envelope.len == DELIVER_ENVELOPE_LEN &&
	    key_like(&op->user->ix->read, (const uint8_t *)envelope.p,
	    (int64_t)time(NULL)) == 1;
}

static void
room_run(struct op *op)
{
	const struct mbox_room	*req = op->req;
	struct reply_ok		 ok;

	if (req->bytes > op->user->env->appendlimit) {
		op_no(op, MBOX_TOOBIG, "The message is too large");
		return;
	}
	if (!room_repeated(op, req->envelope) && op_over_quota(op))
		return;
	memset(&ok, 0, sizeof(ok));
	op_ok(op, &ok);
}

const struct op_class op_MBOX_ROOM = {
	.name = "ROOM",
	.rights = GRANT_APPEND,
	.needs = OP_OPEN,
	.run = room_run,
};
