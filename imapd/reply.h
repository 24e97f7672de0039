/*
 * What the client reads: tagged and untagged lines, and the forms of
 * strings in them.  Each reply_ok/no/bad ends its command and returns
 * CMD_DONE; text is for people, without a line's end; code is without
 * brackets, NULL for none.
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
/* Storaged's REPLY_NO, as NO with the code of RFC 5530. */
enum cmd_result reply_refused(struct command *cmd,
	    const struct reply_no *no);

/* Its parts: the code (NULL: none), and the text on cmd's arena. */
const char *reply_code(const struct reply_no *no);
const char *reply_text(struct command *cmd, const struct reply_no *no);

/* An untagged line "* ...": at once when the command is first, else when it
 * becomes so. */
void	 reply_line(struct command *cmd, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same with ready octets (CRLF and "* " included). */
void	 reply_raw(struct command *cmd, const void *p, size_t len);

/* Into a buffer: a quoted string, or a literal when it must be one. */
void	 put_string(struct buf *b, struct str s);
/* An atom when it is one, else a string. */
void	 put_astring(struct buf *b, struct str s);
/* UTF-8 name in modified UTF-7, as astring. */
void	 put_mailbox(struct buf *b, struct str name);

#endif
