/* SELECT, EXAMINE, CLOSE and UNSELECT (RFC 3501 section 6, RFC 3691). */
#include <string.h>

#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

static void
select_tell(struct command *cmd, const struct mbox_selected *sel)
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
select_reply(struct command *cmd, const struct answer *a)
{
	struct client	*c = cmd->client;
	bool		 readonly = cmd->spec->start == cmd_examine;
	struct str	*name = cmd->state;

	if (a->no != NULL) {
		(void)reply_refused(cmd, a->no);
		return;
	}
	if (a->selected == NULL || (c->view = view_new(a->selected, *name,
	    readonly)) == NULL) {
		(void)reply_no(cmd, "SERVERBUG", "The mailbox does not open");
		return;
	}
	c->state = CLIENT_SELECTED;
	select_tell(cmd, a->selected);
	(void)reply_ok(cmd, readonly ? "READ-ONLY" : "READ-WRITE",
	    "Selected");
}

enum cmd_result
cmd_select(struct command *cmd)
{
	struct mbox_select	 req = { 0 };
	struct str		*name;

	if (parse_sp(&cmd->args) == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    !parse_end(&cmd->args))
		return reply_bad(cmd, "%s wants a mailbox's name",
		    cmd->spec->name);
	req.readonly = cmd->spec->start == cmd_examine;
	if ((name = arena_alloc(cmd->arena, sizeof(*name))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	*name = req.name;
	cmd->state = name;
	client_unselect(cmd->client);
	return storage_ask(cmd, IMSG_MBOX_SELECT, &req, select_reply);
}

enum cmd_result
cmd_examine(struct command *cmd)
{
	return cmd_select(cmd);
}

static void
unselect_reply(struct command *cmd, const struct answer *a)
{
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
close_reply(struct command *cmd, const struct answer *a)
{
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

	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "CLOSE takes no arguments");
	if (cmd->client->view->readonly)
		return unselect(cmd);
	return storage_ask(cmd, IMSG_MBOX_EXPUNGE, &req, close_reply);
}

enum cmd_result
cmd_unselect(struct command *cmd)
{
	if (!parse_end(&cmd->args))
		return reply_bad(cmd, "UNSELECT takes no arguments");
	return unselect(cmd);
}
