/*
 * Quota: how much mail a user may have in all (usage.h).  What would add to
 * it is weighed here, on the newest state, so that two nodes that race
 * overrun the limit by one message, as one node does.
 */
#include "common/compat.h"

#include "storaged/index/eval.h"

const char eval_quota_text[] = "Over quota: delete messages to make room";

enum state_verdict
eval_quota(const struct index *ix, struct work *w, uint64_t messages,
    uint64_t bytes)
{
	if (usage_over(&ix->usage_next, &w->step.quota, messages - 1, bytes))
		return eval_no(w, MBOX_OVERQUOTA, eval_quota_text);
	return STATE_RECORDS;
}

enum state_verdict
eval_quota_append(const struct index *ix, struct work *w)
{
	const struct append_item	*v = w->u.append.v;
	uint64_t			 bytes = 0;
	size_t				 i, n = w->u.append.n;

	for (i = 0; i + 1 < n; i++)
		bytes += v[i].size;
	return eval_quota(ix, w, n, bytes);
}
