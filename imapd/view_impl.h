/* Events that wait until the client may be notified; internal to view*.c. */
#ifndef IMAPD_VIEW_IMPL_H
#define IMAPD_VIEW_IMPL_H

#include "common/compat.h"

#include "common/msg_mbox.h"
#include "common/uidset.h"

enum view_event_kind { VIEW_ADDED, VIEW_FLAGS, VIEW_EXPUNGED, VIEW_KEYWORDS };

struct view_event {
	TAILQ_ENTRY(view_event)	 entry;
	enum view_event_kind	 kind;
	struct uidset		 uids;	/* owned */
	struct mbox_keyword	*words;	/* owned, with their names */
	size_t			 nwords;
	bool			 full;	/* KEYWORDS */
	bool			 recent;
	const void		*by;	/* a command; NULL: others */
};

void	 view_event_free(struct view_event *e);

#endif
