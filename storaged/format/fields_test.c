/*
 * The loops over fields: each kind there and back, at its bounds and over
 * them, what may be left out, what a newer writer may add, and that no
 * prefix of it is read.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "common/uidset.h"
#include "storaged/format/fields.h"
#include "storaged/format/object.h"

struct thing {
	bool		 yes;
	uint8_t		 u8;
	uint16_t	 u16;
	uint32_t	 u32;
	uint64_t	 u64;
	int16_t		 i16;
	int64_t		 i64;
	uint64_t	 fix;
	uint8_t		 id[4];
	struct str	 bytes;
	struct str	 text;
	struct str	*words;
	size_t		 nwords;
	struct uidset	 uids;
	char		 own;
};

static bool
own_empty(const void *m)
{
	return *(const char *)m == '\0';
}

static int
own_put(const void *m, struct buf *b)
{
	int	 i;

	for (i = 0; i < 300; i++)	/* a length of two bytes */
		buf_put(b, m, 1);
	return b->failed ? -1 : 0;
}

static int
own_get(void *m, struct cursor *c)
{
	const uint8_t	*p = cursor_bytes(c, 300);

	if (p == NULL || !cursor_done(c))
		return FORMAT_DAMAGED;
	*(char *)m = (char)p[0];
	return 0;
}

static const struct field_own	 own = { own_empty, own_put, own_get, NULL };
static const char *const	 names[] = { "no", "one", "two" };

enum { YES = 1, U8, U16, U32, U64, I16, I64, FIX, ID, BYTES, TEXT, NEWER,
	WORDS, UIDS, OWN, HOLE, LAST };
#define AT(m)	FIELD_AT(struct thing, m)
static const struct field rows[] = {
	[YES] =	  { FIELD_NUM, "yes", AT(yes), .max = 1 },
	[U8] =	  { FIELD_NUM, "u8", AT(u8), .max = 2, .values = names },
	[U16] =	  { FIELD_NUM, "u16", AT(u16), .bits = true },
	[U32] =	  { FIELD_NUM, "u32", AT(u32), .min = 1 },
	[U64] =	  { FIELD_NUM, "u64", AT(u64) },
	[I16] =	  { FIELD_INT, "i16", AT(i16), .max = 500 },
	[I64] =	  { FIELD_INT, "i64", AT(i64) },
	[FIX] =	  { FIELD_FIX64, "fix", AT(fix), .newer = true },
	[ID] =	  { FIELD_BYTES, "id", AT(id) },
	[BYTES] = { FIELD_STR, "bytes", AT(bytes), .max = 3 },
	[TEXT] =  { FIELD_TEXT, "text", AT(text), .max = 5 },
	[NEWER] = { .kind = FIELD_NEWER, .name = "newer" },
	[WORDS] = { FIELD_WORDS, "word", AT(words), .max = 2, .word_max = 4,
		    .count = offsetof(struct thing, nwords) },
	[UIDS] =  { FIELD_UIDS, "uids", AT(uids), .max = 2 },
	[OWN] =	  { FIELD_OWN, "own", AT(own), .own = &own },
	[LAST] =  { FIELD_NUM, "last", AT(u8) },
};
#define BIT	FIELD_BIT
#define ALL	(FIELD_ALL(LAST) - BIT(LAST))

static struct str	 words[] = { { "ab", 2 }, { "c", 1 } };
static struct uidrange	 ranges[] = { { 1, 3 }, { 9, 9 } };
static const struct thing full = {
	.yes = true, .u8 = 2, .u16 = UINT16_MAX, .u32 = UINT32_MAX,
	.u64 = UINT64_MAX, .i16 = -500, .i64 = INT64_MIN,
	.fix = 0x0102030405060708, .id = { 1, 2, 3, 4 },
	.bytes = { "\0x", 2 }, .text = { "hallo", 5 }, .words = words,
	.nwords = 2, .uids = { ranges, 2, 2 }, .own = 'x'
};

static int
decode(const struct fields *fs, const struct buf *b, struct thing *t,
    struct arena *a, struct str *rest)
{
	struct cursor	 c;

	memset(t, 0, sizeof(*t));
	cursor_init(&c, b->data, b->len);
	return fields_decode(fs, t, &c, a, rest);
}

