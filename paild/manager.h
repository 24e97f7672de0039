/* What the service manager is told besides READY=1 and STOPPING=1: a line for
 * systemctl status, and that we are alive. */
#ifndef PAILD_MANAGER_H
#define PAILD_MANAGER_H

#include "paild/paild.h"

#define MANAGER_SECONDS	10	/* between two lines, at most */

/* Once the children have been started; does nothing without a manager. */
void	 manager_begin(struct paild *pd);
void	 manager_end(struct paild *pd);
/* Something has changed: the line may be another one. */
void	 manager_tell(struct paild *pd);
/* A reload has ended. */
void	 manager_reloaded(struct paild *pd, bool ok);
/* The process that is not healthy, or NULL.  It is down, hangs although it was
 * killed, or has let half of its time pass without an answer. */
const struct proc *manager_sick(const struct paild *pd);

#endif
