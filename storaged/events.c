/*
 * Committed changes, told to every session that has the mailbox selected,
 * in the order of records and before any answer that shows them.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/op.h"

#define EVENT_RANGES	40000	/* of one event; more go in several */

static void
event_set(struct session *s, const struct change *ch, struct uidset *uids,
    bool recent)
{
	uint32_t	 cause = ch->session == s->serial ? ch->id : 0;
	struct ev_added	 added = { ch->box, *uids, recent, ch->modseq, cause };
	struct ev_flags	 flags = { ch->box, *uids, ch->modseq, cause };
	struct ev_expunged gone = { ch->box, *uids, ch->modseq, cause };

	switch (ch->kind) {
	case CHANGE_ADDED:
		(void)session_send(s, IMSG_EV_ADDED, 0, &ev_added_wire,
		    &added);
		break;
	case CHANGE_FLAGS:
		(void)session_send(s, IMSG_EV_FLAGS, 0, &ev_flags_wire,
		    &flags);
		break;
	case CHANGE_EXPUNGED:
		(void)session_send(s, IMSG_EV_EXPUNGED, 0, &ev_expunged_wire,
		    &gone);
		break;
	default:
		break;
	}
}

static void
event_keywords(struct session *s, const struct change *ch)
{
	struct ev_keywords	 ev = { .box = ch->box };
	struct arena		*a = arena_new(1024 * 1024);

	if (a == NULL || read_keywords(&s->user->ix->hot, ch->box, &ch->uids,
	    &ev.keywords, a) == -1)
		session_end(s, MBOX_SERVERBUG, "Out of memory");
	else if (ev.keywords.n > 0)
		(void)session_send(s, IMSG_EV_KEYWORDS, 0,
		    &ev_keywords_wire, &ev);
	arena_free(a);
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
		event_keywords(s, ch);
		return;
	case CHANGE_GONE:
		(void)session_send(s, IMSG_EV_GONE, 0, &mbox_box_wire, &gone);
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
	TAILQ_FOREACH(ch, &l, entry) {
		taken = false;
		select_changed(u, ch);
		TAILQ_FOREACH(s, &u->sessions, entry)
			if (s->box == ch->box && !s->dead)
				event_one(s, ch, &taken);
	}
	change_list_free(&l);
	u->shown = last;
	u->past_due = true;
}
