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

/*
 * The command table (RFC 3501 section 6 and its extensions): who may say what
 * when, and what may overlap.  A row is a struct command_spec: the name, the
 * states in which it is allowed, its group, the groups that it waits for, its
 * flags, and cmd_x() without the cmd_.  A, S, X and N are GROUP_ALONE, _STORE,
 * _EXPUNGE and _NAME.
 */
#define CMD_TABLE(ROW)							\
	ROW("CAPABILITY", CLIENT_ANY, A, 0, 0, capability)		\
	ROW("NOOP", CLIENT_ANY, A, 0, 0, noop)				\
	ROW("LOGOUT", CLIENT_ANY, A, 0, CMD_NO_NOTIFY, logout)		\
	ROW("ID", CLIENT_ANY, A, 0, 0, id)				\
	ROW("STARTTLS", CLIENT_STRANGER, A, 0, 0, starttls)		\
	ROW("AUTHENTICATE", CLIENT_STRANGER, A, 0, CMD_SECRET,		\
	    authenticate)						\
	ROW("LOGIN", CLIENT_STRANGER, A, 0, CMD_SECRET, login)		\
	ROW("ENABLE", CLIENT_IN, A, 0, 0, enable)			\
	ROW("SELECT", CLIENT_IN, A, 0, CMD_NO_NOTIFY, select)		\
	ROW("EXAMINE", CLIENT_IN, A, 0, CMD_NO_NOTIFY | CMD_READONLY,	\
	    select)							\
	ROW("CREATE", CLIENT_IN, N, N, 0, create)			\
	ROW("DELETE", CLIENT_IN, N, N, CMD_DELETES, delete)		\
	ROW("RENAME", CLIENT_IN, N, N, 0, rename)			\
	ROW("SUBSCRIBE", CLIENT_IN, N, N, 0, subscribe)			\
	ROW("UNSUBSCRIBE", CLIENT_IN, N, N, 0, unsubscribe)		\
	ROW("LIST", CLIENT_IN, A, 0, 0, list)				\
	ROW("LSUB", CLIENT_IN, A, 0, 0, lsub)				\
	ROW("NAMESPACE", CLIENT_IN, A, 0, 0, namespace)			\
	ROW("STATUS", CLIENT_IN, A, 0, 0, status)			\
	ROW("APPEND", CLIENT_IN, S, S | X, CMD_STREAMS | CMD_ADDS,	\
	    append)							\
	ROW("IDLE", CLIENT_IN, A, 0, CMD_LISTENS, idle)			\
	ROW("CHECK", CLIENT_SELECTED, A, 0, 0, noop)			\
	ROW("CLOSE", CLIENT_SELECTED, A, 0, CMD_NO_NOTIFY, close)	\
	ROW("UNSELECT", CLIENT_SELECTED, A, 0, CMD_NO_NOTIFY, unselect)	\
	ROW("EXPUNGE", CLIENT_SELECTED, X, S | X, CMD_WRITES, expunge)	\
	ROW("UID EXPUNGE", CLIENT_SELECTED, X, S | X,			\
	    CMD_WRITES | CMD_UID, expunge)				\
	ROW("SEARCH", CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,	\
	    search)							\
	ROW("UID SEARCH", CLIENT_SELECTED, A, 0, CMD_UID, search)	\
	ROW("FETCH", CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,	\
	    fetch)							\
	ROW("UID FETCH", CLIENT_SELECTED, A, 0, CMD_UID, fetch)		\
	ROW("STORE", CLIENT_SELECTED, S, S | X,				\
	    CMD_SEQ | CMD_NOEXPUNGE | CMD_WRITES, store)		\
	ROW("UID STORE", CLIENT_SELECTED, S, S | X,			\
	    CMD_WRITES | CMD_UID, store)				\
	ROW("COPY", CLIENT_SELECTED, S, S | X, CMD_SEQ | CMD_ADDS,	\
	    copy)							\
	ROW("UID COPY", CLIENT_SELECTED, S, S | X, CMD_UID | CMD_ADDS,	\
	    copy)							\
	ROW("MOVE", CLIENT_SELECTED, X, S | X, CMD_SEQ | CMD_WRITES,	\
	    move)							\
	ROW("UID MOVE", CLIENT_SELECTED, X, S | X,			\
	    CMD_WRITES | CMD_UID, move)

#define ROW(name, states, group, after, flags, fn)			\
	enum cmd_result	 cmd_##fn(struct command *);
CMD_TABLE(ROW)
#undef ROW

#endif
