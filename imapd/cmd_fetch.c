/*
 * FETCH and UID FETCH: asks for META rows, has them rendered straight into
 * the output, and lets fetch_body.c bring the octets.  \Seen is set by one
 * STORE of those that lack it, once all rows are known.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/digest.h"
#include "common/log.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/fetch_run.h"
#include "imapd/reply.h"
#include "imapd/setcut.h"
#include "imapd/notify.h"
#include "imapd/turn.h"
#include "imapd/view.h"
#include "imapd/words.h"

#define ROW_ARENA_MAX	(8 * 1024 * 1024)

static void
fetch_drop(struct command *cmd)
{
	struct fetch_run	*f = cmd->state;
	struct fetch_entry	*e;

	while ((e = TAILQ_FIRST(&f->entries)) != NULL)
		fetch_entry_free(f, e);
	fetch_slots_free(f);
	uidset_free(&f->todo);
	uidset_free(&f->piece);
	uidset_free(&f->unseen);
	rows_free(&f->rows);
	buf_free(&f->out);
	buf_free(&f->item);
	arena_free(f->arena);
	f->arena = NULL;
}

void
fetch_refused(struct fetch_run *f, const struct reply_no *no)
{
	char	*text;

	if (f->refusal != NULL || no->code == MBOX_CANCELLED)
		return;
	text = arena_dup(f->cmd->arena, no->text.p, no->text.len);
	if (text == NULL)
		return;
	f->refusal = text;
	f->no.code = no->code;
	f->no.text = (struct str){ text, no->text.len };
}

static void
fetch_flush(struct fetch_run *f)
{
	if (f->out.failed) {
		client_close(f->cmd->client, "out of memory");
		return;
	}
	reply_raw(f->cmd, f->out.data, f->out.len);
	buf_reset(&f->out);
}

/* A message that waits for its octets; takes what was rendered at from. */
static int
entry_add(struct fetch_run *f, const struct fetch_row *row, size_t from)
{
	struct str	 prefix = { (char *)f->out.data + from,
			    f->out.len - from };

	f->out.len = from;
	return fetch_entry_new(f, row, prefix) == NULL ? -1 : 0;
}

static int
fetch_row(struct fetch_run *f, const uint8_t *p, size_t len)
{
	struct view		*v = f->cmd->client->view;
	struct mbox_meta_row	 meta;
	struct fetch_row	 row = { .view = v, .plan = &f->plan,
	    .meta = &meta, .arena = f->arena };
	size_t			 from = f->out.len;
	uint32_t		 seq;

	arena_reset(f->arena);
	if (mbox_meta_row_decode(&meta, f->plan.what, p, len, f->arena) == -1)
		return -1;
	if (!uidset_has(f->set, meta.uid) ||
	    (seq = view_seq(v, meta.uid)) == 0)
		return 0;
	f->rows_seen++;
	row.jobs = arena_array(f->arena, f->plan.nbodies + 1,
	    sizeof(*row.jobs));
	if (row.jobs == NULL)
		return -1;
	if (fetch_render(&row, seq, &f->out) == -1) {
		log_warnx("session=%016" PRIx64 " uid=%u why=\"damaged "
		    "digest\"", f->cmd->client->session, meta.uid);
		f->damaged++;
		return f->out.failed ? -1 : 0;
	}
	if (f->plan.seen && !(meta.flags & MBOX_SEEN) &&
	    uidset_add(&f->unseen, meta.uid, meta.uid) == -1)
		return -1;
	if (row.njobs > 0)
		return entry_add(f, &row, from);
	if (buf_puts(&f->out, ")\r\n") == -1)
		return -1;
	/* order: behind those that wait for octets */
	if (f->nentries > 0) {
		f->out.len -= 3;
		return entry_add(f, &row, from);
	}
	if (f->out.len > 32768)
		fetch_flush(f);
	return 0;
}

