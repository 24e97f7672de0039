/*
 * Committed changes, told to every session that has the mailbox selected,
 * in the order of records and before any answer that shows them.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/session/events.h"
#include "storaged/session/op.h"

#define EVENT_RANGES	40000	/* of one event; more go in several */

/* The request of s that made the change; 0: none of its own. */
static uint32_t
cause_of(const struct session *s, const struct change *ch)
{
	return ch->session == s->serial ? ch->id : 0;
}

static void
event_set(struct session *s, const struct change *ch, struct uidset *uids,
    bool recent)
{
	uint32_t	 cause = cause_of(s, ch);
	struct ev_added	 added = { ch->box, *uids, recent, ch->modseq, cause };
	struct ev_flags	 flags = { ch->box, *uids, ch->modseq, cause };
	struct ev_expunged gone = { ch->box, *uids, ch->modseq, cause };

	switch (ch->kind) {
	case CHANGE_ADDED:
		(void)session_send(s, IMSG_EV_ADDED, 0, &added);
		break;
	case CHANGE_FLAGS:
		(void)session_send(s, IMSG_EV_FLAGS, 0, &flags);
		break;
	case CHANGE_EXPUNGED:
		(void)session_send(s, IMSG_EV_EXPUNGED, 0, &gone);
		break;
	default:
		break;
	}
}

/* Numbers without a name: so forgotten ones are told. */
static int
forgotten(const struct uidset *nums, struct wire_list *l, struct arena *a)
{
	struct mbox_keyword	*k;
	size_t			 i;
	uint32_t		 num;

	l->n = 0;
	l->v = k = arena_array(a, MBOX_KEYWORDS_SEEN, sizeof(*k));
	if (k == NULL)
		return -1;
	for (i = 0; i < nums->n; i++)
		for (num = nums->v[i].first; num <= nums->v[i].last &&
		    l->n < MBOX_KEYWORDS_SEEN; num++)
			k[l->n++].number = num;
	return 0;
}

static void
event_keywords(struct session *s, const struct change *ch)
{
	struct ev_keywords	 ev = { .box = s->box, .full = s->full,
	    .cause = cause_of(s, ch) };
	struct arena		*a = arena_new(1024 * 1024);
	int			 rv = -1;

	if (a != NULL && ch->kind == CHANGE_FORGOTTEN)
		rv = forgotten(&ch->uids, &ev.keywords, a);
	else if (a != NULL)
		rv = read_keywords(&s->user->ix->hot, ch->box, &ch->uids,
		    &ev.keywords, a);
	if (rv == -1)
		session_end(s, MBOX_SERVERBUG, "Out of memory");
	else if (ev.keywords.n > 0)
		(void)session_send(s, IMSG_EV_KEYWORDS, 0, &ev);
	arena_free(a);
}

/* Whether keywords can be made may have changed: who thinks otherwise? */
static void
event_full(struct user *u)
{
	struct ev_keywords	 ev = { 0 };
	struct session		*s;
	int			 full;

	if (!u->ix->kw_turned || (full = keyword_full(&u->ix->hot)) == -1)
		return;
	u->ix->kw_turned = false;
	ev.full = full != 0;
	TAILQ_FOREACH(s, &u->sessions, entry) {
		if (s->box == 0 || s->dead || s->full == ev.full)
			continue;
		s->full = ev.full;
		ev.box = s->box;
		(void)session_send(s, IMSG_EV_KEYWORDS, 0, &ev);
	}
}

/*
 * true when the messages are \Recent to the session: it is the first to hear
 * of them.  One that only examines the mailbox does not take that from the
 * others (RFC 3501 sections 2.3.2 and 6.3.2).
 */
static bool
event_recent(struct session *s, const struct change *ch, bool *taken)
{
	if (ch->kind != CHANGE_ADDED || *taken)
		return false;
	if (!s->readonly) {
		*taken = true;
		user_recent_set(s->user, ch->box,
		    uidset_last(&ch->uids) + 1);
	}
	return true;
}

static void
event_one(struct session *s, const struct change *ch, bool *taken)
{
	struct mbox_box	 gone = { ch->box };
	struct uidset	 part;
	size_t		 i;
	bool		 recent;

	switch (ch->kind) {
	case CHANGE_KEYWORDS:
	case CHANGE_FORGOTTEN:
		event_keywords(s, ch);
		return;
	case CHANGE_GONE:
		(void)session_send(s, IMSG_EV_GONE, 0, &gone);
		s->box = 0;
		return;
	default:
		break;
	}
	recent = event_recent(s, ch, taken);
	for (i = 0; i < ch->uids.n; i += EVENT_RANGES) {
		memset(&part, 0, sizeof(part));
		part.v = ch->uids.v + i;
		part.n = ch->uids.n - i;
		if (part.n > EVENT_RANGES)
			part.n = EVENT_RANGES;
		event_set(s, ch, &part, recent);
	}
}

void
events_send(struct user *u, uint64_t last)
{
	struct change_list	 l;
	struct change		*ch;
	struct session		*s;
	bool			 taken;

	index_take_changes(u->ix, &l);
	event_full(u);
	TAILQ_FOREACH(ch, &l, entry) {
		taken = false;
		select_changed(u, ch);
		TAILQ_FOREACH(s, &u->sessions, entry)
			if (s->box != 0 && !s->dead &&
			    (s->box == ch->box || ch->box == 0))
				event_one(s, ch, &taken);
	}
	change_list_free(&l);
	u->shown = last;
	u->past_due = true;
}
