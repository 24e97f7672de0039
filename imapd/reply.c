/*
 * What the client reads.  Free text goes out as printable ASCII on one
 * line, whatever it came from; a literal is the only way for other octets.
 */
#include "imapd/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "imapd/client.h"
#include "imapd/utf7.h"
#include "mail/imap_text.h"

#define BAD_SHOWN	40	/* octets of a wrong argument */

/* Text of a line: what would end or confuse it becomes "?". */
static void
make_plain(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

static enum cmd_result __attribute__((format(printf, 4, 0)))
reply_tagged(struct command *cmd, enum cmd_status status, const char *code,
    const char *fmt, va_list ap)
{
	struct buf	 b = BUF_INIT;
	char		 text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	make_plain(text);
	if (code != NULL)
		(void)buf_printf(&b, "[%s] ", code);
	(void)buf_puts(&b, text);
	cmd->status = status;
	cmd->answer = b.failed ? NULL :
	    arena_dup(cmd->arena, b.data, b.len);
	buf_free(&b);
	command_answered(cmd);
	return CMD_DONE;
}

enum cmd_result
reply_ok(struct command *cmd, const char *code, const char *fmt, ...)
{
	enum cmd_result	 ret;
	va_list		 ap;

	va_start(ap, fmt);
	ret = reply_tagged(cmd, CMD_OK, code, fmt, ap);
	va_end(ap);
	return ret;
}

enum cmd_result
reply_no(struct command *cmd, const char *code, const char *fmt, ...)
{
	enum cmd_result	 ret;
	va_list		 ap;

	va_start(ap, fmt);
	ret = reply_tagged(cmd, CMD_NO, code, fmt, ap);
	va_end(ap);
	return ret;
}

enum cmd_result
reply_bad(struct command *cmd, const char *fmt, ...)
{
	enum cmd_result	 ret;
	va_list		 ap;

	va_start(ap, fmt);
	ret = reply_tagged(cmd, CMD_BAD, NULL, fmt, ap);
	va_end(ap);
	return ret;
}

const char *
reply_bad_text(struct command *cmd, const struct parse *p)
{
	const char	*name = cmd->spec->name, *text;
	struct buf	 b = BUF_INIT;
	struct parse	 rest = *p;
	size_t		 n;

	(void)parse_sp(&rest);
	n = (size_t)(rest.end - rest.p);
	while (n > 0 && rest.p[n - 1] == ' ')
		n--;
	if (parse_end(p))
		(void)buf_printf(&b, "%s: %s is missing", name,
		    p->what != NULL ? p->what : "an argument");
	else if (p->what == NULL)
		(void)buf_printf(&b, "%s: too many arguments", name);
	else
		(void)buf_printf(&b, "%s: expected %s", name, p->what);
	if (!parse_end(p) && !(cmd->spec->flags & CMD_SECRET)) {
		(void)buf_puts(&b, p->what != NULL ? ", not: " : ": ");
		(void)buf_put(&b, rest.p, n > BAD_SHOWN ? BAD_SHOWN : n);
		if (n > BAD_SHOWN)
			(void)buf_puts(&b, "...");
	}
	text = b.failed ? NULL : arena_dup(cmd->arena, b.data, b.len);
	buf_free(&b);
	return text != NULL ? text : "Invalid argument";
}

enum cmd_result
reply_bad_arg(struct command *cmd)
{
	return reply_bad(cmd, "%s", reply_bad_text(cmd, &cmd->args));
}

enum cmd_result
reply_noname(struct command *cmd, const char *code)
{
	return reply_no(cmd, code, "%s", cmd->args.noname);
}

/* enum mbox_code to the codes of RFC 5530 and others. */
static const struct {
	enum mbox_code	 code;
	const char	*word;
	const char	*text;	/* when storaged gave none */
} refusals[] = {
	{ MBOX_CODE_NONE,	NULL,		"Command failed" },
	{ MBOX_ALREADYEXISTS,	"ALREADYEXISTS", "Already exists" },
	{ MBOX_NONEXISTENT_BOX,	"NONEXISTENT",	"No such mailbox" },
	{ MBOX_TRYCREATE,	"TRYCREATE",	"No such mailbox" },
	{ MBOX_CANNOT,		"CANNOT",	"Operation not possible" },
	{ MBOX_LIMIT,		"LIMIT",	"Limit reached" },
	{ MBOX_OVERQUOTA,	"OVERQUOTA",	"Over quota" },
	{ MBOX_UNAVAILABLE,	"UNAVAILABLE",
	    "The mail store is temporarily unavailable, try again later" },
	{ MBOX_SERVERBUG,	"SERVERBUG",	"Internal server error" },
	{ MBOX_CORRUPTION,	"CORRUPTION",	"The message is damaged" },
	{ MBOX_EXPUNGEISSUED,	"EXPUNGEISSUED",
	    "Some of the messages have been expunged" },
	{ MBOX_NOPERM,		"NOPERM",	"Permission denied" },
	{ MBOX_INUSE,		"INUSE",	"In use" },
	{ MBOX_READONLY,	"NOPERM",	"Read-only" },
	{ MBOX_TOOBIG,		"TOOBIG",	"Too large" },
	{ MBOX_HASCHILDREN,	"HASCHILDREN",
	    "The mailbox has child mailboxes" },
	{ MBOX_USEATTR,		"USEATTR",
	    "This special use cannot be assigned" },
	{ MBOX_CANCELLED,	NULL,		"Cancelled" },
};

static size_t
refusal_find(const struct reply_no *no)
{
	size_t	 i;

	for (i = 0; i < nitems(refusals); i++)
		if (refusals[i].code == no->code)
			return i;
	return 0;
}

const char *
reply_code(const struct reply_no *no)
{
	return refusals[refusal_find(no)].word;
}

const char *
reply_text(struct command *cmd, const struct reply_no *no)
{
	const char	*text = NULL;

	if (no->text.len > 0)
		text = arena_dup(cmd->arena, no->text.p, no->text.len);
	return text != NULL ? text : refusals[refusal_find(no)].text;
}

enum cmd_result
reply_refused(struct command *cmd, const struct reply_no *no)
{
	return reply_no(cmd, reply_code(no), "%s", reply_text(cmd, no));
}

void
reply_raw(struct command *cmd, const void *p, size_t len)
{
	if (command_first(cmd)) {
		if (cmd->held.len > 0) {
			client_put(cmd->client, cmd->held.data,
			    cmd->held.len);
			buf_free(&cmd->held);
		}
		client_put(cmd->client, p, len);
	} else if (buf_put(&cmd->held, p, len) == -1)
		client_close(cmd->client, "out of memory");
}

void
reply_line(struct command *cmd, const char *fmt, ...)
{
	char	 line[1024];
	va_list	 ap;
	int	 n;

	memcpy(line, "* ", 2);
	va_start(ap, fmt);
	n = vsnprintf(line + 2, sizeof(line) - 4, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n > sizeof(line) - 5)
		n = sizeof(line) - 5;
	memcpy(line + 2 + n, "\r\n", 2);
	reply_raw(cmd, line, (size_t)n + 4);
}

void
put_string(struct buf *b, struct str s)
{
	(void)imap_string(b, s);
}

void
put_astring(struct buf *b, struct str s)
{
	bool	 atom = s.len > 0 && !str_caseeq(s, STR("NIL"));
	size_t	 i;

	for (i = 0; atom && i < s.len; i++)
		atom = s.p[i] > ' ' && s.p[i] <= '~' &&
		    strchr("(){%*\"\\]", s.p[i]) == NULL;
	if (atom)
		(void)buf_put(b, s.p, s.len);
	else
		put_string(b, s);
}

void
put_mailbox(struct buf *b, struct str name)
{
	struct buf	 u = BUF_INIT;

	if (utf8_to_utf7(name, &u) == 0)
		put_astring(b, (struct str){
		    u.data != NULL ? (char *)u.data : "", u.len });
	else
		(void)buf_puts(b, "\"\"");
	buf_free(&u);
}
