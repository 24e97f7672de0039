/*
 * The UIDs of the mailboxes that were selected last.  Must never be asked
 * about a mailbox that was not just read from the index.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "storaged/index/boxuids.h"

struct boxuids {
	struct {
		uint64_t	 box;		/* 0: nothing */
		uint64_t	 modseq;
		uint32_t	 uidnext;
		uint32_t	 first_unseen;
		struct uidset	 uids;
	}		 v[BOXUIDS_BOXES];
	unsigned	 oldest;
};

bool
boxuids_get(const struct boxuids *b, const struct box *box,
    struct uidset *uids, uint32_t *first_unseen)
{
	size_t	 i;

	if (b == NULL)
		return false;
	for (i = 0; i < nitems(b->v); i++)
		if (b->v[i].box == box->id && b->v[i].modseq == box->modseq &&
		    b->v[i].uidnext == box->uidnext) {
			*first_unseen = b->v[i].first_unseen;
			return uidset_copy(uids, &b->v[i].uids) == 0;
		}
	return false;
}

void
boxuids_put(struct boxuids **bp, const struct box *box,
    const struct uidset *uids, uint32_t first_unseen)
{
	struct boxuids	*b = *bp;
	size_t		 i;

	if (uids->n > BOXUIDS_RANGES || (b == NULL &&
	    (b = *bp = calloc(1, sizeof(*b))) == NULL))
		return;
	for (i = 0; i < nitems(b->v) && b->v[i].box != box->id; i++)
		;
	if (i == nitems(b->v)) {
		i = b->oldest;
		b->oldest = (b->oldest + 1) % nitems(b->v);
	}
	b->v[i].box = uidset_copy(&b->v[i].uids, uids) == 0 ? box->id : 0;
	b->v[i].modseq = box->modseq;
	b->v[i].uidnext = box->uidnext;
	b->v[i].first_unseen = first_unseen;
}

void
boxuids_drop(struct boxuids **bp)
{
	struct boxuids	*b = *bp;
	size_t		 i;

	*bp = NULL;
	for (i = 0; b != NULL && i < nitems(b->v); i++)
		uidset_free(&b->v[i].uids);
	free(b);
}
