/*
 * The command table (RFC 3501 section 6 and its extensions) and the rules
 * that it holds: who may say what when, and what may overlap.
 */
#include "imapd/command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/clock.h"
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

#define A	GROUP_ALONE
#define S	GROUP_STORE
#define X	GROUP_EXPUNGE
#define N	GROUP_NAME

static const struct command_spec table[] = {
	{ "CAPABILITY",	CLIENT_ANY, A, 0, 0, cmd_capability },
	{ "NOOP",	CLIENT_ANY, A, 0, 0, cmd_noop },
	{ "LOGOUT",	CLIENT_ANY, A, 0, CMD_NOTELL, cmd_logout },
	{ "ID",		CLIENT_ANY, A, 0, 0, cmd_id },
	{ "STARTTLS",	CLIENT_STRANGER, A, 0, 0, cmd_starttls },
	{ "AUTHENTICATE", CLIENT_STRANGER, A, 0, CMD_SECRET,
	    cmd_authenticate },
	{ "LOGIN",	CLIENT_STRANGER, A, 0, CMD_SECRET, cmd_login },
	{ "ENABLE",	CLIENT_IN, A, 0, 0, cmd_enable },
	{ "SELECT",	CLIENT_IN, A, 0, CMD_NOTELL, cmd_select },
	{ "EXAMINE",	CLIENT_IN, A, 0, CMD_NOTELL, cmd_examine },
	{ "CREATE",	CLIENT_IN, N, N, 0, cmd_create },
	{ "DELETE",	CLIENT_IN, N, N, 0, cmd_delete },
	{ "RENAME",	CLIENT_IN, N, N, 0, cmd_rename },
	{ "SUBSCRIBE",	CLIENT_IN, N, N, 0, cmd_subscribe },
	{ "UNSUBSCRIBE", CLIENT_IN, N, N, 0, cmd_unsubscribe },
	{ "LIST",	CLIENT_IN, A, 0, 0, cmd_list },
	{ "LSUB",	CLIENT_IN, A, 0, 0, cmd_lsub },
	{ "NAMESPACE",	CLIENT_IN, A, 0, 0, cmd_namespace },
	{ "STATUS",	CLIENT_IN, A, 0, 0, cmd_status },
	{ "APPEND",	CLIENT_IN, S, S | X, 0, cmd_append },
	{ "IDLE",	CLIENT_IN, A, 0, 0, cmd_idle },
	{ "CHECK",	CLIENT_SELECTED, A, 0, 0, cmd_check },
	{ "CLOSE",	CLIENT_SELECTED, A, 0, CMD_NOTELL, cmd_close },
	{ "UNSELECT",	CLIENT_SELECTED, A, 0, CMD_NOTELL, cmd_unselect },
	{ "EXPUNGE",	CLIENT_SELECTED, X, S | X, CMD_WRITES, cmd_expunge },
	{ "UID EXPUNGE", CLIENT_SELECTED, X, S | X, CMD_WRITES | CMD_UID,
	    cmd_expunge },
	{ "SEARCH",	CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,
	    cmd_search },
	{ "UID SEARCH",	CLIENT_SELECTED, A, 0, CMD_UID, cmd_search },
	{ "FETCH",	CLIENT_SELECTED, A, 0, CMD_SEQ | CMD_NOEXPUNGE,
	    cmd_fetch },
	{ "UID FETCH",	CLIENT_SELECTED, A, 0, CMD_UID, cmd_fetch },
	{ "STORE",	CLIENT_SELECTED, S, S | X,
	    CMD_SEQ | CMD_NOEXPUNGE | CMD_WRITES, cmd_store },
	{ "UID STORE",	CLIENT_SELECTED, S, S | X, CMD_WRITES | CMD_UID,
	    cmd_store },
	{ "COPY",	CLIENT_SELECTED, S, S | X, CMD_SEQ, cmd_copy },
	{ "UID COPY",	CLIENT_SELECTED, S, S | X, CMD_UID, cmd_copy },
	{ "MOVE",	CLIENT_SELECTED, X, S | X, CMD_SEQ | CMD_WRITES,
	    cmd_move },
	{ "UID MOVE",	CLIENT_SELECTED, X, S | X, CMD_WRITES | CMD_UID,
	    cmd_move },
};

#undef A
#undef S
#undef X
#undef N

