/*
 * What one client was told of its mailbox.  Sequence numbers exist only
 * here.  It must never drop a message from the numbering, nor add one, but
 * by the lines that the client reads (RFC 3501 sections 5.2 and 7.4.1).
 */
#include "imapd/view.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "imapd/view_impl.h"

struct view *
view_new(const struct mbox_selected *sel, struct str name, bool readonly)
{
	const struct mbox_keyword	*k = sel->keywords.v;
	struct view			*v;
	size_t				 i;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	TAILQ_INIT(&v->events);
	v->box = sel->box;
	v->readonly = readonly;
	v->full = sel->full;
	v->uidvalidity = sel->uidvalidity;
	v->modseq = sel->highestmodseq;
	if ((v->name.p = strndup(name.p, name.len)) == NULL ||
	    uidset_copy(&v->told, &sel->uids) == -1)
		goto fail;
	v->name.len = name.len;
	v->top = uidset_last(&v->told);
	if (sel->recent_from != 0 && sel->recent_from <= v->top) {
		if (uidset_add(&v->recent, sel->recent_from, v->top) == -1 ||
		    uidset_intersect(&v->recent, &v->told) == -1)
			goto fail;
	}
	for (i = 0; i < sel->keywords.n; i++)
		if (view_keyword_set(v, k[i].number, k[i].name) == -1)
			goto fail;
	return v;
fail:
	view_free(v);
	return NULL;
}

void
view_free(struct view *v)
{
	struct view_event	*e;
	size_t			 i;

	if (v == NULL)
		return;
	while ((e = TAILQ_FIRST(&v->events)) != NULL) {
		TAILQ_REMOVE(&v->events, e, entry);
		view_event_free(e);
	}
	view_notice_end(v);
	uidset_free(&v->told);
	uidset_free(&v->recent);
	uidset_free(&v->saved);
	uidset_free(&v->add);
	uidset_free(&v->flags);
	uidset_free(&v->gone);
	free(v->before);
	for (i = 0; i < v->nkeywords; i++)
		free(v->keywords[i].name);
	free(v->keywords);
	free((char *)(uintptr_t)v->name.p);
	free(v);
}

/* The prefix sums that turn numbers into UIDs; 0, or -1 on ENOMEM. */
static int
view_index(struct view *v)
{
	uint32_t	*before, n = 0;
	size_t		 i;

	if (v->told.n == 0 || v->nbefore == v->told.n)
		return 0;
	before = reallocarray(v->before, v->told.n, sizeof(*before));
	if (before == NULL)
		return -1;
	for (i = 0; i < v->told.n; i++) {
		before[i] = n;
		n += v->told.v[i].last - v->told.v[i].first + 1;
	}
	v->before = before;
	v->nbefore = v->told.n;
	return 0;
}

uint32_t
view_count(struct view *v)
{
	const struct uidrange	*r;

	if (v->told.n == 0 || view_index(v) == -1)
		return 0;
	r = &v->told.v[v->told.n - 1];
	return v->before[v->told.n - 1] + (r->last - r->first + 1);
}

uint32_t
view_seq(struct view *v, uint32_t uid)
{
	size_t	 i;

	if (view_index(v) == -1)
		return 0;
	i = uidset_find(&v->told, uid);
	if (i == v->told.n || v->told.v[i].first > uid)
		return 0;
	return v->before[i] + (uid - v->told.v[i].first) + 1;
}