static bool
same(const struct thing *x, const struct thing *y)
{
	return x->yes == y->yes && x->u8 == y->u8 && x->u16 == y->u16 &&
	    x->u32 == y->u32 && x->u64 == y->u64 && x->i16 == y->i16 &&
	    x->i64 == y->i64 && x->fix == y->fix &&
	    memcmp(x->id, y->id, sizeof(x->id)) == 0 &&
	    str_eq(x->bytes, y->bytes) && str_eq(x->text, y->text) &&
	    x->nwords == y->nwords && x->uids.n == y->uids.n &&
	    x->own == y->own;
}

static void
test_there_and_back(void)
{
	const struct fields	 fs = { rows, LAST, 0, ALL };
	static const struct thing none;
	struct arena		*a = arena_new(0);
	struct buf		 b = BUF_INIT, cut = BUF_INIT;
	struct thing		 t;
	struct str		 rest;
	size_t			 i;

	CHECK(fields_encode(&fs, &full, &b) == 0);
	CHECK(decode(&fs, &b, &t, a, &rest) == 0 && rest.len == 0);
	CHECK(same(&t, &full) && str_eq(t.words[1], words[1]) &&
	    t.uids.v[1].first == 9);
	/* Each prefix: whole fields, or damage. */
	for (i = 0; i < b.len; i++) {
		buf_reset(&cut);
		buf_put(&cut, b.data, i);
		if (decode(&fs, &cut, &t, a, &rest) == 0)
			CHECK_ROW(!same(&t, &full), "%zu", i);
	}
	/* What is zero or empty takes no byte. */
	buf_reset(&b);
	CHECK(fields_encode(&fs, &none, &b) == 0 && b.len == 0);
	CHECK(decode(&fs, &b, &t, a, &rest) == 0 && same(&t, &none));
	/* A full buffer is told. */
	buf_free(&b);
	buf_init(&b, 100);
	CHECK(fields_encode(&fs, &full, &b) == -1);
	buf_free(&b);
	buf_free(&cut);
	arena_free(a);
}

/* Each field missing where it must be, and given where it is none. */
static void
test_which(void)
{
	struct fields	 fs = { rows, LAST, 0, ALL };
	struct arena	*a = arena_new(0);
	struct buf	 b = BUF_INIT;
	struct thing	 t;
	struct str	 rest;
	uint32_t	 n;

	for (n = YES; n < HOLE; n++) {
		if (n == NEWER)
			continue;
		buf_reset(&b);
		fs.must = BIT(n);
		fs.may = 0;
		CHECK(fields_encode(&fs, &full, &b) == 0);
		CHECK_ROW(decode(&fs, &b, &t, a, &rest) == 0, "%u", n);
		CHECK_ROW(((b.data[0] & 1) == 0) == (n == FIX), "%u", n);
		fs.must = 0;
		CHECK_ROW(decode(&fs, &b, &t, a, &rest) == FORMAT_DAMAGED,
		    "%u", n);
		fs.must = BIT(n);
		buf_reset(&b);
		CHECK_ROW(decode(&fs, &b, &t, a, &rest) == FORMAT_DAMAGED,
		    "%u", n);
	}
	buf_free(&b);
	arena_free(a);
}

