/* How many users are logged in: asked of all imapds. */
#ifndef PAILD_SESSIONS_H
#define PAILD_SESSIONS_H

#include "paild/paild.h"

struct session_count {
	void		(*done)(struct paild *pd, uint64_t sessions);
	size_t		  waiting;	/* imapds that have yet to answer */
	uint64_t	  counted;	/* sessions of those that have */
};

/*
 * done() is called once, now or later; an imapd that ends meanwhile has none.
 * While one is silent (it will be killed), another call does nothing.
 */
void	 sessions_count(struct session_count *q, struct paild *pd);
/* done() is called no more. */
void	 sessions_forget(struct session_count *q, struct paild *pd);

#endif
