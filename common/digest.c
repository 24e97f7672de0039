/*
 * The outer form of a message's digest.  The bytes come from a process that
 * parses hostile mail, or from a bucket: every length is compared, and what
 * the fields hold is never looked at here.
 */
#include "common/digest.h"

/*
 * The next field: 1, 0 at the end, -1 when it is malformed.  *last is the
 * number of the field before.
 */
static int
next_field(struct cursor *c, uint64_t *last, struct str *value)
{
	uint64_t number;

	if (cursor_done(c))
		return 0;
	number = cursor_varint(c);
	*value = cursor_str(c);
	if (c->bad || number <= *last || number >= DIGEST_FIELDS)
		return -1;
	*last = number;
	return 1;
}

static int
begin(struct cursor *c, const void *p, size_t len)
{
	cursor_init(c, p, len);
	return cursor_u8(c) == DIGEST_VERSION && !c->bad ? 0 : -1;
}

int
digest_check(const void *p, size_t len)
{
	struct cursor	c;
	struct str	value;
	uint64_t	number = 0;
	int		r;

	if (begin(&c, p, len) == -1)
		return -1;
	while ((r = next_field(&c, &number, &value)) == 1)
		continue;
	return r;
}

bool
digest_find(const void *p, size_t len, enum digest_field field,
    struct str *value)
{
	struct cursor	c;
	uint64_t	number = 0;

	if (begin(&c, p, len) == 0)
		while (next_field(&c, &number, value) == 1)
			if (number == (uint64_t)field)
				return true;
	*value = (struct str){ NULL, 0 };
	return false;
}

int
digest_filter(const void *p, size_t len, uint64_t mask, struct buf *b)
{
	struct cursor	c;
	struct str	value;
	uint64_t	number = 0;
	int		r;

	if (begin(&c, p, len) == -1 || digest_begin(b) == -1)
		return -1;
	while ((r = next_field(&c, &number, &value)) == 1)
		if ((mask & DIGEST_BIT(number)) != 0 &&
		    digest_put(b, (enum digest_field)number, value.p,
		    value.len) == -1)
			return -1;
	return r;
}

int
digest_begin(struct buf *b)
{
	return buf_put_u8(b, DIGEST_VERSION);
}

int
digest_put(struct buf *b, enum digest_field field, const void *p, size_t len)
{
	buf_put_varint(b, (uint64_t)field);
	return buf_put_bytes(b, p, len);
}
