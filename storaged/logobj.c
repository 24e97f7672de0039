/*
 * Log objects; pail-bucket.5, "Log objects".
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/frame.h"
#include "storaged/logobj.h"
#include "storaged/sum.h"

enum field {
	F_FIRST = 1,		/* commits */
	F_LAST,
	F_BEFORE,		/* nonce of the commit before the first */
	F_FIRST_RECORD,
	F_RECORDS,
	F_TABLE,		/* per block: varint length, varint offset of
				   its message area in it, varint its length */
	F_END = F_TABLE
};
#define TABLE_MAX	(16 * 1024 * 1024)
#define ALL_FIELDS	(((uint32_t)1 << (F_END + 1)) - 2)

struct logfields {
	uint64_t	 first;
	uint64_t	 last;
	uint8_t		 before[16];
	uint64_t	 first_record;
	uint64_t	 records;
	struct cursor	 table;
};

static int
fields_encode(const struct block *first, const struct block *last,
    struct buf *b)
{
	const struct block	*k;
	struct buf		 table = BUF_INIT;
	int			 ret;

	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry)) {
		buf_put_varint(&table, k->len);
		buf_put_varint(&table, (uint64_t)(k->messages - k->bytes));
		buf_put_varint(&table, k->messages_len);
		if (k == last)
			break;
	}
	tlv_put_varint(b, F_FIRST, first->number);
	tlv_put_varint(b, F_LAST, last->number);
	tlv_put(b, F_BEFORE, true, first->prev, sizeof(first->prev));
	tlv_put_varint(b, F_FIRST_RECORD, first->first);
	tlv_put_varint(b, F_RECORDS, last->first + last->count -
	    first->first);
	ret = table.failed ? -1 :
	    tlv_put(b, F_TABLE, true, table.data, table.len);
	buf_free(&table);
	return ret;
}

int
logobj_encode(const uint8_t history[16], const struct block *first,
    const struct block *last, struct logref *ref, struct buf *out)
{
	const struct block	*k;
	struct buf		 body = BUF_INIT, fields = BUF_INIT;
	size_t			 start = out->len;
	int			 ret = -1;

	if (fields_encode(first, last, &fields) == -1)
		goto done;
	buf_put_u32(&body, (uint32_t)fields.len);
	buf_put(&body, fields.data, fields.len);
	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry)) {
		buf_put(&body, k->bytes, k->len);
		if (k == last)
			break;
	}
	if (body.failed || frame_seal(FRAME_LOG, history, NULL, body.data,
	    body.len, out) == -1)
		goto done;
	ref->first = first->number;
	ref->last = last->number;
	ref->first_record = first->first;
	ref->records = last->first + last->count - first->first;
	ref->size = out->len - start;
	sum_of(out->data + start, out->len - start, ref->sha256);
	ret = 0;
done:
	buf_free(&fields);
	buf_free(&body);
	return ret;
}

static int
field_decode(struct logfields *f, struct tlv *t)
{
	switch ((enum field)t->number) {
	case F_FIRST:
		return tlv_varint(t, &f->first);
	case F_LAST:
		return tlv_varint(t, &f->last);
	case F_BEFORE:
		return tlv_copy(t, f->before, sizeof(f->before));
	case F_FIRST_RECORD:
		return tlv_varint(t, &f->first_record);
	case F_RECORDS:
		return tlv_varint(t, &f->records);
	case F_TABLE:
		f->table = t->value;
		return 0;
	}
	return FORMAT_DAMAGED;
}

/* The fields at the start of the body; c stands at the blocks after it. */
static int
fields_decode(struct logfields *f, struct cursor *c)
{
	struct cursor	 in;
	struct tlv	 t = { 0 };
	struct str	 rest;
	const uint8_t	*p, *start;
	uint32_t	 n, seen = 0;
	int		 r;

	memset(f, 0, sizeof(*f));
	n = cursor_u32(c);
	if (c->bad || n > TABLE_MAX || (p = cursor_bytes(c, n)) == NULL)
		return FORMAT_DAMAGED;
	cursor_init(&in, p, n);
	for (start = in.p; (r = tlv_next(&in, &t)) == 1; start = in.p) {
		if (t.number > F_END) {
			r = tlv_rest(&in, &t, start, &rest);
			break;
		}
		if (field_decode(f, &t) != 0)
			return FORMAT_DAMAGED;
		seen |= (uint32_t)1 << t.number;
	}
	if (r != 0)
		return r;
	return seen == ALL_FIELDS && f->first > 0 && f->last >= f->first ?
	    0 : FORMAT_DAMAGED;
}

