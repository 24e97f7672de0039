/*
 * References to other objects in the head and the manifest: the list of log
 * objects, and the list of garbage (pail-bucket.5, "The head").
 */
#ifndef STORAGED_LOGREF_H
#define STORAGED_LOGREF_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/object.h"
#include "storaged/format/key.h"

struct field_own;

#define LOGREF_SIZE_MAX	(128 * 1024 * 1024)	/* of a log object */

struct logref {
	uint8_t		 id[16];
	uint64_t	 first;		/* commits, both inclusive */
	uint64_t	 last;
	uint64_t	 first_record;
	uint64_t	 records;	/* how many; may be none */
	uint64_t	 size;		/* of the object */
	uint8_t		 sha256[32];	/* of the object */
};

/* Without gaps: each begins where the one before ends. */
struct loglist {
	struct logref	*v;		/* owned */
	size_t		 n;
	size_t		 size;
};

void	 loglist_free(struct loglist *l);
/* The changing ones return 0, or -1 on ENOMEM. */
int	 loglist_add(struct loglist *l, const struct logref *r);
int	 loglist_append(struct loglist *l, const struct loglist *more,
	    size_t from);		/* more->v[from...] */
void	 loglist_drop(struct loglist *l, size_t n);	/* the first n */
/* The one that covers the commit, or NULL. */
const struct logref *loglist_find(const struct loglist *l, uint64_t commit);
/* As a field of its own kind. */
extern const struct field_own	 loglist_own;

struct garbage {
	char		 name[KEY_NAME_MAX];	/* behind the user's prefix */
	int64_t		 time;			/* when named, seconds */
};

struct garbagelist {
	struct garbage	*v;		/* owned */
	size_t		 n;
	size_t		 size;
};

void	 garbage_free(struct garbagelist *g);	/* and leaves it empty */
/* The changing ones: 0, or -1 on ENOMEM or when the name does not fit. */
int	 garbage_add(struct garbagelist *g, const char *name, int64_t time);
int	 garbage_append(struct garbagelist *g, const struct garbagelist *more,
	    size_t from);		/* more->v[from...] */
void	 garbage_drop(struct garbagelist *g, size_t n);	/* the first n */
/* As a field of its own kind; its names are those of immutable objects. */
extern const struct field_own	 garbage_own;

#endif
