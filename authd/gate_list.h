/* What the gate holds against whom: for the operator, to see and to forgive. */
#ifndef AUTHD_GATE_LIST_H
#define AUTHD_GATE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "authd/gate.h"
#include "common/buf.h"

#define GATE_LIST_MAX	500	/* lines: those with the most failures */

/*
 * A line for each address, network, user, and user from an address that has
 * failed, of all imapds together; now is the gate's clock, wall the seconds
 * since 1970 at that time.  json: one document, {"throttled": [...], ...}
 * (pailctl(8)).
 */
void	 gate_list(struct gate *g, int64_t now, int64_t wall, bool json,
	    struct buf *out);
/*
 * Forgets the failures of an address (text, as gate_list() prints it; its
 * network's, too) or of a user (normalized), wherever they are from; what NULL:
 * all.  How many were forgotten.  Those that wait may start now.
 */
size_t	 gate_clear(struct gate *g, const char *what);

#endif
