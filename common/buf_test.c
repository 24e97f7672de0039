/* Buffers and cursors: limits, the shortest form of varints, sticky errors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/compat.h"
#include "common/test.h"

static void
test_limit(void)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK(buf_put(&b, "12345", 5) == 0);
	CHECK(buf_put(&b, "67890", 5) == 0);
	CHECK(b.len == 10 && !b.failed);
	CHECK(buf_put_u8(&b, 1) == -1 && b.failed);
	CHECK(buf_put(&b, "", 0) == -1);	/* sticky */
	CHECK(b.len == 10 && memcmp(b.data, "1234567890", 10) == 0);
	buf_reset(&b);
	CHECK(buf_puts(&b, "abc") == 0);
	CHECK(buf_printf(&b, "%d-%s", 12, "x") == 0);
	CHECK(b.len == 7 && memcmp(b.data, "abc12-x", 7) == 0);
	CHECK(buf_printf(&b, "%0300d", 1) == -1);
	buf_free(&b);
	CHECK(b.limit == 10 && b.data == NULL && !b.failed);
	CHECK(buf_reserve(&b, SIZE_MAX) == NULL && b.failed);
	buf_freezero(&b);		/* with nothing in it, too */
	CHECK(buf_puts(&b, "secret") == 0);
	buf_freezero(&b);
	CHECK(b.limit == 10 && b.data == NULL && b.len == 0 && !b.failed);
	buf_init(&b, 0);
	CHECK(buf_reserve(&b, SIZE_MAX - 1) == NULL);
	buf_free(&b);
}

static void
test_grow(void)
{
	struct buf	b = BUF_INIT;
	uint8_t		*p;
	size_t		i;

	for (i = 0; i < 100000; i++)
		buf_put_u8(&b, (uint8_t)i);
	CHECK(b.len == 100000 && !b.failed);
	for (i = 0; i < b.len; i++)
		if (b.data[i] != (uint8_t)i)
			break;
	CHECK(i == 100000);
	buf_drain(&b, 99990);
	CHECK(b.len == 10 && b.data[0] == (uint8_t)99990);
	buf_drain(&b, 0);
	CHECK(b.len == 10);
	buf_drain(&b, 11);
	CHECK(b.len == 0);
	CHECK((p = buf_reserve(&b, 300)) != NULL);
	memset(p, 'x', 300);
	b.len += 300;
	CHECK(buf_printf(&b, "%0400d", 7) == 0 && b.len == 700);
	CHECK(b.data[699] == '7' && b.data[300] == '0');
	buf_free(&b);
}

/* What fits exactly fits, though printf wants to write a NUL behind it. */
static void
test_printf(void)
{
	struct buf	b = BUF_INIT;
	size_t		n, limit;

	for (limit = 60; limit < 200; limit++)
		for (n = limit - 3; n <= limit + 1; n++) {
			buf_init(&b, limit);
			CHECK(buf_puts(&b, "#") == 0);
			CHECK_ROW(buf_printf(&b, "%0*d", (int)n - 1, 7) ==
			    (n <= limit ? 0 : -1), "%zu of %zu", n, limit);
			CHECK_ROW(b.failed == (n > limit), "%zu", n);
			CHECK_ROW(b.len == (n <= limit ? n : 1), "%zu", n);
			CHECK_ROW(b.data[0] == '#', "%zu", n);
			CHECK_ROW(n > limit || b.data[n - 1] == '7', "%zu", n);
			CHECK(buf_put(&b, "xx", limit - b.len + 1) == -1);
			CHECK(buf_printf(&b, "%s", "") == -1);	/* sticky */
			buf_free(&b);
		}
	buf_init(&b, 0);
	for (n = 0; n < 5000; n++)
		CHECK(buf_printf(&b, "%04zu", n) == 0);
	CHECK(b.len == 20000 && memcmp(b.data, "0000000100020003", 16) == 0);
	CHECK(memcmp(b.data + 19992, "49984999", 8) == 0);
	buf_free(&b);
}

