/* What a STORE (RFC 3501, section 6.4.6) makes of a message's flags and its
 * set of keywords; asked by the evaluation and by the record's application. */
#ifndef STORAGED_FLAGRULE_H
#define STORAGED_FLAGRULE_H

#include "storaged/index/keyword.h"

struct flagrule {
	enum mbox_store_how	 how;
	uint8_t			 flags;
	struct kwnums		 nums;
	int			 unknown; /* names without a number */
	int64_t			 set;	/* all there is after a SET */
	bool			 make;
	struct kwmap		 map;	/* what was asked for already */
};
#define FLAGRULE_OTHER	(-2)	/* a set that there is not yet */

/*
 * Within a transaction.  make: new keywords (but not for a REMOVE) and sets
 * are made, as the record says; without it nothing is written, and what
 * becomes of a set may be FLAGRULE_OTHER.  0 or -1 (nothing to free then).
 */
int	 flagrule_init(struct index *ix, struct flagrule *rule, uint8_t how,
	    uint8_t flags, const struct str *names, size_t n, bool make);
void	 flagrule_free(struct flagrule *rule);
/* Of one message, in place: 1 it changes, 0 it does not, -1 failed. */
int	 flagrule_apply(struct index *ix, struct flagrule *rule,
	    int64_t *flags, int64_t *kw);

#endif