/* Bytes by hand; e: what they are. */
static void
test_bounds(void)
{
	static const struct { const char *p; size_t len; int e; } cases[] = {
#define C(s, e)	{ s, sizeof(s) - 1, e }
		C("\x03\x01\x01", 0),
		C("\x03\x01\x02", FORMAT_DAMAGED),	/* no bool */
		C("\x03\x02\x01\x00", FORMAT_DAMAGED),	/* one byte over */
		C("\x03\x00", FORMAT_DAMAGED),
		C("\x05\x01\x02", 0),
		C("\x05\x01\x03", FORMAT_DAMAGED),	/* over max */
		C("\x07\x03\xff\xff\x03", 0),
		C("\x07\x03\x80\x80\x04", FORMAT_DAMAGED),	/* 65536 */
		C("\x09\x01\x01", 0),
		C("\x09\x01\x00", FORMAT_DAMAGED),	/* under min */
		C("\x09\x05\x80\x80\x80\x80\x10", FORMAT_DAMAGED),
		C("\x0d\x02\xe8\x07", 0),		/* 500 */
		C("\x0d\x02\xe7\x07", 0),		/* -500 */
		C("\x0d\x02\xe9\x07", FORMAT_DAMAGED),	/* -501 */
		C("\x0d\x02\xea\x07", FORMAT_DAMAGED),	/* 501 */
		C("\x10\x07\1\2\3\4\5\6\7", FORMAT_DAMAGED),
		C("\x10\x09\1\2\3\4\5\6\7\x8\x9", FORMAT_DAMAGED),
		C("\x13\x04\1\2\3\4", 0),
		C("\x13\x03\1\2\3", FORMAT_DAMAGED),
		C("\x13\x05\1\2\3\4\5", FORMAT_DAMAGED),
		C("\x15\x00", 0),
		C("\x15\x04\1\2\3\4", FORMAT_DAMAGED),
		C("\x17\x05hallo", 0),
		C("\x17\x06hallo!", FORMAT_DAMAGED),
		C("\x17\x00", FORMAT_DAMAGED),
		C("\x17\x02x\0", FORMAT_DAMAGED),
		C("\x19\x00", FORMAT_UNKNOWN),		/* newer */
		C("\x18\x00", FORMAT_UNKNOWN),
		C("\x1b\x03\1a\0", FORMAT_DAMAGED),	/* an empty word */
		C("\x1b\x02\1a", 0),
		C("\x1b\x00", FORMAT_DAMAGED),
		C("\x1b\x06\1a\1b\1c", FORMAT_DAMAGED),	/* three */
		C("\x1b\x06\5aaaaa", FORMAT_DAMAGED),
		C("\x1b\x02\1\0", FORMAT_DAMAGED),	/* a NUL */
		C("\x1b\x02\2a", FORMAT_DAMAGED),
		C("\x1d\x03\1\1\1", 0),
		C("\x1d\x01\0", FORMAT_DAMAGED),	/* no UID */
		C("\x1d\x04\1\1\1\0", FORMAT_DAMAGED),
		C("\x1d\x07\3\1\0\2\0\2\0", FORMAT_DAMAGED), /* ranges */
		C("\x21\x01\1", FORMAT_DAMAGED),	/* the hole */
		C("\x01\x01\1", FORMAT_DAMAGED),	/* number 0 */
		C("\x03\x01\x01\x03\x01\x01", FORMAT_DAMAGED),	/* twice */
		C("\x05\x01\x01\x03\x01\x01", FORMAT_DAMAGED),
		C("\x03\x01\x01\x24\x01x", 0),		/* over the last */
		C("\x24\x01x\x26\x00", 0),
		C("\x25\x01x", FORMAT_UNKNOWN),
		C("\x24\x01x\x27\x00", FORMAT_UNKNOWN),
		C("\x24\x01x\x24\x00", FORMAT_DAMAGED),
		C("\x25\x02x", FORMAT_DAMAGED),
	};
	const struct fields	 fs = { rows, LAST, 0, FIELD_ALL(LAST) };
	struct arena		*a = arena_new(0);
	struct thing		 t;
	struct str		 rest;
	struct buf		 b = BUF_INIT;
	size_t			 i;
	int			 e;

	for (i = 0; i < nitems(cases); i++) {
		buf_reset(&b);
		buf_put(&b, cases[i].p, cases[i].len);
		e = decode(&fs, &b, &t, a, &rest);
		CHECK_ROW(e == cases[i].e, "case %zu: %d", i, e);
	}
	/* What is over the last is kept as it is. */
	buf_reset(&b);
	buf_put(&b, "\x03\x01\x01\x24\x01x\x26\x00", 8);
	CHECK(decode(&fs, &b, &t, a, &rest) == 0 && rest.len == 5 &&
	    memcmp(rest.p, "\x24\x01x\x26\x00", 5) == 0);
	buf_free(&b);
	arena_free(a);
}

/* Behind their length: no more than it says, and than the caller takes. */
static void
test_sized(void)
{
	const struct fields	 fs = { rows, LAST, FIELD_BIT(YES), 0 };
	struct thing		 t = { .yes = false };
	struct cursor		 c;
	struct str		 rest;
	struct buf		 b = BUF_INIT;
	size_t			 n;

	buf_put(&b, "\3\0\0\0\x03\x01\x01more", 11);
	cursor_init(&c, b.data, b.len);
	CHECK(fields_decode_sized(&fs, &t, &c, 3, &rest) == 0 && t.yes);
	CHECK(cursor_left(&c) == 4);
	cursor_init(&c, b.data, b.len);
	CHECK(fields_decode_sized(&fs, &t, &c, 2, &rest) == FORMAT_DAMAGED);
	for (n = 0; n < 7; n++) {
		cursor_init(&c, b.data, n);
		CHECK_ROW(fields_decode_sized(&fs, &t, &c, 3, &rest) ==
		    FORMAT_DAMAGED, "%zu", n);
	}
	b.data[0] = 2;			/* ends in the midst of a field */
	cursor_init(&c, b.data, b.len);
	CHECK(fields_decode_sized(&fs, &t, &c, 3, &rest) == FORMAT_DAMAGED);
	buf_free(&b);
}

