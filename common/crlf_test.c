#include "common/compat.h"

#include <stdio.h>

#include "common/crlf.h"
#include "common/test.h"

static void
test_crlf(void)
{
	static const struct { const char *in, *out; } t[] = {
		{ "a: b\n\nc\n", "a: b\r\n\r\nc\r\n" },
		{ "a\r\nb\r\n", "a\r\nb\r\n" },
		{ "a\rb", "a\rb" },
		{ "", "" },
		{ "Fro", "Fro" },
		{ "From ann Thu Jan  1\nA: b\n", "A: b\r\n" },
		{ "From: ann\n", "From: ann\r\n" },
	};
	char		 got[64];
	FILE		*in, *out;
	size_t		 i;
	long long	 n;

	for (i = 0; i < nitems(t); i++) {
		in = tmpfile();
		out = tmpfile();
		fputs(t[i].in, in);
		rewind(in);
		n = crlf_copy(in, out);
		rewind(out);
		memset(got, 0, sizeof(got));
		CHECK(fread(got, 1, sizeof(got) - 1, out) == (size_t)n);
		CHECK_ROW(strcmp(got, t[i].out) == 0, "row %zu", i);
		fclose(in);
		fclose(out);
	}
}

int
main(void)
{
	test_crlf();
	return TEST_END();
}
