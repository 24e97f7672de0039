/*
 * CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 section 6.3,
 * RFC 6154).  One message each: hierarchies and INBOX are storaged's.
 */
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/uses.h"

static void
mailbox_reply(struct command *cmd, const struct answer *a)
{
	if (a->no != NULL)
		(void)reply_refused(cmd, a->no);
	else
		(void)reply_ok(cmd, NULL, "Done");
}

/* Names that a new mailbox may have: no empty components, no wildcards. */
static const char *
name_error(struct str name)
{
	size_t	 i;

	if (name.len == 0)
		return "The name is empty";
	if (name.p[0] == '/' || name.p[name.len - 1] == '/')
		return "A component of the name is empty";
	for (i = 0; i < name.len; i++) {
		if (name.p[i] == '*' || name.p[i] == '%')
			return "Wildcards cannot be in a name";
		if (i > 0 && name.p[i] == '/' && name.p[i - 1] == '/')
			return "A component of the name is empty";
	}
	return NULL;
}

/* SP "(" "USE" SP "(" [use *(SP use)] ")" ")"; -2: an unknown use. */
static int
parse_create_use(struct parse *p, uint32_t *use)
{
	uint32_t	 bit;

	*use = 0;
	if (parse_end(p))
		return 0;
	if (parse_sp(p) == -1 || parse_char(p, '(') == -1 ||
	    parse_word(p, "USE") == -1 || parse_sp(p) == -1 ||
	    parse_char(p, '(') == -1)
		return -1;
	if (parse_char(p, ')') == -1) {
		do {
			if (parse_use(p, &bit) == -1)
				return parse_peek(p) == '\\' ? -2 : -1;
			*use |= bit;
		} while (parse_sp(p) == 0);
		if (parse_char(p, ')') == -1)
			return -1;
	}
	if (parse_char(p, ')') == -1 || !parse_end(p))
		return -1;
	return 0;
}

enum cmd_result
cmd_create(struct command *cmd)
{
	struct mbox_create	 req = { 0 };
	const char		*why;
	int			 ret;

	if (parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    (ret = parse_create_use(&cmd->args, &req.use)) == -1)
		return reply_bad(cmd, "CREATE wants a mailbox's name");
	if (ret == -2)
		return reply_no(cmd, "USEATTR", "No such special use");
	/* "foo/" only says that there will be children */
	if (req.name.len > 0 && req.name.p[req.name.len - 1] == '/')
		req.name.len--;
	if ((why = name_error(req.name)) != NULL)
		return reply_no(cmd, "CANNOT", "%s", why);
	return storage_ask(cmd, IMSG_MBOX_CREATE, &req, mailbox_reply);
}

enum cmd_result
cmd_delete(struct command *cmd)
{
	struct mbox_delete	 req = { 0 };

	if (parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    !parse_end(&cmd->args))
		return reply_bad(cmd, "DELETE wants a mailbox's name");
	if (str_eq(req.name, STR("INBOX")))
		return reply_no(cmd, "CANNOT", "INBOX cannot be deleted");
	return storage_ask(cmd, IMSG_MBOX_DELETE, &req, mailbox_reply);
}

enum cmd_result
cmd_rename(struct command *cmd)
{
	struct mbox_rename	 req = { 0 };
	const char		*why;

	if (parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.from) == -1 ||
	    parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.to) == -1 ||
	    !parse_end(&cmd->args))
		return reply_bad(cmd, "RENAME wants two mailboxes' names");
	if (req.to.len > 0 && req.to.p[req.to.len - 1] == '/')
		req.to.len--;
	if ((why = name_error(req.to)) != NULL)
		return reply_no(cmd, "CANNOT", "%s", why);
	return storage_ask(cmd, IMSG_MBOX_RENAME, &req, mailbox_reply);
}

static enum cmd_result
subscribe(struct command *cmd, bool on)
{
	struct mbox_subscribe	 req = { .on = on };

	if (parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    !parse_end(&cmd->args) || req.name.len == 0)
		return reply_bad(cmd, "%s wants a mailbox's name",
		    cmd->spec->name);
	return storage_ask(cmd, IMSG_MBOX_SUBSCRIBE, &req, mailbox_reply);
}

enum cmd_result
cmd_subscribe(struct command *cmd)
{
	return subscribe(cmd, true);
}

enum cmd_result
cmd_unsubscribe(struct command *cmd)
{
	return subscribe(cmd, false);
}
