/*
 * Fields to bytes and back: each kind at its edges, each maximum, each
 * prefix, and bytes that claim more than they hold.
 */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/uidset.h"
#include "common/wire.h"

struct item { struct str name; uint32_t n; };
struct all {
	uint8_t		 u8;
	uint32_t	 u32;
	uint64_t	 u64;
	int64_t		 i64;
	bool		 yes;
	uint64_t	 fix;
	uint8_t		 id[16];
	struct str	 text;
	struct str	 bytes;
	struct uidset	 set;
	struct wire_list list;
};

static const struct wire_field item_fields[] = {
	{ WIRE_STR, offsetof(struct item, name), 8, NULL },
	{ WIRE_U32, offsetof(struct item, n), 0, NULL }
};
static const struct wire_struct item_wire = {
	"item", sizeof(struct item), item_fields, nitems(item_fields)
};
static const struct wire_field all_fields[] = {
	{ WIRE_U8, offsetof(struct all, u8), 200, NULL },
	{ WIRE_U32, offsetof(struct all, u32), 0, NULL },
	{ WIRE_U64, offsetof(struct all, u64), 0, NULL },
	{ WIRE_I64, offsetof(struct all, i64), 0, NULL },
	{ WIRE_BOOL, offsetof(struct all, yes), 0, NULL },
	{ WIRE_FIX64, offsetof(struct all, fix), 0, NULL },
	{ WIRE_ID16, offsetof(struct all, id), 0, NULL },
	{ WIRE_STR, offsetof(struct all, text), 20, NULL },
	{ WIRE_BYTES, offsetof(struct all, bytes), 20, NULL },
	{ WIRE_SET, offsetof(struct all, set), 3, NULL },
	{ WIRE_LIST, offsetof(struct all, list), 3, &item_wire }
};
static const struct wire_struct all_wire = {
	"all", sizeof(struct all), all_fields, nitems(all_fields)
};

