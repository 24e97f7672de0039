/*
 * The heart of a connection: input to commands, commands to their start,
 * answers out in order, until nothing moves without an event.  RFC 3501
 * sections 2.2 and 5.5.  Runs from the loop only, one turn bounded by the
 * input that lies there.
 */
#include "imapd/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/mbox_client.h"
#include "imapd/auth.h"
#include "imapd/capability.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/conf.h"
#include "imapd/login.h"
#include "imapd/metrics.h"
#include "imapd/reply.h"
#include "imapd/run_begin.h"
#include "imapd/notify.h"
#include "imapd/turn.h"

#define STRANGER_LITERAL_MAX	4096
#define STRANGER_BAD_MAX	20	/* then BYE */
#define STRANGER_ALIEN_MAX	2	/* lines that are no IMAP: then BYE */

static const char *const status_word[] = { "OK", "NO", "BAD" };
static const char *const status_log[] = { "ok", "no", "bad" };

static void
command_log(struct client *c, const struct command *cmd, uint64_t us)
{
	const char	*why = cmd->why != NULL ? cmd->why : cmd->answer;
	char		 quoted[300];
	struct log_context old;

	if (!log_is_debug())
		return;
	if (why == NULL)
		why = "";
	log_context_swap(&cmd->context, &old);
	log_debug("session=%016" PRIx64 " user=%s cmd=\"%s\" ms=%lld result=%s "
	    "why=\"%s\"", c->session, c->user != NULL ? c->user : "",
	    cmd->spec != NULL ? cmd->spec->name : "?", (long long)(us / 1000),
	    status_log[cmd->status],
	    log_quote(quoted, sizeof(quoted), why, strlen(why)));
	log_context_swap(&old, NULL);
}

/* LOGOUT's OK was said, or STARTTLS's. */
static void
command_enter(struct client *c, enum client_state state)
{
	if (state == CLIENT_LOGOUT)
		c->left = true;
	else
		client_discard(c);
	client_enter(c, state);
}

/* The tagged line of the first command, which then is gone. */
static void
command_end(struct client *c, struct command *cmd)
{
	struct command	*next;
	const char	*text = cmd->answer != NULL ? cmd->answer : "Done";
	uint64_t	 us = clock_us() - cmd->began;

	if (cmd->held.len > 0)
		reply_raw(cmd, "", 0);
	client_put(c, cmd->tag, strlen(cmd->tag));
	client_put(c, " ", 1);
	client_put(c, status_word[cmd->status],
	    strlen(status_word[cmd->status]));
	client_put(c, " ", 1);
	client_put(c, text, strlen(text));
	client_put(c, "\r\n", 2);
	command_log(c, cmd, us);
	metrics_command(cmd, us);
	if (cmd->status == CMD_BAD && c->state == CLIENT_STRANGER &&
	    ++c->bad >= STRANGER_BAD_MAX)
		client_bye(c, "Too many errors");
	if (!cmd->imap && c->state == CLIENT_STRANGER &&
	    ++c->alien >= STRANGER_ALIEN_MAX)
		client_bye(c, "This is an IMAP server");
	if (cmd->enters != 0 && !client_over(c))
		command_enter(c, cmd->enters);
	TAILQ_REMOVE(&c->commands, cmd, entry);
	c->ncommands--;
	command_free(cmd);
	if ((next = TAILQ_FIRST(&c->commands)) != NULL && next->held.len > 0)
		reply_raw(next, "", 0);
}

/* Answered commands at the head of the queue leave it. */
static bool
run_answer(struct client *c)
{
	struct command	*cmd = NULL;
	bool		 moved = false;

	while (!client_closed(c) && (cmd = TAILQ_FIRST(&c->commands)) != NULL &&
	    cmd->stage >= STAGE_ANSWERED) {
		cmd->stage = STAGE_NOTIFYING;
		if (c->state != CLIENT_LOGOUT && !notify_all(c, cmd))
			break;
		if (client_closed(c))
			break;
		command_end(c, cmd);
		moved = true;
	}
	/* IDLE is told at once */
	if (!client_over(c) && cmd != NULL && cmd->stage == STAGE_RUNNING &&
	    cmd->spec->flags & CMD_LISTENS && c->taking == cmd)
		(void)notify_all(c, cmd);
	return moved;
}

