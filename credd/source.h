/*
 * Where credentials come from: a table of sources, each asked and answering
 * later.  A source is one file, source_x.c, and its row in CRED_SOURCES.
 *
 * A source may use the network (net.h) and what paild reads for it
 * (files.h); it opens nothing itself, for credd is sandboxed.  Its answer is
 * hostile until it is parsed, and no part of a secret goes into a reason.
 */
#ifndef CREDD_SOURCE_H
#define CREDD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cred_source.h"
#include "common/slice.h"
#include "credd/secret.h"

#define SOURCE_WHY_MAX	512

struct event_base;
struct files;
struct net;
struct source_ask;

/* The key of a slice that is a set's view (sets.h): "ingest.0", whose keys
 * paild is asked for instead of the store's. */
#define SOURCE_OF	"credentials.of"

/* What sources work with. */
struct source_world {
	struct event_base *base;
	struct net	*net;
	struct files	*files;
	int64_t		(*now)(void);	/* seconds since 1970 */
};

enum source_outcome {
	SOURCE_FOUND,
	SOURCE_NONE,		/* nothing is configured for it here */
	SOURCE_FAILED
};

struct source {
	const char	*name;
	bool		 in_auto;	/* one that "auto" tries */
	/*
	 * Asks once.  Answered by exactly one of source_found(),
	 * source_none() and source_failed(), at once or later.  end frees
	 * q->state, and cancels what it waits for: called once, by these
	 * (state is gone when they return), or when nobody wants the answer.
	 */
	void		(*start)(struct source_ask *q);
	void		(*end)(struct source_ask *q);
};

/* The table, in auto's order; ends with NULL. */
extern const struct source *const source_table[];
#define X(x, name) extern const struct source source_##x;
CRED_SOURCES(X)
#undef X
const struct source *source_find(const char *name);	/* NULL: none */

/* One question, for the source that answers it. */
struct source_ask {
	const struct source_world *world;
	const struct slice *conf;	/* borrowed while it is asked */
	void		*state;		/* the source's own */
	/* SOURCE_FOUND: look again after so many seconds, though the set is
	 * valid for longer (a file that may change); 0: no need. */
	unsigned	 poll;
	struct source_run *run;		/* source.c's */
};
/* Takes s. */
void	 source_found(struct source_ask *q, struct cred_secret *s);
void	 source_none(struct source_ask *q, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	 source_failed(struct source_ask *q, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * The same for a set that is somewhere as it is: access key ID, secret key,
 * and a session token or nothing; names are theirs, for a reason.
 */
#define SOURCE_KEYS	3
void	 source_keys(struct source_ask *q, const struct str values[SOURCE_KEYS],
	    const char *const names[SOURCE_KEYS]);

/* For who asks.  secret is the callback's to take or to free; NULL unless
 * SOURCE_FOUND.  why lives as long as the callback. */
struct source_answer {
	enum source_outcome outcome;
	struct cred_secret *secret;
	unsigned	 poll;
	const char	*why;
};
typedef void (*source_cb)(const struct source_answer *a, void *arg);
/* From the loop, never from within: exactly one callback, unless it is
 * cancelled. */
struct source_ask *source_start(const struct source *source,
	    const struct source_world *world, const struct slice *conf,
	    source_cb cb, void *arg);
void	 source_cancel(struct source_ask *q);	/* NULL is fine */

#endif
