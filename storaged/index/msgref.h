/*
 * References from mailboxes to messages (table msg), counted by runs: the
 * numbers of messages that follow each other are one statement.
 */
#ifndef STORAGED_MSGREF_H
#define STORAGED_MSGREF_H

#include "storaged/index/index.h"
#include "storaged/index/mailset.h"

/*
 * One reference more, or one less, for each picked message of the walk's
 * group (read with its facts).  What loses its last one is noted as dead
 * (index.h); its row goes at once, but stays for a message that table past
 * still refers to, or will (keep).  0, or -1: also when one is not there.
 */
int	 msgref_add(struct index *ix, const struct mailwalk *w);
int	 msgref_drop(struct index *ix, const struct mailwalk *w, bool keep);

#endif
