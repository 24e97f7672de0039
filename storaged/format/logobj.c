/*
 * Log objects; pail-bucket.5, "Log objects".
 */
#include "common/compat.h"

#include <string.h>

#include "common/sum.h"
#include "storaged/format/fields.h"
#include "storaged/format/logobj.h"
#include "storaged/format/object.h"

enum {
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

struct logfields {
	uint64_t	 first;
	uint64_t	 last;
	uint8_t		 before[16];
	uint64_t	 first_record;
	uint64_t	 records;
	struct str	 table;
};

#define AT(m)	FIELD_AT(struct logfields, m)
static const struct field rows[] = {
	[F_FIRST] =	   { FIELD_NUM, "first", AT(first) },
	[F_LAST] =	   { FIELD_NUM, "last", AT(last) },
	[F_BEFORE] =	   { FIELD_BYTES, "before", AT(before) },
	[F_FIRST_RECORD] = { FIELD_NUM, "first_record", AT(first_record) },
	[F_RECORDS] =	   { FIELD_NUM, "records", AT(records) },
	[F_TABLE] =	   { FIELD_STR, "table", AT(table) },
};
static const struct fields fields = { rows, F_END, FIELD_ALL(F_END), 0 };

static int
logfields_put(const struct block *first, const struct block *last,
    struct buf *b)
{
	const struct block	*k;
	struct logfields	 f = { .first = first->number,
				    .last = last->number,
				    .first_record = first->first };
	struct buf		 table = BUF_INIT;
	int			 ret = -1;

	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry)) {
		buf_put_varint(&table, k->len);
		buf_put_varint(&table, (uint64_t)(k->messages - k->bytes));
		buf_put_varint(&table, k->messages_len);
		if (k == last)
			break;
	}
	memcpy(f.before, first->prev, sizeof(f.before));
	f.records = last->first + last->count - first->first;
	f.table = (struct str){ (const char *)table.data, table.len };
	if (!table.failed)
		ret = fields_encode(&fields, &f, b);
	buf_free(&table);
	return ret;
}

int
logobj_encode(const uint8_t history[16], const struct block *first,
    const struct block *last, struct logref *ref, struct buf *out)
{
	const struct block	*k;
	struct buf		 body = BUF_INIT, v = BUF_INIT;
	size_t			 start = out->len;
	int			 ret = -1;

	if (logfields_put(first, last, &v) == -1)
		goto done;
	buf_put_u32(&body, (uint32_t)v.len);
	buf_put(&body, v.data, v.len);
	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry)) {
		buf_put(&body, k->bytes, k->len);
		if (k == last)
			break;
	}
	if (body.failed || object_seal(OBJECT_LOG, history, NULL, body.data,
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
	buf_free(&v);
	buf_free(&body);
	return ret;
}

/* The fields at the start of the body, and a cursor over their table; c then
 * stands at the blocks. */
static int
logfields_get(struct logfields *f, struct cursor *table, struct cursor *c)
{
	struct str	 rest;
	int		 r;

	memset(f, 0, sizeof(*f));
	if ((r = fields_decode_sized(&fields, f, c, TABLE_MAX, &rest)) != 0)
		return r;
	cursor_init(table, f->table.p, f->table.len);
	return f->first > 0 && f->last >= f->first ? 0 : FORMAT_DAMAGED;
}

/* The table, the fields and the blocks must say the same. */
static int
agree(const struct logfields *f, struct cursor *table,
    const struct blocklist *l)
{
	const struct block	*k, *first = TAILQ_FIRST(l);
	const struct block	*last = TAILQ_LAST(l, blocklist);

	if (first == NULL || first->number != f->first ||
	    last->number != f->last || first->first != f->first_record ||
	    last->first + last->count - first->first != f->records ||
	    memcmp(first->prev, f->before, sizeof(f->before)) != 0)
		return FORMAT_DAMAGED;
	TAILQ_FOREACH(k, l, entry)
		if (cursor_varint(table) != k->len || cursor_varint(table) !=
		    (uint64_t)(k->messages - k->bytes) ||
		    cursor_varint(table) != k->messages_len)
			return FORMAT_DAMAGED;
	return cursor_done(table) ? 0 : FORMAT_DAMAGED;
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
	struct object_header	 header;
	struct cursor		 c, table;
	const uint8_t		*body;
	size_t			 n;
	int			 r;

	if ((r = object_open(&header, OBJECT_LOG, p, len, LOGOBJ_MAX, &store,
	    &body, &n)) != 0)
		goto done;
	r = FORMAT_DAMAGED;
	if (memcmp(header.history, history, 16) != 0)
		goto done;
	cursor_init(&c, body, n);
	if ((r = logfields_get(&f, &table, &c)) != 0)
		goto done;
	r = FORMAT_DAMAGED;
	if (ref != NULL && !matches(&f, ref, p, len))
		goto done;
	if ((r = blocklist_decode(l, c.p, cursor_left(&c))) == 0 &&
	    (r = agree(&f, &table, l)) != 0)
		blocklist_free(l);
done:
	buf_free(&store);
	return r;
}

/* Before the first row of the table. */
static int
mark_first(const uint8_t *p, size_t len, struct logobj_mark *m)
{
	struct logfields	 f;
	struct object_header	 header;
	struct cursor		 c, table;
	int			 r;

	if ((r = object_header_get(&header, OBJECT_LOG, p, len)) != 0)
		return r;
	if (header.codec != 0)
		return FORMAT_UNKNOWN;
	cursor_init(&c, p + OBJECT_HEADER, len - OBJECT_HEADER);
	if ((r = logfields_get(&f, &table, &c)) != 0)
		return r;
	m->next = f.first;
	m->last = f.last;
	m->at = (uint64_t)(c.p - p);
	m->row = (size_t)(table.p - p);
	m->end = m->row + cursor_left(&table);
	return 0;
}

int
logobj_find_on(const void *p, size_t len, uint64_t commit,
    struct logobj_mark *m, uint64_t *offset, uint64_t *area_len)
{
	struct cursor	 table;
	uint64_t	 block, area;
	int		 r;

	if ((commit < m->next || commit > m->last) &&
	    (r = mark_first(p, len, m)) != 0)
		return r;
	if (commit < m->next || commit > m->last)
		return FORMAT_DAMAGED;
	cursor_init(&table, (const uint8_t *)p + m->row, m->end - m->row);
	do {
		block = cursor_varint(&table);
		area = cursor_varint(&table);
		*area_len = cursor_varint(&table);
		if (table.bad || block > LOGOBJ_MAX || area > block ||
		    *area_len > block - area) {
			*m = (struct logobj_mark){ 0 };
			return FORMAT_DAMAGED;
		}
		*offset = m->at + area;
		m->at += block;
	} while (m->next++ != commit);
	m->row = (size_t)(table.p - (const uint8_t *)p);
	return 0;
}

int
logobj_find(const void *p, size_t len, uint64_t commit, uint64_t *offset,
    uint64_t *area_len)
{
	struct logobj_mark	 m = { 0 };

	return logobj_find_on(p, len, commit, &m, offset, area_len);
}
