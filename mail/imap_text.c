/*
 * Strings as IMAP writes them.  A NUL, CR or LF that a header value kept
 * would end a quoted string early or break a literal's rules.
 */
#include "mail/imap_text.h"

#include <string.h>

/* One byte each: 0 plain, 1 to be escaped, 2 needs a literal, 3 a space. */
static uint8_t
kind(uint8_t c)
{
	if (c == '"' || c == '\\')
		return 1;
	if (c == '\0' || c == '\r' || c == '\n')
		return 3;
	return c >= 0x80 || (c < 0x20 && c != '\t') || c == 0x7f ? 2 : 0;
}

void
imap_literal(struct buf *b, uint64_t len)
{
	buf_put_u8(b, '{');
	buf_put_decimal(b, len);
	buf_puts(b, "}\r\n");
}

/* As nearly all are: printable ASCII without anything to escape. */
static bool
plain(struct str s)
{
	uint8_t	 c;
	size_t	 i;

	for (i = 0; i < s.len; i++) {
		c = (uint8_t)s.p[i];
		if (c < ' ' || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static int
put_plain(struct buf *b, struct str s)
{
	uint8_t	*to = buf_reserve(b, s.len + 2);

	if (to == NULL)
		return -1;
	to[0] = '"';
	if (s.len > 0)
		memcpy(to + 1, s.p, s.len);
	to[s.len + 1] = '"';
	b->len += s.len + 2;
	return 0;
}

int
imap_string(struct buf *b, struct str s)
{
	uint8_t	*to;
	size_t	 i, escapes = 0;
	bool	 literal = false, clean = true;

	if (plain(s))
		return put_plain(b, s);
	for (i = 0; i < s.len; i++)
		switch (kind((uint8_t)s.p[i])) {
		case 1:
			escapes++;
			break;
		case 2:
			literal = true;
			break;
		case 3:
			clean = false;
			break;
		}
	if (literal)
		imap_literal(b, s.len);
	if ((to = buf_reserve(b, s.len + escapes + 2)) == NULL)
		return -1;
	if (!literal)
		*to++ = '"';
	if (clean && (literal || escapes == 0)) {
		if (s.len > 0)
			memcpy(to, s.p, s.len);
		to += s.len;
	} else for (i = 0; i < s.len; i++) {
		if (!literal && kind((uint8_t)s.p[i]) == 1)
			*to++ = '\\';
		*to++ = kind((uint8_t)s.p[i]) == 3 ? ' ' :
		    (uint8_t)s.p[i];
	}
	if (!literal)
		*to++ = '"';
	b->len = (size_t)(to - b->data);
	return 0;
}

void
imap_clean(uint8_t *p, size_t len)
{
	uint8_t	*zero, *end = p + len;

	while (p < end && (zero = memchr(p, '\0', (size_t)(end - p))) != NULL) {
		*zero = IMAP_NUL;
		p = zero + 1;
	}
}

int
imap_nstring(struct buf *b, struct str s)
{
	if (s.p == NULL)
		return buf_put(b, "NIL", 3);
	return imap_string(b, s);
}
