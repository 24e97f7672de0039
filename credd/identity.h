/*
 * Whose the keys are, for the operator: the store's STS is asked where no
 * source has told it.  Nothing that users need waits for it, and it may fail:
 * many a host reaches its bucket, but no STS.
 */
#ifndef CREDD_IDENTITY_H
#define CREDD_IDENTITY_H

#include <stdbool.h>

#include "credd/sts.h"

struct identity;

/* arn: NULL if it was not told, which is logged (level debug). */
typedef void (*identity_cb)(const char *access_key, const char *arn,
	    void *arg);

struct identity *identity_new(const struct source_world *world,
	    identity_cb cb, void *arg);
/*
 * Asks for these keys (copied) instead of any before; from the loop, one
 * callback.  false: there is nobody to ask, neither
 * store.credentials.sts-endpoint nor a store of AWS's.
 */
bool	 identity_ask(struct identity *id, const struct slice *conf,
	    const struct cred_secret *s);
void	 identity_free(struct identity *id);	/* NULL is fine */

#endif