/* The table, the fields and the blocks must say the same. */
static int
agree(struct logfields *f, const struct blocklist *l)
{
	const struct block	*k, *first = TAILQ_FIRST(l);
	const struct block	*last = TAILQ_LAST(l, blocklist);

	if (first == NULL || first->number != f->first ||
	    last->number != f->last || first->first != f->first_record ||
	    last->first + last->count - first->first != f->records ||
	    memcmp(first->prev, f->before, sizeof(f->before)) != 0)
		return FORMAT_DAMAGED;
	TAILQ_FOREACH(k, l, entry)
		if (cursor_varint(&f->table) != k->len ||
		    cursor_varint(&f->table) !=
		    (uint64_t)(k->messages - k->bytes) ||
		    cursor_varint(&f->table) != k->messages_len)
			return FORMAT_DAMAGED;
	return cursor_done(&f->table) ? 0 : FORMAT_DAMAGED;
}

static int
matches(const struct logfields *f, const struct logref *ref, const void *p,
    size_t len)
{
	return len == ref->size && sum_is(p, len, ref->sha256) &&
	    f->first == ref->first && f->last == ref->last &&
	    f->first_record == ref->first_record &&
	    f->records == ref->records;
}

int
logobj_decode(const void *p, size_t len, const uint8_t history[16],
    const struct logref *ref, struct blocklist *l)
{
	struct buf		 store = BUF_INIT;
	struct logfields	 f;
	struct frame		 frame;
	struct cursor		 c;
	const uint8_t		*body;
	size_t			 n;
	int			 r;

	if ((r = frame_open(&frame, FRAME_LOG, p, len, LOGOBJ_MAX, &store,
	    &body, &n)) != 0)
		goto done;
	r = FORMAT_DAMAGED;
	if (memcmp(frame.history, history, 16) != 0)
		goto done;
	cursor_init(&c, body, n);
	if ((r = fields_decode(&f, &c)) != 0)
		goto done;
	r = FORMAT_DAMAGED;
	if (ref != NULL && !matches(&f, ref, p, len))
		goto done;
	if ((r = blocklist_decode(l, c.p, cursor_left(&c))) == 0 &&
	    (r = agree(&f, l)) != 0)
		blocklist_free(l);
done:
	buf_free(&store);
	return r;
}

int
logobj_find(const void *p, size_t len, uint64_t commit, uint64_t *offset,
    uint64_t *area_len)
{
	struct logfields	 f;
	struct frame		 frame;
	struct cursor		 c;
	uint64_t		 at, i, block, area = 0;
	int			 r;

	if ((r = frame_header_get(&frame, FRAME_LOG, p, len)) != 0)
		return r;
	if (frame.codec != 0)
		return FORMAT_UNKNOWN;
	cursor_init(&c, (const uint8_t *)p + FRAME_HEADER,
	    len - FRAME_HEADER);
	if ((r = fields_decode(&f, &c)) != 0)
		return r;
	if (commit < f.first || commit > f.last)
		return FORMAT_DAMAGED;
	at = (uint64_t)(c.p - (const uint8_t *)p);
	for (i = f.first; ; i++) {
		block = cursor_varint(&f.table);
		area = cursor_varint(&f.table);
		*area_len = cursor_varint(&f.table);
		if (f.table.bad || block > LOGOBJ_MAX || area > block ||
		    *area_len > block - area)
			return FORMAT_DAMAGED;
		if (i == commit)
			break;
		at += block;
	}
	*offset = at + area;
	return 0;
}
