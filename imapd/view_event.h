/* Events that wait until the client may hear of them; view*.c's own. */
#ifndef IMAPD_VIEW_EVENT_H
#define IMAPD_VIEW_EVENT_H

#include "common/compat.h"

#include "common/uidset.h"

struct command;

enum view_event_kind { VIEW_ADDED, VIEW_FLAGS, VIEW_EXPUNGED, VIEW_KEYWORDS };

struct view_event {
	TAILQ_ENTRY(view_event)	 entry;
	enum view_event_kind	 kind;
	struct uidset		 uids;	/* owned */
	bool			 recent;
	const struct command	*by;	/* NULL: others */
};

void	 view_event_free(struct view_event *e);

#endif
