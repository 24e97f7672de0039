/*
 * Groups of messages as bytes (mailpack.h).  A part is a byte (the number of
 * messages less one), then its columns.  A column is a zigzag varint (the
 * lowest number in it), a byte (the width: 0, 1, 2, 4 or 8) and each number
 * less the lowest in so many bytes, little-endian.  Where numbers usually
 * follow each other, number i has i taken from it first: a run of UIDs takes
 * two or three bytes.  This file is local and disposable: no format of the
 * bucket.
 */
#include "common/compat.h"

#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/format/mailpack.h"

static const struct {
	enum mail_part	 part;
	bool		 ramp;		/* numbers that follow each other */
	int64_t		 min, max;
} col_table[MAIL_COLS] = {
	[MAIL_UID] =	  { MAIL_STATE, true, 1, (int64_t)UINT32_MAX - 1 },
	[MAIL_FLAGS] =	  { MAIL_STATE, false, 0, MBOX_FLAGS_ALL },
	[MAIL_KW] =	  { MAIL_STATE, false, 0, INT64_MAX },
	[MAIL_MODSEQ] =	  { MAIL_STATE, false, 0, INT64_MAX },
	[MAIL_SIZE] =	  { MAIL_FACTS, false, 0, UINT32_MAX },
	[MAIL_DATE] =	  { MAIL_FACTS, false, INT64_MIN, INT64_MAX },
	[MAIL_ZONE] =	  { MAIL_FACTS, false, INT16_MIN, INT16_MAX },
	[MAIL_SAVEDATE] = { MAIL_FACTS, false, INT64_MIN, INT64_MAX },
	[MAIL_M] =	  { MAIL_FACTS, true, 0, INT64_MAX },
};

static unsigned
width_of(uint64_t most)
{
	return most == 0 ? 0 : most <= UINT8_MAX ? 1 : most <= UINT16_MAX ?
	    2 : most <= UINT32_MAX ? 4 : 8;
}

/* One case a width: each is a loop that the compiler can unroll. */
static void
put_wide(uint8_t *p, const uint64_t *d, unsigned n, unsigned width)
{
	unsigned	 i, j;

	switch (width) {
	case 1:
		for (i = 0; i < n; i++)
			p[i] = (uint8_t)d[i];
		break;
	case 2:
		for (i = 0; i < n; i++) {
			p[2 * i] = (uint8_t)d[i];
			p[2 * i + 1] = (uint8_t)(d[i] >> 8);
		}
		break;
	default:
		for (i = 0; i < n; i++)
			for (j = 0; j < width; j++)
				*p++ = (uint8_t)(d[i] >> 8 * j);
		break;
	}
}

static void
get_wide(uint64_t *d, const uint8_t *p, unsigned n, unsigned width)
{
	unsigned	 i, j;

	switch (width) {
	case 0:
		memset(d, 0, n * sizeof(*d));
		break;
	case 1:
		for (i = 0; i < n; i++)
			d[i] = p[i];
		break;
	case 2:
		for (i = 0; i < n; i++)
			d[i] = (uint64_t)p[2 * i] |
			    (uint64_t)p[2 * i + 1] << 8;
		break;
	case 4:
		for (i = 0; i < n; i++)
			d[i] = (uint64_t)p[4 * i] |
			    (uint64_t)p[4 * i + 1] << 8 |
			    (uint64_t)p[4 * i + 2] << 16 |
			    (uint64_t)p[4 * i + 3] << 24;
		break;
	default:
		for (i = 0; i < n; i++)
			for (d[i] = 0, j = 0; j < 8; j++)
				d[i] |= (uint64_t)*p++ << 8 * j;
		break;
	}
}

static int
col_encode(const int64_t *v, unsigned n, bool ramp, struct buf *b)
{
	uint64_t	 d[MAIL_ROWS], most = 0;
	int64_t		 min = v[0], x;
	uint8_t		*p;
	unsigned	 i, width;

	for (i = 1; i < n; i++) {
		x = ramp ? v[i] - (int64_t)i : v[i];
		if (x < min)
			min = x;
	}
	for (i = 0; i < n; i++) {
		x = ramp ? v[i] - (int64_t)i : v[i];
		d[i] = (uint64_t)x - (uint64_t)min;
		if (d[i] > most)
			most = d[i];
	}
	width = width_of(most);
	(void)buf_put_zigzag(b, min);
	if (buf_put_u8(b, (uint8_t)width) == -1 ||
	    (p = buf_reserve(b, n * width)) == NULL)
		return -1;
	put_wide(p, d, n, width);
	b->len += n * width;
	return 0;
}

/* min + d[i] (+ i), all in bounds; the sums are made so that none wraps. */
static int
col_decode(int64_t *v, unsigned n, enum mail_col col, struct cursor *c)
{
	uint64_t	 d[MAIL_ROWS], most = 0, up;
	int64_t		 min = cursor_zigzag(c), low = col_table[col].min;
	unsigned	 i, width = cursor_u8(c);
	const uint8_t	*p;

	if (c->bad || (width > 2 && width != 4 && width != 8) ||
	    (p = cursor_bytes(c, n * width)) == NULL)
		return -1;
	/* A ramp may begin below its least number, by as much as it climbs. */
	if (col_table[col].ramp)
		low -= MAIL_ROWS;
	if (min < low || min > col_table[col].max)
		return -1;
	up = (uint64_t)col_table[col].max - (uint64_t)min;
	get_wide(d, p, n, width);
	if (col_table[col].ramp)
		for (i = 0; i < n; i++) {
			if (d[i] > up)
				return -1;
			d[i] += i;
		}
	for (i = 0; i < n; i++) {
		if (d[i] > most)
			most = d[i];
		v[i] = (int64_t)((uint64_t)min + d[i]);
	}
	if (most > up)
		return -1;
	for (i = 0; i < n; i++)
		if (v[i] < col_table[col].min)
			return -1;
	return 0;
}

int
mailpack_encode(const struct mailgroup *k, enum mail_part part, struct buf *b)
{
	int	 col;

	if (k->n == 0 || k->n > MAIL_ROWS ||
	    buf_put_u8(b, (uint8_t)(k->n - 1)) == -1)
		return -1;
	for (col = 0; col < MAIL_COLS; col++)
		if (col_table[col].part == part && col_encode(k->v[col], k->n,
		    col_table[col].ramp, b) == -1)
			return -1;
	return 0;
}

int
mailpack_decode(struct mailgroup *k, enum mail_part part, const void *p,
    size_t len)
{
	struct cursor	 c;
	unsigned	 i, n;
	int		 col;

	cursor_init(&c, p, len);
	n = (unsigned)cursor_u8(&c) + 1;
	if (c.bad || n > MAIL_ROWS || (part == MAIL_FACTS && n != k->n))
		return -1;
	for (col = 0; col < MAIL_COLS; col++)
		if (col_table[col].part == part &&
		    col_decode(k->v[col], n, (enum mail_col)col, &c) == -1)
			return -1;
	if (!cursor_done(&c))
		return -1;
	k->n = n;
	if (part == MAIL_STATE)
		for (i = 1; i < n; i++)
			if (k->v[MAIL_UID][i] <= k->v[MAIL_UID][i - 1])
				return -1;
	return 0;
}

void
mailgroup_copy(struct mailgroup *dst, const struct mailgroup *src,
    unsigned from, unsigned count)
{
	int	 col;

	for (col = 0; col < MAIL_COLS; col++)
		memcpy(&dst->v[col][dst->n], &src->v[col][from],
		    count * sizeof(src->v[col][0]));
	dst->n += count;
}
