/* COPY and MOVE (RFC 3501 section 6.4.7, RFC 6851, COPYUID of RFC 4315). */
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

/* "COPYUID v src dst" with a NUL; empty when nothing was copied. */
static void
copyuid(struct buf *b, const struct reply_ok *ok)
{
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
	    "Some of the messages are no more");
}

static void
copy_reply(struct command *cmd, const struct answer *a)
{
	struct buf	 b = BUF_INIT, line = BUF_INIT;
	const char	*code;

	if (a->ok == NULL) {
		(void)reply_refused(cmd, a->no);
		return;
	}
	if (a->ok->src.n == 0 && !cmd->uid) {
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
	struct uidset		*set = command_set(cmd);

	if (parse_sp(p) == -1 || parse_seqset(p, &asked) == -1 ||
	    parse_sp(p) == -1 || parse_mailbox(p, &req.to) == -1 ||
	    !parse_end(p))
		return reply_bad(cmd, "%s wants a set and a mailbox's name",
		    cmd->spec->name);
	if (set == NULL || view_resolve(v, &asked, cmd->uid, set) == -1)
		return reply_bad(cmd, "No such message");
	if (set->n == 0)
		return reply_ok(cmd, NULL, "No messages");
	if (!cmd->uid && view_some_gone(v, set))
		return expunged(cmd);
	if (view_cover(v, set) == -1)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
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
