/*
 * Does the store do what the commit is built on (DESIGN, "Servers differ,
 * silently")?  Tried with objects of its own, "probe/<id>/...", which are
 * removed.  Works on every backend; on S3 through each address of the
 * endpoint.
 */
#ifndef STORAGED_S3_PROBE_H
#define STORAGED_S3_PROBE_H

#include "common/buf.h"
#include "storaged/blob.h"

#define PROBE_PREFIX	"probe/"	/* no sign of a store in use */

enum probe_verdict {
	PROBE_GOOD,
	PROBE_REFUSED,		/* no true conditional writes: never serve */
	PROBE_AWAY		/* no answer, or no permission: try again */
};

struct probe_result {
	enum probe_verdict verdict;
	const char	*line;		/* keys and values, for the log */
	const struct buf *report;	/* lines for `pailctl store check` */
};
typedef void (*probe_cb)(const struct probe_result *r, void *arg);

/*
 * Needs a store that is ready and that nobody else uses meanwhile (calls go
 * to one address after the other): at start, before it serves, or a store
 * opened for this.  One callback, later; r dies with it.  It goes on to its
 * end; fatal()s when out of memory.
 */
void	 probe_start(struct event_base *base, struct blob_store *s,
	    probe_cb cb, void *arg);

#endif
