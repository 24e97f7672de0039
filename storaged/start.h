/*
 * Startup of storaged, from the first key until it serves: is this store
 * usable, and is it the one that our cache belongs to?
 */
#ifndef STORAGED_START_H
#define STORAGED_START_H

#include <stdbool.h>

struct env;

/*
 * Begins; env (kept) has base, blob and cache. first: this process tests the
 * store (s3_probe.h) and creates the store object, which the others wait for,
 * however long that takes.  Sets env->sure, then calls ready().  Calls fatal()
 * if the store is refused.  nearly(): of a store that is far away the last
 * answers are still waited for, in each try of it.
 */
void	 start_begin(struct env *env, bool first, void (*nearly)(void),
	    void (*ready)(void));
/* credd has sent a key. */
void	 start_key(void);
/* What it waits for, in words; NULL: it is over. */
const char *start_waits(void);
/* It is not to be served any more. */
void	 start_stop(void);

#endif
