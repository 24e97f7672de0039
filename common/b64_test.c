/* The vectors of RFC 4648 section 10, and what is not base64. */
#include "common/compat.h"

#include "common/b64.h"
#include "common/test.h"

int
main(void)
{
	static const struct { const char *plain, *padded, *bare; } rows[] = {
		{ "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+", "+//+" }
	};
	static const struct { const char *text; bool pad; } bad[] = {
		{ "Zg", true }, { "Zg=", true }, { "Zg===", true },
		{ "Zh==", true }, { "Zm9=", true }, { "Z", false },
		{ "Zg==", false }, { "Zh", false }, { "Zm9v=", true },
		{ "Zm 9", true }, { "Zm9-", true }, { "====", true },
		{ "Zm9v\n", false }, { "=", false }, { "Zg==Zg==", true }
	};
	char	text[64], back[64];
	size_t	i, n, k;
	ssize_t	r;

	for (i = 0; i < nitems(rows); i++) {
		n = strlen(rows[i].plain);
		CHECK(b64_encode(rows[i].plain, n, true, text,
		    sizeof(text)) == 0 && strcmp(text, rows[i].padded) == 0);
		CHECK(b64_encode(rows[i].plain, n, false, text,
		    sizeof(text)) == 0 && strcmp(text, rows[i].bare) == 0);
		for (k = 0; k <= strlen(rows[i].padded); k++)
			CHECK(b64_encode(rows[i].plain, n, true, text,
			    k) == -1);
		CHECK(b64_encode(rows[i].plain, n, true, text, k) == 0);
		r = b64_decode(str_from(rows[i].padded), true, back, n);
		CHECK(r == (ssize_t)n && memcmp(back, rows[i].plain, n) == 0);
		r = b64_decode(str_from(rows[i].bare), false, back, n);
		CHECK(r == (ssize_t)n && memcmp(back, rows[i].plain, n) == 0);
		CHECK(n == 0 || b64_decode(str_from(rows[i].bare), false, back,
		    n - 1) == -1);
	}
	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(b64_decode(str_from(bad[i].text), bad[i].pad, back,
		    sizeof(back)) == -1, "row %zu", i);
	return TEST_END();
}
