/* Strings that may be absent (NIL in IMAP's envelope). */
#include "mail/nstr.h"

int
put_nstr(struct buf *b, struct str s)
{
	if (s.p == NULL)
		return buf_put_varint(b, 0);
	buf_put_varint(b, (uint64_t)s.len + 1);
	return buf_put(b, s.p, s.len);
}

struct str
get_nstr(struct cursor *c)
{
	uint64_t	 len = cursor_varint(c);
	struct str	 s = { NULL, 0 };

	if (len == 0 || c->bad)
		return s;
	if (len - 1 > cursor_left(c)) {
		c->bad = true;
		return s;
	}
	s.len = (size_t)(len - 1);
	s.p = len == 1 ? "" : (const char *)cursor_bytes(c, s.len);
	return s;
}
