/*
 * What the client receives: tagged and untagged lines, and the encoding of
 * strings in them.  Each reply_ok/no/bad ends its command and returns CMD_DONE;
 * text is for humans, without a newline; code is without brackets, NULL for
 * none.
 */
#ifndef IMAPD_REPLY_H
#define IMAPD_REPLY_H

#include <stddef.h>

#include "common/buf.h"
#include "common/msg_mbox.h"
#include "imapd/command.h"

enum cmd_result reply_ok(struct command *cmd, const char *code,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum cmd_result reply_no(struct command *cmd, const char *code,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum cmd_result reply_bad(struct command *cmd, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The argument that cmd->args points at (parse_arg()) is missing, invalid or
 * superfluous; says which, and quotes its beginning unless the command contains
 * secrets. */
enum cmd_result reply_bad_arg(struct command *cmd);
/* Its text, for the arguments p, on cmd's arena. */
const char *reply_bad_text(struct command *cmd, const struct parse *p);
/* The name parsed last cannot be that of a mailbox: NO, and why. */
enum cmd_result reply_noname(struct command *cmd, const char *code);
/* REPLY_NO from storaged, as NO with a code of RFC 5530. */
enum cmd_result reply_refused(struct command *cmd,
	    const struct reply_no *no);

/* Its parts: the code (NULL: none), and the text on cmd's arena. */
const char *reply_code(const struct reply_no *no);
const char *reply_text(struct command *cmd, const struct reply_no *no);

/* An untagged line "* ...": sent at once if the command is the first, else when
 * it becomes so. */
void	 reply_line(struct command *cmd, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same with complete octets (including CRLF and "* "). */
void	 reply_raw(struct command *cmd, const void *p, size_t len);

/* Into a buffer: a quoted string, or a literal if necessary. */
void	 put_string(struct buf *b, struct str s);
/* An atom if possible, else a string. */
void	 put_astring(struct buf *b, struct str s);
/* UTF-8 name in modified UTF-7, as astring. */
void	 put_mailbox(struct buf *b, struct str name);

#endif
