/*
 * Telling: what the client's view lacks, as untagged lines at the end of a
 * command or in IDLE.  Flags are asked of storaged at that moment, so that
 * an event need not carry them.  EXPUNGE never while the numbers of a
 * command under way would shift (RFC 3501 sections 5.5 and 7.4.1).
 */
#include "imapd/view.h"

#include <stdlib.h>

#include "common/buf.h"
#include "common/log.h"
#include "imapd/client.h"
#include "imapd/command.h"
#include "imapd/reply.h"
#include "imapd/storage.h"

struct view_telling {
	struct view	*view;
	struct command	*cmd;
	struct rows	 rows;
	struct arena	*arena;
};

void
view_telling_free(struct view_telling *t)
{
	if (t == NULL)
		return;
	rows_free(&t->rows);
	arena_free(t->arena);
	free(t);
}

static const struct {
	uint8_t		 bit;
	const char	*name;
} flag_names[] = {
	{ MBOX_ANSWERED,	"\\Answered" },
	{ MBOX_FLAGGED,		"\\Flagged" },
	{ MBOX_DELETED,		"\\Deleted" },
	{ MBOX_SEEN,		"\\Seen" },
	{ MBOX_DRAFT,		"\\Draft" },
};

static void
put_word(struct buf *b, const char *word)
{
	if (b->len > 0 && b->data[b->len - 1] != '(')
		(void)buf_put_u8(b, ' ');
	(void)buf_puts(b, word);
}

void
view_print_flags(const struct view *v, struct buf *b,
    const struct mbox_meta_row *row)
{
	const char	*name;
	size_t		 i;

	(void)buf_put_u8(b, '(');
	for (i = 0; i < nitems(flag_names); i++)
		if (row->flags & flag_names[i].bit)
			put_word(b, flag_names[i].name);
	if (view_is_recent(v, row->uid))
		put_word(b, "\\Recent");
	for (i = 0; i < row->nkeywords; i++)
		if ((name = view_keyword(v, row->keywords[i])) != NULL)
			put_word(b, name);
	(void)buf_put_u8(b, ')');
}

static void
put_all_flags(const struct view *v, struct buf *b)
{
	size_t	 i;

	for (i = 0; i < nitems(flag_names); i++)
		put_word(b, flag_names[i].name);
	for (i = 0; i < v->nkeywords; i++)
		if (v->keywords[i] != NULL)
			put_word(b, v->keywords[i]);
}

void
view_print_keywords(const struct view *v, struct buf *b)
{
	(void)buf_puts(b, "* FLAGS (");
	put_all_flags(v, b);
	(void)buf_puts(b, ")\r\n* OK [PERMANENTFLAGS (");
	if (!v->readonly) {
		put_all_flags(v, b);
		put_word(b, "\\*");
	}
	(void)buf_printf(b, ")] %s\r\n",
	    v->readonly ? "Read-only mailbox" : "Kept");
}

/* One "* n FETCH (FLAGS (...))". */
static int
tell_row(void *arg, const uint8_t *p, size_t len)
{
	struct view_telling	*t = arg;
	struct mbox_meta_row	 row;
	struct buf		 b = BUF_INIT;
	uint32_t		 seq;

	arena_reset(t->arena);
	if (mbox_meta_row_decode(&row, MBOX_WHAT_FLAGS, p, len,
	    t->arena) == -1)
		return -1;
	if ((seq = view_seq(t->view, row.uid)) == 0)
		return 0;
	(void)buf_printf(&b, "* %u FETCH (", seq);
	if (t->cmd->uid)
		(void)buf_printf(&b, "UID %u ", row.uid);
	(void)buf_puts(&b, "FLAGS ");
	view_print_flags(t->view, &b, &row);
	(void)buf_puts(&b, ")\r\n");
	reply_raw(t->cmd, b.data, b.len);
	buf_free(&b);
	return 0;
}

static int
tell_data(struct command *cmd, const uint8_t *p, size_t len)
{
	struct view	*v = cmd->client->view;

	if (v == NULL || v->telling == NULL)	/* it was deleted meanwhile */
		return 0;
	return rows_feed(&v->telling->rows, p, len, tell_row, v->telling);
}

