/*
 * One command from its first octet to its tagged answer: what it holds, and
 * that all of it goes with it.
 */
#include "imapd/command.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/mbox_client.h"
#include "imapd/client.h"
#include "imapd/view.h"

struct command *
command_new(struct client *c)
{
	struct command	*cmd;

	if ((cmd = calloc(1, sizeof(*cmd))) == NULL)
		return NULL;
	if ((cmd->arena = arena_new(COMMAND_ARENA_MAX)) == NULL) {
		free(cmd);
		return NULL;
	}
	cmd->client = c;
	cmd->tag[0] = '*';
	/* a text is at most SCAN_LINE_MAX and the CRLFs of its literals */
	buf_init(&cmd->text, 2 * SCAN_LINE_MAX);
	return cmd;
}

void
command_free(struct command *cmd)
{
	struct command_set	*s;

	if (cmd == NULL)
		return;
	if (cmd->drop != NULL)
		cmd->drop(cmd);
	mbox_client_forget(cmd->client->storage, cmd);
	if (cmd->client->view != NULL)
		view_forget(cmd->client->view, cmd);
	while ((s = cmd->sets) != NULL) {
		cmd->sets = s->next;
		uidset_free(&s->set);
		free(s);
	}
	if (cmd->spec == NULL || cmd->spec->flags & CMD_SECRET)
		buf_freezero(&cmd->text);
	else
		buf_free(&cmd->text);
	buf_free(&cmd->held);
	uidset_free(&cmd->owed);
	arena_free(cmd->arena);
	free(cmd);
}

struct uidset *
command_set(struct command *cmd)
{
	struct command_set	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->next = cmd->sets;
	cmd->sets = s;
	return &s->set;
}

bool
command_first(const struct command *cmd)
{
	return TAILQ_FIRST(&cmd->client->commands) == cmd;
}

bool
command_begun(const struct client *c)
{
	return c->reading != NULL && c->reading->text.len > 0;
}

void
command_take(struct command *cmd)
{
	cmd->client->taking = cmd;
	cmd->client->wants = WANTS_NOTHING;
}

void
command_taken(struct command *cmd)
{
	if (cmd->client->taking != cmd)
		return;
	cmd->client->taking = NULL;
	cmd->client->wants = WANTS_NOTHING;
}

void
command_answered(struct command *cmd)
{
	cmd->stage = STAGE_ANSWERED;
	command_taken(cmd);
	client_wake(cmd->client);
}
