/* Shutdown: sessions first, then the commits in flight, then the rest.  That it
 * is gentle with the sessions is drain.h's. */
#ifndef PAILD_STOP_H
#define PAILD_STOP_H

#include "paild/paild.h"

/*
 * No more connections; clients have so many ms to go, then stop_begin() is the
 * caller's to call.  The operator's socket and admind's addresses stay open.
 */
void	 stop_gently(struct paild *pd, uint32_t within);
/* Ends the sessions, and all else; a second call kills whatever is still
 * running. */
void	 stop_begin(struct paild *pd);
/* A child has exited during the shutdown. */
void	 stop_child_gone(struct paild *pd);

#endif
