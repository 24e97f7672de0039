/*
 * The kind "authworker": a process that may block, so that authd never does.
 * It answers one check at a time.
 */
#ifndef AUTHD_WORKER_H
#define AUTHD_WORKER_H

#include <stddef.h>

#include "common/msg_setup.h"
#include "common/slice.h"

struct event_base;
struct sandbox;
struct worker;

/* The backends of the slice (auth.N.*) that are its pool's, by its number
 * (index, pools.N.*).  A check that takes longer than the pool's time-out ends
 * the process.  NULL and the reason in why. */
struct worker *worker_new(const struct slice *conf, char *why, size_t size);
/* What its backends need of the system, before the sandbox is entered: a reload
 * cannot add to it. */
void	 worker_reach(struct worker *w, const struct slice *conf,
	    struct sandbox *box);
/* paild's answer about a secret. */
void	 worker_given(struct worker *w, uint32_t id,
	    const struct setup_give *g);
void	 worker_free(struct worker *w);		/* NULL is fine */
/* New backends: 0; -1 and the old ones stay. */
int	 worker_reload(struct worker *w, const struct slice *conf, char *why,
	    size_t size);
/* authd's channel (replaces the older one); takes fd. */
void	 worker_authd(struct worker *w, struct event_base *base, int fd);
/* Checks answered so far. */
unsigned long long worker_checks(const struct worker *w);

#endif
