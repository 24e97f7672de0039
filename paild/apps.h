/* The bucket's app passwords, which storaged reads, as this node's file of
 * them, which authd's worker reads. */
#ifndef PAILD_APPS_H
#define PAILD_APPS_H

#include "paild/paild.h"

struct msg;

/* SETUP_APPS: takes its descriptor, and answers.  -1: it makes no sense, or is
 * not this process's to say. */
int	 apps_take(struct proc *p, const struct msg *m);
bool	 apps_in_bucket(const struct paild *pd);
/* What this node has, for "app-passwords.serial". */
uint64_t apps_serial(const struct paild *pd);

#endif
