/* See ingest_done.h: two open hash tables, of this listing and of the one
 * before. */
#include "common/compat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "storaged/bucket/ingest/ingest_done.h"

#define FIRST	64			/* places; always a power of two */

struct entry { uint8_t id[16]; };	/* all 0: none */

struct table {
	struct entry	*v;
	size_t		 size, n;
};

struct ingest_done { struct table now, before; };

static const struct entry none;

struct ingest_done *
ingest_done_new(void)
{
	return mem_new(1, sizeof(struct ingest_done));
}

void
ingest_done_free(struct ingest_done *d)
{
	if (d == NULL)
		return;
	free(d->now.v);
	free(d->before.v);
	free(d);
}

static struct entry
entry_of(const struct ingest_id *id)
{
	struct entry	 e;
	size_t		 i;

	for (i = 0; i < sizeof(e.id); i++) {
		char	 two[3] = { id->hex[2 * i], id->hex[2 * i + 1], '\0' };

		e.id[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return e;
}

/* Where it is, or would be; NULL: there is no table. */
static struct entry *
find(const struct table *t, const struct entry *e)
{
	size_t	 at;

	if (t->size == 0)
		return NULL;
	/* Ids are hashes. */
	memcpy(&at, e->id, sizeof(at));
	for (;; at++) {
		at &= t->size - 1;
		if (memcmp(&t->v[at], e, sizeof(*e)) == 0 ||
		    memcmp(&t->v[at], &none, sizeof(none)) == 0)
			return &t->v[at];
	}
}

static bool
has(const struct table *t, const struct entry *e)
{
	const struct entry	*at = find(t, e);

	return at != NULL && memcmp(at, e, sizeof(*e)) == 0;
}

/* Twice as large; -1: it cannot be, and then it is as it was. */
static int
grow(struct table *t)
{
	struct table	 bigger = { .size = t->size == 0 ? FIRST :
			    t->size * 2, .n = t->n };
	size_t		 i;

	if ((bigger.v = calloc(bigger.size, sizeof(*bigger.v))) == NULL)
		return -1;
	for (i = 0; i < t->size; i++)
		if (memcmp(&t->v[i], &none, sizeof(none)) != 0)
			*find(&bigger, &t->v[i]) = t->v[i];
	free(t->v);
	*t = bigger;
	return 0;
}

static void
add(struct table *t, const struct entry *e)
{
	if (has(t, e) || t->n == INGEST_DONE_MAX)
		return;
	if (t->n >= t->size / 2 && grow(t) == -1)
		return;
	*find(t, e) = *e;
	t->n++;
}

void
ingest_done_add(struct ingest_done *d, const struct ingest_id *id)
{
	struct entry	 e = entry_of(id);

	add(&d->now, &e);
}

bool
ingest_done_has(struct ingest_done *d, const struct ingest_id *id)
{
	struct entry	 e = entry_of(id);

	if (has(&d->now, &e))
		return true;
	if (!has(&d->before, &e))
		return false;
	add(&d->now, &e);
	return true;
}

void
ingest_done_pass(struct ingest_done *d)
{
	free(d->before.v);
	d->before = d->now;
	d->now = (struct table){ NULL, 0, 0 };
}
