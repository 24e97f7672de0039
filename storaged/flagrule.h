/* What a STORE (RFC 3501, section 6.4.6) makes of a message's flags and its
 * set of keywords; asked by the evaluation and by the record's application. */
#ifndef STORAGED_FLAGRULE_H
#define STORAGED_FLAGRULE_H

#include "storaged/keyword.h"

struct flagrule {
	enum mbox_store_how	 how;
	uint8_t			 flags;
	struct kwnums		 nums;
	int64_t			 set;	/* all there is after a SET */
	struct kwmap		 map;	/* what was asked for already */
};

/* Within a transaction: new keywords and sets are made, but for a REMOVE.
 * 0 or -1 (nothing to free then). */
int	 flagrule_init(struct index *ix, struct flagrule *rule, uint8_t how,
	    uint8_t flags, const struct str *names, size_t n);
void	 flagrule_free(struct flagrule *rule);
/* Of one message, in place: 1 it changes, 0 it does not, -1 failed. */
int	 flagrule_apply(struct index *ix, struct flagrule *rule,
	    int64_t *flags, int64_t *kw);

#endif