/* The table's row for a name in any case; NULL when there is none. */
static const struct command_spec *
command_find(struct str name)
{
	size_t	 i;

	for (i = 0; i < nitems(table); i++)
		if (strlen(table[i].name) == name.len &&
		    strncasecmp(table[i].name, name.p, name.len) == 0)
			return &table[i];
	return NULL;
}

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
	storage_forget(cmd);
	if (cmd->client->view != NULL)
		view_forget(cmd->client->view, cmd);
	while ((s = cmd->sets) != NULL) {
		cmd->sets = s->next;
		uidset_free(&s->set);
		free(s);
	}
	if (cmd->text.data != NULL &&
	    (cmd->spec == NULL || cmd->spec->flags & CMD_SECRET))
		explicit_bzero(cmd->text.data, cmd->text.size);
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

/* tag = 1*<any ASTRING-CHAR except "+"> */
static int
parse_tag(struct parse *p, char *tag, size_t size)
{
	struct str	 s;

	if (parse_peek(p) == '"' || parse_peek(p) == '{' ||
	    parse_astring(p, &s) == -1)
		return -1;
	if (s.len >= size || memchr(s.p, '+', s.len) != NULL)
		return -1;
	memcpy(tag, s.p, s.len);
	tag[s.len] = '\0';
	return 0;
}

/* Sets tag, spec and args.  Without effect on the command's state. */
void
command_identify(struct command *cmd)
{
	struct parse	*p = &cmd->args;
	struct str	 word, rest;
	char		 tag[sizeof(cmd->tag)], name[32];

	parse_init(p, cmd->text.data != NULL ? (char *)cmd->text.data : "",
	    cmd->text.len, cmd->arena);
	if (parse_tag(p, tag, sizeof(tag)) == -1 || parse_sp(p) == -1)
		return;
	memcpy(cmd->tag, tag, sizeof(tag));
	if (parse_atom(p, &word) == -1 || word.len >= sizeof(name) - 10)
		return;
	strlcpy(name, "", sizeof(name));
	if (str_caseeq(word, STR("UID"))) {
		if (parse_sp(p) == -1 || parse_atom(p, &rest) == -1 ||
		    rest.len >= sizeof(name) - 10)
			return;
		strlcpy(name, "UID ", sizeof(name));
		strncat(name, rest.p, rest.len);
	} else
		strncat(name, word.p, word.len);
	cmd->spec = command_find(str_from(name));
	cmd->uid = cmd->spec != NULL && cmd->spec->flags & CMD_UID;
}

/* Whether the commands before it allow it to start now. */
static bool
command_admitted(const struct command *cmd)
{
	const struct command_spec	*spec = cmd->spec;
	const struct command		*o;

	if (spec == NULL)
		return true;
	TAILQ_FOREACH(o, &cmd->client->commands, entry) {
		if (o == cmd)
			break;
		if (o->spec == NULL)
			continue;
		if (!(spec->after & o->spec->group))
			return false;
		if (!(spec->flags & CMD_SEQ))
			continue;
		/* numbers must not shift under it */
		if (o->spec->group == GROUP_EXPUNGE ||
		    (o->stage == STAGE_TELLING &&
		    !(o->spec->flags & CMD_NOEXPUNGE)))
			return false;
	}
	return true;
}

static const char *
state_error(const struct command *cmd)
{
	switch (cmd->client->state) {
	case CLIENT_STRANGER:
		return "Log in first";
	case CLIENT_KNOWN:
		return cmd->spec->states == CLIENT_STRANGER ?
		    "You are logged in" : "Select a mailbox first";
	default:
		return "Not in this state";
	}
}

/* The text is there, nothing stands before it. */
static void
command_start(struct command *cmd)
{
	struct client	*c = cmd->client;

	cmd->stage = STAGE_RUNNING;
	cmd->began = clock_ms();
	if (cmd->refusal != NULL) {
		if (cmd->toobig)
			(void)reply_no(cmd, "TOOBIG", "%s", cmd->refusal);
		else
			(void)reply_bad(cmd, "%s", cmd->refusal);
		return;
	}
	if (cmd->spec == NULL) {
		(void)reply_bad(cmd, cmd->tag[0] == '*' && cmd->tag[1] == 0 ?
		    "Not an IMAP command" : "Unknown command");
		return;
	}
	if (!(cmd->spec->states & (uint8_t)c->state)) {
		(void)reply_bad(cmd, "%s", state_error(cmd));
		return;
	}
	if (cmd->spec->flags & CMD_WRITES && c->view->readonly) {
		(void)reply_no(cmd, NULL, "The mailbox is read-only");
		return;
	}
	(void)cmd->spec->start(cmd);
}

bool
command_begin(struct command *cmd)
{
	if (!command_admitted(cmd)) {
		cmd->stage = STAGE_BLOCKED;
		return false;
	}
	command_start(cmd);
	return true;
}

void
command_answered(struct command *cmd)
{
	cmd->stage = STAGE_ANSWERED;
	if (cmd->client->taking == cmd)
		cmd->client->taking = NULL;
	client_wake(cmd->client);
}
