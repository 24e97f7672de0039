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
#include "storaged/format/fields.h"
#include "storaged/format/format_example.h"
#include "storaged/format/object.h"

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

/* What older writers made is read, and what older readers do not know they
 * may leave out: such fields are at the end, and not critical. */
static void
test_older(void)
{
	const struct example_record	*e;
	struct arena	*a = arena_new(0);
	struct buf	 b = BUF_INIT;
	struct cursor	 c, body;
	struct record	 r;
	struct tlv	 t = { 0 };
	unsigned	 newer = 0;

	for (e = example_records; e->name != NULL; e++) {
		buf_reset(&b);
		record_encode(&e->r, &b);
		CHECK(decode(b.data, b.len, &r, a) == 0);
		CHECK_ROW(r.mid == e->r.mid && r.nforget == e->r.nforget &&
		    (r.nforget == 0 || str_eq(r.forget[0],
		    e->r.forget[0])), "%s", e->name);
		cursor_init(&c, b.data, b.len);
		(void)cursor_varint(&c);
		(void)cursor_varint(&c);
		cursor_init(&body, c.p, cursor_left(&c));
		memset(&t, 0, sizeof(t));
		while (tlv_next(&body, &t) == 1) {
			CHECK_ROW(t.critical == (t.number < 20), "%s: %u",
			    e->name, t.number);
			newer += t.number >= 20;
		}
	}
	CHECK(newer == 4);
	buf_free(&b);
	arena_free(a);
}

/* A place of a codec, or a where, that is to come; and a cursor that met
 * damage says so. */