/*
 * Its session is gone: what would be told of the view is void, but what was
 * answered is said.  Of what a client hears nothing, it knows nothing.
 */
static void
run_settle(struct client *c)
{
	struct command	*cmd;

	while (!client_over(c) && (cmd = TAILQ_FIRST(&c->commands)) != NULL &&
	    cmd->stage >= STAGE_ANSWERED)
		command_end(c, cmd);
}

/* A command that works alone goes on. */
static bool
run_work(struct client *c)
{
	struct command	*cmd = TAILQ_FIRST(&c->commands);

	return !client_over(c) && cmd != NULL &&
	    cmd->stage == STAGE_RUNNING && cmd->work != NULL && cmd->work(cmd);
}

/* The newest command, when it waits for those before it. */
static struct command *
run_blocked(struct client *c)
{
	struct command	*cmd = TAILQ_LAST(&c->commands, command_list);

	return cmd != NULL && cmd->stage == STAGE_BLOCKED ? cmd : NULL;
}

static bool
run_unblock(struct client *c)
{
	struct command	*cmd = run_blocked(c);

	return cmd != NULL && run_begin(cmd);
}

static void
run_queue(struct client *c)
{
	struct command	*cmd = c->reading;

	c->reading = NULL;
	TAILQ_INSERT_TAIL(&c->commands, cmd, entry);
	c->ncommands++;
	(void)run_begin(cmd);
}

/* A literal's header: collect it, stream it (APPEND), or refuse it. */
static void
run_literal(struct client *c)
{
	struct command	*cmd = c->reading;
	struct scan	*s = &c->scan;

	run_identify(cmd);
	if (c->state != CLIENT_STRANGER && cmd->spec != NULL &&
	    cmd->spec->flags & CMD_STREAMS && cmd_append_streams(cmd, s)) {
		/* its start() reads the literal itself */
		run_queue(c);
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
			cmd->unfinished = true;
			run_queue(c);
		}
		return;
	}
	if (!s->nonsync)
		client_put(c, "+ OK\r\n", 6);
}

/*
 * A browser was talked into posting here, or a proxy asks: the lines that
 * follow are somebody else's (RFC 9112 section 3: method, target, version).
 */
static bool
is_http(const struct buf *text)
{
	static const char	 version[] = " HTTP/";
	size_t			 n = sizeof(version) - 1;
	const char		*p = (const char *)text->data;

	/* " HTTP/1.1" at the end */
	return text->len > n + 3 &&
	    memcmp(p + text->len - n - 3, version, n) == 0 &&
	    memchr(p, ' ', text->len - n - 3) != NULL;
}

static void
run_complete(struct client *c)
{
	struct command	*cmd = c->reading;

	if (cmd->text.failed) {
		client_close(c, "out of memory");
		return;
	}
	if (c->scan.toolong && cmd->refusal == NULL)
		cmd->refusal = "The command is too long";
	scan_init(&c->scan);
	if (c->state == CLIENT_STRANGER && is_http(&cmd->text)) {
		client_bye(c, "This is IMAP, not HTTP");
		return;
	}
	run_identify(cmd);
	run_queue(c);
}

/* Whether another command's octets may be looked at. */
static bool
run_may_scan(struct client *c)
{
	const struct command	*last;

	if (!(c->state & CLIENT_ANY) || c->full || clients_draining ||
	    client_unread(c) == 0 || (c->leaving && !command_begun(c)))
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
run_scan(struct client *c)
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
		run_literal(c);
		break;
	case SCAN_COMMAND:
		c->in_off += used;
		/* what follows may be pipelined: notify before it is asked */
		mbox_client_more(c->storage, c->eager || client_unread(c) > 0);
		run_complete(c);
		break;
	}
}

