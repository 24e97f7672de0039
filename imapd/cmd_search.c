/*
 * SEARCH and UID SEARCH: asks for META rows with only the columns that the
 * program reads (none, when the view alone can tell), and for the messages
 * that they leave open.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/digest.h"
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/search_run.h"
#include "imapd/setcut.h"
#include "imapd/view.h"
#include "mail/charset.h"

#define ROW_ARENA_MAX	(8 * 1024 * 1024)

static void
search_drop(struct command *cmd)
{
	struct search_run	*s = cmd->state;

	search_bodies_free(s);
	search_scratch_free(&s->eval.scratch);
	uidset_free(&s->todo);
	rows_free(&s->rows);
	arena_free(s->arena);
	s->arena = NULL;
}

void
search_refused(struct search_run *s, const struct reply_no *no)
{
	char	*text;

	if (s->refused)
		return;
	s->refused = true;
	text = arena_dup(s->cmd->arena, no->text.p, no->text.len);
	s->no.code = no->code;
	s->no.text = (struct str){ text, text == NULL ? 0 : no->text.len };
}

/* Keeps a row, without its header block: that is read again. */
static int
row_open(struct search_run *s, struct mbox_meta_row *row)
{
	struct search_open	*o = NULL;
	struct buf		 digest = BUF_INIT, b = BUF_INIT;

	if (s->prog.fields & DIGEST_BIT(DIGEST_HEADER)) {
		(void)digest_filter(row->digest.p, row->digest.len,
		    s->prog.fields & ~DIGEST_BIT(DIGEST_HEADER), &digest);
		row->digest = (struct str){ (char *)digest.data,
		    digest.len };
	}
	if (!digest.failed &&
	    mbox_meta_row_encode(row, s->prog.what, &b) == 0 &&
	    (o = malloc(sizeof(*o) + b.len)) != NULL) {
		o->uid = row->uid;
		o->len = b.len;
		memcpy(o->row, b.data, b.len);
		TAILQ_INSERT_TAIL(&s->open, o, entry);
	}
	buf_free(&digest);
	buf_free(&b);
	return o == NULL ? -1 : 0;
}

static int
search_row(void *arg, const uint8_t *p, size_t len)
{
	struct search_run	*s = arg;
	struct mbox_meta_row	 row;

	arena_reset(s->arena);
	if (mbox_meta_row_decode(&row, s->prog.what, p, len, s->arena) == -1)
		return -1;
	if (!uidset_has(s->set, row.uid))
		return 0;
	switch (search_eval(&s->eval, &row, NULL, NULL)) {
	case SEARCH_YES:
		return uidset_add(s->result, row.uid, row.uid);
	case SEARCH_OPEN:
		return row_open(s, &row);
	case SEARCH_NO:
		break;
	}
	return 0;
}

static int
search_meta_data(struct command *cmd, const uint8_t *p, size_t len)
{
	struct search_run	*s = cmd->state;

	return cmd->client->view == NULL ? 0 :
	    rows_feed(&s->rows, p, len, search_row, s);
}

static void
search_meta_reply(struct command *cmd, const struct answer *a)
{
	struct search_run	*s = cmd->state;

	s->meta = false;
	buf_reset(&s->rows.b);
	if (a->no != NULL)
		search_refused(s, a->no);
	search_pump(s);
}

static void
search_ask_meta(struct search_run *s)
{
	struct view		*v = s->cmd->client->view;
	struct mbox_meta	 req = { .box = v->box, .what = s->prog.what,
	    .fields = s->prog.fields };

	if (set_cut(&s->todo, s->prog.nbodies == 0 ? UINT64_MAX :
	    SEARCH_BATCH, &req.uids) == -1 ||
	    view_cover(v, &req.uids) == -1)
		s->failed = true;
	else {
		s->meta = true;
		(void)storage_stream(s->cmd, IMSG_MBOX_META, &req,
		    search_meta_data, search_meta_reply, NULL);
	}
	uidset_free(&req.uids);
}

static void
search_finish(struct search_run *s)
{
	struct command		*cmd = s->cmd;
	static const struct uidset none = UIDSET_INIT;
	bool			 bad;

	if (s->eval.damaged)
		s->damaged++;
	bad = s->refused || s->failed || s->away > 0 || s->damaged > 0;
	if (!bad)
		search_tell(s);
	else if (s->returns & RETURN_SAVE)
		(void)view_save(cmd->client->view, &none);
	if (s->refused)
		(void)reply_refused(cmd, &s->no);
	else if (s->failed)
		(void)reply_no(cmd, "SERVERBUG", "Out of memory");
	else if (s->damaged > 0)
		(void)reply_no(cmd, "CORRUPTION",
		    "Some messages are damaged and cannot be searched");
	else if (s->away > 0)
		(void)reply_no(cmd, "UNAVAILABLE",
		    "Some messages cannot be had for now");
	else
		(void)reply_ok(cmd, NULL, "Searched");
}

