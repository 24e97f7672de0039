/*
 * Where a command ends (RFC 3501 section 2.2, RFC 7888).  Sees every octet
 * of a stranger first; must never wait, and never keep more than
 * SCAN_LINE_MAX of them.
 */
#include "imapd/scan.h"

#include <string.h>

enum { BRACE_NONE, BRACE_OPEN, BRACE_DIGIT, BRACE_PLUS, BRACE_CLOSED };

void
scan_init(struct scan *s)
{
	memset(s, 0, sizeof(*s));
}

/* The automaton that sees "{n}" or "{n+}" at the end of a line. */
static void
scan_brace(struct scan *s, uint8_t ch)
{
	if (ch == '{') {
		s->brace = BRACE_OPEN;
		s->size = 0;
		s->nonsync = false;
	} else if (ch >= '0' && ch <= '9' &&
	    (s->brace == BRACE_OPEN || s->brace == BRACE_DIGIT)) {
		s->brace = BRACE_DIGIT;
		if (s->size > (INT64_MAX - 9) / 10)
			s->size = UINT64_MAX;
		else
			s->size = s->size * 10 + (uint64_t)(ch - '0');
	} else if (ch == '+' && s->brace == BRACE_DIGIT) {
		s->brace = BRACE_PLUS;
		s->nonsync = true;
	} else if (ch == '}' &&
	    (s->brace == BRACE_DIGIT || s->brace == BRACE_PLUS))
		s->brace = BRACE_CLOSED;
	else
		s->brace = BRACE_NONE;
}

static void
scan_octet(struct scan *s, uint8_t ch)
{
	if (ch == '\r')
		return;
	if (s->quoted) {
		if (s->escaped)
			s->escaped = false;
		else if (ch == '\\')
			s->escaped = true;
		else if (ch == '"')
			s->quoted = false;
		s->brace = BRACE_NONE;
		return;
	}
	if (ch == '"')
		s->quoted = true;
	scan_brace(s, ch);
}

static void
scan_keep(struct scan *s, struct buf *text, const uint8_t *p, size_t len)
{
	if (s->drop)
		return;
	if (text->len + len > SCAN_LINE_MAX) {
		s->drop = s->toolong = true;
		return;
	}
	(void)buf_put(text, p, len);
}

/* At a LF: what the line was. */
static enum scan_event
scan_line(struct scan *s, struct buf *text)
{
	bool	 literal = s->brace == BRACE_CLOSED;

	s->quoted = s->escaped = s->cr = false;
	s->brace = BRACE_NONE;
	if (!s->drop && text->len > 0 && text->data[text->len - 1] == '\r')
		text->len--;
	if (!literal)
		return SCAN_COMMAND;
	if (s->drop) {
		if (!s->nonsync)
			return SCAN_COMMAND;
		s->literal = s->size;
		return SCAN_MORE;
	}
	s->header = text->len;
	while (s->header > 0 && text->data[s->header - 1] != '{')
		s->header--;
	if (s->header > 0)
		s->header--;
	(void)buf_puts(text, "\r\n");
	return SCAN_LITERAL;
}

enum scan_event
scan_feed(struct scan *s, struct buf *text, const uint8_t *p, size_t len,
    size_t *used)
{
	enum scan_event	 ev;
	size_t		 i = 0, from, n;

	while (i < len) {
		if (s->literal > 0) {
			n = len - i;
			if (n > s->literal)
				n = (size_t)s->literal;
			scan_keep(s, text, p + i, n);
			s->literal -= n;
			i += n;
			continue;
		}
		for (from = i; i < len && p[i] != '\n'; i++)
			scan_octet(s, p[i]);
		scan_keep(s, text, p + from, i - from);
		if (i == len)
			break;
		i++;
		if ((ev = scan_line(s, text)) != SCAN_MORE) {
			*used = i;
			return ev;
		}
	}
	*used = i;
	return SCAN_MORE;
}

bool
scan_literal(struct scan *s, const struct buf *text)
{
	if (s->size > SCAN_LINE_MAX || text->len + s->size > SCAN_LINE_MAX)
		return false;
	s->literal = s->size;
	return true;
}

void
scan_drop(struct scan *s)
{
	s->drop = true;
	s->literal = s->nonsync ? s->size : 0;
}