/* Input that a command takes itself: IDLE, AUTHENTICATE, APPEND. */
static bool
run_take(struct client *c)
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
run_input(struct client *c)
{
	bool	 moved = false;

	while (!client_over(c) && !turn_spent()) {
		if (c->taking != NULL) {
			if (!run_take(c))
				break;
		} else if (run_may_scan(c))
			run_scan(c);
		else
			break;
		moved = true;
	}
	return moved;
}

/*
 * Whether nothing goes on without input: what a client has asked whole is
 * answered, though it says no more (a half-closed connection).
 */
static bool
run_starved(const struct client *c)
{
	if (TAILQ_EMPTY(&c->commands))
		return c->login == NULL;
	if (c->taking == NULL || client_unread(c) > 0)
		return false;
	return command_first(c->taking) &&
	    (c->login == NULL || c->wants != WANTS_NOTHING);
}

/* Everything that moved has moved: what is left to do before waiting. */
static void
run_rest(struct client *c)
{
	if (client_unread(c) == 0) {
		if (c->in.data != NULL)
			client_discard(c);
	}
	if (c->eof && !client_over(c) && !turn_spent() &&
	    run_starved(c))
		client_close(c, "connection closed");
	if (!client_closed(c) && c->io.state != TLS_IO_SHAKING &&
	    client_flush(c) == -1)
		client_close(c, "write error");
	if (c->state == CLIENT_STARTTLS && c->io.state == TLS_IO_CLEAR &&
	    client_queued(c) == 0 && client_tls_begin(c) == -1)
		client_close(c, "cannot start TLS");
	if (c->state == CLIENT_LOGOUT && client_queued(c) == 0 &&
	    !client_lingers(c))
		client_close(c, NULL);
}

/* Until nothing moves without an event, or the turn is over. */
static void
run_turn(struct client *c)
{
	bool	 more;

	do {
		c->again = false;
		if (c->io.state == TLS_IO_SHAKING)
			client_shake(c);
		while (!turn_spent() && (run_answer(c) ||
		    run_unblock(c) || run_work(c) || run_input(c)))
			;
		more = !client_over(c) && c->eager &&
		    run_blocked(c) == NULL && !c->full && !c->crowded;
		mbox_client_more(c->storage, more);
		run_rest(c);
	} while (c->again && !client_closed(c) && !turn_spent());
}

static void
run(struct client *c)
{
	struct log_context of = { .session = c->session }, old;

	if (c->running)
		return;
	log_context_swap(&of, &old);
	if (turn_begin(&c->turn)) {
		c->running = true;
		run_turn(c);
		c->running = false;
		turn_end(&c->turn, turn_spent() && !client_closed(c));
	} else if (!client_closed(c) && c->io.state != TLS_IO_SHAKING &&
	    client_flush(c) == -1)
		client_close(c, "write error");
	client_events(c);
	if (client_closed(c))
		client_wake(c);
	log_context_swap(&old, NULL);
}

static void
run_resume(struct client *c)
{
	struct command	*cmd = TAILQ_FIRST(&c->commands);

	mbox_client_resume(c->storage);
	if (cmd != NULL && cmd->resume != NULL && cmd->stage == STAGE_RUNNING)
		cmd->resume(cmd);
}

static void
run_end(struct client *c)
{
	struct command	*cmd;

	auth_cancel(c);
	auth_end(c);
	mbox_client_close(c->storage);
	c->storage = NULL;
	command_free(c->reading);
	while ((cmd = TAILQ_FIRST(&c->commands)) != NULL) {
		TAILQ_REMOVE(&c->commands, cmd, entry);
		command_free(cmd);
	}
}

static const struct client_ops run_ops = {
	.run = run,
	.resume = run_resume,
	.greet = capability_greet,
	.settle = run_settle,
	.end = run_end
};

struct client *
run_accept(struct event_base *base, const struct listen_from *from)
{
	return client_new(base, from, &run_ops);
}

struct client *
run_preauth(struct event_base *base, int fd, const char *token)
{
	struct client	*c = client_new_preauth(base, fd, &run_ops);

	if (c != NULL)
		login_preauth(c, str_from(token));
	return c;
}