/* The range that holds message number seq, which must be in the view. */
static size_t
range_of_seq(const struct view *v, uint32_t seq)
{
	size_t	 lo = 0, hi = v->nbefore, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (v->before[mid] < seq)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

bool
view_is_recent(const struct view *v, uint32_t uid)
{
	return uidset_has(&v->recent, uid);
}

static int
seqrange_cmp(const void *a, const void *b)
{
	const struct seqrange	*x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * The numbers of a set with "*" as star, sorted first: so that no order in
 * which a stranger writes them costs more than n log n.
 */
static int
seqset_numbers(const struct seqset *in, uint32_t star, bool uid,
    struct uidset *set, enum view_error *why)
{
	struct seqrange	*v;
	uint32_t	 t;
	size_t		 i, n = 0;
	int		 ret = 0;

	*why = VIEW_NOMEM;
	if (in->n == 0)
		return 0;
	if ((v = calloc(in->n, sizeof(*v))) == NULL)
		return -1;
	for (i = 0; i < in->n; i++) {
		if (star == 0 && (in->v[i].first == 0 || in->v[i].last == 0))
			continue;	/* "*" of an empty mailbox */
		v[n] = in->v[i];
		if (v[n].first == 0)
			v[n].first = star;
		if (v[n].last == 0)
			v[n].last = star;
		if (v[n].first > v[n].last) {
			t = v[n].first;
			v[n].first = v[n].last;
			v[n].last = t;
		}
		if (!uid && v[n].last > star) {
			*why = VIEW_BEYOND;
			ret = -1;
		}
		n++;
	}
	qsort(v, n, sizeof(*v), seqrange_cmp);
	for (i = 0; ret == 0 && i < n; i++)
		ret = uidset_add(set, v[i].first, v[i].last);
	free(v);
	return ret;
}

/* Message numbers a to b, as UIDs. */
static int
add_seqs(struct view *v, uint32_t a, uint32_t b, struct uidset *set)
{
	size_t		 i;
	uint32_t	 first, last, n;

	for (i = range_of_seq(v, a); i < v->told.n && v->before[i] < b; i++) {
		first = v->told.v[i].first;
		last = v->told.v[i].last;
		n = v->before[i];
		if (a > n + 1)
			first += a - n - 1;
		if (b < n + (last - v->told.v[i].first + 1))
			last = v->told.v[i].first + (b - n - 1);
		if (uidset_add(set, first, last) == -1)
			return -1;
	}
	return 0;
}

int
view_numbers(struct view *v, const struct seqset *in, bool uid,
    struct uidset *numbers, enum view_error *why)
{
	uidset_clear(numbers);
	return seqset_numbers(in, uid ? uidset_last(&v->told) :
	    view_count(v), uid, numbers, why);
}

int
view_uids(struct view *v, const struct uidset *numbers, struct uidset *set)
{
	size_t	 i;

	for (i = 0; i < numbers->n; i++)
		if (add_seqs(v, numbers->v[i].first, numbers->v[i].last,
		    set) == -1)
			return -1;
	return 0;
}

int
view_resolve(struct view *v, const struct seqset *in, bool uid,
    struct uidset *set, enum view_error *why)
{
	struct uidset	 numbers = UIDSET_INIT;
	int		 ret;

	uidset_clear(set);
	*why = VIEW_NOMEM;
	if (in->saved) {
		if (uidset_copy(set, &v->saved) == -1)
			return -1;
		return uidset_intersect(set, &v->told);
	}
	if ((ret = view_numbers(v, in, uid, &numbers, why)) == 0) {
		if (uid) {
			uidset_take(set, &numbers);
			ret = uidset_intersect(set, &v->told);
		} else
			ret = view_uids(v, &numbers, set);
	}
	uidset_free(&numbers);
	return ret;
}

int
view_cover(struct view *v, struct uidset *set)
{
	struct uidset	 out = UIDSET_INIT;
	uint32_t	 first, last;
	size_t		 i, k;

	if (set->n < 2)
		return 0;
	first = set->v[0].first;
	last = set->v[0].last;
	for (i = 1; i < set->n; i++) {
		/* the first message of the view after last */
		k = uidset_find(&v->told, last + 1);
		if (k == v->told.n ||
		    (v->told.v[k].first > last ? v->told.v[k].first :
		    last + 1) < set->v[i].first) {
			if (uidset_add(&out, first, last) == -1)
				goto fail;
			first = set->v[i].first;
		}
		last = set->v[i].last;
	}
	if (uidset_add(&out, first, last) == -1)
		goto fail;
	uidset_take(set, &out);
	return 0;
fail:
	uidset_free(&out);
	return -1;
}

int
view_save(struct view *v, const struct uidset *set)
{
	return uidset_copy(&v->saved, set);
}

int
view_told_add(struct view *v)
{
	if (uidset_union(&v->told, &v->add) == -1)
		return -1;
	v->nbefore = 0;
	uidset_free(&v->add);
	return 0;
}

int
view_told_gone(struct view *v, uint32_t from)
{
	struct uidset	 s = UIDSET_INIT;
	int		 ret = -1;

	v->nbefore = 0;
	if (uidset_add(&s, from, UINT32_MAX) == 0 &&
	    uidset_intersect(&s, &v->gone) == 0 &&
	    uidset_subtract(&v->gone, &s) == 0 &&
	    uidset_subtract(&v->told, &s) == 0 &&
	    uidset_subtract(&v->recent, &s) == 0 &&
	    uidset_subtract(&v->saved, &s) == 0)
		ret = 0;
	uidset_free(&s);
	return ret;
}

#define NOTICE_ARENA_MAX	(1024 * 1024)

int
view_notice_begin(struct view *v)
{
	struct view_notice	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	if ((t->arena = arena_new(NOTICE_ARENA_MAX)) == NULL) {
		free(t);
		return -1;
	}
	rows_init(&t->rows, MBOX_META_ROW_MAX);
	v->notice = t;
	return 0;
}

void
view_notice_end(struct view *v)
{
	struct view_notice	*t = v->notice;

	if (t == NULL)
		return;
	v->notice = NULL;
	rows_free(&t->rows);
	arena_free(t->arena);
	free(t);
}