static int
fetch_meta_data(void *arg, const uint8_t *p, size_t len)
{
	struct command		*cmd = arg;
	struct fetch_run	*f = cmd->state;

	if (rows_keep(&f->rows, p, len) == -1)
		return -1;
	mbox_ask_hold(f->ask, true);
	client_wake(cmd->client);
	return 0;
}

static void
fetch_meta_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	struct fetch_run	*f = cmd->state;

	f->ask = NULL;
	if (a->no != NULL) {
		fetch_refused(f, a->no);
		f->failed = true;
	}
	client_wake(cmd->client);
}

/* Rows that wait behind one that wants octets are bounded. */
static bool
fetch_backlog(const struct fetch_run *f)
{
	return f->nentries > FETCH_BATCH || f->waiting > FETCH_WAITING;
}

/* Rows that lie there, as far as time, room and those before them allow. */
static void
fetch_rows(struct fetch_run *f)
{
	const uint8_t	*p;
	size_t		 len = 0;
	int		 n = 1;

	while (n == 1 && !turn_spent_after(len) &&
	    !client_full(f->cmd->client) && !fetch_backlog(f) &&
	    (n = rows_peek(&f->rows, &p, &len)) == 1) {
		if (fetch_row(f, p, len) == -1)
			n = -1;
		else
			rows_skip(&f->rows);
	}
	fetch_flush(f);
	if (n == -1)
		client_close(f->cmd->client, "malformed rows");
	if (n == 1)
		return;
	if (f->ask != NULL)
		mbox_ask_hold(f->ask, false);
	else
		f->meta = false;
}

static bool
fetch_work(struct command *cmd)
{
	struct fetch_run	*f = cmd->state;

	if (cmd->client->view == NULL)
		f->meta = f->ask != NULL;	/* no row means anything */
	else if (f->meta)
		fetch_rows(f);
	fetch_pump(f);
	return cmd->stage != STAGE_RUNNING;
}

static void
fetch_resume(struct command *cmd)
{
	client_wake(cmd->client);
}

static void
fetch_store_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	struct fetch_run	*f = cmd->state;

	/* The message was read all the same: no reason to say NO. */
	if (a->no != NULL)
		log_info("session=%016" PRIx64 " cmd=FETCH why=\"could not set "
		    "\\Seen\"", cmd->client->session);
	f->storing = false;
	client_wake(cmd->client);
}

bool
fetch_left(const struct fetch_run *f)
{
	return f->todo.n > 0 || f->piece.n > 0;
}

static void
fetch_ask_meta(struct fetch_run *f)
{
	struct view		*v = f->cmd->client->view;
	struct mbox_meta	 req = { .box = v->box, .what = f->plan.what,
	    .fields = f->plan.fields };
	uint64_t		 n;

	if (f->plan.noctets > 0)
		n = f->plan.fields != 0 ? FETCH_BATCH_BIG : FETCH_BATCH;
	else
		n = UINT64_MAX;
	/* by two cuts: each moves all of what it leaves */
	if ((f->piece.n == 0 && set_cut(&f->todo, f->todo.n > SET_PIECE ?
	    SET_PIECE : UINT64_MAX, &f->piece) == -1) ||
	    set_cut(&f->piece, n, &req.uids) == -1 ||
	    view_cover(v, &req.uids) == -1) {
		f->failed = true;
		uidset_free(&req.uids);
		return;
	}
	f->meta = true;
	(void)storage_stream(f->cmd, IMSG_MBOX_META, &req, fetch_meta_data,
	    fetch_meta_reply, &f->ask);
	uidset_free(&req.uids);
}

static void
fetch_ask_seen(struct fetch_run *f)
{
	struct view		*v = f->cmd->client->view;
	struct mbox_store	 req = { .box = v->box,
	    .how = MBOX_STORE_ADD, .flags = MBOX_SEEN,
	    .unchangedsince = UINT64_MAX };

	if (set_cut(&f->unseen, f->unseen.n > SET_PIECE ? SET_PIECE :
	    UINT64_MAX, &req.uids) == -1)
		uidset_clear(&f->unseen);
	(void)view_cover(v, &req.uids);		/* saves ranges, if it can */
	f->storing = true;
	(void)storage_ask(f->cmd, IMSG_MBOX_STORE, &req, fetch_store_reply);
	uidset_free(&req.uids);
}

