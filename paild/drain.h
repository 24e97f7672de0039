/*
 * pailctl drain: a shutdown that gives clients time ("drain-within"), so that
 * they do not all come back elsewhere in the same second.
 */
#ifndef PAILD_DRAIN_H
#define PAILD_DRAIN_H

#include "paild/paild.h"

/* Begins, unless a shutdown has begun; stop_begin() hurries it. */
void	 drain_begin(struct paild *pd);
/* The last one: whoever follows is told that all have ended. */
void	 drain_end(struct paild *pd);

#endif
