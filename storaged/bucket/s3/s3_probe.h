/*
 * Does the store provide what commits rely on (DESIGN, "Servers differ,
 * silently")?  Tests it with objects of its own, "probe/<id>/...", which are
 * removed.  Works on every backend; on S3 through each address of the endpoint.
 */
#ifndef STORAGED_S3_PROBE_H
#define STORAGED_S3_PROBE_H

#include "common/buf.h"
#include "storaged/bucket/blob.h"


enum probe_verdict {
	PROBE_BEGINS,		/* nothing is known yet */
	PROBE_LIKELY,		/* as good as can be known so far */
	PROBE_NEARLY,		/* only the last answers are missing */
	PROBE_GOOD,		/* from here on: known */
	PROBE_REFUSED,		/* no true conditional writes: never serve */
	PROBE_AWAY		/* no answer, or no permission: try again */
};

struct probe_result {
	enum probe_verdict verdict;
	const char	*line;		/* keys and values, for the log */
	const char	*why;		/* not good, in words; else "" */
	const struct buf *report;	/* lines for `pailctl store check` */
	bool		 wrote;		/* or it has tried to */
};
typedef void (*probe_cb)(const struct probe_result *r, void *arg);

/*
 * Needs a store that is ready and not in use (calls go to one address after the
 * other): at startup, before serving, or a store opened for this.  One
 * callback, later; r is valid only during it.  Cannot be cancelled; calls
 * fatal() if out of memory.
 *
 * report: r->report is whole, with what was seen while the objects were
 * removed, and large bodies are tried.  Otherwise the callback comes as soon as
 * the result is known (PROBE_REFUSED: once the objects are gone), and the
 * remaining objects are removed afterwards: the store must live until then.
 * Of a server that is far away, where each wait costs, the first answers are
 * not waited for; and before the verdict there may be callbacks with nothing
 * else, each once: PROBE_LIKELY, when requests are answered as they should be,
 * and of several writers that create an object one succeeds; and PROBE_NEARLY,
 * when all writes are over and good, and what they wrote is being read back.
 * The first callback is one with PROBE_BEGINS, when the requests are about to
 * be sent: of a server that has taken the last request and not answered it,
 * only once it has answered another.
 */
void	 probe_start(struct event_base *base, struct blob_store *s,
	    bool report, probe_cb cb, void *arg);
/* Those that have not come to their end. */
unsigned probe_count(void);
/* A line of a report, after its mark, "ok", "note", "warn" or "FAIL", in a
 * column of PROBE_MARK bytes and a blank. */
#define PROBE_MARK	5
void	 probe_say(struct buf *b, const char *mark, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

#endif