static void
tell_reply(struct command *cmd, const struct answer *a)
{
	struct view	*v = cmd->client->view;

	if (a->no != NULL)
		log_warnx("session=%08x flags of a change cannot be told: "
		    "%.*s", cmd->client->session,
		    (int)a->no->text.len, a->no->text.p);
	if (v != NULL) {
		view_telling_free(v->telling);
		v->telling = NULL;
	}
	client_wake(cmd->client);
}

static bool
tell_flags(struct client *c, struct command *cmd)
{
	struct view		*v = c->view;
	struct view_telling	*t;
	struct mbox_meta	 req = { .box = v->box };

	req.what = MBOX_WHAT_FLAGS;
	uidset_take(&req.uids, &v->flags);
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->arena = arena_new(1024 * 1024)) == NULL ||
	    view_cover(v, &req.uids) == -1) {
		view_telling_free(t);
		uidset_free(&req.uids);
		return true;
	}
	t->view = v;
	t->cmd = cmd;
	rows_init(&t->rows, MBOX_META_ROW_MAX);
	v->telling = t;
	(void)storage_stream(cmd, IMSG_MBOX_META, &req, tell_data, tell_reply,
	    NULL);
	uidset_free(&req.uids);
	return false;
}

#define TELL_BATCH	1000

/*
 * From the highest down, so that no number of those still to be told
 * shifts; false: output is full.
 */
static bool
tell_expunge(struct client *c, struct command *cmd)
{
	struct view		*v = c->view;
	const struct uidrange	*r;
	uint32_t		 uid = 0;
	size_t			 i;
	unsigned int		 n;

	while (v->gone.n > 0) {
		if (client_full(c))
			return false;
		for (n = 0, i = v->gone.n; i > 0 && n < TELL_BATCH; i--) {
			r = &v->gone.v[i - 1];
			for (uid = r->last;; uid--) {
				reply_line(cmd, "%u EXPUNGE",
				    view_seq(v, uid));
				if (++n == TELL_BATCH || uid == r->first)
					break;
			}
		}
		if (view_told_gone(v, uid) == -1) {
			client_close(c, "out of memory");
			return true;
		}
	}
	return true;
}

/* Whether EXPUNGE may be told at the end of (or while) cmd. */
static bool
may_expunge(struct client *c, struct command *cmd)
{
	struct command	*o;

	if (cmd->spec == NULL || cmd->spec->flags & CMD_NOEXPUNGE)
		return false;
	TAILQ_FOREACH(o, &c->commands, entry)
		if (o != cmd && o->stage >= STAGE_RUNNING &&
		    o->spec != NULL && o->spec->flags & CMD_SEQ)
			return false;
	return true;
}

static void
tell_exists(struct client *c, struct command *cmd)
{
	struct view	*v = c->view;
	struct uidset	 recent = UIDSET_INIT;

	if (v->add.n == 0)
		return;
	if (view_told_add(v) == -1) {
		client_close(c, "out of memory");
		return;
	}
	reply_line(cmd, "%u EXISTS", view_count(v));
	if (uidset_copy(&recent, &v->recent) == 0 &&
	    uidset_intersect(&recent, &v->told) == 0)
		reply_line(cmd, "%llu RECENT",
		    (unsigned long long)uidset_count(&recent));
	uidset_free(&recent);
}

void
view_tell_keywords(struct view *v, struct command *cmd)
{
	struct buf	 b = BUF_INIT;

	if (!v->keywords_new)
		return;
	v->keywords_new = false;
	view_print_keywords(v, &b);
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
}

bool
view_tell(struct client *c, struct command *cmd)
{
	struct view	*v = c->view;

	if (v == NULL || (cmd->spec != NULL && cmd->spec->flags & CMD_NOTELL))
		return true;
	if (v->telling != NULL)
		return false;
	view_merge(v, cmd);
	if (cmd->owed.n > 0) {
		if (uidset_intersect(&cmd->owed, &v->told) == 0 &&
		    uidset_subtract(&cmd->owed, &v->gone) == 0)
			(void)uidset_union(&v->flags, &cmd->owed);
		uidset_free(&cmd->owed);
	}
	view_tell_keywords(v, cmd);
	if (client_full(c))
		return false;
	if (v->flags.n > 0)
		return tell_flags(c, cmd);
	if (may_expunge(c, cmd) && !tell_expunge(c, cmd))
		return false;
	tell_exists(c, cmd);
	return true;
}
