/*
 * APPEND with several messages (RFC 3501 section 6.3.11, RFC 3502): the
 * octets stream from the client through the parser of mail/ to storaged,
 * and are never held.  All or nothing.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/msg_mbox.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/conf.h"
#include "imapd/metrics.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/words.h"
#include "mail/imap_text.h"
#include "mail/parser.h"

#define SWALLOW_FACTOR	4	/* a literal of so many limits is dropped */

enum append_phase {
	APPEND_OPENING,		/* storaged has not yet said go on */
	APPEND_MESSAGE,		/* octets of a literal */
	APPEND_LINE,		/* what follows it */
	APPEND_SWALLOW,		/* refused: drop the rest of the command */
	APPEND_COMMITTING
};

struct append {
	enum append_phase	 phase;
	struct mbox_ask		*ask;		/* NULL: answered */
	struct scan		 scan;
	struct buf		 line;
	uint64_t		 left;		/* octets of the literal */
	struct mail_parser	*parser;
	struct append_msg	 msg;		/* of the literal under way */
	uint64_t		 whole;		/* literals that are complete */
	/* the refusal that is said at the end of the command */
	enum cmd_status		 status;
	const char		*code;
	const char		*text;
};

static void	 append_reply(void *, const struct mbox_answer *);

bool
cmd_append_streams(struct command *cmd, const struct scan *s)
{
	struct parse	 p;
	struct str	 name;

	p = cmd->args;
	p.end = (const char *)cmd->text.data + s->header;
	return p.p <= p.end && parse_sp(&p) == 0 &&
	    parse_mailbox(&p, &name) == 0 && parse_sp(&p) == 0;
}

static void
append_drop(struct command *cmd)
{
	struct append	*st = cmd->state;

	mail_parser_free(st->parser);
	st->parser = NULL;
	buf_free(&st->line);
}

/* Whether it is the client's turn to send; its time begins anew when it was
 * ours before. */
static void
append_wants(struct command *cmd)
{
	struct append	*st = cmd->state;
	struct client	*c = cmd->client;
	bool		 was, wants;

	if (c->taking != cmd)
		return;
	was = c->wants != WANTS_NOTHING;
	switch (st->phase) {
	case APPEND_MESSAGE:
		wants = st->ask != NULL && mbox_append_room(st->ask) > 0;
		break;
	case APPEND_LINE:
	case APPEND_SWALLOW:
		wants = true;
		break;
	default:
		wants = false;
		break;
	}
	c->wants = wants ? WANTS_LITERAL : WANTS_NOTHING;
	if (wants && !was)
		c->heard = (int64_t)clock_ms();
}

/* The command's input is used up: answer what was kept. */
static void
append_end(struct command *cmd)
{
	struct append	*st = cmd->state;

	scan_init(&cmd->client->scan);
	if (st->ask != NULL)
		mbox_ask_cancel(st->ask);
	/* st->ask answers later, to nobody */
	if (st->status == CMD_BAD)
		(void)reply_bad(cmd, "%s", st->text);
	else
		(void)reply_no(cmd, st->code, "%s", st->text);
}

/*
 * Refuse: at once when the client waits for us, else after its octets.
 * left is what remains of a literal that it sends unasked.
 */
static void
append_refuse(struct command *cmd, enum cmd_status status, const char *code,
    const char *text, bool comes, uint64_t left)
{
	struct append	*st = cmd->state;

	st->status = status;
	st->code = code;
	st->text = text;
	if (!comes) {
		cmd->unfinished = true;
		st->phase = APPEND_SWALLOW;	/* nothing is left of it */
		append_end(cmd);
		return;
	}
	if (left > SWALLOW_FACTOR * cmd->client->append_limit) {
		client_bye(cmd->client, "[TOOBIG] %s", text);
		return;
	}
	if (st->ask != NULL)
		mbox_ask_cancel(st->ask);
	st->phase = APPEND_SWALLOW;
	scan_init(&st->scan);
	st->scan.drop = true;
	st->scan.literal = left;
	append_wants(cmd);
	client_wake(cmd->client);
}

/* [flag-list SP] [date-time SP], up to the literal's header. */
static int
parse_append_options(struct command *cmd, struct parse *p,
    struct append_msg *m)
{
	struct flag_list	 flags = { 0 };
	int			 zone = 0;

	memset(m, 0, sizeof(*m));
	p->what = "a list of flags";
	if (parse_peek(p) == '(') {
		if (parse_flag_list(p, &flags) == -1 ||
		    parse_arg(p, "a space") == -1)
			return -1;
	}
	p->what = "a date and time";
	if (parse_peek(p) == '"') {
		if (parse_date_time(p, &m->date, &zone) == -1 ||
		    parse_arg(p, "a space") == -1)
			return -1;
		m->dated = true;
		m->zone = zone;
	}
	m->flags = flags.flags;
	p->what = "a list of flags, a date or a literal";
	return parse_end(p) ? words_list(cmd->arena, &flags, &m->keywords) :
	    -1;
}

