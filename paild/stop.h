/* The end: sessions first, then the commits in flight, then the rest. */
#ifndef PAILD_STOP_H
#define PAILD_STOP_H

#include "paild/paild.h"

/* Begins to drain; the second call kills what still runs. */
void	 stop_begin(struct paild *pd);
/* A child ended while we stop. */
void	 stop_child_gone(struct paild *pd);

/* In main.c. */
void	 paild_serves(struct paild *pd);	/* all are ready: say so */
void	 paild_report(struct proc *p);		/* -C: ask this storaged */

#endif
