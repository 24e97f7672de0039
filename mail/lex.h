/*
 * Tokens of structured header fields (RFC 5322 section 3.2, obsolete forms
 * included), over one unfolded field value.  Never an error: a quoted
 * string or comment that does not end ends with the value.
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
bool	 lex_white(int c);		/* space, tab, CR, LF */
/*
 * Skips white space and comments; true when there were any.  The text of
 * the last comment (without its brackets and backslashes) replaces what
 * comment holds, unless that is NULL.
 */
bool	 lex_cfws(struct lex *l, struct buf *comment);
/* At a '"': the contents, unquoted, are added to out (may be NULL). */
void	 lex_quoted(struct lex *l, struct buf *out);
/* Adds bytes up to one of stop, white space or '(' or '"'; their number. */
size_t	 lex_atom(struct lex *l, const char *stop, struct buf *out);
/* An RFC 2045 token; empty when there is none. */
struct str lex_token(struct lex *l);
/* Without white space at both ends. */
struct str str_trim(struct str s);

#endif
