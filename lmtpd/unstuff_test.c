/* Dots and ends, however the octets are cut; a model in few words, and all
 * strings of six octets. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/test.h"
#include "lmtpd/unstuff.h"

static const struct {
	const char	*in;
	const char	*out;
	const char	*rest;		/* NULL: it has not ended */
	bool		 bare;
} rows[] = {
	{ ".\r\n", "", "", false },
	{ ".\r\nQUIT\r\n", "", "QUIT\r\n", false },
	{ "a\r\n.\r\n", "a\r\n", "", false },
	{ "a\r\n..\r\n.\r\n", "a\r\n.\r\n", "", false },
	{ "..a\r\n.b\r\n.\r\n", ".a\r\nb\r\n", "", false },
	{ "a\n.\n", "a\n.\n", NULL, true },
	{ "a\n.\r\n", "a\n.\r\n", NULL, true },
	{ "a\r\n.\n", "a\r\n\n", NULL, true },
	{ "a\r\n.\r", "a\r\n", NULL, false },
	{ "a\r\n.\rx", "a\r\n\rx", NULL, true },
	{ "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", "", true },
	{ "a\r.\r\n", "a\r.\r\n", NULL, true },
	{ "a\r\r\n.\r\n", "a\r\r\n", "", true },
	{ "\r\n.\r\n", "\r\n", "", false },
	{ "\n.\r\n", "\n.\r\n", NULL, true },
	{ "a\r\n.\r\n.\r\n", "a\r\n", ".\r\n", false },
	{ "a", "a", NULL, false },
	{ "", "", NULL, false },
};

/* In pieces of so many octets. */
static void
try(const char *in, size_t len, size_t piece, char *out, size_t *n,
    struct unstuff *u, size_t *taken)
{
	size_t	 i, k, m;

	memset(u, 0, sizeof(*u));
	*n = *taken = 0;
	for (i = 0; i < len && !u->ended; i += k) {
		k = len - i < piece ? len - i : piece;
		*taken += unstuff(u, in + i, k, out + *n, &m);
		*n += m;
	}
}

static void
test_rows(void)
{
	struct unstuff	 u;
	char		 out[256];
	size_t		 i, piece, n, taken, len;

	for (i = 0; i < nitems(rows); i++) {
		len = strlen(rows[i].in);
		for (piece = 1; piece <= len + 1; piece++) {
			try(rows[i].in, len, piece, out, &n, &u, &taken);
			CHECK_ROW(n == strlen(rows[i].out) && memcmp(out,
			    rows[i].out, n) == 0, "%zu: %.*s", i, (int)n, out);
			CHECK_ROW(u.ended == (rows[i].rest != NULL), "%zu", i);
			CHECK_ROW(u.bare == rows[i].bare, "%zu", i);
			CHECK_ROW(strcmp(rows[i].in + taken, u.ended ?
			    rows[i].rest : "") == 0, "%zu", i);
		}
	}
}

/* As RFC 5321 tells it: lines end in CRLF; a line that is a dot is the end; of
 * other lines that begin with one, that one goes. */
static bool
model(const char *in, char *out)
{
	const char	*end;

	*out = '\0';
	while (*in != '\0') {
		if (strncmp(in, ".\r\n", 3) == 0)
			return true;
		if (*in == '.')
			in++;
		if ((end = strstr(in, "\r\n")) == NULL) {
			strcat(out, in);
			return false;
		}
		strncat(out, in, (size_t)(end + 2 - in));
		in = end + 2;
	}
	return false;
}

static void
test_all(void)
{
	static const char	 octets[] = ".\r\na";
	struct unstuff		 u;
	char			 in[9], want[32], out[32];
	size_t			 i, k, v, n, taken, piece;
	bool			 ended;

	for (i = 0; i < 16384; i++) {
		for (k = 0, v = i; k < 7; k++, v /= 4)
			in[k] = octets[v % 4];
		in[7] = '\0';
		ended = model(in, want);
		for (piece = 1; piece <= 7; piece += 3) {
			try(in, 7, piece, out, &n, &u, &taken);
			out[n] = '\0';
			/* A dot, or a dot and CR, at the end of what there is,
			 * may yet be the end. */
			if (!ended && strlen(want) == n + 1 &&
			    want[n] == '\r')
				want[n] = '\0';
			CHECK_ROW(u.ended == ended && strcmp(out, want) == 0,
			    "%zu", i);
		}
	}
}

static void
test_look(void)
{
	static const struct { const char *in; bool bare; } t[] = {
		{ "a\r\nb\r\n.\r\n..", false }, { "a\nb", true },
		{ "a\rb", true }, { "a\r\r\n", true }, { "\r\n", false },
	};
	struct unstuff	 u;
	size_t		 i, k;

	for (i = 0; i < nitems(t); i++) {
		memset(&u, 0, sizeof(u));
		for (k = 0; k < strlen(t[i].in); k++)
			unstuff_look(&u, t[i].in + k, 1);
		CHECK_ROW(u.bare == t[i].bare && !u.ended, "%zu", i);
	}
}

int
main(void)
{
	test_rows();
	test_all();
	test_look();
	return TEST_END();
}
