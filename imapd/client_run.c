/*
 * The heart of a connection: input to commands, commands to their start,
 * answers out in order, until nothing moves without an event.  RFC 3501
 * sections 2.2 and 5.5.  Runs from the loop only, one turn bounded by the
 * input that lies there.
 */
#include "common/clock.h"
#include "imapd/client.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "imapd/append.h"
#include "imapd/conf.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

#define STRANGER_LITERAL_MAX	4096
#define STRANGER_BAD_MAX	20	/* then BYE */

static const char *const status_word[] = { "OK", "NO", "BAD" };
static const char *const status_log[] = { "ok", "no", "bad" };

static void
command_log(struct client *c, const struct command *cmd)
{
	const char	*why = cmd->why != NULL ? cmd->why : cmd->answer;
	char		 quoted[300];

	if (!log_is_debug())
		return;
	if (why == NULL)
		why = "";
	log_debug("session=%08x user=%s cmd=\"%s\" ms=%lld result=%s "
	    "why=\"%s\"",
	    c->session, c->user != NULL ? c->user : "",
	    cmd->spec != NULL ? cmd->spec->name : "?",
	    (long long)(clock_ms() - cmd->began), status_log[cmd->status],
	    log_quote(quoted, sizeof(quoted), why, strlen(why)));
}

/* The tagged line of the first command, which then is gone. */
static void
command_end(struct client *c, struct command *cmd)
{
	struct command	*next;
	const char	*text = cmd->answer != NULL ? cmd->answer : "Done";

	if (cmd->held.len > 0)
		reply_raw(cmd, "", 0);
	client_put(c, cmd->tag, strlen(cmd->tag));
	client_put(c, " ", 1);
	client_put(c, status_word[cmd->status],
	    strlen(status_word[cmd->status]));
	client_put(c, " ", 1);
	client_put(c, text, strlen(text));
	client_put(c, "\r\n", 2);
	command_log(c, cmd);
	if (cmd->status == CMD_BAD && c->state == CLIENT_STRANGER &&
	    ++c->bad >= STRANGER_BAD_MAX)
		client_bye(c, "Too many errors");
	if (cmd->status == CMD_OK && cmd->spec != NULL) {
		if (cmd->spec->start == cmd_logout) {
			c->left = true;
			client_logout(c);
		} else if (cmd->spec->start == cmd_starttls) {
			client_discard(c);
			c->starttls = true;
		}
	}
	TAILQ_REMOVE(&c->commands, cmd, entry);
	c->ncommands--;
	command_free(cmd);
	if ((next = TAILQ_FIRST(&c->commands)) != NULL && next->held.len > 0)
		reply_raw(next, "", 0);
}

/* Answered commands at the head of the queue leave it. */
static bool
client_answer(struct client *c)
{
	struct command	*cmd = NULL;
	bool		 moved = false;

	while (!c->closing && (cmd = TAILQ_FIRST(&c->commands)) != NULL &&
	    cmd->stage >= STAGE_ANSWERED) {
		cmd->stage = STAGE_TELLING;
		if (c->state != CLIENT_LOGOUT && !view_tell(c, cmd))
			break;
		if (c->closing)
			break;
		command_end(c, cmd);
		moved = true;
	}
	/* IDLE is told at once */
	if (!c->closing && c->state != CLIENT_LOGOUT && cmd != NULL &&
	    cmd->stage == STAGE_RUNNING &&
	    cmd->spec->start == cmd_idle && c->taking == cmd)
		(void)view_tell(c, cmd);
	return moved;
}

/* The newest command, when it waits for those before it. */
static struct command *
client_blocked(struct client *c)
{
	struct command	*cmd = TAILQ_LAST(&c->commands, command_list);

	return cmd != NULL && cmd->stage == STAGE_BLOCKED ? cmd : NULL;
}

static bool
client_unblock(struct client *c)
{
	struct command	*cmd = client_blocked(c);

	return cmd != NULL && command_begin(cmd);
}

static void
client_queue(struct client *c)
{
	struct command	*cmd = c->reading;

	c->reading = NULL;
	TAILQ_INSERT_TAIL(&c->commands, cmd, entry);
	c->ncommands++;
	(void)command_begin(cmd);
}

