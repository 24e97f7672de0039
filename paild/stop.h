/* Shutdown: sessions first, then the commits in flight, then the rest. */
#ifndef PAILD_STOP_H
#define PAILD_STOP_H

#include "paild/paild.h"

/* Begins to drain; a second call kills whatever is still running. */
void	 stop_begin(struct paild *pd);
/* A child has exited during the shutdown. */
void	 stop_child_gone(struct paild *pd);

#endif
