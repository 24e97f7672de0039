/*
 * A model of what quotas count and refuse (quota_rules_test.c): mailboxes of
 * messages with a size, and nothing else.
 */
#ifndef STORAGED_QUOTA_MODEL_H
#define STORAGED_QUOTA_MODEL_H

#include "storaged/index/eval.h"

#define MODEL_BOXES	4
#define MODEL_ITEMS	4	/* of one APPEND */

/* An intent, so that it can be evaluated again. */
struct plan {
	enum work_kind	 kind;
	unsigned	 box, to;
	struct uidset	 uids;
	bool		 only;
	size_t		 n;
	uint64_t	 size[MODEL_ITEMS];
	bool		 deleted[MODEL_ITEMS];
};

extern const char *const model_names[MODEL_BOXES];
extern struct quota	 model_quota;

/* A new user: an INBOX and no quota. */
void	 model_begin(void);
struct usage model_usage(void);
/* What the intent does to the model, and how it is answered: enum
 * mbox_code. */
int	 model_do(const struct plan *p);

#endif
