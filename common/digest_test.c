/* The outer form of digests: what is whole, what is refused, filtering. */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/digest.h"
#include "common/test.h"

static void
make(struct buf *b)
{
	digest_begin(b);
	digest_put(b, DIGEST_ENVELOPE, "env", 3);
	digest_put(b, DIGEST_HEADER, "head", 4);
	digest_put(b, DIGEST_MESSAGE_ID, "id@x", 4);
	digest_put(b, DIGEST_ATTACHMENT, "\x00", 1);
	CHECK(!b->failed);
}

static void
test_find(void)
{
	struct buf	b = BUF_INIT;
	struct str	v;

	make(&b);
	CHECK(digest_check(b.data, b.len) == 0);
	CHECK(digest_find(b.data, b.len, DIGEST_HEADER, &v) &&
	    str_eq(v, STR("head")));
	CHECK(digest_find(b.data, b.len, DIGEST_ATTACHMENT, &v) &&
	    v.len == 1);
	CHECK(!digest_find(b.data, b.len, DIGEST_PREVIEW, &v) && v.len == 0);
	CHECK(!digest_find(b.data, 0, DIGEST_PREVIEW, &v));
	buf_free(&b);
}

static void
test_filter(void)
{
	struct buf	b = BUF_INIT, out = BUF_INIT;
	struct str	v;

	make(&b);
	CHECK(digest_filter(b.data, b.len, UINT64_MAX, &out) == 0);
	CHECK(out.len == b.len && memcmp(out.data, b.data, b.len) == 0);
	buf_reset(&out);
	CHECK(digest_filter(b.data, b.len, DIGEST_BIT(DIGEST_MESSAGE_ID) |
	    DIGEST_BIT(DIGEST_PREVIEW), &out) == 0);
	CHECK(digest_check(out.data, out.len) == 0 && out.len == 7);
	CHECK(digest_find(out.data, out.len, DIGEST_MESSAGE_ID, &v));
	buf_reset(&out);
	CHECK(digest_filter(b.data, b.len, 0, &out) == 0 && out.len == 1);
	buf_reset(&out);
	out.limit = 3;
	CHECK(digest_filter(b.data, b.len, UINT64_MAX, &out) == -1);
	buf_free(&out);
	buf_init(&out, 0);
	b.data[0] = 2;
	CHECK(digest_filter(b.data, b.len, UINT64_MAX, &out) == -1);
	buf_free(&b);
	buf_free(&out);
}

static void
test_bad(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		int		 want;
	} rows[] = {
		{ "\x01", 1, 0 },
		{ "", 0, -1 },
		{ "\x00", 1, -1 },
		{ "\x02", 1, -1 },			/* another version */
		{ "\x01\x01\x00\x02\x00", 5, 0 },
		{ "\x01\x02\x00\x01\x00", 5, -1 },	/* falling */
		{ "\x01\x02\x00\x02\x00", 5, -1 },	/* twice */
		{ "\x01\x00\x00", 3, -1 },		/* number 0 */
		{ "\x01\x3f\x00", 3, 0 },		/* 63, not yet known */
		{ "\x01\x40\x00", 3, -1 },		/* 64 has no bit */
		{ "\x01\x01\x05" "abcd", 7, -1 },	/* too short */
		{ "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, -1 }
	};
	struct buf	b = BUF_INIT;
	uint8_t		*copy;
	size_t		i, whole = 0;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(digest_check(rows[i].bytes, rows[i].len) ==
		    rows[i].want, "row %zu", i);
	/* A prefix is whole only where a field ends. */
	make(&b);
	for (i = 0; i < b.len; i++) {
		copy = malloc(i + 1);
		memcpy(copy, b.data, i);
		whole += digest_check(copy, i) == 0;
		free(copy);
	}
	CHECK(whole == 4);
	buf_free(&b);
}

int
main(void)
{
	test_find();
	test_filter();
	test_bad();
	return TEST_END();
}
