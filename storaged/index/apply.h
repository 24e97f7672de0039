/* Applies records to the index, by the types of record.h. */
#ifndef STORAGED_APPLY_H
#define STORAGED_APPLY_H

#include "storaged/index/index_read.h"

/* One of each type; 0, or -1: it does not fit the state, or the index
 * failed. */
#define X(n, NAME, name, must, may)					\
int	 apply_##name(struct index *, const struct record *, uint64_t commit);
RECORD_TABLE(X)
#undef X

struct mailwalk;
/* Each picked message of a group has its keywords, by (1), or no more (-1).
 * 0 or -1. */
int	 apply_tally(struct index *, const struct mailwalk *, int64_t by);

#endif
