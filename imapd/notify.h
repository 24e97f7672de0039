/* What the client's view lacks (view.h), as untagged lines. */
#ifndef IMAPD_NOTIFY_H
#define IMAPD_NOTIFY_H

#include <stdbool.h>

struct client;
struct command;

/*
 * Notifies the client of everything permitted at the end of cmd (the first in
 * the queue), or now, during cmd (IDLE).  True: done; false: it waits for
 * storaged or for room in the output, and client_wake() follows when it is time
 * to call again.
 */
bool	 notify_all(struct client *c, struct command *cmd);
/* FLAGS and PERMANENTFLAGS, if there are keywords that are new to the client:
 * before the lines of cmd that may contain them. */
void	 notify_keywords(struct command *cmd);

#endif
