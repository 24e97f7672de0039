/* Any octets as the head of a request: what is taken of it lies within it. */
#include "common/compat.h"

#include "admind/http/head.h"
#include "common/fuzz.h"

static void
check(struct str s, const uint8_t *in, size_t n)
{
	FUZZ_CHECK(s.len == 0 || (s.p >= (const char *)in && s.p + s.len <=
	    (const char *)in + n && memchr(s.p, '\n', s.len) == NULL &&
	    memchr(s.p, '\0', s.len) == NULL));
}

static void
fuzz_http(const uint8_t *in, size_t len)
{
	struct head	 h;
	size_t		 from = 0, n, i;

	n = head_end(in, len, &from);
	FUZZ_CHECK(n <= len && from <= len);
	for (i = 0; i < len && n != 0; i++)	/* its first end */
		FUZZ_CHECK(i + 4 >= n || memcmp(in + i, "\r\n\r\n", 4) != 0);
	if (head_parse(in, n, &h) != 0)
		return;
	check(h.path, in, n);
	check(h.query, in, n);
	check(h.accept, in, n);
	check(h.authorization, in, n);
	FUZZ_CHECK(h.method == HEAD_OTHER || h.path.p[0] == '/');
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_http);
}
