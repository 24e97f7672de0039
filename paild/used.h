/* Notes in the file of app passwords when they were used, as authd says. */
#ifndef PAILD_USED_H
#define PAILD_USED_H

#include "common/buf.h"
#include "paild/paild.h"

#define USED_MAX	1000	/* that wait; more are forgotten */
#define USED_SECONDS	2	/* all of that time are written at once */

/* "ID USER" of authd's SETUP_WANT "used:".  -1: it is not that. */
int	 used_note(struct paild *pd, struct str what);

#endif
