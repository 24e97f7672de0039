/* Records into the index; shared by apply.c and apply_set.c. */
#ifndef STORAGED_APPLY_H
#define STORAGED_APPLY_H

#include "storaged/index_read.h"

/* Of apply_set.c; 0, or -1: it does not fit the state, or the index failed. */
int	 apply_copy(struct index *, const struct record *, uint64_t);
int	 apply_flags(struct index *, const struct record *, uint64_t);
int	 apply_expunge(struct index *, const struct record *, uint64_t);

#endif
