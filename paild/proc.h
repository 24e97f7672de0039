/* The process table: which processes there are, and in which state. */
#ifndef PAILD_PROC_H
#define PAILD_PROC_H

#include "paild/paild.h"

time_t	 paild_now(void);		/* monotonic seconds */
/* Creates the table as configured; all processes are down. */
void	 proc_table(struct paild *pd);
/* NULL: there is none, or it is down. */
struct proc *proc_find(struct paild *pd, enum proc_kind kind, uint32_t index);
bool	 proc_all_ready(const struct paild *pd);
/* All but those of this kind. */
bool	 proc_others_ready(const struct paild *pd, enum proc_kind kind);
/* Does it receive the listeners? */
bool	 proc_listens(const struct proc *p);
/* And gets them before the suite serves? */
bool	 proc_listens_early(const struct proc *p);
/* How many are still running. */
size_t	 proc_running(const struct paild *pd);
const char *proc_state_name(enum proc_state s);
/* "storaged 1", for the log; overwritten by the next call. */
const char *proc_name(const struct proc *p);
/* "storaged/1", or "imapd" if there is only one: its name in log lines. */
const char *proc_log_name(const struct proc *p);
/* p's slice of pd->conf, appended to b. */
int	 proc_slice(const struct proc *p, struct buf *b);
/* May a process (arg) have the value of that key?  A worker of authd has no
 * secrets of other pools. */
bool	 proc_may_tell(const char *path, const void *arg);
void	 proc_enter(struct proc *p, enum proc_state s);

#endif