/* As an object: of its kind, its history and no longer than allowed. */
static void
test_open(void)
{
	static const uint8_t	 ours[16] = "ours", other[16] = "other";
	static const char	 body[] = "\x03\x01\x01\x24\x01x";
	const struct fields	 fs = { rows, LAST, FIELD_BIT(YES), 0 };
	const size_t		 len = sizeof(body) - 1;
	struct thing		 t = { .yes = false };
	struct buf		 b = BUF_INIT, unknown = BUF_INIT;

	CHECK(object_seal(OBJECT_MANIFEST, ours, NULL, body, len, &b) == 0);
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, ours, b.data, b.len, len,
	    &unknown) == 0 && t.yes);
	CHECK(unknown.len == 3 && memcmp(unknown.data, "\x24\x01x", 3) == 0);
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, NULL, b.data, b.len, len,
	    NULL) == 0);
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, other, b.data, b.len, len,
	    NULL) == FORMAT_DAMAGED);
	CHECK(fields_open(&fs, &t, OBJECT_STORE, ours, b.data, b.len, len,
	    NULL) == FORMAT_DAMAGED);
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, ours, b.data, b.len,
	    len - 1, NULL) == FORMAT_DAMAGED);
	b.data[b.len - 1] ^= 1;
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, ours, b.data, b.len, len,
	    NULL) == FORMAT_DAMAGED);
	buf_reset(&b);
	CHECK(object_seal(OBJECT_MANIFEST, ours, NULL, body, 2, &b) == 0);
	CHECK(fields_open(&fs, &t, OBJECT_MANIFEST, ours, b.data, b.len, len,
	    &unknown) == FORMAT_DAMAGED && unknown.len == 3);
	buf_free(&b);
	buf_free(&unknown);
}

static void
test_print(void)
{
	static const uint8_t	 shown[] = { OWN, YES, U8, U16, U32, U64, I16,
				    I64, FIX, ID, TEXT, WORDS, UIDS };
	const struct fields	 fs = { rows, LAST, 0, ALL - BIT(OWN) };
	struct thing		 t = full;
	struct buf		 b = BUF_INIT;

	fields_print(&fs, &t, shown, nitems(shown), &b);
	buf_put_u8(&b, '\0');
	CHECK_ROW(strcmp((char *)b.data, " yes=1 u8=two u16=ffff"
	    " u32=4294967295 u64=18446744073709551615 i16=-500"
	    " i64=-9223372036854775808 fix=0102030405060708 id=01020304"
	    " text=\"hallo\" word=\"ab\" word=\"c\" uids=1:3,9") == 0, "%s",
	    (char *)b.data);
	t.fix = 0;			/* newer: shown when it is there */
	t.u64 = 0;
	buf_reset(&b);
	fields_print(&fs, &t, shown + 5, 4, &b);
	buf_put_u8(&b, '\0');
	CHECK_ROW(strcmp((char *)b.data, " u64=0 i16=-500"
	    " i64=-9223372036854775808") == 0, "%s", (char *)b.data);
	buf_free(&b);
}

/* Want of memory is no damage. */
static void
test_no_memory(void)
{
	static const unsigned	 one[] = { WORDS, UIDS };
	struct arena		*none = arena_new(1);
	struct buf		 b = BUF_INIT;
	struct thing		 t;
	struct str		 rest;
	size_t			 i;

	for (i = 0; i < nitems(one); i++) {
		const struct fields fs = { rows, LAST, 0, BIT(one[i]) };

		buf_reset(&b);
		CHECK(fields_encode(&fs, &full, &b) == 0);
		CHECK_ROW(decode(&fs, &b, &t, none, &rest) ==
		    FORMAT_NO_MEMORY, "%u", one[i]);
	}
	buf_free(&b);
	arena_free(none);
}

int
main(void)
{
	test_no_memory();
	test_there_and_back();
	test_which();
	test_bounds();
	test_sized();
	test_open();
	test_print();
	return TEST_END();
}
