/*
 * One command, from its first octet to its tagged response, and what the
 * command table (cmd.h) says about each: it defines the checks of state,
 * read-only and overlap; a command's start() only parses its arguments and
 * sends requests.
 *
 * A command ends with exactly one reply_ok/no/bad() (reply.h), at once or in a
 * later callback.  Answered commands leave the queue in order: first the
 * notifications of the view (view.h), then the tagged line.
 */
#ifndef IMAPD_COMMAND_H
#define IMAPD_COMMAND_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/log_context.h"
#include "common/uidset.h"
#include "imapd/parse.h"

struct arena;
struct client;
struct command;

enum cmd_result {
	CMD_DONE,	/* a reply_*() was called */
	CMD_WAIT,	/* one will be */
	CMD_BEHIND	/* not before cmd->behind is answered (overlap.h) */
};

/*
 * Overlap (RFC 3501 section 5.5): a command starts once every unanswered one
 * before it is of a group in its `after` mask, (CMD_SEQ) none of them removes
 * messages, and none is ambiguous with it (overlap.h). storaged evaluates
 * requests in the order in which they are sent.
 */
enum cmd_group {
	GROUP_ALONE	= 1 << 0,	/* nothing starts beside it */
	GROUP_STORE	= 1 << 1,	/* STORE COPY APPEND: a commit */
	GROUP_EXPUNGE	= 1 << 2,	/* EXPUNGE MOVE: removes messages */
	GROUP_NAME	= 1 << 3	/* CREATE ... UNSUBSCRIBE */
};
enum cmd_flag {
	CMD_SEQ		= 1 << 0,	/* has message sequence numbers */
	CMD_NOEXPUNGE	= 1 << 1,	/* FETCH STORE SEARCH: RFC 3501 7.4.1 */
	CMD_UID		= 1 << 2,	/* a UID command: FETCH lines include
					   UID */
	CMD_WRITES	= 1 << 3,	/* not in a read-only mailbox */
	CMD_NO_NOTIFY	= 1 << 4,	/* no notifying at its end */
	CMD_SECRET	= 1 << 5,	/* its text is wiped */
	CMD_READONLY	= 1 << 6,	/* EXAMINE */
	CMD_STREAMS	= 1 << 7,	/* reads its literals as they arrive */
	CMD_LISTENS	= 1 << 8,	/* IDLE: is told while it goes on */
	CMD_ADDS	= 1 << 9,	/* may add messages to the mailbox */
	CMD_DELETES	= 1 << 10	/* may delete the selected mailbox */
};

struct command_spec {
	const char	*name;		/* "UID FETCH" */
	uint8_t		 states;	/* enum client_state */
	uint8_t		 group;
	uint8_t		 after;		/* mask of groups */
	uint16_t	 flags;		/* enum cmd_flag */
	enum cmd_result	(*start)(struct command *cmd);
};

enum cmd_stage {
	STAGE_READING,		/* its text is not complete */
	STAGE_BLOCKED,		/* complete; waits for an earlier one */
	STAGE_RUNNING,
	STAGE_ANSWERED,		/* the tagged line is known */
	STAGE_NOTIFYING		/* at the head: of changes */
};

enum cmd_status { CMD_OK, CMD_NO, CMD_BAD };

struct command_set {		/* a uidset that is freed with its command */
	struct command_set	*next;
	struct uidset		 set;
};

struct command {
	TAILQ_ENTRY(command)	 entry;
	struct client		*client;
	const struct command_spec *spec;	/* NULL: unknown command */
	enum cmd_stage		 stage;
	char			 tag[64];	/* "*" when there is none */
	bool			 uid;		/* spec->flags & CMD_UID */
	bool			 imap;		/* it has the look of one */
	struct buf		 text;		/* the command, literals too */
	struct arena		*arena;		/* limit COMMAND_ARENA_MAX */
	struct parse		 args;		/* after the name's SP */
	struct command_set	*sets;

	void			*state;		/* its own, on arena */
	/* May be NULL: there is room for output again (client_full() is
	 * false). */
	void			(*resume)(struct command *cmd);
	/* May be NULL: continues with what is available, until turn_spent() or
	 * until it has to wait for an event; true if there was progress. */
	bool			(*work)(struct command *cmd);
	/* May be NULL: frees what is not on the arena; the client may be about
	 * to be freed. */
	void			(*drop)(struct command *cmd);
	/* IDLE, AUTHENTICATE and APPEND read input themselves while
	 * client->taking is the command: returns how many octets were used
	 * (less than len: it waits, or has stopped taking). */
	size_t			(*take)(struct command *cmd, const uint8_t *p,
				    size_t len);

	/* May be NULL: a challenge from authd, for AUTHENTICATE. */
	void			(*challenge)(struct command *cmd,
				    struct str data);

	unsigned int		 enters;	/* unless 0: the enum
						   client_state after its OK */
	enum cmd_status		 status;
	char			*answer;	/* "[CODE] text", on arena */
	const char		*why;		/* for the log; NULL: answer */
	struct buf		 held;		/* untagged, till it is first */
	struct uidset		 owed;		/* FLAGS due at its end */
	bool			 silent;	/* .SILENT: hush own EV_FLAGS */
	const struct uidset	*changes;	/* STORE: the messages whose
						   flags it sets; NULL: none */
	const struct command	*behind;	/* starts after this one */
	const char		*refusal;	/* why its text was dropped */
	bool			 unfinished;	/* answered before its end */
	bool			 toobig;	/* NO [TOOBIG], not BAD */
	uint64_t		 began;		/* clock_us() */
	struct log_context	 context;	/* for lines about it */
};

#define COMMAND_ARENA_MAX	(16 * 1024 * 1024)

struct command *command_new(struct client *c);
void	 command_free(struct command *cmd);
/* Is the text of one being read? */
bool	 command_begun(const struct client *c);
/* A uidset that is freed with the command; NULL on ENOMEM. */
struct uidset *command_set(struct command *cmd);
/* True if the command is the oldest unanswered one: its untagged lines are sent
 * at once. */
bool	 command_first(const struct command *cmd);

/* From now on, it reads the client's input itself; or no longer does. */
void	 command_take(struct command *cmd);
void	 command_taken(struct command *cmd);
/* reply.c: the command has been answered; continues from the loop. */
void	 command_answered(struct command *cmd);

#endif
