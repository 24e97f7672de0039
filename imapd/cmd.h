/* The commands: a table of them, and one file per command or family. */
#ifndef IMAPD_CMD_H
#define IMAPD_CMD_H

#include <stdbool.h>

#include "imapd/command.h"

struct scan;

/* The table's row for a name, in upper or lower case; NULL if there is none. */
const struct command_spec *cmd_find(struct str name);

/*
 * The UIDs that a set in its arguments refers to (view_resolve), freed with the
 * command.  NULL: the command was refused, and must return ret.
 */
struct uidset *cmd_resolve(struct command *cmd,
	    const struct seqset *asked, bool uid, enum cmd_result *ret);
/* Whether the literal whose header ends the text of an APPEND is the message
 * (not the mailbox's name, nor an argument): it is then streamed, not
 * buffered. */
bool	 cmd_append_streams(struct command *cmd, const struct scan *s);

enum cmd_result	 cmd_capability(struct command *), cmd_noop(struct command *),
	 cmd_logout(struct command *),
	 cmd_id(struct command *), cmd_enable(struct command *),
	 cmd_namespace(struct command *), cmd_starttls(struct command *),
	 cmd_authenticate(struct command *), cmd_login(struct command *),
	 cmd_select(struct command *),
	 cmd_create(struct command *), cmd_delete(struct command *),
	 cmd_rename(struct command *), cmd_subscribe(struct command *),
	 cmd_unsubscribe(struct command *), cmd_list(struct command *),
	 cmd_lsub(struct command *), cmd_status(struct command *),
	 cmd_append(struct command *), cmd_close(struct command *),
	 cmd_unselect(struct command *), cmd_expunge(struct command *),
	 cmd_store(struct command *), cmd_copy(struct command *),
	 cmd_move(struct command *), cmd_idle(struct command *),
	 cmd_fetch(struct command *), cmd_search(struct command *);

#endif
