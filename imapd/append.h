/* APPEND's own: what client_run.c has to know of it. */
#ifndef IMAPD_APPEND_H
#define IMAPD_APPEND_H

#include <stdbool.h>

struct command;
struct scan;

/* Whether the literal whose header ends the text is the message (not the
 * mailbox's name, nor an argument): it is then streamed, not kept. */
bool	 append_is_message(struct command *cmd, const struct scan *s);

#endif
