/*
 * One look for credentials: the source that the configuration names, or with
 * "auto" each in its order until one answers; and then the roles that are
 * assumed with its keys.
 */
#ifndef CREDD_CHAIN_H
#define CREDD_CHAIN_H

#include "credd/source.h"

struct chain;

struct chain_answer {
	/* The callback's to take or to free; NULL: why tells. */
	struct cred_secret *secret;
	const char	*source;	/* static; NULL without a secret */
	unsigned	 poll;		/* as source_ask's */
	/* The reason, or with a secret why the earlier sources of "auto" gave
	 * none ("": there were no earlier ones). */
	const char	*why;
};
typedef void (*chain_cb)(const struct chain_answer *a, void *arg);

/* From the loop: exactly one callback, unless it is cancelled. */
struct chain *chain_start(const struct source_world *world,
	    const struct slice *conf, chain_cb cb, void *arg);
void	 chain_cancel(struct chain *c);		/* NULL is fine */

#endif
