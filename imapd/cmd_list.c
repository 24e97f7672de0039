/*
 * LIST and LSUB (RFC 3501 sections 6.3.8 and 6.3.9, RFC 5258, RFC 5819).
 * All rows are collected, for what lies below a name decides how it is
 * shown; the lines go out as fast as the client takes them.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/list.h"
#include "imapd/reply.h"
#include "imapd/rows.h"
#include "imapd/status.h"
#include "imapd/storage.h"
#include "imapd/turn.h"

#define LIST_ROW_MAX		4096
#define LIST_PATTERNS_MAX	100

struct list {
	struct list_query	 q;
	uint32_t		 items;		/* of RETURN (STATUS ...) */
	struct rows		 rows;
	struct mbox_row		*v;
	size_t			 n;
	size_t			 size;
	struct list_tree	 tree;
	bool			 matched;
	size_t			 next;		/* entry to be written */
};

static void
list_drop(struct command *cmd)
{
	struct list	*st = cmd->state;

	rows_free(&st->rows);
	free(st->v);
}

static int
list_row(void *arg, const uint8_t *p, size_t len)
{
	struct command	*cmd = arg;
	struct list	*st = cmd->state;
	struct mbox_row	*v;
	size_t		 size;

	if (st->n == st->size) {
		size = st->size == 0 ? 32 : st->size * 2;
		if (size > 4 * MBOX_MAILBOXES_MAX ||
		    (v = reallocarray(st->v, size, sizeof(*v))) == NULL)
			return -1;
		st->v = v;
		st->size = size;
	}
	v = &st->v[st->n];
	if (wire_decode(&mbox_row_wire, v, p, len, cmd->arena) == -1 ||
	    v->name.len == 0 || (v->name.p = arena_dup(cmd->arena,
	    v->name.p, v->name.len)) == NULL)
		return -1;
	st->n++;
	return 0;
}

static int
list_data(void *arg, const uint8_t *p, size_t len)
{
	struct command	*cmd = arg;
	struct list	*st = cmd->state;

	return rows_feed(&st->rows, p, len, list_row, cmd);
}

static void
list_line(struct command *cmd, const struct list_entry *e)
{
	struct list	*st = cmd->state;
	struct buf	 attrs = BUF_INIT, b = BUF_INIT;

	list_attributes(e, &st->q, &attrs);
	(void)buf_printf(&b, "* %s (", st->q.lsub ? "LSUB" : "LIST");
	(void)buf_put(&b, attrs.data, attrs.len);
	(void)buf_puts(&b, ") \"/\" ");
	put_mailbox(&b, e->row.name);
	if (e->childinfo && !st->q.lsub)
		(void)buf_puts(&b, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
	(void)buf_puts(&b, "\r\n");
	if (st->q.returns & LIST_RETURN_STATUS && e->row.box != 0)
		put_status(&b, &e->row, st->items,
		    cmd->client->append_limit);
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	buf_free(&attrs);
}

/* Which match, and their lines: as far as time and room allow. */
static bool
list_work(struct command *cmd)
{
	struct list	*st = cmd->state;

	if (!st->matched && !list_match(&st->tree, &st->q))
		return false;
	st->matched = true;
	for (; st->next < st->tree.n; st->next++) {
		if (client_full(cmd->client) || turn_spent())
			return false;		/* it comes again */
		if (st->tree.v[st->next].match)
			list_line(cmd, &st->tree.v[st->next]);
	}
	(void)reply_ok(cmd, NULL, "Done");
	return true;
}

static void
list_resume(struct command *cmd)
{
	client_wake(cmd->client);
}

static void
list_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct list	*st = cmd->state;

	if (a->no != NULL) {
		(void)reply_refused(cmd, a->no);
		return;
	}
	if (list_tree(&st->tree, st->v, st->n, cmd->arena) == -1) {
		(void)reply_no(cmd, "LIMIT", "Too many mailboxes");
		return;
	}
	cmd->work = list_work;
	cmd->resume = list_resume;
	client_wake(cmd->client);
}

static const struct {
	const char	*word;
	uint32_t	 bit;
} select_words[] = {
	{ "SUBSCRIBED",		LIST_SUBSCRIBED },
	{ "REMOTE",		LIST_REMOTE },
	{ "RECURSIVEMATCH",	LIST_RECURSIVEMATCH },
	{ "SPECIAL-USE",	LIST_SPECIAL_USE },
}, return_words[] = {
	{ "SUBSCRIBED",		LIST_RETURN_SUBSCRIBED },
	{ "CHILDREN",		LIST_RETURN_CHILDREN },
	{ "SPECIAL-USE",	LIST_RETURN_SPECIAL_USE },
	{ "STATUS",		LIST_RETURN_STATUS },
};

