/*
 * Searching: asks for META rows with only the columns that are read (none,
 * when the view alone can tell), and for the messages that they leave open.
 * Must hold of a mailbox no more than a batch, and never the loop.
 */
#include "imapd/search_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/digest.h"
#include "imapd/client.h"
#include "imapd/setcut.h"
#include "imapd/turn.h"
#include "imapd/view.h"

#define ROW_ARENA_MAX	(8 * 1024 * 1024)

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

/* Keeps a row, without what the header tells: that is read again. */
static int
row_open(struct search_run *s, struct mbox_meta_row *row)
{
	const uint64_t		 read_again = (DIGEST_BIT(DIGEST_HEADER) |
	    DIGEST_BIT(DIGEST_ENVELOPE)) & ~s->keep;
	struct search_open	*o = NULL;
	struct buf		 digest = BUF_INIT, b = BUF_INIT;

	if (s->prog.fields & read_again) {
		(void)digest_filter(row->digest.p, row->digest.len,
		    s->prog.fields & ~read_again, &digest);
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

/* One row; SEARCH_LATER: it is to be looked at once more. */
static enum search_verdict
search_row(struct search_run *s, const uint8_t *p, size_t len)
{
	struct mbox_meta_row	 row;
	enum search_verdict	 verdict;

	arena_reset(s->arena);
	if (mbox_meta_row_decode(&row, s->prog.what, p, len, s->arena) == -1) {
		client_close(s->cmd->client, "malformed row");
		return SEARCH_NO;
	}
	if (!uidset_has(s->set, row.uid))
		return SEARCH_NO;
	verdict = search_eval(&s->eval, &row, NULL, NULL);
	if ((verdict == SEARCH_YES &&
	    s->match(s, row.uid, row.uid, &row) == -1) ||
	    (verdict == SEARCH_OPEN && row_open(s, &row) == -1))
		s->failed = true;
	return verdict;
}

static int
search_meta_data(void *arg, const uint8_t *p, size_t len)
{
	struct command		*cmd = arg;
	struct search_run	*s = cmd->state;

	if (rows_keep(&s->rows, p, len) == -1)
		return -1;
	mbox_ask_hold(s->meta_ask, true);
	client_wake(cmd->client);
	return 0;
}

static void
search_meta_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	struct search_run	*s = cmd->state;

	s->meta_ask = NULL;
	if (a->no != NULL)
		search_refused(s, a->no);
	client_wake(cmd->client);
}

/* Rows that lie there; true when the stream is at its end. */
static bool
search_rows_work(struct search_run *s)
{
	const uint8_t	*p;
	size_t		 len = 0;
	int		 n = 0;

	while (!turn_spent_after(len) &&
	    (n = rows_peek(&s->rows, &p, &len)) == 1) {
		if (search_row(s, p, len) == SEARCH_LATER)
			return false;
		rows_skip(&s->rows);
	}
	if (n == -1)
		client_close(s->cmd->client, "malformed rows");
	if (n == 1)
		return false;
	if (s->meta_ask != NULL)
		mbox_ask_hold(s->meta_ask, false);
	return s->meta_ask == NULL && !turn_spent();
}

static void
search_ask_meta(struct search_run *s)
{
	struct view		*v = s->cmd->client->view;
	struct mbox_meta	 req = { .box = v->box, .what = s->prog.what,
	    .fields = s->prog.fields };
	uint64_t		 n;

	if (s->prog.nbodies > 0)
		n = SEARCH_BATCH;
	else
		n = s->todo.n > SET_PIECE ? SET_PIECE : UINT64_MAX;
	if (set_cut(&s->todo, n, &req.uids) == -1 ||
	    view_cover(v, &req.uids) == -1)
		s->failed = true;
	else {
		s->meta = true;
		(void)storage_stream(s->cmd, IMSG_MBOX_META, &req,
		    search_meta_data, search_meta_reply, &s->meta_ask);
	}
	uidset_free(&req.uids);
}

/* No row is needed: the view knows.  True when all are done. */
static bool
search_local(struct search_run *s)
{
	const struct uidrange	*r;
	struct mbox_meta_row	 row = { 0 };
	enum search_verdict	 v;
	unsigned int		 n = 0;

	for (; s->range < s->set->n; s->range++, s->uid = 0) {
		r = &s->set->v[s->range];
		for (row.uid = s->uid == 0 ? r->first : s->uid;; row.uid++) {
			s->uid = row.uid;
			if (++n % 16 == 0 && turn_spent())
				return false;
			v = search_eval(&s->eval, &row, NULL, NULL);
			if (v == SEARCH_LATER)
				return false;
			if (v == SEARCH_YES &&
			    s->match(s, row.uid, row.uid, NULL) == -1)
				s->failed = true;
			if (row.uid == r->last)
				break;
		}
	}
	s->prog.local = false;
	uidset_clear(&s->todo);
	return true;
}

/* Nothing is to be evaluated.  True when all are done. */
static bool
search_all(struct search_run *s)
{
	const struct uidrange	*r;

	for (; s->range < s->set->n; s->range++) {
		if ((s->range + 1) % 1024 == 0 && turn_spent())
			return false;
		r = &s->set->v[s->range];
		if (s->match(s, r->first, r->last, NULL) == -1)
			s->failed = true;
	}
	s->all = false;
	return true;
}

bool
search_run_asks(const struct search_run *s)
{
	return s->meta_ask != NULL || s->body_ask != NULL;
}

bool
search_run_work(struct search_run *s)
{
	if (s->meta) {
		if (!search_rows_work(s))
			return false;
		s->meta = false;
	}
	if (s->body) {
		if (!search_bodies_work(s))
			return false;
		s->body = false;
	}
	if (s->all && !search_all(s))
		return false;
	if (s->prog.local && !search_local(s))
		return false;
	if (s->refused || s->failed)
		;
	else if (!TAILQ_EMPTY(&s->open)) {
		search_bodies(s);
		return false;
	} else if (s->todo.n > 0) {
		search_ask_meta(s);
		if (s->meta)
			return false;
	}
	if (s->eval.damaged) {
		s->damaged++;
		s->eval.damaged = false;
	}
	return true;
}

int
search_run_init(struct search_run *s, struct command *cmd,
    const struct search_wants *wants, search_match_fn *match)
{
	struct view	*v = cmd->client->view;

	s->cmd = cmd;
	s->match = match;
	s->keep = wants->fields;
	s->eval.prog = &s->prog;
	s->eval.view = v;
	s->eval.now = (int64_t)time(NULL);
	TAILQ_INIT(&s->open);
	rows_init(&s->rows, MBOX_META_ROW_MAX);
	s->set = command_set(cmd);
	s->arena = arena_new(ROW_ARENA_MAX);
	s->keys = arena_array(cmd->arena, s->prog.nbodies + 1,
	    sizeof(*s->keys));
	s->found = arena_array(cmd->arena, s->prog.nbodies + 1,
	    sizeof(*s->found));
	if (s->set == NULL || s->arena == NULL || s->keys == NULL ||
	    s->found == NULL || uidset_copy(s->set, &v->told) == -1 ||
	    search_narrow(&s->prog, v, s->set, &s->all) == -1)
		return -1;
	if (wants->what != 0 || wants->fields != 0) {
		s->prog.what |= wants->what;
		s->prog.fields |= wants->fields;
		s->prog.local = s->all = false;
	}
	if (s->all) {
		s->prog.local = false;
		return 0;
	}
	return uidset_copy(&s->todo, s->set);
}

void
search_run_free(struct search_run *s)
{
	search_bodies_free(s);
	search_scratch_free(&s->eval.scratch);
	buf_free(&s->eval.from_header);
	uidset_free(&s->todo);
	rows_free(&s->rows);
	arena_free(s->arena);
	s->arena = NULL;
}
