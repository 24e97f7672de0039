/*
 * STORE and EXPUNGE (RFC 3501 sections 6.4.3 and 6.4.6, RFC 4315).  What
 * changed comes back as events; FETCH and EXPUNGE lines are the view's.
 */
#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/overlap.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"
#include "imapd/words.h"

/*
 * Messages that others have expunged: the rest is stored and told, and the
 * client hears of it unless it wanted to hear nothing (RFC 2180 section
 * 4.2).  A UID that is no more is no error (RFC 3501 section 6.4.8).
 */
static void
store_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	const struct view	*v = cmd->client->view;
	const struct uidset	*set = cmd->state;

	if (a->no != NULL) {
		uidset_free(&cmd->owed);
		(void)reply_refused(cmd, a->no);
	} else if (!cmd->uid && !cmd->silent && v != NULL &&
	    view_some_gone(v, set))
		(void)reply_no(cmd, "EXPUNGEISSUED",
		    "Some of the messages have been expunged");
	else if (a->ok != NULL && a->ok->full)
		(void)reply_ok(cmd, "LIMIT",
		    "Stored without the new keywords: too many keywords");
	else
		(void)reply_ok(cmd, NULL, "Stored");
}

static int
parse_store_how(struct parse *p, uint8_t *how, bool *silent)
{
	const char	*at = p->p;

	*how = MBOX_STORE_SET;
	if (parse_char(p, '+') == 0)
		*how = MBOX_STORE_ADD;
	else if (parse_char(p, '-') == 0)
		*how = MBOX_STORE_REMOVE;
	if (parse_word(p, "FLAGS") == 0) {
		*silent = parse_char(p, '.') == 0;
		if (!*silent || parse_word(p, "SILENT") == 0)
			return 0;
	}
	p->p = at;
	return -1;
}

enum cmd_result
cmd_store(struct command *cmd)
{
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct mbox_store	 req = { .box = v->box,
	    .unchangedsince = UINT64_MAX };
	struct seqset		 asked;
	struct flag_list	 flags;
	struct uidset		*set;
	enum cmd_result		 ret;

	if (parse_arg(p, "a sequence set") == -1 ||
	    parse_seqset(p, &asked) == -1 ||
	    parse_arg(p, "FLAGS, +FLAGS or -FLAGS, with or without .SILENT")
	    == -1 || parse_store_how(p, &req.how, &cmd->silent) == -1 ||
	    parse_arg(p, "a list of flags") == -1 ||
	    parse_store_flags(p, &flags) == -1 || parse_done(p) == -1)
		return reply_bad_arg(cmd);
	if ((set = cmd_resolve(cmd, &asked, cmd->uid, &ret)) == NULL)
		return ret;
	if (set->n == 0)
		return reply_ok(cmd, NULL, "Nothing to store");
	req.flags = flags.flags;
	if (words_list(cmd->arena, &flags, &req.keywords) == -1 ||
	    (!cmd->silent && uidset_copy(&cmd->owed, set) == -1) ||
	    view_cover(v, set) == -1)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (overlap_shown(cmd, set)) {
		uidset_free(&cmd->owed);
		return CMD_BEHIND;
	}
	req.uids = *set;
	cmd->changes = set;
	cmd->state = set;
	return storage_ask(cmd, IMSG_MBOX_STORE, &req, store_reply);
}

static void
expunge_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	if (a->no != NULL)
		(void)reply_refused(cmd, a->no);
	else
		(void)reply_ok(cmd, NULL, "Expunged");
}

enum cmd_result
cmd_expunge(struct command *cmd)
{
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct mbox_expunge	 req = { .box = v->box, .only = cmd->uid };
	struct seqset		 asked;
	struct uidset		*set;
	enum cmd_result		 ret;

	if (!cmd->uid) {
		if (parse_done(p) == -1)
			return reply_bad_arg(cmd);
		if (overlap_shown(cmd, NULL))
			return CMD_BEHIND;
		return storage_ask(cmd, IMSG_MBOX_EXPUNGE, &req,
		    expunge_reply);
	}
	if (parse_arg(p, "a sequence set") == -1 ||
	    parse_seqset(p, &asked) == -1 || parse_done(p) == -1)
		return reply_bad_arg(cmd);
	if ((set = cmd_resolve(cmd, &asked, true, &ret)) == NULL)
		return ret;
	if (view_cover(v, set) == -1)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (set->n == 0)
		return reply_ok(cmd, NULL, "Nothing to expunge");
	if (overlap_shown(cmd, set))
		return CMD_BEHIND;
	req.uids = *set;
	return storage_ask(cmd, IMSG_MBOX_EXPUNGE, &req, expunge_reply);
}
