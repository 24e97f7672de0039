/*
 * SEARCH and UID SEARCH (RFC 3501 section 6.4.4, RFC 4731, RFC 5182): what
 * matches becomes a set, and the set an answer.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/cmd.h"
#include "imapd/reply.h"
#include "imapd/search_reply.h"
#include "imapd/search_run.h"
#include "imapd/view.h"
#include "mail/charset.h"

struct search {
	struct search_run	 run;		/* first: search_run.h */
	struct search_reply	 reply;
};

static void
search_drop(struct command *cmd)
{
	struct search	*s = cmd->state;

	search_run_free(&s->run);
	uidset_free(&s->reply.told);
}

static int
search_match(struct search_run *run, uint32_t first, uint32_t last,
    const struct mbox_meta_row *row)
{
	struct search	*s = (struct search *)run;

	(void)row;
	return uidset_add(s->reply.result, first, last);
}

static void
search_finish(struct command *cmd)
{
	static const struct uidset none = UIDSET_INIT;
	struct search		*s = cmd->state;
	struct search_run	*run = &s->run;
	bool			 bad;

	bad = run->refused || run->failed || run->away > 0 ||
	    run->damaged > 0;
	if (!bad) {
		if (!search_reply_send(&s->reply, cmd))
			return;
		run->failed = s->reply.failed;
	} else if (s->reply.returns & RETURN_SAVE)
		(void)view_save(cmd->client->view, &none);
	if (run->refused)
		(void)reply_refused(cmd, &run->no);
	else if (run->failed)
		(void)reply_no(cmd, "SERVERBUG", "Out of memory");
	else if (run->damaged > 0)
		(void)reply_no(cmd, "CORRUPTION",
		    "Some messages are damaged and cannot be searched");
	else if (run->away > 0)
		(void)reply_no(cmd, "UNAVAILABLE",
		    "Some messages are temporarily unavailable, try again "
		    "later");
	else
		(void)reply_ok(cmd, NULL, "Searched");
}

static bool
search_work(struct command *cmd)
{
	struct search	*s = cmd->state;

	if (cmd->client->view == NULL) {
		if (!search_run_asks(&s->run))
			(void)reply_no(cmd, NULL,
			    "The mailbox has been deleted");
		return false;
	}
	if (!search_run_work(&s->run))
		return false;
	search_finish(cmd);
	return cmd->stage != STAGE_RUNNING;
}

static const struct { const char *name; uint8_t bit; } options[] = {
	{ "MIN", RETURN_MIN }, { "MAX", RETURN_MAX }, { "ALL", RETURN_ALL },
	{ "COUNT", RETURN_COUNT }, { "SAVE", RETURN_SAVE },
};

/* "RETURN (" options ") ", if it is there. */
static int
parse_return(struct parse *p, struct search_reply *s)
{
	size_t	 i;

	if (parse_word(p, "RETURN") == -1)
		return 0;
	s->extended = true;
	if (parse_arg(p, "a list of return options") == -1 ||
	    parse_open(p) == -1)
		return -1;
	p->what = "a return option";
	while (parse_close(p) == -1) {
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
	return parse_arg(p, "a search key");
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
		    (char *)b.data, "Unsupported charset");
		buf_free(&b);
		return CMD_DONE;
	case SEARCH_TOOBIG:
		return reply_no(cmd, "LIMIT", "Too many search keys");
	case SEARCH_NOMEM:
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	default:
		return reply_bad_arg(cmd);
	}
}

/* There is room for more of the answer. */
static void
search_resume(struct command *cmd)
{
	client_wake(cmd->client);
}

enum cmd_result
cmd_search(struct command *cmd)
{
	static const struct search_wants none = { 0 };
	struct view		*v = cmd->client->view;
	struct parse		*p = &cmd->args;
	struct search		*s;
	enum search_error	 why;

	if ((s = arena_alloc(cmd->arena, sizeof(*s))) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	if (parse_arg(p, "a search key") == -1 ||
	    parse_return(p, &s->reply) == -1)
		return reply_bad_arg(cmd);
	if (search_parse(p, v, new_set, cmd, &s->run.prog, &why) == -1) {
		/* RFC 5182, section 2.1: NO empties it, BAD does not */
		if (s->reply.returns & RETURN_SAVE && why != SEARCH_BAD)
			uidset_free(&v->saved);
		return search_error(cmd, why);
	}
	cmd->state = s;
	cmd->drop = search_drop;
	if (search_run_init(&s->run, cmd, &none, search_match) == -1 ||
	    (s->reply.result = command_set(cmd)) == NULL)
		return reply_no(cmd, "SERVERBUG", "Out of memory");
	cmd->work = search_work;
	cmd->resume = search_resume;
	return CMD_WAIT;
}
