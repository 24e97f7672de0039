/* Where commands end, and rows out of streams: cut anywhere, the same. */
#include "imapd/scan.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/rows.h"

/*
 * What a scan makes of an input: "C(text)" for a command, "L(n)" or "L(n+)"
 * for a literal's header; "X" marks a text that was too long.
 */
static void
scan_all(const char *in, size_t len, size_t step, bool drop, struct buf *out)
{
	struct scan	 s;
	struct buf	 text = BUF_INIT;
	size_t		 i = 0, n, used;

	scan_init(&s);
	while (i < len) {
		n = len - i < step ? len - i : step;
		switch (scan_feed(&s, &text, (const uint8_t *)in + i, n,
		    &used)) {
		case SCAN_COMMAND:
			(void)buf_printf(out, "%sC(%.*s)",
			    s.toolong ? "X" : "", text.len > 60 ? 3 :
			    (int)text.len, (char *)text.data);
			buf_free(&text);
			scan_init(&s);
			break;
		case SCAN_LITERAL:
			(void)buf_printf(out, "L(%llu%s)",
			    (unsigned long long)s.size, s.nonsync ? "+" : "");
			if (drop) {
				scan_drop(&s);
				if (!s.nonsync) {
					buf_free(&text);
					scan_init(&s);
				}
			} else if (!scan_literal(&s, &text))
				scan_drop(&s);
			break;
		case SCAN_MORE:
			break;
		}
		i += used;
	}
	buf_free(&text);
	(void)buf_put_u8(out, '\0');
}

static const struct {
	const char	*in;
	bool		 drop;
	const char	*out;
} cases[] = {
	{ "a NOOP\r\n", false, "C(a NOOP)" },
	{ "a NOOP\nb NOOP\r\n", false, "C(a NOOP)C(b NOOP)" },
	{ "\r\n\r\n", false, "C()C()" },
	{ "a {3}\r\nx\r\n y\r\n", false, "L(3)C(a {3}\r\nx\r\n y)" },
	{ "a {0}\r\n\r\n", false, "L(0)C(a {0}\r\n)" },
	{ "a {2+}\r\nxy{1}\r\nz\r\n", false,
	    "L(2+)L(1)C(a {2+}\r\nxy{1}\r\nz)" },
	{ "a \"{3}\r\n", false, "C(a \"{3})" },
	{ "a \"\\\"{3}\"\r\n", false, "C(a \"\\\"{3}\")" },
	{ "a \"x\" {1}\r\ny\r\n", false, "L(1)C(a \"x\" {1}\r\ny)" },
	{ "a {3} \r\n", false, "C(a {3} )" },
	{ "a {}\r\n", false, "C(a {})" },
	{ "a {+}\r\n", false, "C(a {+})" },
	{ "a {1+2}\r\n", false, "C(a {1+2})" },
	{ "a {{1}\r\nx\r\n", false, "L(1)C(a {{1}\r\nx)" },
	{ "a {3}\r\nb\r\n", true, "L(3)C(b)" },
	{ "a {3+}\r\nx\r\n y\r\nb\r\n", true, "L(3+)C(a {3+}\r\n)C(b)" },
	{ "a {1+}\r\nx{2+}\r\nyz w\r\nb\r\n", true,
	    "L(1+)C(a {1+}\r\n)C(b)" },
	{ "a {1+}\r\nx{2}\r\nb\r\n", true, "L(1+)C(a {1+}\r\n)C(b)" },
	{ "a {99999999999999999999}\r\nb\r\n", true,
	    "L(18446744073709551615)C(b)" },
};

static void
test_scan(void)
{
	static char	 big[SCAN_LINE_MAX + 100];
	struct buf	 out;
	size_t		 i, step;

	for (i = 0; i < nitems(cases); i++)
		for (step = 1; step < 9; step++) {
			buf_init(&out, 0);
			scan_all(cases[i].in, strlen(cases[i].in), step,
			    cases[i].drop, &out);
			CHECK_ROW(strcmp((char *)out.data, cases[i].out) == 0,
			    "%s by %zu: %s", cases[i].in, step,
			    (char *)out.data);
			buf_free(&out);
		}
	memset(big, 'a', sizeof(big));
	memcpy(big + SCAN_LINE_MAX + 10, " {2+}\r\nhi\r\nb\r\n", 15);
	for (step = 1; step < SCAN_LINE_MAX; step *= 7) {
		buf_init(&out, 0);
		scan_all(big, SCAN_LINE_MAX + 24, step, false, &out);
		CHECK_ROW(strstr((char *)out.data, "X") != NULL &&
		    strstr((char *)out.data, "C(b)") != NULL, "%s",
		    (char *)out.data);
		buf_free(&out);
	}
}

static int
row(void *arg, const uint8_t *p, size_t len)
{
	struct buf	*out = arg;

	(void)buf_put(out, p, len);
	(void)buf_put_u8(out, '|');
	return len == 5 ? -1 : 0;
}

static void
test_rows(void)
{
	struct buf	 in = BUF_INIT, want = BUF_INIT, out;
	struct rows	 r;
	char		 text[300];
	size_t		 i, step, n;
	int		 ret;

	for (i = 0; i < 300; i += i < 4 ? 1 : 37) {
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		(void)buf_put_bytes(&in, text, i);
		(void)buf_put(&want, text, i);
		(void)buf_put_u8(&want, '|');
	}
	for (step = 1; step < in.len; step += step < 10 ? 1 : 111) {
		buf_init(&out, 0);
		rows_init(&r, 300);
		for (i = 0; i < in.len; i += step) {
			n = in.len - i < step ? in.len - i : step;
			CHECK(rows_feed(&r, in.data + i, n, row, &out) == 0);
		}
		CHECK_ROW(r.b.len == 0 && out.len == want.len &&
		    memcmp(out.data, want.data, want.len) == 0, "%zu", step);
		rows_free(&r);
		buf_free(&out);
	}
	buf_init(&out, 0);
	rows_init(&r, 4);
	ret = rows_feed(&r, (const uint8_t *)"\x05xxxxx", 6, row, &out);
	CHECK(ret == -1 && out.len == 0);	/* over the maximum */
	rows_free(&r);
	rows_init(&r, 10);
	CHECK(rows_feed(&r, (const uint8_t *)"\x05xx", 3, row, &out) == 0 &&
	    r.b.len != 0);
	CHECK(rows_feed(&r, (const uint8_t *)"xxx", 3, row, &out) == -1);
	rows_free(&r);
	rows_init(&r, 10);
	CHECK(rows_feed(&r, (const uint8_t *)"\x81\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80", 11, row, &out) == -1);
	rows_free(&r);
	buf_free(&out);
	buf_free(&in);
	buf_free(&want);
}

int
main(void)
{
	test_scan();
	test_rows();
	return TEST_END();
}
