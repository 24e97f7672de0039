/*
 * NOOP, CHECK and IDLE: hear what has changed (RFC 3501 section 6.1.2, RFC
 * 2177).  IDLE takes the input itself, exactly up to the end of the line
 * that ends it: clients glue the next command to DONE.
 */
#include <string.h>
#include <strings.h>

#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/conf.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

static void
poll_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	/* while the bucket is away there is nothing to hear */
	cmd->why = a->no != NULL ? "poll failed" : NULL;
	(void)reply_ok(cmd, NULL, "Done");
}

enum cmd_result
cmd_noop(struct command *cmd)
{
	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (cmd->client->view == NULL)
		return reply_ok(cmd, NULL, "Done");
	return storage_ask(cmd, IMSG_MBOX_POLL, NULL, poll_reply);
}

#define IDLE_LINE_MAX	1024	/* then it is nothing but a flood */

struct idle {
	struct event	 timer;		/* "Still here" */
	char		 line[8];
	size_t		 len;		/* of the line */
	size_t		 octets;	/* all that came of it */
	bool		 asked;		/* storaged watches */
};

static void
idle_timer_set(struct idle *st)
{
	struct timeval	 tv = { .tv_sec = conf.still_here };

	evtimer_add(&st->timer, &tv);
}

static void
idle_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct command	*cmd = arg;

	(void)fd;
	(void)what;
	reply_line(cmd, "OK Still here");
	idle_timer_set(cmd->state);
}

static void
idle_drop(struct command *cmd)
{
	struct idle	*st = cmd->state;

	event_del(&st->timer);
}

static void
idle_on(void *arg, const struct mbox_answer *a)
{
	/* refused: what this node commits is heard all the same */
	(void)arg;
	(void)a;
}

static void
idle_off(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct idle	*st = cmd->state;

	(void)a;
	while (st->len > 4 && st->len < sizeof(st->line) &&
	    st->line[st->len - 1] == ' ')
		st->len--;
	if (st->len == 4 && strncasecmp(st->line, "DONE", 4) == 0)
		(void)reply_ok(cmd, NULL, "IDLE completed");
	else
		(void)reply_bad(cmd, "Expected DONE to end IDLE");
}

static void
idle_end(struct command *cmd)
{
	struct mbox_idle	 req = { .on = false };
	struct mbox_answer	 none = { 0 };
	struct idle		*st = cmd->state;

	event_del(&st->timer);
	command_taken(cmd);
	if (st->asked)
		(void)storage_ask(cmd, IMSG_MBOX_IDLE, &req, idle_off);
	else
		idle_off(cmd, &none);
}

static size_t
idle_take(struct command *cmd, const uint8_t *p, size_t len)
{
	struct idle	*st = cmd->state;
	size_t		 i;

	for (i = 0; i < len; i++) {
		if (p[i] == '\n') {
			idle_end(cmd);
			return i + 1;
		}
		if (++st->octets > IDLE_LINE_MAX) {
			client_bye(cmd->client, "Expected DONE to end IDLE");
			return i;
		}
		if (p[i] == '\r')
			continue;
		if (st->len < sizeof(st->line))
			st->line[st->len++] = (char)p[i];
	}
	return len;
}

enum cmd_result
cmd_idle(struct command *cmd)
{
	struct mbox_idle	 req = { .on = true };
	struct client		*c = cmd->client;
	struct idle		*st;

	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	evtimer_assign(&st->timer, client_base(c), idle_on_timer, cmd);
	cmd->state = st;
	cmd->drop = idle_drop;
	cmd->take = idle_take;
	command_take(cmd);
	idle_timer_set(st);
	client_put(c, "+ idling\r\n", 10);
	if (c->view != NULL) {
		st->asked = true;
		(void)storage_ask(cmd, IMSG_MBOX_IDLE, &req, idle_on);
	}
	return CMD_WAIT;
}
