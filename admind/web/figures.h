/* What the processes tell that pages show by itself, rather than over time. */
#ifndef ADMIND_WEB_FIGURES_H
#define ADMIND_WEB_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admind/known/state.h"
#include "common/escape.h"
#include "common/metric_text.h"

#define FIGURES_CERTIFICATES	32
/* Seconds: a certificate that expires by then should have been renewed. */
#define FIGURES_SOON		(14 * 86400)

/* Sums over all processes; has_x false: no process has told. */
struct figures {
	bool		 has_sessions, has_cache, has_clock, has_ingest;
	uint64_t	 connections, sessions, idle;
	uint64_t	 cache_hits, cache_misses, cache_bytes;
	int64_t		 clock;		/* seconds ahead of the store; of
					   several, the worst */
	uint64_t	 ingested, ingest_failed, ingest_later;
	int64_t		 proved;	/* the store: Unix time, or 0 */
	int64_t		 expires;	/* the credentials: the same */
	struct figures_certificate {
		char		 name[ESCAPE_MOST(METRIC_VALUE) + 1];
		int64_t		 expires;
	}		 certificates[FIGURES_CERTIFICATES];
	size_t		 ncertificates, more;
};

/* s NULL: nothing is known. */
void	 figures_read(struct figures *f, const struct state *s);

#endif
