/* The functions that OpenBSD has, against its manual pages. */
#include <errno.h>
#include <limits.h>

#include "common/compat.h"
#include "common/test.h"

static void
test_strl(void)
{
	char b[8];

	CHECK(strlcpy(b, "hello", sizeof(b)) == 5 && strcmp(b, "hello") == 0);
	CHECK(strlcat(b, "world", sizeof(b)) == 10);
	CHECK(strcmp(b, "hellowo") == 0);
	CHECK(strlcpy(b, "0123456789", sizeof(b)) == 10);
	CHECK(strcmp(b, "0123456") == 0);
	CHECK(strlcpy(b, "xyz", 0) == 3 && b[0] == '0');
	CHECK(strlcat(b, "x", 3) == 4);		/* no NUL within 3 */
	CHECK(strlcpy(b, "", sizeof(b)) == 0 && b[0] == '\0');
}

static void
test_strtonum(void)
{
	static const struct {
		const char	*s;
		long long	 min, max, want;
		const char	*why;
	} rows[] = {
		{ "0", 0, 10, 0, NULL },
		{ "10", 0, 10, 10, NULL },
		{ "-5", -10, 10, -5, NULL },
		{ "11", 0, 10, 0, "too large" },
		{ "-1", 0, 10, 0, "too small" },
		{ "", 0, 10, 0, "invalid" },
		{ "5x", 0, 10, 0, "invalid" },
		{ "5", 10, 0, 0, "invalid" },
		{ "99999999999999999999", 0, LLONG_MAX, 0, "too large" },
		{ "-99999999999999999999", LLONG_MIN, 0, 0, "too small" },
		{ "9223372036854775807", 0, LLONG_MAX, LLONG_MAX, NULL }
	};
	const char	*why;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(strtonum(rows[i].s, rows[i].min, rows[i].max,
		    &why) == rows[i].want, "%s", rows[i].s);
		if (rows[i].why == NULL)
			CHECK_ROW(why == NULL, "%s", rows[i].s);
		else
			CHECK_ROW(why != NULL && strcmp(why,
			    rows[i].why) == 0, "%s", rows[i].s);
	}
}

static void
test_memcmp(void)
{
	CHECK(timingsafe_memcmp("abc", "abc", 3) == 0);
	CHECK(timingsafe_memcmp("abc", "abd", 3) < 0);
	CHECK(timingsafe_memcmp("bbc", "abd", 3) > 0);
	CHECK(timingsafe_memcmp("\xff", "\x01", 1) > 0);
	CHECK(timingsafe_memcmp("x", "y", 0) == 0);
	freezero(NULL, 10);
	freezero(malloc(10), 10);
}

int
main(void)
{
	test_strl();
	test_strtonum();
	test_memcmp();
	return TEST_END();
}
