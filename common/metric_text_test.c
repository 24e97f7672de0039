/* Labels as text: whatever a value holds, it comes back as that one value. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/metric_text.h"
#include "common/test.h"

static void
test_round(void)
{
	static const struct {
		const char	*value, *text, *read;
	} t[] = {
		{ "PutObject", "a=PutObject,z=1", "PutObject" },
		{ "", "a=,z=1", "" },
		{ "a,b=c", "a=a\\,b\\=c,z=1", "a,b=c" },
		{ "x\\,y", "a=x\\\\\\,y,z=1", "x\\,y" },
		{ "two\nlines\n", "a=two\\nlines\\n,z=1", "two\nlines\n" },
		{ "j\xc3\xb6rg", "a=j\xc3\xb6rg,z=1", "j\xc3\xb6rg" },
		{ "\x1b[0m\xff", "a=\\\\x1b[0m\\\\xff,z=1",
		  "\\x1b[0m\\xff" },
	};
	struct buf	b = BUF_INIT;
	struct str	text, key;
	char		value[320];
	size_t		i;

	for (i = 0; i < nitems(t); i++) {
		buf_reset(&b);
		CHECK(metric_text_put(&b, "a", str_from(t[i].value)) == 0);
		CHECK(metric_text_put(&b, "z", STR("1")) == 0);
		text = (struct str){ (const char *)b.data, b.len };
		CHECK_ROW(str_eq(text, str_from(t[i].text)), "%zu: %.*s", i,
		    (int)text.len, text.p);
		CHECK_ROW(metric_text_next(&text, &key, value,
		    sizeof(value)) == 1 && str_eq(key, STR("a")) &&
		    strcmp(value, t[i].read) == 0, "%zu: %s", i, value);
		CHECK(metric_text_next(&text, &key, value,
		    sizeof(value)) == 1 && str_eq(key, STR("z")) &&
		    strcmp(value, "1") == 0);
		CHECK(metric_text_next(&text, &key, value,
		    sizeof(value)) == 0);
	}
	buf_free(&b);
}

static void
test_malformed(void)
{
	static const char *const bad[] = { "a", "=b", "a=b,", ",a=b", "a=b,c",
	    "a=b=c", "a=\\", "a=\\x", "A=b", "1=b", "a b=c", "a=b\n",
	    "a=b,,c=d" };
	struct str	text, key;
	char		value[8];
	size_t		i;
	int		r;

	for (i = 0; i < nitems(bad); i++) {
		text = str_from(bad[i]);
		while ((r = metric_text_next(&text, &key, value,
		    sizeof(value))) == 1)
			continue;
		CHECK_ROW(r == -1, "%s", bad[i]);
	}
	text = STR("a=12345678");		/* no room for the NUL */
	CHECK(metric_text_next(&text, &key, value, sizeof(value)) == -1);
	text = STR("a=1234567");
	CHECK(metric_text_next(&text, &key, value, sizeof(value)) == 1);
}

/* A value is cut before it is escaped, and never exceeds what a row has. */
static void
test_long(void)
{
	struct buf	b = BUF_INIT;
	struct str	text, key;
	char		bytes[1000], value[5 * METRIC_VALUE];

	memset(bytes, 0x01, sizeof(bytes));
	CHECK(metric_text_put(&b, "a", (struct str){ bytes,
	    sizeof(bytes) }) == 0);
	text = (struct str){ (const char *)b.data, b.len };
	CHECK(metric_text_next(&text, &key, value, sizeof(value)) == 1 &&
	    strlen(value) == 4 * METRIC_VALUE);
	buf_free(&b);
}

static void
test_values(void)
{
	static const struct {
		uint64_t	 value;
		uint32_t	 scale;
		const char	*text, *sign;
	} t[] = {
		{ 0, 1, "0", "0" },
		{ 12, 1, "12", "12" },
		{ 0, 1000000, "0", "0" },
		{ 1, 1000000, "0.000001", "0.000001" },
		{ 2500, 1000000, "0.0025", "0.0025" },
		{ 10000000, 1000000, "10", "10" },
		{ 12345678, 1000000, "12.345678", "12.345678" },
		{ 7, 0, "7", "7" },		/* a forger's */
		{ 7, 3, "7", "7" },
		{ UINT64_MAX, 1, "18446744073709551615", "-1" },
		{ UINT64_MAX - 2499999, 1000000,
		  "18446744073707.051616", "-2.5" },
		{ (uint64_t)INT64_MIN, 1, "9223372036854775808",
		  "-9223372036854775808" },
	};
	char	text[32];
	size_t	i;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(strcmp(metric_text_value(text, sizeof(text),
		    t[i].value, t[i].scale), t[i].text) == 0, "%zu: %s", i,
		    text);
		CHECK_ROW(strcmp(metric_text_signed(text, sizeof(text),
		    t[i].value, t[i].scale), t[i].sign) == 0, "%zu: %s", i,
		    text);
	}
}

int
main(void)
{
	test_round();
	test_malformed();
	test_long();
	test_values();
	return TEST_END();
}
