/*
 * store.credentials.assume-role: the roles that are assumed one after the
 * other, the first with a source's keys, each other with those of the step
 * before.
 */
#ifndef CREDD_ROLES_H
#define CREDD_ROLES_H

#include "credd/sts.h"

#define ROLES_MAX	5	/* as paild/conf_key.c has it */

struct roles;

/* How many the configuration has. */
unsigned roles_count(const struct slice *conf);
bool	 roles_any(const struct slice *conf);
/* One parameter of a role, a number of seconds: 0 for "". */
unsigned roles_seconds(const char *s);
/* Takes keys.  From the loop: exactly one callback, unless it is cancelled;
 * why names the step that failed. */
struct roles *roles_start(const struct source_world *world,
	    const struct slice *conf, struct cred_secret *keys, sts_cb cb,
	    void *arg);
void	 roles_cancel(struct roles *r);	/* NULL is fine */

#endif
