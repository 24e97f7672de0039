/* What admind asks about the other processes (common/msg_admin.h). */
#ifndef PAILD_ADMIN_H
#define PAILD_ADMIN_H

#include "paild/paild.h"

/* An ADMIN_WANT of p.  -1: it may not ask, or not yet. */
int	 admin_want(struct proc *p, const struct msg *m);
/* p has ended: nobody waits for an answer. */
void	 admin_gone(struct proc *p);

#endif