/* "(" [option *(SP option)] ")" SP */
static int
parse_select_options(struct parse *p, struct list_query *q)
{
	const char	*at = p->p;
	size_t		 i;

	p->what = "a selection option";
	if (parse_open(p) == -1)
		return 0;
	q->extended = true;
	if (parse_close(p) == -1) {
		do {
			for (i = 0; i < nitems(select_words); i++)
				if (parse_word(p, select_words[i].word) == 0)
					break;
			if (i == nitems(select_words))
				return -1;
			q->select |= select_words[i].bit;
		} while (parse_more(p) == 0);
		if (parse_close(p) == -1)
			return -1;
	}
	/* RFC 5258, section 6: it needs a base option, which SPECIAL-USE
	 * (RFC 6154, section 6) is not */
	if (q->select & LIST_RECURSIVEMATCH &&
	    !(q->select & LIST_SUBSCRIBED)) {
		p->p = at;
		p->what = "SUBSCRIBED along with RECURSIVEMATCH";
		return -1;
	}
	return parse_sp(p);
}

/* SP "RETURN" SP "(" [option *(SP option)] ")" */
static int
parse_return_options(struct parse *p, struct list *st)
{
	size_t	 i;

	if (parse_end(p))
		return 0;
	if (parse_arg(p, "RETURN") == -1 || parse_word(p, "RETURN") == -1 ||
	    parse_arg(p, "a list of return options") == -1 ||
	    parse_open(p) == -1)
		return -1;
	st->q.extended = true;
	if (parse_close(p) == 0)
		return parse_done(p);
	p->what = "a return option";
	do {
		for (i = 0; i < nitems(return_words); i++)
			if (parse_word(p, return_words[i].word) == 0)
				break;
		if (i == nitems(return_words))
			return -1;
		st->q.returns |= return_words[i].bit;
		if (return_words[i].bit == LIST_RETURN_STATUS &&
		    (parse_sp(p) == -1 ||
		    parse_status_items(p, &st->items) == -1))
			return -1;
	} while (parse_more(p) == 0);
	if (parse_close(p) == -1)
		return -1;
	return parse_done(p);
}

/* The reference and a pattern make one pattern (RFC 3501 section 6.3.8). */
static int
add_pattern(struct command *cmd, struct list_query *q, struct str reference,
    struct str pattern)
{
	struct str	*s;
	char		*d;

	/* what can be no name matches none */
	if (reference.p == NULL || pattern.p == NULL)
		return 0;
	if (q->npatterns == LIST_PATTERNS_MAX)
		return -1;
	s = &q->patterns[q->npatterns];
	s->len = reference.len + pattern.len;
	if ((d = arena_alloc(cmd->arena, s->len + 1)) == NULL)
		return -1;
	memcpy(d, reference.p, reference.len);
	memcpy(d + reference.len, pattern.p, pattern.len);
	s->p = d;
	q->npatterns++;
	return 0;
}

static int
parse_patterns(struct command *cmd, struct list_query *q,
    struct str reference, struct str *only)
{
	struct parse	*p = &cmd->args;

	q->patterns = arena_array(cmd->arena, LIST_PATTERNS_MAX,
	    sizeof(*q->patterns));
	if (q->patterns == NULL)
		return -1;
	if (q->lsub || parse_open(p) == -1) {
		if (parse_mailbox(p, only) == -1)
			return -1;
		return add_pattern(cmd, q, reference, *only);
	}
	q->extended = true;
	do {
		if (parse_mailbox(p, only) == -1 ||
		    add_pattern(cmd, q, reference, *only) == -1)
			return -1;
	} while (parse_more(p) == 0);
	return parse_close(p);
}

static enum cmd_result
list(struct command *cmd, bool lsub)
{
	struct mbox_list	 req = { .fresh = true };
	struct parse		*p = &cmd->args;
	struct str		 reference, only = { "", 0 };
	struct list		*st;

	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	rows_init(&st->rows, LIST_ROW_MAX);
	cmd->state = st;
	cmd->drop = list_drop;
	st->q.lsub = lsub;
	if (parse_arg(p, "a reference") == -1 ||
	    (!lsub && parse_select_options(p, &st->q) == -1))
		return reply_bad_arg(cmd);
	p->what = "a reference";
	if (parse_mailbox(p, &reference) == -1 ||
	    parse_arg(p, "a pattern") == -1 ||
	    parse_patterns(cmd, &st->q, reference, &only) == -1 ||
	    (lsub ? parse_done(p) : parse_return_options(p, st)) == -1)
		return reply_bad_arg(cmd);
	if (!st->q.extended && !lsub && only.p != NULL && only.len == 0) {
		/* what the hierarchy's delimiter is */
		reply_line(cmd, "LIST (\\Noselect) \"/\" \"\"");
		return reply_ok(cmd, NULL, "Done");
	}
	req.counts = (st->q.returns & LIST_RETURN_STATUS) != 0;
	return storage_stream(cmd, IMSG_MBOX_LIST, &req, list_data,
	    list_reply, NULL);
}

enum cmd_result
cmd_list(struct command *cmd)
{
	return list(cmd, false);
}

enum cmd_result
cmd_lsub(struct command *cmd)
{
	return list(cmd, true);
}
