/* What may be seen, what may not, and where it is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/escape.h"
#include "common/test.h"

static const struct {
	const char	*in, *out;
	unsigned	 how;
} rows[] = {
	{ "", "", 0 },
	{ "plain words", "plain words", 0 },
	{ "j\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\xac",
	  "j\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\xac", 0 },
	{ "a\r\n\x1b[0m\x7f", "a\\x0d\\x0a\\x1b[0m\\x7f", 0 },
	{ "a\n\tb\r", "a\n\tb\\x0d", ESCAPE_LINES },
	{ "a\"b\\c\n", "a\\\"b\\\\c\\x0a", ESCAPE_QUOTE },
	/* C1: U+009B is CSI to a terminal, U+0085 a new line. */
	{ "\xc2\x9b" "2J\xc2\x85", "\\xc2\\x9b2J\\xc2\\x85", 0 },
	{ "\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0", 0 },
	/* Of another direction: U+202A..202E, U+2066..2069. */
	{ "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae",
	  "\\xe2\\x80\\xaa\\xe2\\x80\\xab\\xe2\\x80\\xac\\xe2\\x80\\xad"
	  "\\xe2\\x80\\xae", 0 },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9",
	  "\\xe2\\x81\\xa6\\xe2\\x81\\xa7\\xe2\\x81\\xa8\\xe2\\x81\\xa9", 0 },
	{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c",		/* LRM, RLM, ALM */
	  "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xd8\\x9c", 0 },
	{ "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\x8b\xef\xbb\xbf",
	  "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xe2\\x80\\x8b\\xef\\xbb\\xbf", 0 },
	{ "\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf", 0 },
	{ "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81", 0 },	/* a tag */
	/* No UTF-8: alone, cut, too long, surrogates, beyond the end. */
	{ "\x9b\xff\xfe", "\\x9b\\xff\\xfe", 0 },
	{ "\xe2\x80", "\\xe2\\x80", 0 },
	{ "\xe2\x80x", "\\xe2\\x80x", 0 },
	{ "\xc0\x9b\xc1\xbf", "\\xc0\\x9b\\xc1\\xbf", 0 },
	{ "\xe0\x82\x9b", "\\xe0\\x82\\x9b", 0 },
	{ "\xf0\x80\x82\x9b", "\\xf0\\x80\\x82\\x9b", 0 },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", 0 },
	{ "\xf4\x90\x80\x80\xf5\x80\x80\x80",
	  "\\xf4\\x90\\x80\\x80\\xf5\\x80\\x80\\x80", 0 },
};

static void
test_rows(void)
{
	char	 out[256], cut[256];
	size_t	 i, n, size;

	for (i = 0; i < nitems(rows); i++) {
		n = escape_text(out, sizeof(out), rows[i].in,
		    strlen(rows[i].in), rows[i].how);
		CHECK_ROW(strcmp(out, rows[i].out) == 0 &&
		    n == strlen(out), "row %zu: %s", i, out);
		CHECK_ROW(n <= ESCAPE_MOST(strlen(rows[i].in)), "row %zu", i);
		/* Cut, it is the beginning of it. */
		for (size = 1; size < sizeof(cut); size++) {
			n = escape_text(cut, size, rows[i].in,
			    strlen(rows[i].in), rows[i].how);
			CHECK_ROW(n < size && n == strlen(cut) &&
			    strncmp(cut, out, n) == 0, "row %zu size %zu", i,
			    size);
			/* and no piece of a character */
			CHECK_ROW(n == 0 || ((unsigned char)out[n] & 0xc0) !=
			    0x80, "row %zu size %zu", i, size);
		}
	}
	CHECK(escape_text(out, sizeof(out), "a\0b", 3, 0) == 6 &&
	    strcmp(out, "a\\x00b") == 0);
}

/* In pieces of every length: the same as whole. */
static void
test_pieces(void)
{
	static char		 text[1500], want[4 * sizeof(text) + 1];
	struct escape_out	 o = { NULL, "", 0 };
	char			*got = NULL;
	size_t			 i, n = 0, len, piece;

	for (i = 0; n + 8 < sizeof(text); i++) {
		len = strlen(rows[i % nitems(rows)].in);
		if (n + len > sizeof(text))
			break;
		memcpy(text + n, rows[i % nitems(rows)].in, len);
		n += len;
	}
	escape_text(want, sizeof(want), text, n, ESCAPE_LINES);
	for (piece = 1; piece <= n; piece += piece < 20 ? 1 : 37) {
		o.f = open_memstream(&got, &len);
		for (i = 0; i < n; i += piece)
			CHECK(escape_write(&o, text + i, n - i < piece ?
			    n - i : piece) == 0);
		CHECK(escape_end(&o) == 0);
		fclose(o.f);
		CHECK_ROW(strcmp(got, want) == 0, "pieces of %zu", piece);
		free(got);
	}
}

static void
test_printf(void)
{
	char	*got = NULL;
	size_t	 len;
	FILE	*f = open_memstream(&got, &len);

	CHECK(escape_printf(f, "%s: %d\n", "a\x1b]0;t\x07", 5) == 0);
	fclose(f);
	CHECK(strcmp(got, "a\\x1b]0;t\\x07: 5\n") == 0);
	free(got);
}

int
main(void)
{
	test_rows();
	test_pieces();
	test_printf();
	return TEST_END();
}
