/* See ingest_seen.h. */
#include "common/compat.h"

#include <sys/queue.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv.h"
#include "common/mem.h"
#include "storaged/bucket/blob.h"
#include "storaged/bucket/ingest/ingest_seen.h"

#define BUCKETS	1024

struct seen {
	LIST_ENTRY(seen) entry;
	char		*name;
	char		 etag[BLOB_ETAG_MAX];
	unsigned	 pass;
	struct ingest_note note;
};

struct ingest_seen {
	LIST_HEAD(, seen) table[BUCKETS];
	size_t		 n;
	unsigned	 pass;
	uint32_t	 secret;	/* names are anybody's */
};

struct ingest_seen *
ingest_seen_new(void)
{
	struct ingest_seen	*s = mem_new(1, sizeof(*s));

	s->secret = arc4random();
	return s;
}

static void
seen_free(struct ingest_seen *s, struct seen *e)
{
	LIST_REMOVE(e, entry);
	s->n--;
	free(e->name);
	free(e);
}

void
ingest_seen_free(struct ingest_seen *s)
{
	size_t	 i;

	if (s == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&s->table[i]))
			seen_free(s, LIST_FIRST(&s->table[i]));
	free(s);
}

static size_t
seen_bucket(const struct ingest_seen *s, const char *name)
{
	return (fnv32_str(name) ^ s->secret) % BUCKETS;
}

static struct seen *
seen_find(struct ingest_seen *s, const char *name)
{
	struct seen	*e;

	LIST_FOREACH(e, &s->table[seen_bucket(s, name)], entry)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

struct ingest_note *
ingest_seen_find(struct ingest_seen *s, const char *name, const char *etag)
{
	struct seen	*e = seen_find(s, name);

	if (e == NULL)
		return NULL;
	if (!blob_etag_same(e->etag, etag)) {
		seen_free(s, e);
		return NULL;
	}
	e->pass = s->pass;
	return &e->note;
}

struct ingest_note *
ingest_seen_note(struct ingest_seen *s, const char *name, const char *etag)
{
	struct ingest_note	*n = ingest_seen_find(s, name, etag);
	struct seen		*e;

	if (n != NULL || s->n == INGEST_SEEN_MAX ||
	    (e = calloc(1, sizeof(*e))) == NULL)
		return n;
	if ((e->name = strdup(name)) == NULL) {
		free(e);
		return NULL;
	}
	strlcpy(e->etag, etag, sizeof(e->etag));
	e->pass = s->pass;
	LIST_INSERT_HEAD(&s->table[seen_bucket(s, name)], e, entry);
	s->n++;
	return &e->note;
}

void
ingest_seen_drop(struct ingest_seen *s, const char *name)
{
	struct seen	*e = seen_find(s, name);

	if (e != NULL)
		seen_free(s, e);
}

void
ingest_seen_pass(struct ingest_seen *s)
{
	struct seen	*e, *next;
	size_t		 i;

	for (i = 0; i < BUCKETS; i++)
		for (e = LIST_FIRST(&s->table[i]); e != NULL; e = next) {
			next = LIST_NEXT(e, entry);
			if (e->pass != s->pass)
				seen_free(s, e);
		}
	s->pass++;
}

void
ingest_seen_each(const struct ingest_seen *s, void (*cb)(const char *name,
    const struct ingest_note *n, void *arg), void *arg)
{
	const struct seen	*e;
	size_t			 i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(e, &s->table[i], entry)
			if (e->note.tries > 0)
				cb(e->name, &e->note, arg);
}

void
ingest_note_failed(struct ingest_note *n, uint64_t now, const char *why)
{
	uint64_t	 pause = INGEST_BACKOFF_MIN;
	unsigned	 i;

	for (i = 0; i < n->tries && pause < INGEST_BACKOFF_MAX; i++)
		pause *= 2;
	if (pause > INGEST_BACKOFF_MAX)
		pause = INGEST_BACKOFF_MAX;
	n->tries++;
	n->foreign = false;
	n->next_ms = now + pause / 2 +
	    arc4random_uniform((uint32_t)pause / 2 + 1);
	strlcpy(n->why, why, sizeof(n->why));
}