static void
test_decimal(void)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 100, 4711,
	    UINT32_MAX, (uint64_t)1 << 63, UINT64_MAX };
	struct buf	b = BUF_INIT;
	char		text[24];
	size_t		i, n;

	for (i = 0; i < nitems(values); i++) {
		buf_reset(&b);
		n = (size_t)snprintf(text, sizeof(text), "%" PRIu64,
		    values[i]);
		CHECK(buf_put_decimal(&b, values[i]) == 0);
		CHECK_ROW(b.len == n && memcmp(b.data, text, n) == 0, "%zu",
		    i);
	}
	buf_free(&b);
	buf_init(&b, 3);
	CHECK(buf_put_decimal(&b, 1234) == -1 && b.failed && b.len == 0);
	buf_free(&b);
}

/* One for secrets grows as others do, and stays one. */
static void
test_secret(void)
{
	struct buf	b;
	int		i;

	buf_init_secret(&b, 1000);
	for (i = 0; i < 1000; i++)
		CHECK(buf_put_u8(&b, (uint8_t)i) == 0);
	CHECK(b.len == 1000 && b.data[0] == 0 && b.data[999] == 999 % 256);
	CHECK(buf_put_u8(&b, 0) == -1 && b.failed);
	buf_freezero(&b);
	CHECK(b.secret && b.data == NULL && b.limit == 1000);
}

static void
test_integers(void)
{
	static const uint8_t want[] = { 0x11, 0x34, 0x12, 0x78, 0x56, 0x34,
	    0x12, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };
	struct buf	b = BUF_INIT;
	struct cursor	c;

	buf_put_u8(&b, 0x11);
	buf_put_u16(&b, 0x1234);
	buf_put_u32(&b, 0x12345678);
	buf_put_u64(&b, 0x0123456789abcdef);
	CHECK(b.len == sizeof(want) && memcmp(b.data, want, b.len) == 0);
	cursor_init(&c, b.data, b.len);
	CHECK(cursor_u8(&c) == 0x11 && cursor_u16(&c) == 0x1234);
	CHECK(cursor_u32(&c) == 0x12345678);
	CHECK(!cursor_done(&c) && cursor_left(&c) == 8);
	CHECK(cursor_u64(&c) == 0x0123456789abcdef);
	CHECK(cursor_done(&c));
	CHECK(cursor_u8(&c) == 0 && c.bad && !cursor_done(&c));
	cursor_init(&c, b.data, 7);
	CHECK(cursor_u64(&c) == 0 && c.bad);
	CHECK(cursor_u8(&c) == 0 && cursor_bytes(&c, 0) == NULL);
	CHECK(cursor_left(&c) == 0);
	buf_free(&b);
}

static void
test_varint(void)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 300, 16383, 16384,
	    UINT32_MAX, (uint64_t)1 << 63, UINT64_MAX - 1, UINT64_MAX };
	static const int64_t signs[] = { 0, -1, 1, -2, 63, -64, 64, INT32_MIN,
	    INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	struct buf	b = BUF_INIT;
	struct cursor	c;
	size_t		i, j;

	for (i = 0; i < nitems(values); i++) {
		buf_reset(&b);
		buf_put_varint(&b, values[i]);
		CHECK_ROW(b.len == varint_len(values[i]), "%zu", i);
		cursor_init(&c, b.data, b.len);
		CHECK_ROW(cursor_varint(&c) == values[i] && cursor_done(&c),
		    "%zu", i);
		for (j = 0; j < b.len; j++) {
			cursor_init(&c, b.data, j);
			CHECK(cursor_varint(&c) == 0 && c.bad);
		}
	}
	for (i = 0; i < nitems(signs); i++) {
		buf_reset(&b);
		buf_put_zigzag(&b, signs[i]);
		cursor_init(&c, b.data, b.len);
		CHECK_ROW(cursor_zigzag(&c) == signs[i] && cursor_done(&c),
		    "%zu", i);
	}
	buf_reset(&b);
	buf_put_zigzag(&b, -1);
	buf_put_zigzag(&b, 63);
	CHECK(b.len == 2 && b.data[0] == 1 && b.data[1] == 126);
	buf_free(&b);
}

