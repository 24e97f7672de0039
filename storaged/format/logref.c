/*
 * The lists of log objects and of garbage, in memory and in bytes.  Defined
 * in pail-bucket.5, "The head".
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/format/fields.h"
#include "storaged/format/logref.h"

#define LOGREF_MIN	53		/* bytes of the shortest entry */
#define GARBAGE_MIN	38

/* Room for more elements of a list; 0 or -1. */
static int
grow(void **v, size_t *size, size_t n, size_t more, size_t each)
{
	size_t	 want = *size;
	void	*p;

	if (more > SIZE_MAX / each / 4 || n > SIZE_MAX / each / 4)
		return -1;
	if (n + more <= *size)
		return 0;
	while (want < n + more)
		want = want < 16 ? 16 : want * 2;
	if ((p = reallocarray(*v, want, each)) == NULL)
		return -1;
	*v = p;
	*size = want;
	return 0;
}

void
loglist_free(struct loglist *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

int
loglist_add(struct loglist *l, const struct logref *r)
{
	void	*v = l->v;

	if (grow(&v, &l->size, l->n, 1, sizeof(*r)) == -1)
		return -1;
	l->v = v;
	l->v[l->n++] = *r;
	return 0;
}

int
loglist_append(struct loglist *l, const struct loglist *more, size_t from)
{
	size_t	 i;

	for (i = from; i < more->n; i++)
		if (loglist_add(l, &more->v[i]) == -1)
			return -1;
	return 0;
}

void
loglist_drop(struct loglist *l, size_t n)
{
	if (n == 0)
		return;
	l->n -= n;
	memmove(l->v, l->v + n, l->n * sizeof(*l->v));
}

const struct logref *
loglist_find(const struct loglist *l, uint64_t commit)
{
	size_t	 lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (commit < l->v[mid].first)
			hi = mid;
		else if (commit > l->v[mid].last)
			lo = mid + 1;
		else
			return &l->v[mid];
	}
	return NULL;
}

static int
loglist_put(const void *m, struct buf *b)
{
	const struct loglist	*l = m;
	const struct logref	*r;
	size_t			 i;

	for (i = 0; i < l->n; i++) {
		r = &l->v[i];
		buf_put(b, r->id, sizeof(r->id));
		buf_put_varint(b, r->first);
		buf_put_varint(b, r->last - r->first);
		buf_put_varint(b, r->first_record);
		buf_put_varint(b, r->records);
		buf_put_varint(b, r->size);
		buf_put(b, r->sha256, sizeof(r->sha256));
	}
	return b->failed ? -1 : 0;
}

static int
logref_decode(struct logref *r, struct cursor *c)
{
	const uint8_t	*p;
	uint64_t	 span;

	if ((p = cursor_bytes(c, sizeof(r->id))) == NULL)
		return FORMAT_DAMAGED;
	memcpy(r->id, p, sizeof(r->id));
	r->first = cursor_varint(c);
	span = cursor_varint(c);
	r->last = r->first + span;
	r->first_record = cursor_varint(c);
	r->records = cursor_varint(c);
	r->size = cursor_varint(c);
	if ((p = cursor_bytes(c, sizeof(r->sha256))) == NULL)
		return FORMAT_DAMAGED;
	memcpy(r->sha256, p, sizeof(r->sha256));
	return r->first == 0 || r->last < r->first || r->first_record == 0 ||
	    r->last > INT64_MAX || r->first_record > INT64_MAX ||
	    r->records > INT64_MAX - r->first_record ||
	    r->size == 0 || r->size > LOGREF_SIZE_MAX ? FORMAT_DAMAGED : 0;
}

static int
loglist_get(void *m, struct cursor *c)
{
	struct loglist	*l = m;
	struct logref	 r;

	while (cursor_left(c) >= LOGREF_MIN) {
		if (logref_decode(&r, c) != 0 || (l->n > 0 &&
		    (l->v[l->n - 1].last + 1 != r.first ||
		    l->v[l->n - 1].first_record + l->v[l->n - 1].records !=
		    r.first_record)))
			return FORMAT_DAMAGED;
		if (loglist_add(l, &r) == -1)
			return FORMAT_NO_MEMORY;
	}
	return cursor_done(c) ? 0 : FORMAT_DAMAGED;
}

const struct field_own	loglist_own = { .put = loglist_put,
			    .get = loglist_get };

void
garbage_free(struct garbagelist *g)
{
	free(g->v);
	memset(g, 0, sizeof(*g));
}

int
garbage_add(struct garbagelist *g, const char *name, int64_t time)
{
	void	*v = g->v;

	if (grow(&v, &g->size, g->n, 1, sizeof(*g->v)) == -1)
		return -1;
	g->v = v;
	memset(&g->v[g->n], 0, sizeof(*g->v));
	if (strlcpy(g->v[g->n].name, name, sizeof(g->v->name)) >=
	    sizeof(g->v->name))
		return -1;
	g->v[g->n++].time = time;
	return 0;
}

int
garbage_append(struct garbagelist *g, const struct garbagelist *more,
    size_t from)
{
	size_t	 i;

	for (i = from; i < more->n; i++)
		if (garbage_add(g, more->v[i].name, more->v[i].time) == -1)
			return -1;
	return 0;
}

void
garbage_drop(struct garbagelist *g, size_t n)
{
	if (n == 0)
		return;
	g->n -= n;
	memmove(g->v, g->v + n, g->n * sizeof(*g->v));
}

static int
garbage_put(const void *m, struct buf *b)
{
	const struct garbagelist	*g = m;
	size_t				 i;

	for (i = 0; i < g->n; i++) {
		buf_put_bytes(b, g->v[i].name, strlen(g->v[i].name));
		buf_put_varint(b, zigzag(g->v[i].time));
	}
	return b->failed ? -1 : 0;
}

static int
garbage_get(void *m, struct cursor *c)
{
	struct garbagelist	*g = m;
	char			 name[KEY_NAME_MAX];
	struct str		 s;
	int64_t			 time;

	while (cursor_left(c) >= GARBAGE_MIN) {
		s = cursor_str(c);
		time = unzigzag(cursor_varint(c));
		if (c->bad || s.len == 0 || s.len >= sizeof(name))
			return FORMAT_DAMAGED;
		memcpy(name, s.p, s.len);
		name[s.len] = '\0';
		if (strlen(name) != s.len || !key_name_valid(name))
			return FORMAT_DAMAGED;
		if (garbage_add(g, name, time) == -1)
			return FORMAT_NO_MEMORY;
	}
	return cursor_done(c) ? 0 : FORMAT_DAMAGED;
}

const struct field_own	garbage_own = { .put = garbage_put,
			    .get = garbage_get };
