/* Rows out of a stream of octets that is cut anywhere. */
#include <string.h>

#include "common/msg_mbox.h"
#include "imapd/rows.h"

void
rows_init(struct rows *r, size_t max)
{
	buf_init(&r->b, max + 10 + MBOX_CREDIT);
	r->off = r->whole = 0;
	r->max = max;
}

void
rows_free(struct rows *r)
{
	buf_free(&r->b);
}

/*
 * How many octets the first row of p has with its length (*head octets of
 * them); 0: the length itself is cut off; -1: no row.
 */
static int
rows_first(const struct rows *r, const uint8_t *p, size_t len, size_t *head,
    size_t *whole)
{
	struct cursor	 c;
	uint64_t	 size;
	size_t		 i;

	*whole = 0;
	for (i = 0; i < len && i < 10 && p[i] & 0x80; i++)
		;
	if (i == len && i < 10)
		return 0;
	cursor_init(&c, p, len);
	size = cursor_varint(&c);
	if (c.bad || size > r->max)
		return -1;
	*head = len - cursor_left(&c);
	*whole = *head + (size_t)size;
	return 0;
}

int
rows_feed(struct rows *r, const uint8_t *p, size_t len,
    int (*row)(void *arg, const uint8_t *p, size_t len), void *arg)
{
	size_t	 head, whole, n;

	while (len > 0 && r->b.len == 0) {
		/* whole rows are read where they lie */
		if (rows_first(r, p, len, &head, &whole) == -1)
			return -1;
		if (whole == 0 || whole > len)
			break;
		if (row(arg, p + head, whole - head) == -1)
			return -1;
		p += whole;
		len -= whole;
	}
	while (len > 0) {
		if (rows_first(r, r->b.data, r->b.len, &head, &whole) == -1)
			return -1;
		n = whole == 0 ? 1 : whole - r->b.len;
		if (n > len)
			n = len;
		if (buf_put(&r->b, p, n) == -1 ||
		    rows_first(r, r->b.data, r->b.len, &head, &whole) == -1)
			return -1;
		p += n;
		len -= n;
		if (whole == 0 || whole > r->b.len)
			continue;
		if (row(arg, r->b.data + head, whole - head) == -1)
			return -1;
		buf_reset(&r->b);
		return rows_feed(r, p, len, row, arg);
	}
	return 0;
}

int
rows_keep(struct rows *r, const uint8_t *p, size_t len)
{
	if (r->off > 0 && r->off >= r->b.len / 2) {
		buf_drain(&r->b, r->off);
		r->off = 0;
	}
	return buf_put(&r->b, p, len);
}

int
rows_peek(struct rows *r, const uint8_t **p, size_t *len)
{
	size_t	 head;

	if (rows_waiting(r) == 0) {
		buf_reset(&r->b);
		r->off = r->whole = 0;
		return 0;
	}
	if (rows_first(r, r->b.data + r->off, rows_waiting(r), &head,
	    &r->whole) == -1)
		return -1;
	if (r->whole == 0 || r->whole > rows_waiting(r)) {
		r->whole = 0;
		return 0;
	}
	*p = r->b.data + r->off + head;
	*len = r->whole - head;
	return 1;
}

void
rows_skip(struct rows *r)
{
	r->off += r->whole;
	r->whole = 0;
}

size_t
rows_waiting(const struct rows *r)
{
	return r->b.len - r->off;
}
