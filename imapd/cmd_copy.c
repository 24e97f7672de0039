/* COPY and MOVE (RFC 3501 section 6.4.7, RFC 6851, COPYUID of RFC 4315). */
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/overlap.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

#define COPYUID_MAX	(8 * 1024 * 1024)

/*
 * "COPYUID v src dst" with a NUL; empty when nothing was copied, or when it
 * would be so long that it is better left out.
 */
static void
copyuid(struct buf *b, const struct reply_ok *ok)
{
	buf_init(b, COPYUID_MAX);
	if (ok->src.n > 0 && ok->dst.n > 0) {
		(void)buf_printf(b, "COPYUID %u ", ok->uidvalidity);
		(void)uidset_print(&ok->src, b);
		(void)buf_put_u8(b, ' ');
		(void)uidset_print(&ok->dst, b);
	}
	(void)buf_put_u8(b, '\0');
}

/* COPY is all or nothing (RFC 3501 section 6.4.7). */
static enum cmd_result
expunged(struct command *cmd)
{
	return reply_no(cmd, "EXPUNGEISSUED",
	    "Some of the messages have been expunged");
}

static void
copy_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct buf	 b, line = BUF_INIT;
	const char	*code;

	if (a->ok == NULL) {
		(void)reply_refused(cmd, a->no);
		return;
	}
	if (a->ok->count == 0 && !cmd->uid) {
		(void)expunged(cmd);
		return;
	}
	copyuid(&b, a->ok);
	code = b.failed || b.len < 2 ? NULL : (char *)b.data;
	if (cmd->spec->group != GROUP_EXPUNGE)
		(void)reply_ok(cmd, code, "Copied");
	else {
		/* RFC 6851, section 4.3: before the EXPUNGE lines */
		if (code != NULL) {
			(void)buf_puts(&line, "* OK [");
			(void)buf_puts(&line, code);
			(void)buf_puts(&line, "] Moved\r\n");
			reply_raw(cmd, line.data, line.len);
		}
		(void)reply_ok(cmd, NULL, "Done");
	}
	buf_free(&line);
	buf_free(&b);
}

static enum cmd_result
copy_or_move(struct command *cmd, enum msg_type type)
{
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct mbox_copy	 req = { .box = v->box };
	struct seqset		 asked;
	struct uidset		*set;
	enum cmd_result		 ret;

	if (parse_arg(p, "a sequence set") == -1 ||
	    parse_seqset(p, &asked) == -1 ||
	    parse_arg(p, "a mailbox name") == -1 ||
	    parse_mailbox(p, &req.to) == -1 || parse_done(p) == -1)
		return reply_bad_arg(cmd);
	if (req.to.p == NULL)
		return reply_noname(cmd, "NONEXISTENT");
	if ((set = cmd_resolve(cmd, &asked, cmd->uid, &ret)) == NULL)
		return ret;
	if (set->n == 0)
		return reply_ok(cmd, NULL, "No messages");
	if (!cmd->uid && view_some_gone(v, set))
		return expunged(cmd);
	if (view_cover(v, set) == -1)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (type == IMSG_MBOX_MOVE && overlap_shown(cmd, set))
		return CMD_BEHIND;
	req.uids = *set;
	return storage_ask(cmd, type, &req, copy_reply);
}

enum cmd_result
cmd_copy(struct command *cmd)
{
	return copy_or_move(cmd, IMSG_MBOX_COPY);
}

enum cmd_result
cmd_move(struct command *cmd)
{
	return copy_or_move(cmd, IMSG_MBOX_MOVE);
}
