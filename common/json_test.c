/* Objects as services write them, and what is none. */
#include "common/compat.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/test.h"

static void
check_get(void)
{
	static const struct {
		const char	*text, *want;	/* of "k"; NULL: none */
		bool		 whole;
	} rows[] = {
		{ "{\"k\": \"v\"}", "v", true },
		{ " {\"a\":[1,{\"k\":\"no\"},null],\"k\":\"v\"} \n", "v",
		  true },
		{ "{\"k\":1}", "1", true },
		{ "{\"k\":-1.5e+3}", "-1.5e+3", true },
		{ "{\"k\":\"a\\/b\\u003d\\\"\"}", "a/b=\"", true },
		{ "{\"k\":\"\"}", "", true },
		{ "{\"a\":\"\\ud83d\\ude00\",\"k\":\"v\"}", "v", true },
		/* there, and of another kind; twice; too long; elsewhere */
		{ "{\"k\":null}", NULL, true },
		{ "{\"k\":{\"k\":\"v\"}}", NULL, true },
		{ "{\"k\":\"v\",\"k\":\"w\"}", NULL, true },
		{ "{\"k\":\"0123456789\"}", NULL, true },
		{ "{\"K\":\"v\"}", NULL, true },
		{ "{\"kk\":\"v\"}", NULL, true },
		{ "{}", NULL, true },
		/* none */
		{ "", NULL, false }, { "\"k\"", NULL, false },
		{ "[\"k\",\"v\"]", NULL, false },
		{ "{\"k\":\"v\"", NULL, false },
		{ "{\"k\":\"v\",}", NULL, false },
		{ "{\"k\":\"v\"}}", NULL, false },
		{ "{\"k\":\"v\"} x", NULL, false },
		{ "{'k':'v'}", NULL, false }, { "{\"k\" \"v\"}", NULL, false },
		{ "{\"k\":\"a\nb\"}", NULL, false },
		{ "{\"k\":\"\\x\"}", NULL, false },
		{ "{\"k\":\"\\u12\"}", NULL, false },
		{ "{\"k\":01}", NULL, false }, { "{\"k\":1.}", NULL, false },
		{ "{\"k\":-}", NULL, false }, { "{\"k\":tru}", NULL, false }
	};
	char	dst[8];
	size_t	i, n;
	int	len;

	for (i = 0; i < nitems(rows); i++) {
		n = strlen(rows[i].text);
		CHECK_ROW((json_check(rows[i].text, n) == 0) == rows[i].whole,
		    "row %zu", i);
		len = json_get(rows[i].text, n, "k", dst, sizeof(dst));
		if (rows[i].want == NULL)
			CHECK_ROW(len == -1 && dst[0] == '\0', "row %zu", i);
		else
			CHECK_ROW(len == (int)strlen(rows[i].want) &&
			    strcmp(dst, rows[i].want) == 0, "row %zu: %s", i,
			    dst);
	}
}

/* Each prefix of an object is none, in memory that ends there. */
static void
check_prefixes(void)
{
	static const char	 text[] = "{\"a\":[true,-1.5e3,\"\\u0041\"],"
				    "\"k\":{\"x\":null}}";
	char			*p, dst[8];
	size_t			 n;

	for (n = 0; n < sizeof(text) - 1; n++) {
		if ((p = malloc(n + 1)) == NULL)
			return;
		memcpy(p + 1, text, n);
		CHECK_ROW(json_check(p + 1, n) == -1, "%zu bytes", n);
		CHECK(json_get(p + 1, n, "k", dst, sizeof(dst)) == -1);
		free(p);
	}
	CHECK(json_check(text, n) == 0);
}

static void
check_depth(void)
{
	char	text[2048];
	size_t	n, i;

	for (n = 1; n < 500; n *= 2) {
		strlcpy(text, "{\"a\":", sizeof(text));
		for (i = 0; i < n; i++)
			strlcat(text, "[", sizeof(text));
		for (i = 0; i < n; i++)
			strlcat(text, "]", sizeof(text));
		strlcat(text, "}", sizeof(text));
		CHECK_ROW((json_check(text, strlen(text)) == 0) ==
		    (n < JSON_DEPTH_MAX), "%zu", n);
	}
}

static void
check_time(void)
{
	static const struct { const char *s; int64_t t; } rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2027-01-15T08:00:00Z", 1800000000 },
		{ "2027-01-15T08:00:00.123Z", 1800000000 },
		{ "2027-01-15T09:30:00+01:30", 1800000000 },
		{ "2027-01-15T00:00:00-08:00", 1800000000 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "2027-01-15T08:00:00", -1 }, { "2027-13-15T08:00:00Z", -1 },
		{ "2027-01-15T08:00:00Zx", -1 }, { "2027-01-15", -1 },
		{ "2027-01-15T24:00:00Z", -1 }, { "", -1 }, { "soon", -1 },
		{ "2027-01-15T08:00:00+1", -1 }, { "1800000000", -1 },
		{ "1969-12-31T23:59:59Z", -1 }, { "2027-1-15T08:00:00Z", -1 },
		{ "2027-01-15T08:00:61Z", -1 }, { "2027-01-32T08:00:00Z", -1 },
		{ "2027-01-15T08:60:00Z", -1 }, { "2027-00-15T08:00:00Z", -1 },
		{ "2027-01-15T08:00:00+24:00", -1 }, { " 027-01-15T08:00:00Z",
		    -1 }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(json_time(rows[i].s) == rows[i].t, "%s: %lld",
		    rows[i].s, (long long)json_time(rows[i].s));
}

int
main(void)
{
	check_get();
	check_prefixes();
	check_depth();
	check_time();
	return TEST_END();
}
