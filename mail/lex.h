/*
 * Tokens of structured header fields (RFC 5322 section 3.2, obsolete forms
 * included), over one unfolded field value.  Never fails: an unterminated
 * quoted string or comment ends with the value.
 */
#ifndef MAIL_LEX_H
#define MAIL_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct lex {
	const char	*p;
	const char	*end;
};

void	 lex_init(struct lex *l, struct str value);
#define LEX_WHITE	" \t\r\n"
bool	 lex_white(int c);		/* is it one of these? */
/*
 * Skips white space and comments; true if there were any.  The text of the last
 * comment (without parentheses and backslashes) replaces the content of
 * comment, unless that is NULL.
 */
bool	 lex_cfws(struct lex *l, struct buf *comment);
/*
 * At a '(': the whole comment, its text as above.  Returns how many parentheses
 * are still open at the end of the value: unless 0, it is not a comment.
 */
size_t	 lex_comment(struct lex *l, struct buf *comment);
/* At a '"': appends the unquoted content to out (may be NULL). false: the
 * string is unterminated. */
bool	 lex_quoted(struct lex *l, struct buf *out);
/* Appends bytes up to one of stop, white space, '(' or '"'; returns how
 * many. */
size_t	 lex_atom(struct lex *l, const char *stop, struct buf *out);
/* An RFC 2045 token; empty if there is none. */
struct str lex_token(struct lex *l);

#endif
