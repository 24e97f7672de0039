/*
 * The command table, and one command from its first octet to its tagged
 * answer.  State, read-only and overlap checks are the table's; a command's
 * start() only parses its arguments and asks.
 *
 * A command ends by exactly one reply_ok/no/bad() (reply.h), at once or in
 * a later callback.  Answered commands leave the queue in order: what the
 * view has to tell (view.h), then the tagged line.
 */
#ifndef IMAPD_COMMAND_H
#define IMAPD_COMMAND_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/uidset.h"
#include "imapd/parse.h"

struct arena;
struct client;
struct command;

enum cmd_result {
	CMD_DONE,	/* a reply_*() was called */
	CMD_WAIT	/* one will be */
};

/*
 * Overlap (RFC 3501 section 5.5): a command starts when every unanswered
 * one before it is of a group in its `after` mask, and (CMD_SEQ) none of
 * them takes messages away.  Storaged evaluates in the order of asking.
 */
enum cmd_group {
	GROUP_ALONE	= 1 << 0,	/* nothing starts beside it */
	GROUP_STORE	= 1 << 1,	/* STORE COPY APPEND: a commit */
	GROUP_EXPUNGE	= 1 << 2,	/* EXPUNGE MOVE: takes messages away */
	GROUP_NAME	= 1 << 3	/* CREATE ... UNSUBSCRIBE */
};
enum cmd_flag {
	CMD_SEQ		= 1 << 0,	/* has message sequence numbers */
	CMD_NOEXPUNGE	= 1 << 1,	/* FETCH STORE SEARCH: RFC 3501 7.4.1 */
	CMD_UID		= 1 << 2,	/* a UID command: FETCH lines say UID */
	CMD_WRITES	= 1 << 3,	/* not in a read-only mailbox */
	CMD_NOTELL	= 1 << 4,	/* tells nothing of the mailbox */
	CMD_SECRET	= 1 << 5	/* its text is wiped */
};

struct command_spec {
	const char	*name;		/* "UID FETCH" */
	uint8_t		 states;	/* enum client_state */
	uint8_t		 group;
	uint8_t		 after;		/* mask of groups */
	uint8_t		 flags;		/* enum cmd_flag */
	enum cmd_result	(*start)(struct command *cmd);
};

enum cmd_stage {
	STAGE_READING,		/* its text is not complete */
	STAGE_BLOCKED,		/* complete; an earlier one holds it up */
	STAGE_RUNNING,
	STAGE_ANSWERED,		/* the tagged line is known */
	STAGE_TELLING		/* at the head: the view tells */
};

enum cmd_status { CMD_OK, CMD_NO, CMD_BAD };

struct command_set {		/* a uidset that dies with its command */
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
	struct buf		 text;		/* the command, literals too */
	struct arena		*arena;		/* limit COMMAND_ARENA_MAX */
	struct parse		 args;		/* after the name's SP */
	struct command_set	*sets;
	unsigned int		 asks;		/* unanswered, at storaged */

	void			*state;		/* its own, on arena */
	/* May be NULL: the output has room again (client_full() is false). */
	void			(*resume)(struct command *cmd);
	/* May be NULL: free what is not on the arena; the client may be
	 * going away. */
	void			(*drop)(struct command *cmd);
	/* IDLE, AUTHENTICATE and APPEND take input themselves while
	 * client->taking is the command: returns how many octets it used
	 * (less than len: it waits, or has given up taking). */
	size_t			(*take)(struct command *cmd, const uint8_t *p,
				    size_t len);

	enum cmd_status		 status;
	char			*answer;	/* "[CODE] text", on arena */
	const char		*why;		/* for the log; NULL: answer */
	struct buf		 held;		/* untagged, till it is first */
	struct uidset		 owed;		/* FLAGS to tell at its end */
	bool			 silent;	/* .SILENT: hush own EV_FLAGS */
	const char		*refusal;	/* why its text was dropped */
	bool			 toobig;	/* NO [TOOBIG], not BAD */
	int64_t			 began;		/* monotonic ms */
};

#define COMMAND_ARENA_MAX	(16 * 1024 * 1024)

/* Sets tag, spec and args from the text read so far. */
void	 command_identify(struct command *cmd);
struct command *command_new(struct client *c);
void	 command_free(struct command *cmd);
/* A uidset that is freed with the command; NULL on ENOMEM. */
struct uidset *command_set(struct command *cmd);
/* True when the command is the oldest unanswered one: its untagged lines
 * go out at once. */
bool	 command_first(const struct command *cmd);

/* A command whose text is complete: check and start it, or keep it blocked.
 * True when it was started or refused. */
bool	 command_begin(struct command *cmd);
/* reply.c: the command is answered; goes on from the loop. */
void	 command_answered(struct command *cmd);

/* One file per command or family. */
enum cmd_result	 cmd_capability(struct command *), cmd_noop(struct command *),
	 cmd_check(struct command *), cmd_logout(struct command *),
	 cmd_id(struct command *), cmd_enable(struct command *),
	 cmd_namespace(struct command *), cmd_starttls(struct command *),
	 cmd_authenticate(struct command *), cmd_login(struct command *),
	 cmd_select(struct command *), cmd_examine(struct command *),
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
