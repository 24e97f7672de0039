/*
 * A command before its start: which one it is, and whether it may start yet
 * (RFC 3501 sections 2.2.1 and 5.5).
 */
#include "imapd/run_begin.h"

#include <string.h>

#include "common/compat.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/parse.h"
#include "imapd/reply.h"
#include "imapd/view.h"

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

/*
 * Whether a command of an unknown name may be IMAP all the same: not "Host:
 * example.com", nor "EHLO mx.example.com".
 */
static bool
looks_like_imap(const char *tag, struct str name)
{
	size_t	 i;

	for (i = 0; i < name.len; i++)
		if (!((name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'z') &&
		    name.p[i] != '-')
			return false;
	return strchr(tag, ':') == NULL;
}

/* Sets tag, spec and args.  Without effect on the command's state. */
void
run_identify(struct command *cmd)
{
	struct parse	*p = &cmd->args;
	struct str	 word, rest;
	char		 tag[sizeof(cmd->tag)], name[32];

	parse_init(p, cmd->text.data != NULL ? (char *)cmd->text.data : "",
	    cmd->text.len, cmd->arena);
	if (parse_tag(p, tag, sizeof(tag)) == -1 || parse_sp(p) == -1)
		return;
	memcpy(cmd->tag, tag, sizeof(tag));
	if (parse_atom(p, &word) == -1)
		return;
	cmd->imap = looks_like_imap(tag, word);
	if (word.len >= sizeof(name) - 10)
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
	cmd->spec = cmd_find(str_from(name));
	cmd->uid = cmd->spec != NULL && cmd->spec->flags & CMD_UID;
}

/* Ranges of sets that commands under way hold: then the next one waits. */
#define RANGES_UNDER_WAY	262144

static size_t
command_ranges(const struct command *cmd)
{
	const struct command_set	*s;
	size_t				 n = cmd->owed.n;

	for (s = cmd->sets; s != NULL; s = s->next)
		n += s->set.n;
	return n;
}

/* Whether the commands before it allow it to start now. */
static bool
command_admitted(const struct command *cmd)
{
	const struct command_spec	*spec = cmd->spec;
	const struct command		*o;
	size_t				 ranges = 0;

	if (spec == NULL)
		return true;
	TAILQ_FOREACH(o, &cmd->client->commands, entry) {
		if (o == cmd)
			break;
		if (o == cmd->behind)
			return false;
		if (o->spec == NULL)
			continue;
		if ((ranges += command_ranges(o)) > RANGES_UNDER_WAY)
			return false;
		if (!(spec->after & o->spec->group))
			return false;
		if (!(spec->flags & CMD_SEQ))
			continue;
		/* numbers must not shift under it */
		if (o->spec->group == GROUP_EXPUNGE ||
		    (o->stage == STAGE_NOTIFYING &&
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
		    "Already logged in" : "Select a mailbox first";
	default:
		return "Command not allowed in this state";
	}
}

/*
 * The text is there, and as far as the table knows nothing stands before it.
 * False: its arguments say otherwise, it goes back to where it was.
 */
static bool
command_start(struct command *cmd)
{
	struct client	*c = cmd->client;
	struct parse	 args = cmd->args;

	cmd->stage = STAGE_RUNNING;
	cmd->began = clock_us();
	cmd->context.session = c->session;
	if (log_is_debug() && !cmd->context.traced)
		log_context_trace(&cmd->context);
	if (cmd->refusal != NULL) {
		if (cmd->toobig)
			(void)reply_no(cmd, "TOOBIG", "%s", cmd->refusal);
		else
			(void)reply_bad(cmd, "%s", cmd->refusal);
		return true;
	}
	if (cmd->spec == NULL) {
		(void)reply_bad(cmd, cmd->tag[0] == '*' && cmd->tag[1] == 0 ?
		    "Not an IMAP command" : "Unknown command");
		return true;
	}
	if (!(cmd->spec->states & (uint8_t)c->state)) {
		(void)reply_bad(cmd, "%s", state_error(cmd));
		return true;
	}
	if (cmd->spec->flags & CMD_WRITES && c->view->readonly) {
		(void)reply_no(cmd, NULL, "The mailbox is read-only");
		return true;
	}
	if (cmd->spec->start(cmd) != CMD_BEHIND)
		return true;
	cmd->args = args;
	cmd->state = NULL;
	return false;
}

bool
run_begin(struct command *cmd)
{
	if (command_admitted(cmd) && command_start(cmd))
		return true;
	cmd->stage = STAGE_BLOCKED;
	return false;
}
