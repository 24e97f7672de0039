/*
 * STORE's arithmetic (flagrule.h).  A mailbox has few distinct sets of
 * keywords: what becomes of each is worked out once.
 */
#include "common/compat.h"

#include "storaged/index/flagrule.h"

int
flagrule_init(struct index *ix, struct flagrule *rule, uint8_t how,
    uint8_t flags, const struct str *names, size_t n, bool make)
{
	int	 rv;

	rule->how = (enum mbox_store_how)how;
	rule->flags = flags & MBOX_FLAGS_ALL;
	rule->set = 0;
	rule->map = KWMAP_INIT;
	rule->make = make;
	rule->unknown = keyword_numbers(ix, names, n,
	    make && how != MBOX_STORE_REMOVE, &rule->nums);
	if (rule->unknown == -1)
		return -1;
	if (how != MBOX_STORE_SET)
		return 0;
	if (make)
		return kwset_id(ix, &rule->nums, &rule->set);
	rv = kwset_find(ix, &rule->nums, &rule->set);
	if (rv == 0 || rule->unknown > 0)
		rule->set = FLAGRULE_OTHER;
	return rv == -1 ? -1 : 0;
}

void
flagrule_free(struct flagrule *rule)
{
	kwmap_free(&rule->map);
}

/* The set that adding or removing makes of another. */
static int
set_after(struct index *ix, const struct flagrule *rule, int64_t from,
    int64_t *to)
{
	struct kwnums	 set;
	size_t		 i, was;

	if (kwset_get(&ix->hot, from, &set) == -1)
		return -1;
	was = set.n;
	for (i = 0; i < rule->nums.n; i++) {
		if (rule->how == MBOX_STORE_REMOVE)
			kwnums_remove(&set, rule->nums.v[i]);
		else if (kwnums_add(&set, rule->nums.v[i]) == -1)
			return -1;
	}
	if (rule->make)
		return kwset_id(ix, &set, to);
	*to = set.n == was ? from : FLAGRULE_OTHER;
	return 0;
}

static int
keywords_after(struct index *ix, struct flagrule *rule, int64_t from,
    int64_t *to)
{
	struct kwpair	*pair;

	*to = from;
	if (rule->how == MBOX_STORE_SET)
		*to = rule->set;
	else if (rule->how == MBOX_STORE_ADD && rule->unknown > 0)
		*to = FLAGRULE_OTHER;
	if (*to == FLAGRULE_OTHER || rule->how == MBOX_STORE_SET ||
	    rule->nums.n == 0)
		return 0;
	if ((pair = kwmap_note(&rule->map, from, -1)) == NULL ||
	    (pair->to == -1 && set_after(ix, rule, from, &pair->to) == -1))
		return -1;
	*to = pair->to;
	return 0;
}

int
flagrule_apply(struct index *ix, struct flagrule *rule, int64_t *flags,
    int64_t *kw)
{
	int64_t	 was = *flags, kw_was = *kw;

	switch (rule->how) {
	case MBOX_STORE_SET:
		*flags = rule->flags;
		break;
	case MBOX_STORE_ADD:
		*flags |= rule->flags;
		break;
	case MBOX_STORE_REMOVE:
		*flags &= ~(int64_t)rule->flags;
		break;
	}
	if (keywords_after(ix, rule, kw_was, kw) == -1)
		return -1;
	return *flags != was || *kw != kw_was;
}
