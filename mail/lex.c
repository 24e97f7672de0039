/*
 * Tokens of structured header fields.  Pure; linear in the value's length:
 * comments are counted, not recursed into.
 */
#include "mail/lex.h"

#include <string.h>

void
lex_init(struct lex *l, struct str value)
{
	l->p = value.p;
	l->end = value.len == 0 ? value.p : value.p + value.len;
}

bool
lex_white(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t
lex_comment(struct lex *l, struct buf *comment)
{
	size_t	 depth = 0;

	if (comment != NULL)
		buf_reset(comment);
	for (; l->p < l->end; l->p++) {
		if (*l->p == '(' && depth++ == 0)
			continue;
		if (*l->p == ')' && --depth == 0) {
			l->p++;
			return 0;
		}
		if (*l->p == '\\' && l->p + 1 < l->end)
			l->p++;
		if (comment != NULL)
			buf_put(comment, l->p, 1);
	}
	return depth;
}

bool
lex_cfws(struct lex *l, struct buf *comment)
{
	const char	*start = l->p;

	while (l->p < l->end) {
		if (lex_white((unsigned char)*l->p))
			l->p++;
		else if (*l->p == '(')
			(void)lex_comment(l, comment);
		else
			break;
	}
	return l->p > start;
}

bool
lex_quoted(struct lex *l, struct buf *out)
{
	for (l->p++; l->p < l->end; l->p++) {
		if (*l->p == '"') {
			l->p++;
			return true;
		}
		if (*l->p == '\\' && l->p + 1 < l->end)
			l->p++;
		if (out != NULL)
			buf_put(out, l->p, 1);
	}
	return false;
}

size_t
lex_atom(struct lex *l, const char *stop, struct buf *out)
{
	const char	*start = l->p;

	while (l->p < l->end && !lex_white((unsigned char)*l->p) &&
	    *l->p != '(' && *l->p != '"' &&
	    (*l->p == '\0' || strchr(stop, *l->p) == NULL))
		l->p++;
	if (out != NULL)
		buf_put(out, start, (size_t)(l->p - start));
	return (size_t)(l->p - start);
}

struct str
lex_token(struct lex *l)
{
	struct str	 s = { l->p, 0 };

	s.len = lex_atom(l, "()<>@,;:\\/[]?=", NULL);
	return s;
}
