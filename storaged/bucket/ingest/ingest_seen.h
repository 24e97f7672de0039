/*
 * What a node remembers of objects that are not for it now: another node has
 * claimed them, or they failed for the moment.  Bounded: what is forgotten is
 * only looked at too early.
 */
#ifndef STORAGED_INGEST_SEEN_H
#define STORAGED_INGEST_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INGEST_SEEN_MAX		10000	/* objects of a place */
#define INGEST_SEEN_WHY		300
#define INGEST_BACKOFF_MIN	5000	/* ms; doubled each time, */
#define INGEST_BACKOFF_MAX	(15 * 60 * 1000)

struct ingest_seen;

struct ingest_note {
	unsigned	 tries;		/* that failed */
	uint64_t	 next_ms;	/* not before then (clock_ms()) */
	bool		 foreign;	/* claimed by another node when it was
					   last looked at */
	char		 why[INGEST_SEEN_WHY];
};

struct ingest_seen *ingest_seen_new(void);
void	 ingest_seen_free(struct ingest_seen *s);	/* NULL is fine */
/* A listing shows it; NULL: nothing is known of it.  With another ETag it is
 * another object. */
struct ingest_note *ingest_seen_find(struct ingest_seen *s, const char *name,
	    const char *etag);
/* The same, and makes one; NULL: there are too many. */
struct ingest_note *ingest_seen_note(struct ingest_seen *s, const char *name,
	    const char *etag);
void	 ingest_seen_drop(struct ingest_seen *s, const char *name);
/* All is listed: forgets what was not asked for since the last call. */
void	 ingest_seen_pass(struct ingest_seen *s);
/* Each failed one that waits. */
void	 ingest_seen_each(const struct ingest_seen *s,
	    void (*cb)(const char *name, const struct ingest_note *n,
	    void *arg), void *arg);
/* It has failed at now (ms): it is tried again after a doubling pause, or up to
 * half of that earlier (jitter). */
void	 ingest_note_failed(struct ingest_note *n, uint64_t now,
	    const char *why);

#endif