static void
test_round_trip(void)
{
	struct item	 items[2] = { { STR("one"), 1 }, { STR(""), 0 } };
	struct all	 x = { .u8 = 200, .u32 = UINT32_MAX,
	    .u64 = UINT64_MAX, .i64 = INT64_MIN, .yes = true,
	    .fix = 0x8877665544332211, .text = STR("text"),
	    .bytes = STR("a\0b"), .list = { items, 2 } }, y;
	struct arena	*a = arena_new(4096);
	struct buf	 b = BUF_INIT, again = BUF_INIT;
	struct item	*got;
	uint8_t		*copy;
	size_t		 i;

	memcpy(x.id, "0123456789abcdef", 16);
	uidset_add(&x.set, 3, 9);
	uidset_add(&x.set, 11, UINT32_MAX);
	CHECK(wire_encode(&all_wire, &x, &b) == 0);
	CHECK(wire_decode(&all_wire, &y, b.data, b.len, a) == 0);
	CHECK(y.u8 == 200 && y.u32 == UINT32_MAX && y.u64 == UINT64_MAX);
	CHECK(y.i64 == INT64_MIN && y.yes && y.fix == x.fix);
	CHECK(memcmp(y.id, x.id, 16) == 0);
	CHECK(str_eq(y.text, x.text) && str_eq(y.bytes, x.bytes));
	CHECK(y.set.n == 2 && uidset_count(&y.set) == uidset_count(&x.set));
	got = y.list.v;
	CHECK(y.list.n == 2 && str_eq(got[0].name, STR("one")) &&
	    got[0].n == 1 && got[1].name.len == 0);
	CHECK(wire_encode(&all_wire, &y, &again) == 0);
	CHECK(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	for (i = 0; i < b.len; i++) {
		/* A copy of its own size, so that ASan sees its end. */
		copy = malloc(i + 1);
		memcpy(copy, b.data, i);
		arena_reset(a);
		CHECK_ROW(wire_decode(&all_wire, &y, copy, i, a) == -1,
		    "prefix %zu", i);
		CHECK(y.list.v == NULL && y.u8 == 0);
		free(copy);
	}
	buf_put_u8(&b, 0);
	CHECK(wire_decode(&all_wire, &y, b.data, b.len, a) == -1);
	b.len--;
	CHECK(wire_decode(&all_wire, &y, b.data, b.len, NULL) == -1);
	arena_free(a);
	a = arena_new(16);
	CHECK(wire_decode(&all_wire, &y, b.data, b.len, a) == -1);
	arena_free(a);
	again.limit = again.len;
	CHECK(wire_encode(&all_wire, &x, &again) == -1);
	uidset_free(&x.set);
	buf_free(&b);
	buf_free(&again);
}

/* One field over its maximum each; encoding refuses it too. */
static void
test_encode_limits(void)
{
	struct item	items[4] = { { STR("123456789"), 0 } };
	struct all	x, rows[6];
	struct buf	b = BUF_INIT;
	size_t		i;

	memset(rows, 0, sizeof(rows));
	memset(&x, 0, sizeof(x));
	rows[0].u8 = 201;
	rows[1].text = STR("123456789012345678901");
	rows[2].bytes = STR("123456789012345678901");
	rows[3].text = STR("a\0b");
	rows[4].list = (struct wire_list){ items, 1 };
	rows[5].list = (struct wire_list){ items + 1, 4 };
	CHECK(wire_encode(&all_wire, &x, &b) == 0);
	for (i = 0; i < nitems(rows); i++) {
		buf_reset(&b);
		if (i == 5)
			items[0].name = STR("");
		CHECK_ROW(wire_encode(&all_wire, &rows[i], &b) == -1, "%zu",
		    i);
	}
	buf_reset(&b);
	for (i = 1; i <= 4; i++)
		uidset_add(&x.set, (uint32_t)i * 10, (uint32_t)i * 10);
	CHECK(wire_encode(&all_wire, &x, &b) == -1);
	uidset_free(&x.set);
	buf_free(&b);
}

static void
test_hostile(void)
{
	static const struct {
		enum wire_kind	 kind;
		uint64_t	 max;
		const char	*bytes;
		size_t		 len;
		int		 want;
	} rows[] = {
		{ WIRE_U8, 5, "\x05", 1, 0 },
		{ WIRE_U8, 5, "\x06", 1, -1 },
		{ WIRE_U32, 0, "\xff\xff\xff\xff\x0f", 5, 0 },
		{ WIRE_U32, 0, "\x80\x80\x80\x80\x10", 5, -1 },
		{ WIRE_U32, 9, "\x0a", 1, -1 },
		{ WIRE_U64, 9, "\x09", 1, 0 },
		{ WIRE_U64, 9, "\x0a", 1, -1 },
		{ WIRE_U64, 0, "\x80\x00", 2, -1 },
		{ WIRE_I64, 5, "\x0a", 1, 0 },		/* 5 */
		{ WIRE_I64, 5, "\x09", 1, 0 },		/* -5 */
		{ WIRE_I64, 5, "\x0b", 1, -1 },		/* -6 */
		{ WIRE_I64, 5, "\x0c", 1, -1 },		/* 6 */
		{ WIRE_BOOL, 0, "\x01", 1, 0 },
		{ WIRE_BOOL, 0, "\x02", 1, -1 },
		{ WIRE_FIX64, 0, "1234567", 7, -1 },
		{ WIRE_ID16, 0, "123456789012345", 15, -1 },
		{ WIRE_STR, 3, "\x03" "abc", 4, 0 },
		{ WIRE_STR, 2, "\x03" "abc", 4, -1 },
		{ WIRE_STR, 0, "\x03" "a\0c", 4, -1 },
		{ WIRE_BYTES, 0, "\x03" "a\0c", 4, 0 },
		{ WIRE_BYTES, 0, "\x04" "abc", 4, -1 },
		{ WIRE_SET, 0, "\x01\x01\x00", 3, 0 },
		{ WIRE_SET, 1, "\x02\x01\x00\x02\x00", 5, -1 },
		{ WIRE_LIST, 0, "\x01\x00\x01", 3, 0 },
		{ WIRE_LIST, 0, "\x02\x00\x01", 3, -1 },
		/* 65,537 elements claimed; and 2^63 of them */
		{ WIRE_LIST, 0, "\x81\x80\x04\x00\x00", 5, -1 },
		{ WIRE_LIST, UINT64_MAX,
		    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, -1 }
	};
	struct wire_field	 f = { .off = 0, .sub = &item_wire };
	struct wire_struct	 ws = { "one", sizeof(struct all), &f, 1 };
	struct all		 x;
	struct arena		*a = arena_new(4096);
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		f.kind = rows[i].kind;
		f.max = rows[i].max;
		CHECK_ROW(wire_decode(&ws, &x, rows[i].bytes, rows[i].len,
		    a) == rows[i].want, "row %zu", i);
	}
	arena_free(a);
}

int
main(void)
{
	test_round_trip();
	test_encode_limits();
	test_hostile();
	return TEST_END();
}
