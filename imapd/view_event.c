/*
 * The queue of events (common/msg_mbox.h, EV_*).  An event that a later
 * command caused, and all behind it, wait for that command: so the lines of
 * overlapping commands read as if they had run one by one.
 */
#include "imapd/view_impl.h"

#include <stdlib.h>
#include <string.h>

#include "imapd/view.h"

void
view_event_free(struct view_event *e)
{
	uidset_free(&e->uids);
	free(e->words);
	free(e);
}

static int
keywords_apply(struct view *v, const struct mbox_keyword *k, size_t n,
    bool full)
{
	size_t	 i;
	int	 ret = 0;

	for (i = 0; i < n; i++)
		if (k[i].name.len == 0)
			view_keyword_drop(v, k[i].number);
		else if (view_keyword_set(v, k[i].number, k[i].name) == -1)
			ret = -1;
	v->full = full;
	v->keywords_new = true;
	return ret;
}

/* Bring one event into what is to be told.  ENOMEM: -1. */
static int
view_apply(struct view *v, enum view_event_kind kind,
    const struct uidset *uids, bool recent)
{
	struct uidset	 s = UIDSET_INIT;
	int		 ret = -1;

	switch (kind) {
	case VIEW_ADDED:
		if (recent && uidset_union(&v->recent, uids) == -1)
			return -1;
		return uidset_union(&v->add, uids);
	case VIEW_FLAGS:
		/* those not yet told of come with their FETCH */
		if (uidset_copy(&s, uids) == 0 &&
		    uidset_intersect(&s, &v->told) == 0 &&
		    uidset_subtract(&s, &v->gone) == 0)
			ret = uidset_union(&v->flags, &s);
		break;
	case VIEW_KEYWORDS:	/* keywords_apply() */
		return 0;
	case VIEW_EXPUNGED:
		if (uidset_copy(&s, uids) == 0 &&
		    uidset_subtract(&v->add, &s) == 0 &&
		    uidset_subtract(&v->flags, &s) == 0 &&
		    uidset_intersect(&s, &v->told) == 0)
			ret = uidset_union(&v->gone, &s);
		break;
	}
	uidset_free(&s);
	return ret;
}

static int
view_put(struct view *v, enum view_event_kind kind,
    const struct uidset *uids, bool recent, const void *by)
{
	struct view_event	*e;

	if (by == NULL && TAILQ_EMPTY(&v->events))
		return view_apply(v, kind, uids, recent);
	e = TAILQ_LAST(&v->events, view_events);
	if (e != NULL && e->kind == kind && e->by == by &&
	    e->recent == recent)
		return uidset_union(&e->uids, uids);
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -1;
	if (uidset_copy(&e->uids, uids) == -1) {
		free(e);
		return -1;
	}
	e->kind = kind;
	e->recent = recent;
	e->by = by;
	TAILQ_INSERT_TAIL(&v->events, e, entry);
	return 0;
}

/* The list and its names in one piece of memory; NULL on ENOMEM. */
static struct mbox_keyword *
keywords_dup(const struct mbox_keyword *k, size_t n)
{
	struct mbox_keyword	*copy;
	size_t			 i, size = n * sizeof(*copy);
	char			*p;

	for (i = 0; i < n; i++)
		size += k[i].name.len;
	if ((copy = malloc(size > 0 ? size : 1)) == NULL)
		return NULL;
	p = (char *)(copy + n);
	for (i = 0; i < n; i++) {
		copy[i] = k[i];
		copy[i].name.p = p;
		if (k[i].name.len > 0)
			memcpy(p, k[i].name.p, k[i].name.len);
		p += k[i].name.len;
	}
	return copy;
}

void
view_merge(struct view *v, const void *first)
{
	struct view_event	*e;

	while ((e = TAILQ_FIRST(&v->events)) != NULL &&
	    (e->by == NULL || e->by == first)) {
		/* ENOMEM loses a notice, not mail: the next one tells */
		if (e->kind == VIEW_KEYWORDS)
			(void)keywords_apply(v, e->words, e->nwords,
			    e->full);
		else
			(void)view_apply(v, e->kind, &e->uids, e->recent);
		TAILQ_REMOVE(&v->events, e, entry);
		view_event_free(e);
	}
}

void
view_forget(struct view *v, const void *by)
{
	struct view_event	*e;

	TAILQ_FOREACH(e, &v->events, entry)
		if (e->by == by)
			e->by = NULL;
}

bool
view_some_gone(const struct view *v, const struct uidset *set)
{
	const struct view_event	*e;

	if (uidset_overlap(set, &v->gone))
		return true;
	/* by its own later commands: at this one's time it was there */
	TAILQ_FOREACH(e, &v->events, entry)
		if (e->kind == VIEW_EXPUNGED && e->by == NULL &&
		    uidset_overlap(set, &e->uids))
			return true;
	return false;
}

int
view_ev_added(struct view *v, const struct ev_added *e, const void *by)
{
	if (e->box != v->box || e->uids.n == 0 ||
	    e->uids.v[0].first <= v->top)
		return -1;
	v->top = uidset_last(&e->uids);
	v->modseq = e->modseq;
	return view_put(v, VIEW_ADDED, &e->uids, e->recent, by);
}

int
view_ev_flags(struct view *v, const struct ev_flags *e, const void *by,
    bool silent)
{
	if (e->box != v->box)
		return -1;
	v->modseq = e->modseq;
	if (silent)
		return 0;
	return view_put(v, VIEW_FLAGS, &e->uids, false, by);
}

int
view_ev_expunged(struct view *v, const struct ev_expunged *e,
    const void *by)
{
	if (e->box != v->box)
		return -1;
	v->modseq = e->modseq;
	return view_put(v, VIEW_EXPUNGED, &e->uids, false, by);
}

int
view_ev_keywords(struct view *v, const struct ev_keywords *e,
    const void *by)
{
	const struct mbox_keyword	*k = e->keywords.v;
	struct view_event		*ev;
	size_t				 i;

	if (e->box != v->box)
		return -1;
	for (i = 0; i < e->keywords.n; i++)
		if (k[i].name.len > 0 &&
		    !view_keyword_good(k[i].name))
			return -1;
	if (by == NULL && TAILQ_EMPTY(&v->events))
		return keywords_apply(v, k, e->keywords.n, e->full);
	if ((ev = calloc(1, sizeof(*ev))) == NULL)
		return -1;
	if ((ev->words = keywords_dup(k, e->keywords.n)) == NULL) {
		free(ev);
		return -1;
	}
	ev->kind = VIEW_KEYWORDS;
	ev->nwords = e->keywords.n;
	ev->full = e->full;
	ev->by = by;
	TAILQ_INSERT_TAIL(&v->events, ev, entry);
	return 0;
}
