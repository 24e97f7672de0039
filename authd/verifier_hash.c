/* A password against the hash that a lookup has found. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/backend.h"
#include "authd/hash.h"

static enum work_result_code
hash_verify(void *state, struct found *f, struct str password, char *why,
    size_t size)
{
	(void)state;
	switch (hash_check(password, f->secret)) {
	case 1:
		return WORK_YES;
	case 0:
		return WORK_NO;
	default:
		snprintf(why, size, "cannot compute the hash on %s",
		    f->where);
		return WORK_UNAVAILABLE;
	}
}

const struct verifier_kind verifier_hash = { .verify = hash_verify };
