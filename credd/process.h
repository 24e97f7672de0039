/* What a credential process prints (AWS CLI User Guide, "Sourcing credentials
 * with an external process"). */
#ifndef CREDD_PROCESS_H
#define CREDD_PROCESS_H

#include <stddef.h>

#include "credd/files.h"
#include "credd/secret.h"

/* s between looks, where it tells no end: it may print others by then. */
#define PROCESS_POLL	900

/*
 * The set in the JSON object that it printed: Version (1), AccessKeyId,
 * SecretAccessKey, and where there are any SessionToken and Expiration.
 * NULL with the reason in why, which has nothing of it.
 */
struct cred_secret *process_parse(const void *p, size_t len, char *why,
	    size_t size);
/* The same of paild's answer to "run:COMMAND". */
struct cred_secret *process_take(const struct files_item *it, char *why,
	    size_t size);

#endif
