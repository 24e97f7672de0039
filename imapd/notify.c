/*
 * Notifying: what the client's view lacks, as untagged lines at the end of a
 * command or in IDLE.  Flags are asked of storaged at that moment, so that
 * an event need not carry them.  EXPUNGE never while the numbers of a
 * command under way would shift (RFC 3501 sections 5.5 and 7.4.1).
 */
#include "imapd/notify.h"

#include <inttypes.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/log.h"
#include "imapd/client.h"
#include "imapd/command.h"
#include "imapd/fetch.h"
#include "imapd/overlap.h"
#include "imapd/reply.h"
#include "imapd/setcut.h"
#include "imapd/storage.h"
#include "imapd/turn.h"
#include "imapd/view.h"

/* The FETCH line of one row, as if it had been asked for. */
static int
notify_row(void *arg, const uint8_t *p, size_t len)
{
	struct command		*cmd = arg;
	struct view		*v = cmd->client->view;
	const struct fetch_plan	*plan = fetch_untold(cmd->uid);
	struct mbox_meta_row	 meta;
	struct fetch_row	 row = { .view = v, .plan = plan,
	    .meta = &meta, .arena = v->notice->arena };
	struct buf		 b = BUF_INIT;
	uint32_t		 seq;
	int			 ret;

	arena_reset(row.arena);
	if (mbox_meta_row_decode(&meta, plan->what, p, len, row.arena) == -1)
		return -1;
	if ((seq = view_seq(v, meta.uid)) == 0)
		return 0;
	ret = fetch_render(&row, seq, &b);
	(void)buf_puts(&b, ")\r\n");
	if (ret == 0)
		reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return ret;
}

static int
notify_data(void *arg, const uint8_t *p, size_t len)
{
	struct command	*cmd = arg;
	struct view	*v = cmd->client->view;

	if (v == NULL || v->notice == NULL)	/* it was deleted meanwhile */
		return 0;
	return rows_feed(&v->notice->rows, p, len, notify_row, cmd);
}

static void
notify_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;

	if (a->no != NULL)
		log_warnx("session=%016" PRIx64 " cannot report changed flags: "
		    "%.*s", cmd->client->session, (int)a->no->text.len,
		    a->no->text.p);
	if (cmd->client->view != NULL)
		view_notice_end(cmd->client->view);
	client_wake(cmd->client);
}

static bool
notify_flags(struct client *c, struct command *cmd)
{
	struct view		*v = c->view;
	struct mbox_meta	 req = { .box = v->box,
	    .what = fetch_untold(cmd->uid)->what };

	if (set_cut(&v->flags, v->flags.n > SET_PIECE ? SET_PIECE :
	    UINT64_MAX, &req.uids) == -1 ||
	    view_cover(v, &req.uids) == -1 || view_notice_begin(v) == -1) {
		uidset_free(&req.uids);
		uidset_free(&v->flags);
		return true;
	}
	(void)storage_stream(cmd, IMSG_MBOX_META, &req, notify_data,
	    notify_reply, NULL);
	uidset_free(&req.uids);
	return false;
}

#define NOTIFY_BATCH	1000

/* The lines of the most highest that are gone; the UID of the last. */
static uint32_t
expunge_lines(struct view *v, size_t most, struct buf *b)
{
	const struct uidrange	*r;
	uint32_t		 uid = 0;
	size_t			 i, n = 0;

	for (i = v->gone.n; i > 0 && n < most; i--) {
		r = &v->gone.v[i - 1];
		for (uid = r->last;; uid--) {
			(void)buf_puts(b, "* ");
			(void)buf_put_decimal(b, view_seq(v, uid));
			(void)buf_puts(b, " EXPUNGE\r\n");
			if (++n == most || uid == r->first)
				break;
		}
	}
	return uid;
}

/*
 * From the highest down, so that no number of those still to be told
 * shifts; false: output is full, or the turn is over.  A batch costs a pass
 * over the view: in a large one, batches are large.
 */
static bool
notify_expunge(struct client *c, struct command *cmd)
{
	struct view	*v = c->view;
	struct buf	 b = BUF_INIT;
	size_t		 batch = NOTIFY_BATCH + v->told.n / 64;
	uint32_t	 uid;
	bool		 all = true;

	while (v->gone.n > 0) {
		if (client_full(c) || turn_spent()) {
			all = false;
			break;
		}
		buf_reset(&b);
		uid = expunge_lines(v, batch, &b);
		if (b.failed || view_told_gone(v, uid) == -1) {
			client_close(c, "out of memory");
			break;
		}
		reply_raw(cmd, b.data, b.len);
	}
	buf_free(&b);
	return all;
}

/*
 * Whether EXPUNGE may be told at the end of (or while) cmd.  A command whose
 * text was refused before its end was never in progress.
 */
static bool
may_expunge(struct client *c, struct command *cmd)
{
	struct command	*o;

	if (cmd->spec == NULL || cmd->unfinished ||
	    cmd->spec->flags & CMD_NOEXPUNGE)
		return false;
	TAILQ_FOREACH(o, &c->commands, entry)
		if (o != cmd && o->stage >= STAGE_RUNNING &&
		    o->spec != NULL && o->spec->flags & CMD_SEQ)
			return false;
	return true;
}

static void
notify_exists(struct client *c, struct command *cmd)
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
notify_keywords(struct command *cmd)
{
	struct view	*v = cmd->client->view;
	struct buf	 b = BUF_INIT;

	if (!v->keywords_new)
		return;
	v->keywords_new = false;
	view_print_keywords(v, &b);
	reply_raw(cmd, b.data, b.len);
	buf_free(&b);
}

/*
 * Those whose flags a later command is changing wait for its end: what others
 * did shows no more of one's own than was answered.  Not when there are very
 * many, which would take long to look through.
 */
#define SETTLED_RANGES	2000
static bool
notify_flags_settled(struct client *c, struct command *cmd)
{
	struct view	*v = c->view;
	struct uidset	 later = UIDSET_INIT;
	bool		 told = true;

	if (v->flags.n <= SETTLED_RANGES &&
	    (overlap_later(cmd, &v->flags, &later) == -1 ||
	    uidset_subtract(&v->flags, &later) == -1))
		uidset_free(&later);	/* ENOMEM notifies early */
	if (v->flags.n > 0)
		told = notify_flags(c, cmd);
	if (later.n > 0)
		uidset_take(&v->flags, &later);
	uidset_free(&later);
	return told;
}

bool
notify_all(struct client *c, struct command *cmd)
{
	struct view	*v = c->view;

	if (v == NULL || (cmd->spec != NULL &&
	    cmd->spec->flags & CMD_NO_NOTIFY))
		return true;
	if (v->notice != NULL)
		return false;
	view_merge(v, cmd);
	if (cmd->owed.n > 0) {
		if (uidset_intersect(&cmd->owed, &v->told) == 0 &&
		    uidset_subtract(&cmd->owed, &v->gone) == 0)
			(void)uidset_union(&v->flags, &cmd->owed);
		uidset_free(&cmd->owed);
	}
	notify_keywords(cmd);
	if (client_full(c))
		return false;
	if (v->flags.n > 0 && !notify_flags_settled(c, cmd))
		return false;
	if (may_expunge(c, cmd) && !notify_expunge(c, cmd))
		return false;
	notify_exists(c, cmd);
	return true;
}
