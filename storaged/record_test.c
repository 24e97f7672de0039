/*
 * Records: the page's examples, round trips, every prefix, every bit, and
 * what newer writers may add.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "common/test.h"
#include "storaged/format_example.h"
#include "storaged/frame.h"

static int
decode(const void *p, size_t len, struct record *r, struct arena *a)
{
	struct cursor	 c;
	int		 e;

	cursor_init(&c, p, len);
	e = record_decode(r, &c, a);
	return e == 0 && !cursor_done(&c) ? 1 : e;
}

/* The page's bytes are this record's, both ways. */
static void
test_examples(void)
{
	struct example_record	*e;
	struct arena		*a = arena_new(0);
	struct buf		 mine = BUF_INIT, page = BUF_INIT;
	struct buf		 again = BUF_INIT;
	struct record		 r;

	for (e = example_records; e->name != NULL; e++) {
		buf_reset(&mine);
		buf_reset(&page);
		buf_reset(&again);
		CHECK_ROW(record_encode(&e->r, &mine) == 0, "%s", e->name);
		CHECK_ROW(example_read(e->name, &page) == 0, "%s: not in "
		    EXAMPLE_PAGE, e->name);
		CHECK_ROW(mine.len == page.len && memcmp(mine.data,
		    page.data, mine.len) == 0, "%s: the page differs",
		    e->name);
		CHECK_ROW(decode(mine.data, mine.len, &r, a) == 0, "%s",
		    e->name);
		CHECK_ROW(record_encode(&r, &again) == 0 &&
		    again.len == mine.len && memcmp(again.data, mine.data,
		    mine.len) == 0, "%s: round trip", e->name);
		CHECK_ROW(r.type == e->r.type && r.box == e->r.box &&
		    str_eq(r.name, e->r.name) && r.uid == e->r.uid &&
		    r.flags == e->r.flags && r.zone == e->r.zone &&
		    r.date == e->r.date && r.size == e->r.size &&
		    r.nkeywords == e->r.nkeywords && r.on == e->r.on &&
		    uidset_count(&r.uids) == uidset_count(&e->r.uids) &&
		    r.place.stored == e->r.place.stored, "%s", e->name);
	}
	buf_free(&mine);
	buf_free(&page);
	buf_free(&again);
	arena_free(a);
}

static void
test_prefixes(void)
{
	struct example_record	*e;
	struct arena		*a = arena_new(0);
	struct buf		 b = BUF_INIT;
	struct record		 r;
	uint8_t			*copy;
	size_t			 i, bit;

	for (e = example_records; e->name != NULL; e++) {
		buf_reset(&b);
		record_encode(&e->r, &b);
		for (i = 0; i < b.len; i++) {
			copy = malloc(i + 1);	/* its end is ASan's to see */
			memcpy(copy, b.data, i);
			CHECK_ROW(decode(copy, i, &r, a) < 0,
			    "%s: %zu bytes of %zu", e->name, i, b.len);
			free(copy);
		}
		/* Any bit: no crash, and what is read can be written. */
		for (bit = 0; bit < b.len * 8; bit++) {
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			arena_reset(a);
			decode(b.data, b.len, &r, a);
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	buf_free(&b);
	arena_free(a);
}

/* A record made by hand: type tag, then these fields. */
static int
made(unsigned tag, const struct buf *fields, struct record *r,
    struct arena *a)
{
	struct buf	 b = BUF_INIT;
	char		*p;
	size_t		 len;

	buf_put_varint(&b, tag);
	buf_put_bytes(&b, fields->data, fields->len);
	p = arena_dup(a, b.data, b.len);	/* r borrows from it */
	len = b.len;
	buf_free(&b);
	return decode(p, len, r, a);
}

static void
test_newer(void)
{
	struct arena	*a = arena_new(0);
	struct buf	 f = BUF_INIT, out = BUF_INIT;
	struct record	 r;
	uint8_t		 box[8] = { 1 };

	tlv_put(&f, 1, true, box, sizeof(box));
	CHECK(made(RECORD_DELETE << 1 | 1, &f, &r, a) == 0);
	CHECK(made(99 << 1 | 1, &f, &r, a) == FORMAT_UNKNOWN);
	CHECK(made(99 << 1, &f, &r, a) == FORMAT_UNKNOWN);
	tlv_put(&f, 1000, false, "new", 3);
	CHECK(made(RECORD_DELETE << 1 | 1, &f, &r, a) == 0);
	CHECK(r.unknown.len == 6);
	CHECK(record_encode(&r, &out) == 0 && out.len == f.len + 2 &&
	    memcmp(out.data + 2, f.data, f.len) == 0);
	tlv_put(&f, 1001, true, "new", 3);
	CHECK(made(RECORD_DELETE << 1 | 1, &f, &r, a) == FORMAT_UNKNOWN);
	buf_free(&f);
	buf_free(&out);
	arena_free(a);
}

static void
test_refused(void)
{
	struct arena	*a = arena_new(0);
	struct buf	 f = BUF_INIT;
	struct record	 r;
	uint8_t		 box[8] = { 1 };
	char		 name[MBOX_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	/* A field of another type. */
	tlv_put(&f, 1, true, box, sizeof(box));
	tlv_put(&f, 2, true, "x", 1);
	CHECK(made(RECORD_DELETE << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	CHECK(made(RECORD_RENAME << 1 | 1, &f, &r, a) == 0);
	/* One missing; twice; descending. */
	buf_reset(&f);
	tlv_put(&f, 2, true, "x", 1);
	CHECK(made(RECORD_RENAME << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	tlv_put(&f, 2, true, "x", 1);
	CHECK(made(RECORD_SUBSCRIBE << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	buf_reset(&f);
	tlv_put(&f, 2, true, "x", 1);
	tlv_put(&f, 1, true, box, sizeof(box));
	CHECK(made(RECORD_RENAME << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	/* Names: too long, with a NUL, none. */
	buf_reset(&f);
	tlv_put(&f, 2, true, name, sizeof(name));
	CHECK(made(RECORD_SUBSCRIBE << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	buf_reset(&f);
	tlv_put(&f, 2, true, name, MBOX_NAME_MAX);
	CHECK(made(RECORD_SUBSCRIBE << 1 | 1, &f, &r, a) == 0);
	buf_reset(&f);
	tlv_put(&f, 2, true, "a\0b", 3);
	CHECK(made(RECORD_SUBSCRIBE << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	buf_reset(&f);
	tlv_put(&f, 2, true, "", 0);
	CHECK(made(RECORD_SUBSCRIBE << 1 | 1, &f, &r, a) == FORMAT_DAMAGED);
	buf_free(&f);
	arena_free(a);
}

static void
test_print(void)
{
	struct example_record	*e;
	struct buf		 b = BUF_INIT;

	for (e = example_records; e->name != NULL; e++) {
		buf_reset(&b);
		CHECK(record_print(&e->r, &b) == 0);
		CHECK_ROW(b.len > 10 && b.data[b.len - 1] == '\n' &&
		    memchr(b.data, '\n', b.len) == b.data + b.len - 1,
		    "%s", e->name);
	}
	buf_free(&b);
}

int
main(void)
{
	test_examples();
	test_prefixes();
	test_newer();
	test_refused();
	test_print();
	return TEST_END();
}
