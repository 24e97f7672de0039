/* SELECT, EXAMINE, CLOSE and UNSELECT (RFC 3501 section 6, RFC 3691). */
#include <string.h>

#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

static void
select_lines(struct command *cmd, const struct mbox_selected *sel)
{
	struct view	*v = cmd->client->view;
	struct buf	 b = BUF_INIT;
	uint32_t	 seq;

	view_print_keywords(v, &b);
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	reply_line(cmd, "%u EXISTS", view_count(v));
	reply_line(cmd, "%llu RECENT",
	    (unsigned long long)uidset_count(&v->recent));
	if (sel->first_unseen != 0 &&
	    (seq = view_seq(v, sel->first_unseen)) != 0)
		reply_line(cmd, "OK [UNSEEN %u] First unseen", seq);
	reply_line(cmd, "OK [UIDVALIDITY %u] UIDs valid", sel->uidvalidity);
	reply_line(cmd, "OK [UIDNEXT %u] Predicted next UID", sel->uidnext);
}

static void
select_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct client	*c = cmd->client;
	bool		 readonly = cmd->spec->flags & CMD_READONLY;
	struct str	*name = cmd->state;

	if (a->no != NULL) {
		if (cmd->args.noname != NULL)
			(void)reply_noname(cmd, "NONEXISTENT");
		else
			(void)reply_refused(cmd, a->no);
		return;
	}
	if (a->selected == NULL || (c->view = view_new(a->selected, *name,
	    readonly)) == NULL) {
		(void)reply_no(cmd, "SERVERBUG",
		    "The mailbox cannot be opened");
		return;
	}
	if (!client_over(c))
		client_enter(c, CLIENT_SELECTED);
	select_lines(cmd, a->selected);
	(void)reply_ok(cmd, readonly ? "READ-ONLY" : "READ-WRITE",
	    "Selected");
}

enum cmd_result
cmd_select(struct command *cmd)
{
	struct mbox_select	 req = { 0 };
	struct str		*name;

	if (parse_arg(&cmd->args, "a mailbox name") == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	req.readonly = cmd->spec->flags & CMD_READONLY;
	if ((name = arena_alloc(cmd->arena, sizeof(*name))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	*name = req.name;
	cmd->state = name;
	/* a name that none can have is asked for as none: what was selected
	 * is left all the same (RFC 3501 section 6.3.1) */
	client_unselect(cmd->client);
	return storage_ask(cmd, IMSG_MBOX_SELECT, &req, select_reply);
}

static void
unselect_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	(void)a;	/* there is no way for it to fail */
	(void)reply_ok(cmd, NULL, "Closed");
}

static enum cmd_result
unselect(struct command *cmd)
{
	struct mbox_box	 req = { .box = cmd->client->view->box };

	client_unselect(cmd->client);
	return storage_ask(cmd, IMSG_MBOX_UNSELECT, &req, unselect_reply);
}

static void
close_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	if (a->no != NULL)
		(void)reply_refused(cmd, a->no);
	else if (cmd->client->view == NULL)	/* it is gone meanwhile */
		(void)reply_ok(cmd, NULL, "Closed");
	else
		(void)unselect(cmd);
}

enum cmd_result
cmd_close(struct command *cmd)
{
	struct mbox_expunge	 req = { .box = cmd->client->view->box };

	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (cmd->client->view->readonly)
		return unselect(cmd);
	return storage_ask(cmd, IMSG_MBOX_EXPUNGE, &req, close_reply);
}

enum cmd_result
cmd_unselect(struct command *cmd)
{
	if (parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	return unselect(cmd);
}