/* A literal's header: collect it, stream it (APPEND), or refuse it. */
static void
client_literal(struct client *c)
{
	struct command	*cmd = c->reading;
	struct scan	*s = &c->scan;

	command_identify(cmd);
	if (c->state != CLIENT_STRANGER && cmd->spec != NULL &&
	    cmd->spec->start == cmd_append && append_is_message(cmd, s)) {
		/* its start() reads the literal itself */
		client_queue(c);
		return;
	}
	if ((c->state == CLIENT_STRANGER && s->size > STRANGER_LITERAL_MAX) ||
	    !scan_literal(s, &cmd->text)) {
		cmd->refusal = "The literal is too large";
		if (s->nonsync && s->size > conf.append_limit) {
			client_bye(c, "[TOOBIG] The literal is too large");
			return;
		}
		scan_drop(s);
		if (!s->nonsync) {
			scan_init(s);
			client_queue(c);
		}
		return;
	}
	if (!s->nonsync)
		client_put(c, "+ OK\r\n", 6);
}

static void
client_complete(struct client *c)
{
	struct command	*cmd = c->reading;

	if (cmd->text.failed) {
		client_close(c, "out of memory");
		return;
	}
	if (c->scan.toolong && cmd->refusal == NULL)
		cmd->refusal = "The command is too long";
	scan_init(&c->scan);
	command_identify(cmd);
	client_queue(c);
}

/* Whether another command's octets may be looked at. */
static bool
client_may_scan(struct client *c)
{
	const struct command	*last;

	if (c->closing || c->state == CLIENT_LOGOUT || !c->greeted ||
	    c->starttls || c->tls == TLS_SHAKING || c->full ||
	    clients_draining || client_unread(c) == 0)
		return false;
	/*
	 * In batches, not one for one: then many changes that wait go into
	 * one commit.
	 */
	if (c->ncommands >= CLIENT_COMMANDS_MAX)
		c->crowded = true;
	else if (c->ncommands <= CLIENT_COMMANDS_LOW)
		c->crowded = false;
	if (c->crowded)
		return false;
	last = TAILQ_LAST(&c->commands, command_list);
	return last == NULL || (last->stage != STAGE_BLOCKED &&
	    (last->spec == NULL || last->spec->group != GROUP_ALONE));
}

static void
client_scan(struct client *c)
{
	const uint8_t	*p = c->in.data + c->in_off;
	size_t		 used;

	if (c->reading == NULL && (c->reading = command_new(c)) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	switch (scan_feed(&c->scan, &c->reading->text, p, client_unread(c),
	    &used)) {
	case SCAN_MORE:
		c->in_off += used;
		break;
	case SCAN_LITERAL:
		c->in_off += used;
		client_literal(c);
		break;
	case SCAN_COMMAND:
		c->in_off += used;
		/* what follows may be pipelined: tell before it is asked */
		storage_more(c->storage, c->eager || client_unread(c) > 0);
		client_complete(c);
		break;
	}
}

/* Input that a command takes itself: IDLE, AUTHENTICATE, APPEND. */
static bool
client_take(struct client *c)
{
	struct command	*cmd = c->taking;
	size_t		 n;

	if (client_unread(c) == 0)
		return false;
	n = cmd->take(cmd, c->in.data + c->in_off, client_unread(c));
	c->in_off += n;
	return n > 0;
}

static bool
client_input(struct client *c)
{
	bool	 moved = false;

	while (!c->closing && c->state != CLIENT_LOGOUT) {
		if (c->taking != NULL) {
			if (!client_take(c))
				break;
		} else if (client_may_scan(c))
			client_scan(c);
		else
			break;
		moved = true;
	}
	return moved;
}

/* Everything that moved has moved: what is left to do before waiting. */
static void
client_rest(struct client *c)
{
	if (client_unread(c) == 0) {
		if (c->in.data != NULL)
			client_discard(c);
	}
	/* a client that says no more: after its last command, the end */
	if (c->eof && c->state != CLIENT_LOGOUT &&
	    (TAILQ_EMPTY(&c->commands) ||
	    (c->taking != NULL && client_unread(c) == 0)) &&
	    c->login == NULL)
		client_close(c, "connection closed");
	if (!c->closing && c->tls != TLS_SHAKING && client_flush(c) == -1)
		client_close(c, "write error");
	if (c->starttls && client_queued(c) == 0 && !c->closing &&
	    client_tls_begin(c) == -1)
		client_close(c, "no TLS");
	if (c->state == CLIENT_LOGOUT && client_queued(c) == 0)
		client_close(c, NULL);
}

void
client_run(struct client *c)
{
	bool	 more;

	if (c->running)
		return;
	c->running = true;
	do {
		c->again = false;
		while (client_answer(c) || client_unblock(c) ||
		    client_input(c))
			;
		more = !c->closing && c->state != CLIENT_LOGOUT && c->eager &&
		    client_blocked(c) == NULL && !c->full && !c->crowded;
		storage_more(c->storage, more);
		client_rest(c);
	} while (c->again && !c->closing);
	c->running = false;
	client_events(c);
	if (c->closing)
		client_wake(c);
}