static void
fetch_finish(struct fetch_run *f)
{
	struct command	*cmd = f->cmd;

	if (f->rows_seen < f->want)
		f->gone += f->want - f->rows_seen;
	if (f->damaged > 0)
		(void)reply_no(cmd, "CORRUPTION",
		    "%llu of the messages are damaged and were omitted",
		    (unsigned long long)f->damaged);
	else if (f->refusal != NULL)
		(void)reply_refused(cmd, &f->no);
	else if (f->away > 0)
		(void)reply_no(cmd, "UNAVAILABLE",
		    "%llu of the messages are temporarily unavailable, try "
		    "again later",
		    (unsigned long long)f->away);
	else if (f->failed)
		(void)reply_no(cmd, "SERVERBUG", "Out of memory");
	else if (f->gone > 0 && !cmd->uid)
		(void)reply_no(cmd, "EXPUNGEISSUED",
		    "Some of the messages have been expunged");
	else
		(void)reply_ok(cmd, f->gone > 0 ? "EXPUNGEISSUED" : NULL,
		    "Fetched");
}

void
fetch_pump(struct fetch_run *f)
{
	if (f->running || f->cmd->stage != STAGE_RUNNING)
		return;
	if (f->cmd->client->view == NULL) {	/* it was deleted */
		if (!f->meta && !f->storing && fetch_bodies_idle(f))
			(void)reply_no(f->cmd, NULL,
			    "The mailbox has been deleted");
		return;
	}
	f->running = true;
	if (!f->meta && fetch_left(f) && !f->failed &&
	    f->nentries < FETCH_BATCH_BIG / 2)
		fetch_ask_meta(f);
	if (!f->meta && !fetch_left(f) && f->unseen.n > 0 && !f->storing)
		fetch_ask_seen(f);
	fetch_bodies(f);
	/* what was written may have made room for more rows */
	if (!f->meta && fetch_left(f) && !f->failed &&
	    f->nentries < FETCH_BATCH_BIG / 2)
		fetch_ask_meta(f);
	f->running = false;
	if (!f->meta && !f->storing && f->nentries == 0 &&
	    (!fetch_left(f) || f->failed) && fetch_bodies_idle(f))
		fetch_finish(f);
}

enum cmd_result
cmd_fetch(struct command *cmd)
{
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct fetch_run	*f;
	struct seqset		 asked;
	struct uidset		*set;
	enum cmd_result		 ret;

	f = arena_alloc(cmd->arena, sizeof(*f));
	if (f == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (parse_arg(p, "a sequence set") == -1 ||
	    parse_seqset(p, &asked) == -1 ||
	    parse_arg(p, "a FETCH item") == -1 ||
	    fetch_parse(p, cmd->uid, v->readonly, &f->plan) == -1 ||
	    parse_done(p) == -1)
		return reply_bad_arg(cmd);
	if ((set = cmd_resolve(cmd, &asked, cmd->uid, &ret)) == NULL)
		return ret;
	if (set->n == 0)
		return reply_ok(cmd, NULL, "Nothing to fetch");
	f->cmd = cmd;
	f->set = set;
	f->want = uidset_count(set);
	TAILQ_INIT(&f->entries);
	rows_init(&f->rows, MBOX_META_ROW_MAX);
	cmd->state = f;
	cmd->drop = fetch_drop;
	f->arena = arena_new(ROW_ARENA_MAX);
	if (f->arena == NULL || uidset_copy(&f->todo, set) == -1)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (f->plan.what & MBOX_WHAT_FLAGS)
		notify_keywords(cmd);
	cmd->work = fetch_work;
	cmd->resume = fetch_resume;
	return CMD_WAIT;
}
