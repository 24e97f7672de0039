/*
 * What is known of the other processes: asked of paild when somebody wants to
 * know, and shared by all who want to within STATE_FRESH_MS, so that a storm of
 * scrapes costs one question.
 */
#ifndef ADMIND_KNOWN_STATE_H
#define ADMIND_KNOWN_STATE_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg.h"
#include "common/msg_admin.h"
#include "common/peer.h"

#define STATE_FRESH_MS	1000
#define STATE_PROCS	1024

/* Borrowed by pages while they make an answer. */
struct state {
	uint64_t		 at;		/* clock_ms() */
	struct admin_done	 done;
	char			 version[65];	/* of done */
	struct admin_proc	*procs;		/* counts: of our own */
	size_t			 nprocs;
	bool			 leaving;	/* state_leave() */
	/* Rendered once, when it is first asked for; by the page. */
	struct buf		 text[2];
};

/* Somebody who waits; in what waits. */
struct state_wait {
	TAILQ_ENTRY(state_wait)	 entry;
	bool			 waiting;
	void			(*ready)(struct state_wait *w);
};

struct state_ops {
	void	(*want)(uint32_t id);	/* asks paild */
};

/* ops is kept by reference. */
void	 state_init(const struct state_ops *ops);
void	 state_free(void);
/* ready() is called when state_now() is fresh, perhaps at once. */
void	 state_want(struct state_wait *w);
void	 state_forget(struct state_wait *w);
/* What is known; never NULL within ready(). */
struct state *state_now(void);
/* The node is being drained, from now on. */
void	 state_leave(void);
/* ADMIN_PROC and ADMIN_DONE.  -1: malformed, or not asked for. */
int	 state_message(const struct msg *m);

#endif