/* A message's literal was announced; true when it may come. */
static bool
append_literal(struct command *cmd, const struct scan *s, struct parse *p)
{
	struct append	*st = cmd->state;

	if (parse_append_options(cmd, p, &st->msg) == -1)
		append_refuse(cmd, CMD_BAD, NULL, reply_bad_text(cmd, p),
		    s->nonsync, s->size);
	else if (s->size > cmd->client->append_limit)
		append_refuse(cmd, CMD_NO, "TOOBIG",
		    "The message is too large", s->nonsync, s->size);
	else if (s->size == 0)
		append_refuse(cmd, CMD_NO, NULL,
		    "The message is empty", s->nonsync, s->size);
	else {
		mail_parser_free(st->parser);
		if ((st->parser = mail_parser_new()) != NULL)
			return true;
		append_refuse(cmd, CMD_NO, "SERVERBUG", "Out of memory",
		    s->nonsync, s->size);
	}
	return false;
}

static void
append_go(struct command *cmd, const struct scan *s)
{
	struct append	*st = cmd->state;

	st->left = st->msg.size = s->size;
	st->phase = APPEND_MESSAGE;
	if (!s->nonsync)
		client_put(cmd->client, "+ OK\r\n", 6);
	append_wants(cmd);
	client_wake(cmd->client);
}

static void
append_credit(void *arg)
{
	struct command	*cmd = arg;
	struct append	*st = cmd->state;

	if (st->phase == APPEND_OPENING)
		append_go(cmd, &st->scan);
	else {
		append_wants(cmd);
		client_wake(cmd->client);
	}
}

/* The literal is complete. */
static int
append_message_done(struct command *cmd)
{
	struct append	*st = cmd->state;
	struct buf	 digest;
	int		 ret = -1;

	buf_init(&digest, MBOX_DIGEST_MAX);
	if (mail_parser_finish(st->parser, &digest) == 0) {
		st->msg.digest = (struct str){ (char *)digest.data,
		    digest.len };
		ret = mbox_append_msg(st->ask, &st->msg);
	}
	buf_free(&digest);
	mail_parser_free(st->parser);
	st->parser = NULL;
	st->whole++;
	st->phase = APPEND_LINE;
	scan_init(&st->scan);
	/* only now: the keywords were in the line before */
	buf_free(&st->line);
	buf_init(&st->line, 2 * SCAN_LINE_MAX);
	return ret;
}

static int
append_octets(struct append *st, const uint8_t *p, size_t len)
{
	return mail_parser_feed(st->parser, p, len) == -1 ||
	    mbox_append_data(st->ask, p, len) == -1 ? -1 : 0;
}

/* The same, NULs replaced. */
static int
append_cleaned(struct append *st, const uint8_t *p, size_t len)
{
	uint8_t	 copy[4096];
	size_t	 n;

	for (; len > 0; len -= n, p += n) {
		n = len < sizeof(copy) ? len : sizeof(copy);
		memcpy(copy, p, n);
		imap_clean(copy, n);
		if (append_octets(st, copy, n) == -1)
			return -1;
	}
	return 0;
}

static size_t
append_take_message(struct command *cmd, const uint8_t *p, size_t len)
{
	struct append	*st = cmd->state;
	size_t		 n = mbox_append_room(st->ask);
	bool		 nul;

	if (n > len)
		n = len;
	if (n > st->left)
		n = (size_t)st->left;
	if (n == 0)
		return 0;
	st->left -= n;
	nul = memchr(p, '\0', n) != NULL;
	if (nul && !conf.nul_replace)
		append_refuse(cmd, CMD_NO, NULL, "The message contains a NUL "
		    "byte, which IMAP does not allow", true, st->left);
	else if ((nul ? append_cleaned(st, p, n) :
	    append_octets(st, p, n)) == -1 ||
	    (st->left == 0 && append_message_done(cmd) == -1))
		append_refuse(cmd, CMD_NO, "SERVERBUG",
		    "The message could not be processed", true, st->left);
	return n;
}