static void
test_newer_place(void)
{
	struct arena	*a = arena_new(0);
	struct buf	 b = BUF_INIT;
	struct record	 r = example_records[6].r;
	struct cursor	 c;

	CHECK(r.type == RECORD_ADD);
	r.place.codec = 200;
	CHECK(record_encode(&r, &b) == 0);
	CHECK(decode(b.data, b.len, &r, a) == FORMAT_UNKNOWN);
	buf_reset(&b);
	r = example_records[6].r;
	r.place.where = 3;
	CHECK(record_encode(&r, &b) == 0);
	cursor_init(&c, b.data, b.len);
	CHECK(record_decode(&r, &c, a) == FORMAT_UNKNOWN);
	CHECK(c.bad && cursor_left(&c) == 0);
	buf_free(&b);
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

/* The lines of pailctl dump for the examples, which scripts read. */
static const char *const lines[] = {
	"7 CREATE box=0123456789abcdef name=\"INBOX\" uidvalidity=1700000000 use=00",
	"7 CREATE box=fedcba9876543210 name=\"Trash\" uidvalidity=1700000001 use=40",
	"7 RENAME box=fedcba9876543210 name=\"Bin/Old\"",
	"7 DELETE box=fedcba9876543210",
	"7 SUBSCRIBE name=\"INBOX\" on=1",
	"7 SUBSCRIBE name=\"INBOX\" on=0",
	"7 ADD box=0123456789abcdef uid=42 size=4096 date=1700000000 zone=0 saved=1700000060 thread=1122334455667788 msgid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf flags=00 place=inline@300+1800 codec=zstd digest=700 sha256=5a5b5c5d5e5f0000000000000000000000000000000000000000000000000000",
	"7 ADD box=0123456789abcdef uid=42 size=4096 date=1700000000 zone=0 saved=1700000060 thread=1122334455667788 msgid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf flags=00 place=inline@300+1800 codec=zstd digest=700 sha256=5a5b5c5d5e5f0000000000000000000000000000000000000000000000000000 mid=99aabbccddeeff01",
	"7 ADD box=0123456789abcdef uid=43 size=10 date=-1 zone=-570 saved=1700000061 thread=0000000000000001 msgid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf flags=05 keyword=\"$Forwarded\" keyword=\"work\" place=pack/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf@96+20 codec=none digest=10 sha256=5a5b5c5d5e5f0000000000000000000000000000000000000000000000000000",
	"7 ADD box=0123456789abcdef uid=44 size=67108864 date=1700000000 zone=60 saved=1700000062 thread=0000000000000002 msgid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf flags=00 place=msg/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf@0+50000000 codec=zstd digest=20000 sha256=5a5b5c5d5e5f0000000000000000000000000000000000000000000000000000",
	"7 COPY box=0123456789abcdef uids=1:6046 dst=fedcba9876543210 first=100 saved=1700000063",
	"7 FLAGS box=0123456789abcdef uids=42 how=set flags=00",
	"7 FLAGS box=0123456789abcdef uids=1:3,7 how=add flags=01 keyword=\"$Forwarded\"",
	"7 FLAGS box=0123456789abcdef uids=42 how=remove flags=08",
	"7 FLAGS box=0123456789abcdef uids=42 how=add flags=00 keyword=\"$Forwarded\" forget=\"work\"",
	"7 EXPUNGE box=0123456789abcdef uids=1:3,7",
	"7 ADD box=0123456789abcdef uid=42 size=4096 date=1700000000 zone=0 saved=1700000060 thread=1122334455667788 msgid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf flags=00 place=inline@300+1800 codec=zstd digest=700 sha256=5a5b5c5d5e5f0000000000000000000000000000000000000000000000000000 mid=99aabbccddeeff01 key=c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
};

static void
test_print(void)
{
	struct example_record	*e;
	struct record		 r;
	struct buf		 b = BUF_INIT;
	size_t			 i = 0;

	for (e = example_records; e->name != NULL; e++, i++) {
		buf_reset(&b);
		r = e->r;
		r.number = 7;
		CHECK(record_print(&r, &b) == 0);
		CHECK_ROW(i < nitems(lines) && b.len > 0 &&
		    b.data[b.len - 1] == '\n' &&
		    b.len - 1 == strlen(lines[i]) &&
		    memcmp(b.data, lines[i], b.len - 1) == 0, "%s: %.*s",
		    e->name, (int)b.len, (char *)b.data);
	}
	CHECK(i == nitems(lines));
	r.unknown = (struct str){ "\x2c\0", 2 };
	buf_reset(&b);
	CHECK(record_print(&r, &b) == 0);
	CHECK(memcmp(b.data + b.len - 11, " unknown=2\n", 11) == 0);
	buf_free(&b);
}

/* Fills a field of each kind, with the highest that its row allows. */
static void
fill(const struct field *f, struct record *r)
{
	static struct uidrange	 uids[] = { { 1, 1 }, { 5, UINT32_MAX } };
	static struct str	 words[] = { { "x", 1 }, { "$Junk", 5 } };
	struct str		*v = words;
	size_t			 n = nitems(words);
	uint64_t		 max = f->max != 0 ? f->max : UINT64_MAX;
	void			*m = (char *)r + f->off;

	switch (f->kind) {
	case FIELD_NUM:
	case FIELD_INT:
	case FIELD_FIX64:
		if (f->size == 1)
			*(uint8_t *)m = (uint8_t)max;
		else if (f->size == 2)
			*(int16_t *)m = (int16_t)max;
		else if (f->size == 4)
			*(uint32_t *)m = (uint32_t)max;
		else
			memcpy(m, &max, sizeof(max));
		break;
	case FIELD_BYTES:
		memset(m, 0xab, f->size);
		break;
	case FIELD_TEXT:
		*(struct str *)m = (struct str){ "a/b", 3 };
		break;
	case FIELD_WORDS:
		memcpy(m, &v, sizeof(v));
		memcpy((char *)r + f->count, &n, sizeof(n));
		break;
	case FIELD_UIDS:
		*(struct uidset *)m = (struct uidset){ uids, 2, 2 };
		break;
	case FIELD_OWN:
		*(struct record_place *)m = (struct record_place){
		    .where = RECORD_MSG, .codec = 3, .offset = INT64_MAX,
		    .stored = INT64_MAX, .digest_len = INT64_MAX };
		break;
	default:
		CHECK_ROW(false, "%s", f->name);
	}
}

/* fields, but for one. */
static void
without(struct buf *b, const struct buf *from, uint32_t number)
{
	struct cursor	 c;
	struct tlv	 t = { 0 };
	const uint8_t	*start;

	buf_reset(b);
	cursor_init(&c, from->data, from->len);
	for (start = c.p; tlv_next(&c, &t) == 1; start = c.p)
		if (t.number != number)
			buf_put(b, start, (size_t)(c.p - start));
}

/*
 * A record of each type with all that it may have, made from the table:
 * there and back, and then with each field missing.
 */
static void
test_types(void)
{
	const struct fields	*fs;
	struct arena		*a = arena_new(0);
	struct buf		 b = BUF_INIT, f = BUF_INIT, out = BUF_INIT;
	struct record		 r, got;
	uint32_t		 type, n, types = 0;
	int			 e;

	for (type = 1; type < 100; type++) {
		if ((fs = record_fields((enum record_type)type)) == NULL)
			continue;
		types++;
		memset(&r, 0, sizeof(r));
		r.type = (enum record_type)type;
		for (n = 1; n <= fs->last; n++)
			if (((fs->must | fs->may) & FIELD_BIT(n)) != 0)
				fill(&fs->row[n], &r);
		buf_reset(&b);
		CHECK(fields_encode(fs, &r, &b) == 0);
		CHECK(made(type << 1 | 1, &b, &got, a) == 0);
		buf_reset(&out);
		CHECK(fields_encode(fs, &got, &out) == 0);
		CHECK_ROW(out.len == b.len && memcmp(out.data, b.data,
		    b.len) == 0, "%s", record_type_name(r.type));
		for (n = 1; n <= fs->last; n++) {
			without(&f, &b, n);
			e = made(type << 1 | 1, &f, &got, a);
			CHECK_ROW(e == ((fs->must & FIELD_BIT(n)) != 0 ?
			    FORMAT_DAMAGED : 0), "%s without %u: %d",
			    record_type_name(r.type), n, e);
		}
	}
	CHECK(types >= 8);
	CHECK(record_fields((enum record_type)0) == NULL);
	buf_free(&b);
	buf_free(&f);
	buf_free(&out);
	arena_free(a);
}

/* " 1 6 (8 9)" of the page's table of types: as the masks of the type. */
static void
page_row(const char *p, uint32_t *must, uint32_t *may)
{
	bool		 optional = false;
	unsigned	 v;
	int		 n;

	*must = *may = 0;
	for (;; p += n) {
		p += strspn(p, " )");
		if (*p == '(') {
			optional = true;
			p++;
		}
		if (sscanf(p, "%u%n", &v, &n) != 1)
			break;
		*(optional ? may : must) |= FIELD_BIT(v & 31);
	}
}

/* The page's table of types is ours, and shows an example of each type and
 * of each field. */
static void
test_page(void)
{
	const struct example_record *e;
	const struct fields	*fs;
	uint32_t		 must, may, n;
	uint32_t		 types = 0, rows = 0, examples = 0, shown = 0;
	unsigned		 type;
	char			 line[256], name[32];
	struct buf		 b = BUF_INIT;
	struct cursor		 c;
	struct tlv		 t;
	FILE			*f = fopen(EXAMPLE_PAGE, "r");
	int			 at;

	for (n = 1; n < 32; n++)
		if (record_fields((enum record_type)n) != NULL)
			types |= FIELD_BIT(n);
	CHECK(f != NULL);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, ".It %u Ta %31[A-Z] Ta%n", &type, name,
		    &at) != 2 || strcmp(name,
		    record_type_name((enum record_type)type)) != 0)
			continue;
		page_row(line + at, &must, &may);
		fs = record_fields((enum record_type)type);
		CHECK_ROW(fs->must == must && fs->may == may, "%s", line);
		rows |= FIELD_BIT(type);
	}
	if (f != NULL)
		fclose(f);
	CHECK_ROW(rows == types, "the page has %x, not %x", rows, types);
	for (e = example_records; e->name != NULL; e++) {
		examples |= FIELD_BIT(e->r.type);
		buf_reset(&b);
		CHECK(fields_encode(record_fields(e->r.type), &e->r, &b) == 0);
		cursor_init(&c, b.data, b.len);
		memset(&t, 0, sizeof(t));
		while (tlv_next(&c, &t) == 1)
			shown |= FIELD_BIT(t.number);
	}
	CHECK_ROW(examples == types, "%x", examples);
	CHECK(shown == FIELD_ALL(record_fields(RECORD_ADD)->last));
	buf_free(&b);
}

int
main(void)
{
	test_examples();
	test_prefixes();
	test_newer();
	test_older();
	test_newer_place();
	test_refused();
	test_print();
	test_types();
	test_page();
	return TEST_END();
}
