/*
 * Commands in progress that affect one another.  The table (command.h) says
 * which kinds may overlap at all; this decides whether one, with its arguments,
 * is ambiguous together with an earlier one (RFC 3501 section 5.5): it is then
 * started once that one has been answered, so that a client that pipelines
 * receives the same responses as one that does not.
 *
 * Each returns true if cmd must wait, and sets cmd->behind; its start() then
 * returns CMD_BEHIND without having sent a request, and is called again.
 */
#ifndef IMAPD_OVERLAP_H
#define IMAPD_OVERLAP_H

#include <stdbool.h>

#include "common/uidset.h"
#include "imapd/parse.h"

struct command;

/* Which messages the set refers to depends on those that an earlier command
 * adds, or (with "*") removes. */
bool	 overlap_reach(struct command *cmd, const struct seqset *asked);
/* An earlier STORE's FETCH lines are about messages in set (NULL: any), whose
 * flags cmd changes, or which it removes. */
bool	 overlap_shown(struct command *cmd, const struct uidset *set);
/* The messages in set whose flags are being changed by commands after cmd: they
 * are reported at the end of those commands.  0, or -1 on ENOMEM. */
int	 overlap_later(const struct command *cmd, const struct uidset *set,
	    struct uidset *later);

#endif
