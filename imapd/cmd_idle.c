/*
 * NOOP, CHECK and IDLE: hear what has changed (RFC 3501 section 6.1.2, RFC
 * 2177).  IDLE takes the input itself, exactly up to the end of the line
 * that ends it: clients glue the next command to DONE.
 */
#include <string.h>
#include <strings.h>

#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

static void
poll_reply(struct command *cmd, const struct answer *a)
{
	/* while the bucket is away there is nothing to hear */
	cmd->why = a->no != NULL ? "not polled" : NULL;
	(void)reply_ok(cmd, NULL, "Done");
}

enum cmd_result
cmd_noop(struct command *cmd)
{
	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "%s takes no arguments",
		    cmd->spec->name);
	if (cmd->client->view == NULL)
		return reply_ok(cmd, NULL, "Done");
	return storage_ask(cmd, IMSG_MBOX_POLL, NULL, poll_reply);
}

enum cmd_result
cmd_check(struct command *cmd)
{
	return cmd_noop(cmd);
}

struct idle {
	struct event	 timer;		/* "Still here" */
	char		 line[8];
	size_t		 len;		/* of the line, also what is dropped */
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
idle_on(struct command *cmd, const struct answer *a)
{
	/* refused: what this node commits is heard all the same */
	(void)cmd;
	(void)a;
}

static void
idle_off(struct command *cmd, const struct answer *a)
{
	struct idle	*st = cmd->state;

	(void)a;
	if (strncasecmp(st->line, "DONE", 4) == 0 && st->len == 4)
		(void)reply_ok(cmd, NULL, "Idled");
	else
		(void)reply_bad(cmd, "IDLE ends with DONE");
}

static void
idle_end(struct command *cmd)
{
	struct mbox_idle	 req = { .on = false };
	struct answer		 none = { 0 };
	struct idle		*st = cmd->state;

	event_del(&st->timer);
	cmd->client->taking = NULL;
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

	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "IDLE takes no arguments");
	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	evtimer_assign(&st->timer, c->base, idle_on_timer, cmd);
	cmd->state = st;
	cmd->drop = idle_drop;
	cmd->take = idle_take;
	c->taking = cmd;
	idle_timer_set(st);
	client_put(c, "+ idling\r\n", 10);
	if (c->view != NULL) {
		st->asked = true;
		(void)storage_ask(cmd, IMSG_MBOX_IDLE, &req, idle_on);
	}
	return CMD_WAIT;
}
