/*
 * CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 section 6.3,
 * RFC 6154).  One message each: hierarchies and INBOX are storaged's.
 */
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/uses.h"

static const char a_name[] = "a mailbox name";

static void
mailbox_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	if (a->no != NULL)
		(void)reply_refused(cmd, a->no);
	else
		(void)reply_ok(cmd, NULL, "Done");
}

/* A component of a new mailbox's name is not empty. */
static const char *
name_error(struct str name)
{
	size_t	 i;

	if (name.len == 0)
		return "The mailbox name is empty";
	if (name.p[0] == '/' || name.p[name.len - 1] == '/')
		return "The mailbox name has an empty component";
	for (i = 0; i < name.len; i++) {
		if (i > 0 && name.p[i] == '/' && name.p[i - 1] == '/')
			return "The mailbox name has an empty component";
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
	if (parse_arg(p, "(USE (...))") == -1 || parse_open(p) == -1 ||
	    parse_word(p, "USE") == -1 || parse_sp(p) == -1 ||
	    parse_open(p) == -1)
		return -1;
	if (parse_close(p) == -1) {
		do {
			if (parse_use(p, &bit) == -1)
				return parse_peek(p) == '\\' ? -2 : -1;
			*use |= bit;
		} while (parse_more(p) == 0);
		if (parse_close(p) == -1)
			return -1;
	}
	return parse_close(p) == -1 ? -1 : parse_done(p);
}

enum cmd_result
cmd_create(struct command *cmd)
{
	struct mbox_create	 req = { 0 };
	const char		*why;
	int			 ret;

	if (parse_arg(&cmd->args, a_name) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    (ret = parse_create_use(&cmd->args, &req.use)) == -1)
		return reply_bad_arg(cmd);
	if (req.name.p == NULL)
		return reply_noname(cmd, "CANNOT");
	if (ret == -2)
		return reply_no(cmd, "USEATTR", "Unknown special use");
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

	if (parse_arg(&cmd->args, a_name) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (req.name.p == NULL)
		return reply_noname(cmd, "NONEXISTENT");
	if (str_eq(req.name, STR("INBOX")))
		return reply_no(cmd, "CANNOT", "INBOX cannot be deleted");
	return storage_ask(cmd, IMSG_MBOX_DELETE, &req, mailbox_reply);
}

enum cmd_result
cmd_rename(struct command *cmd)
{
	struct mbox_rename	 req = { 0 };
	const char		*why, *noname;

	if (parse_arg(&cmd->args, a_name) == -1 ||
	    parse_mailbox(&cmd->args, &req.from) == -1)
		return reply_bad_arg(cmd);
	noname = cmd->args.noname;
	if (parse_arg(&cmd->args, "a new mailbox name") == -1 ||
	    parse_mailbox(&cmd->args, &req.to) == -1 ||
	    parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (req.from.p == NULL)
		return reply_no(cmd, "NONEXISTENT", "%s", noname);
	if (req.to.p == NULL)
		return reply_noname(cmd, "CANNOT");
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

	if (parse_arg(&cmd->args, a_name) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (req.name.p == NULL)
		return reply_noname(cmd, on ? "CANNOT" : "NONEXISTENT");
	if (req.name.len == 0)
		return reply_bad(cmd, "%s: the mailbox name is empty",
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