static void
test_bad_varints(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} rows[] = {
		{ "\x80\x00", 2 },			/* not the shortest */
		{ "\xff\x80\x00", 3 },
		{ "\x80", 1 },				/* cut off */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 }, /* 2^64 */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11 },
		{ "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 },
		{ "", 0 }
	};
	struct cursor	c;
	size_t		i;

	for (i = 0; i < nitems(rows); i++) {
		cursor_init(&c, rows[i].bytes, rows[i].len);
		CHECK_ROW(cursor_varint(&c) == 0 && c.bad, "%zu", i);
	}
}

static void
test_strings(void)
{
	struct buf	b = BUF_INIT;
	struct cursor	c;
	struct str	s;

	buf_put_bytes(&b, "hello", 5);
	buf_put_bytes(&b, NULL, 0);
	cursor_init(&c, b.data, b.len);
	s = cursor_str(&c);
	CHECK(str_eq(s, STR("hello")) && !str_eq(s, STR("hellO")));
	CHECK(str_caseeq(s, STR("HELlo")) && !str_caseeq(s, STR("hell")));
	s = cursor_str(&c);
	CHECK(s.len == 0 && cursor_done(&c));
	CHECK(str_eq(s, str_from(NULL)) && str_eq(str_from("a"), STR("a")));
	CHECK(!str_caseeq(STR("\xc3\x84"), STR("\xc3\xa4")));
	cursor_init(&c, b.data, 5);
	s = cursor_str(&c);
	CHECK(s.p == NULL && s.len == 0 && c.bad);
	/* A length near 2^64. */
	buf_reset(&b);
	buf_put_varint(&b, UINT64_MAX);
	buf_put_u8(&b, 0);
	cursor_init(&c, b.data, b.len);
	CHECK(cursor_str(&c).p == NULL && c.bad);
	cursor_init(&c, NULL, 0);
	CHECK(cursor_done(&c) && cursor_bytes(&c, 0) != NULL);
	buf_free(&b);
}

static void
test_parts(void)
{
	static const char	 blank[] = " \t";
	struct str		 rest = STR("a:b::"), part = STR("-");

	CHECK(str_eq(str_trim(STR(" \t a b\t "), blank), STR("a b")));
	CHECK(str_eq(str_trim(STR("a"), blank), STR("a")));
	CHECK(str_trim(STR(" \t "), blank).len == 0);
	CHECK(str_trim(str_from(NULL), blank).len == 0);
	/* Only what is named: no newline, and not the NUL that ends blank. */
	CHECK(str_eq(str_trim(STR(" \na\0 "), blank), STR("\na\0")));

	CHECK(str_split(&rest, ':', &part) && str_eq(part, STR("a")));
	CHECK(str_split(&rest, ':', &part) && str_eq(part, STR("b")));
	CHECK(str_split(&rest, ':', &part) && part.len == 0);
	CHECK(!str_split(&rest, ':', &part) && rest.len == 0);
	rest = STR("ab");
	part = STR("-");
	CHECK(!str_split(&rest, ':', &part) && str_eq(rest, STR("ab")) &&
	    str_eq(part, STR("-")));
	rest = str_from(NULL);
	CHECK(!str_split(&rest, ':', &part));
}

int
main(void)
{
	test_parts();
	test_limit();
	test_grow();
	test_printf();
	test_decimal();
	test_secret();
	test_integers();
	test_varint();
	test_bad_varints();
	test_strings();
	return TEST_END();
}