void
search_pump(struct search_run *s)
{
	if (s->meta || s->body || s->cmd->stage != STAGE_RUNNING)
		return;
	if (s->cmd->client->view == NULL) {
		(void)reply_no(s->cmd, NULL, "The mailbox is gone");
		return;
	}
	if (s->refused || s->failed)
		search_finish(s);
	else if (!TAILQ_EMPTY(&s->open))
		search_bodies(s);
	else if (s->todo.n > 0) {
		search_ask_meta(s);
		if (!s->meta)
			search_finish(s);
	} else
		search_finish(s);
}

/* No row is needed: the view knows. */
static int
search_local(struct search_run *s)
{
	struct mbox_meta_row	 row = { 0 };
	size_t			 i;

	for (i = 0; i < s->todo.n; i++)
		for (row.uid = s->todo.v[i].first;; row.uid++) {
			if (search_eval(&s->eval, &row, NULL, NULL) ==
			    SEARCH_YES && uidset_add(s->result, row.uid,
			    row.uid) == -1)
				return -1;
			if (row.uid == s->todo.v[i].last)
				break;
		}
	uidset_clear(&s->todo);
	return 0;
}

static const struct { const char *name; uint8_t bit; } options[] = {
	{ "MIN", RETURN_MIN }, { "MAX", RETURN_MAX }, { "ALL", RETURN_ALL },
	{ "COUNT", RETURN_COUNT }, { "SAVE", RETURN_SAVE },
};

/* "RETURN (" options ") ", if it is there. */
static int
parse_return(struct parse *p, struct search_run *s)
{
	size_t	 i;

	if (parse_word(p, "RETURN") == -1)
		return 0;
	s->extended = true;
	if (parse_sp(p) == -1 || parse_char(p, '(') == -1)
		return -1;
	while (parse_peek(p) != ')') {
		if (s->returns != 0 && parse_sp(p) == -1)
			return -1;
		for (i = 0; i < nitems(options); i++)
			if (parse_word(p, options[i].name) == 0)
				break;
		if (i == nitems(options))
			return -1;
		s->returns |= options[i].bit;
	}
	if (s->returns == 0)
		s->returns = RETURN_ALL;
	(void)parse_char(p, ')');
	return parse_sp(p);
}

static struct uidset *
new_set(void *arg)
{
	return command_set(arg);
}

static enum cmd_result
search_error(struct command *cmd, enum search_error why)
{
	struct buf	 b = BUF_INIT;
	size_t		 i;

	switch (why) {
	case SEARCH_BADCHARSET:
		(void)buf_puts(&b, "BADCHARSET (");
		for (i = 0; charset_name(i) != NULL; i++)
			(void)buf_printf(&b, i > 0 ? " %s" : "%s",
			    charset_name(i));
		(void)buf_puts(&b, ")");
		(void)buf_put_u8(&b, 0);
		(void)reply_no(cmd, b.failed ? "BADCHARSET" :
		    (char *)b.data, "This charset is not known");
		buf_free(&b);
		return CMD_DONE;
	case SEARCH_TOOBIG:
		return reply_no(cmd, "LIMIT", "Too many search keys");
	case SEARCH_NOMEM:
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	default:
		return reply_bad(cmd, "SEARCH wants known keys");
	}
}

enum cmd_result
cmd_search(struct command *cmd)
{
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct search_run	*s;
	enum search_error	 why;

	if ((s = arena_alloc(cmd->arena, sizeof(*s))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (parse_sp(p) == -1 || parse_return(p, s) == -1)
		return reply_bad(cmd, "SEARCH wants keys");
	if (search_parse(p, v, new_set, cmd, &s->prog, &why) == -1) {
		/* RFC 5182, section 2.1: NO empties it, BAD does not */
		if (s->returns & RETURN_SAVE && why != SEARCH_BAD)
			uidset_free(&v->saved);
		return search_error(cmd, why);
	}
	s->cmd = cmd;
	s->eval.prog = &s->prog;
	s->eval.view = v;
	s->eval.now = (int64_t)time(NULL);
	TAILQ_INIT(&s->open);
	rows_init(&s->rows, MBOX_META_ROW_MAX);
	cmd->state = s;
	cmd->drop = search_drop;
	s->set = command_set(cmd);
	s->result = command_set(cmd);
	s->arena = arena_new(ROW_ARENA_MAX);
	s->keys = arena_array(cmd->arena, s->prog.nbodies + 1,
	    sizeof(*s->keys));
	s->found = arena_array(cmd->arena, s->prog.nbodies + 1,
	    sizeof(*s->found));
	if (s->set == NULL || s->result == NULL || s->arena == NULL ||
	    s->keys == NULL || s->found == NULL ||
	    uidset_copy(s->set, &v->told) == -1 ||
	    search_narrow(&s->prog, s->set) == -1 ||
	    uidset_copy(&s->todo, s->set) == -1 ||
	    (s->prog.local && search_local(s) == -1))
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	search_pump(s);
	return cmd->stage == STAGE_RUNNING ? CMD_WAIT : CMD_DONE;
}