/* The line behind a literal: the end, or another message. */
static size_t
append_take_line(struct command *cmd, const uint8_t *p, size_t len)
{
	struct append	*st = cmd->state;
	struct parse	 args;
	enum scan_event	 ev;
	size_t		 used, end;

	ev = scan_feed(&st->scan, &st->line, p, len, &used);
	if (ev == SCAN_MORE)
		return used;
	end = ev == SCAN_COMMAND ? st->line.len : st->scan.header;
	parse_init(&args, st->line.data != NULL ? (char *)st->line.data : "",
	    end, cmd->arena);
	if (ev == SCAN_COMMAND && parse_end(&args) && !st->scan.drop) {
		st->phase = APPEND_COMMITTING;
		command_taken(cmd);
		scan_init(&cmd->client->scan);
		mbox_client_more(cmd->client->storage,
		    cmd->client->eager || used < len);
		(void)mbox_append_done(st->ask);
	} else if (ev == SCAN_COMMAND) {
		append_refuse(cmd, CMD_BAD, NULL,
		    "APPEND: too many arguments", false, 0);
		cmd->unfinished = false;	/* this was its end */
	} else if (parse_sp(&args) == -1) {
		append_refuse(cmd, CMD_BAD, NULL, "APPEND: missing space",
		    st->scan.nonsync, st->scan.size);
	} else if (append_literal(cmd, &st->scan, &args)) {
		append_go(cmd, &st->scan);
	}
	return used;
}

static size_t
append_take_some(struct command *cmd, const uint8_t *p, size_t len)
{
	struct append	*st = cmd->state;
	size_t		 used;

	switch (st->phase) {
	case APPEND_MESSAGE:
		return append_take_message(cmd, p, len);
	case APPEND_LINE:
		return append_take_line(cmd, p, len);
	case APPEND_SWALLOW:
		if (scan_feed(&st->scan, &st->line, p, len, &used) ==
		    SCAN_COMMAND)
			append_end(cmd);
		return used;
	default:
		return 0;
	}
}

static size_t
append_take(struct command *cmd, const uint8_t *p, size_t len)
{
	size_t	 n = append_take_some(cmd, p, len);

	append_wants(cmd);
	return n;
}

static void
append_reply(void *arg, const struct mbox_answer *a)
{
	struct command	*cmd = arg;
	struct append	*st = cmd->state;
	struct buf	 b = BUF_INIT;

	st->ask = NULL;
	switch (st->phase) {
	case APPEND_COMMITTING:
		break;
	case APPEND_SWALLOW:		/* its own refusal stands */
		return;
	default:
		/* refused before the end: NO, whatever storaged meant */
		if (a->no == NULL)
			append_refuse(cmd, CMD_NO, "SERVERBUG",
			    "The message could not be processed", true,
			    st->left);
		else if (st->phase == APPEND_OPENING && !st->scan.nonsync) {
			scan_init(&cmd->client->scan);
			cmd->unfinished = true;
			(void)reply_refused(cmd, a->no);
		} else
			append_refuse(cmd, CMD_NO,
			    reply_code(a->no),
			    reply_text(cmd, a->no), true,
			    st->phase == APPEND_OPENING ? st->scan.size :
			    st->left);
		return;
	}
	if (a->ok == NULL) {
		(void)reply_refused(cmd, a->no);
		return;
	}
	metrics_received(cmd, st->whole);
	if (a->ok->dst.n > 0) {
		(void)buf_printf(&b, "APPENDUID %u ", a->ok->uidvalidity);
		(void)uidset_print(&a->ok->dst, &b);
		(void)buf_put_u8(&b, '\0');
	}
	(void)reply_ok(cmd, b.len > 0 && !b.failed ? (char *)b.data : NULL,
	    a->ok->full ?
	    "Appended without the new keywords: too many keywords" :
	    "Appended");
	buf_free(&b);
}

/*
 * Started at its first message's literal, or, when it has none, at its
 * end: then it is an error.
 */
enum cmd_result
cmd_append(struct command *cmd)
{
	struct client	*c = cmd->client;
	struct append	*st;
	struct parse	*p = &cmd->args;
	struct str	 name;
	const char	*end = (const char *)cmd->text.data + c->scan.header;

	if (c->scan.header == 0 || end < p->p || end >= p->end)
		return reply_bad(cmd, "APPEND: a literal is missing");
	if ((st = arena_alloc(cmd->arena, sizeof(*st))) == NULL) {
		client_bye(c, "Out of memory");
		return CMD_WAIT;
	}
	cmd->state = st;
	cmd->drop = append_drop;
	cmd->take = append_take;
	st->scan = c->scan;
	command_take(cmd);
	p->end = end;
	if (parse_arg(p, "a mailbox name") == -1 ||
	    parse_mailbox(p, &name) == -1 || parse_arg(p, "a space") == -1) {
		append_refuse(cmd, CMD_BAD, NULL, reply_bad_text(cmd, p),
		    st->scan.nonsync, st->scan.size);
		return CMD_WAIT;
	}
	if (name.p == NULL) {
		append_refuse(cmd, CMD_NO, "NONEXISTENT", p->noname,
		    st->scan.nonsync, st->scan.size);
		return CMD_WAIT;
	}
	if (!append_literal(cmd, &st->scan, p))
		return CMD_WAIT;
	st->ask = storage_append(cmd, name, st->scan.nonsync,
	    append_credit, append_reply);
	if (st->ask != NULL && st->scan.nonsync)
		append_go(cmd, &st->scan);
	return CMD_WAIT;
}
