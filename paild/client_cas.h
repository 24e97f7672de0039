/*
 * The files of client certificates (CAs and CRLs), which are looked at every
 * CLIENT_CAS_POLL seconds: one that was replaced, and changes no more for a
 * second, takes effect without a reload.  One that cannot be used changes
 * nothing, and the log says why.
 */
#ifndef PAILD_CLIENT_CAS_H
#define PAILD_CLIENT_CAS_H

#include "paild/paild.h"

#define CLIENT_CAS_POLL	5		/* seconds */

/* Once, before any process is started.  (An entry that a reload adds requires a
 * restart.) */
void	 client_cas_begin(struct paild *pd);

#endif
