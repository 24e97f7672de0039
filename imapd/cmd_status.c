/* STATUS (RFC 3501 section 6.3.10, RFC 7889). */
#include "imapd/status.h"

#include "common/compat.h"
#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/reply.h"
#include "imapd/rows.h"
#include "imapd/storage.h"

#define STATUS_ROW_MAX	4096

enum { MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, APPENDLIMIT };

static const char *const items_by_bit[] = {
	[MESSAGES] = "MESSAGES",
	[RECENT] = "RECENT",
	[UIDNEXT] = "UIDNEXT",
	[UIDVALIDITY] = "UIDVALIDITY",
	[UNSEEN] = "UNSEEN",
	[APPENDLIMIT] = "APPENDLIMIT",
};

int
parse_status_items(struct parse *p, uint32_t *items)
{
	size_t	 i;

	*items = 0;
	if (parse_open(p) == -1)
		return -1;
	p->what = "a STATUS item";
	do {
		for (i = 0; i < nitems(items_by_bit); i++)
			if (parse_word(p, items_by_bit[i]) == 0)
				break;
		if (i == nitems(items_by_bit))
			return -1;
		*items |= 1U << i;
	} while (parse_more(p) == 0);
	return parse_close(p);
}

void
put_status(struct buf *b, const struct mbox_row *row, uint32_t items,
    uint64_t append_limit)
{
	const uint64_t	 values[] = {
		[MESSAGES] = row->messages,
		[RECENT] = row->recent,
		[UIDNEXT] = row->uidnext,
		[UIDVALIDITY] = row->uidvalidity,
		[UNSEEN] = row->unseen,
		[APPENDLIMIT] = append_limit
	};
	const char	*sep = "";
	size_t		 i;

	(void)buf_puts(b, "* STATUS ");
	put_mailbox(b, row->name);
	(void)buf_puts(b, " (");
	for (i = 0; i < nitems(items_by_bit); i++) {
		if (!(items & 1U << i))
			continue;
		(void)buf_printf(b, "%s%s %llu", sep, items_by_bit[i],
		    (unsigned long long)values[i]);
		sep = " ";
	}
	(void)buf_puts(b, ")\r\n");
}

struct status {
	struct rows	 rows;
	uint32_t	 items;
	bool		 found;
};

static void
status_drop(struct command *cmd)
{
	struct status	*st = cmd->state;

	rows_free(&st->rows);
}

static int
status_row(void *arg, const uint8_t *p, size_t len)
{
	struct command	*cmd = arg;
	struct status	*st = cmd->state;
	struct mbox_row	 row;
	struct buf	 b = BUF_INIT;

	if (wire_decode(&mbox_row_wire, &row, p, len, cmd->arena) == -1)
		return -1;
	if (row.box == 0)	/* only subscribed */
		return 0;
	st->found = true;
	put_status(&b, &row, st->items, cmd->client->append_limit);
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return 0;
}

static int
status_data(void *arg, const uint8_t *p, size_t len)
{
	struct command	*cmd = arg;
	struct status	*st = cmd->state;

	return rows_feed(&st->rows, p, len, status_row, cmd);
}

static void
status_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct status	*st = cmd->state;

	if (a->no != NULL)
		(void)reply_refused(cmd, a->no);
	else if (!st->found)
		(void)reply_no(cmd, "NONEXISTENT", "No such mailbox");
	else
		(void)reply_ok(cmd, NULL, "Done");
}

enum cmd_result
cmd_status(struct command *cmd)
{
	struct mbox_list	 req = { .counts = true, .fresh = true };
	struct status		*st;

	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (parse_arg(&cmd->args, "a mailbox name") == -1 ||
	    parse_mailbox(&cmd->args, &req.name) == -1 ||
	    parse_arg(&cmd->args, "a list of STATUS items") == -1 ||
	    parse_status_items(&cmd->args, &st->items) == -1 ||
	    parse_done(&cmd->args) == -1)
		return reply_bad_arg(cmd);
	if (req.name.p == NULL)
		return reply_noname(cmd, "NONEXISTENT");
	if (req.name.len == 0)
		return reply_no(cmd, "NONEXISTENT", "No such mailbox");
	rows_init(&st->rows, STATUS_ROW_MAX);
	cmd->state = st;
	cmd->drop = status_drop;
	return storage_stream(cmd, IMSG_MBOX_LIST, &req, status_data,
	    status_reply, NULL);
}
