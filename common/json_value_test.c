/* Values inside a JSON text, and objects that two readers would read in two
 * ways. */
#include "common/compat.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/test.h"

static void
check_strict(void)
{
	static const struct {
		const char	*text;
		bool		 strict;
	} rows[] = {
		{ "{}", true }, { " { } ", true },
		{ "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":2}]}",
		  true },
		{ "{\"a\":1,\"A\":1,\"\":1,\" a\":1}", true },
		{ "{\"a\":1,\"a\":1}", false },
		{ "{\"a\":1,\"\\u0061\":1}", false },
		{ "{\"\\/\":1,\"/\":1}", false },
		{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}", false },
		{ "{\"\\u00e9\":1,\"\xc3\xa9\":1}", false },
		{ "{\"x\":{\"a\":1,\"b\":2,\"a\":1}}", false },
		{ "{\"x\":[[{\"a\":1,\"a\":1}]]}", false },
		{ "[]", false }, { "1", false }, { "\"a\"", false },
		{ "", false }, { "{\"a\":1}{}", false }, { "{\"a\":1},",
		  false }, { "{\"a\" 1}", false }, { "{\"a\":}", false },
		{ "{\"a\":[1,]}", false }, { "{\"a\":[1 2]}", false },
		{ "{a:1}", false }, { "{\"a\":1,}", false }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(json_strict(str_from(rows[i].text)) ==
		    rows[i].strict, "row %zu", i);
}

/* Each prefix is none, in memory that ends there. */
static void
check_prefixes(void)
{
	static const char	 text[] = "{\"a\":[{\"b\":\"\\u00e9\"},-1.5],"
				    "\"k\":{\"x\":\"y\"}}";
	struct str		 v, s;
	char			*p;
	size_t			 n;

	for (n = 0; n < sizeof(text) - 1; n++) {
		if ((p = malloc(n + 1)) == NULL)
			return;
		memcpy(p + 1, text, n);
		s = (struct str){ p + 1, n };
		CHECK_ROW(!json_strict(s), "%zu bytes", n);
		(void)json_member(s, "k", &v);
		while (json_element(&s, &v))
			;
		free(p);
	}
	CHECK(json_strict(STR(text)));
}

static void
check_bounds(void)
{
	char	text[8192] = "{", one[300], name[JSON_NAME_MAX + 2];
	int	i, over;

	for (over = 0; over < 2; over++) {
		strlcpy(text, "{", sizeof(text));
		for (i = 0; i < JSON_MEMBERS_MAX + over; i++) {
			snprintf(one, sizeof(one), "%s\"%d\":%d",
			    i > 0 ? "," : "", i, i);
			strlcat(text, one, sizeof(text));
		}
		strlcat(text, "}", sizeof(text));
		CHECK(json_strict(str_from(text)) == (over == 0));
		memset(name, 'n', sizeof(name));
		name[JSON_NAME_MAX + over] = '\0';
		snprintf(text, sizeof(text), "{\"%s\":1}", name);
		CHECK(json_strict(str_from(text)) == (over == 0));
	}
	for (i = 1; i < 200; i *= 2) {
		strlcpy(text, "{\"a\":", sizeof(text));
		for (over = 0; over < i; over++)
			strlcat(text, "{\"a\":", sizeof(text));
		strlcat(text, "1", sizeof(text));
		for (over = 0; over <= i; over++)
			strlcat(text, "}", sizeof(text));
		CHECK_ROW(json_strict(str_from(text)) ==
		    (i < JSON_DEPTH_MAX - 1), "%d deep", i);
	}
}

static void
check_values(void)
{
	struct str	doc = STR("{ \"s\" : \"a\\u00e9\\n\" ,\"t\":\"x\\/y\","
			    "\"list\": [ 1, \"two\" , [3,[4]], {} ],\"n\":-12.9,"
			    "\"none\":[],\"\\u006b\":\"k\"}");
	static const char *const elements[] = { "1", "\"two\"", "[3,[4]]",
	    "{}" };
	struct str	v, rest;
	char		dst[16];
	size_t		i;
	int64_t		n;

	CHECK(json_member(doc, "t", &v) && json_text(v, dst,
	    sizeof(dst)) == 3 && strcmp(dst, "x/y") == 0);
	CHECK(json_is_text(v, "x/y") && !json_is_text(v, "x"));
	CHECK(json_member(doc, "k", &v) && json_is_text(v, "k"));
	/* a line's end is in no name */
	CHECK(json_member(doc, "s", &v) && json_text(v, dst,
	    sizeof(dst)) == -1);
	CHECK(json_member(doc, "list", &rest));
	for (i = 0; json_element(&rest, &v); i++)
		CHECK_ROW(i < nitems(elements) &&
		    str_eq(v, str_from(elements[i])), "element %zu", i);
	CHECK(i == nitems(elements));
	CHECK(json_member(doc, "none", &rest) && !json_element(&rest, &v));
	CHECK(json_member(doc, "n", &v) && json_int(v, &n) && n == -12);
	CHECK(json_text(v, dst, sizeof(dst)) == -1);
	CHECK(!json_member(doc, "x", &v) && !json_member(STR("[]"), "x", &v));
	CHECK(!json_member(STR("{}"), "x", &v));
	rest = STR("{\"a\":1}");
	CHECK(!json_element(&rest, &v));
	CHECK(json_text(STR("\"12345678\""), dst, 8) == -1);
	CHECK(json_text(STR("\"\xc3\xa9\\u20ac\""), dst, sizeof(dst)) == 5 &&
	    strcmp(dst, "\xc3\xa9\xe2\x82\xac") == 0);
	CHECK(json_text(STR("\"\\ud83d\\ude00\""), dst, sizeof(dst)) == 4 &&
	    strcmp(dst, "\xf0\x9f\x98\x80") == 0);
	/* half a pair, two of a kind, and NUL */
	CHECK(json_text(STR("\"\\ud83d\""), dst, sizeof(dst)) == -1);
	CHECK(json_text(STR("\"\\ude00\""), dst, sizeof(dst)) == -1);
	CHECK(json_text(STR("\"\\ud83d\\ud83d\""), dst, sizeof(dst)) == -1);
	CHECK(json_text(STR("\"a\\u0000\""), dst, sizeof(dst)) == -1);
}

static void
check_int(void)
{
	static const struct { const char *s; bool is; int64_t n; } rows[] = {
		{ "0", true, 0 }, { "1800000000", true, 1800000000 },
		{ "1800000000.5", true, 1800000000 }, { "-5", true, -5 },
		{ "999999999999999", true, 999999999999999 },
		{ "1000000000000000", false, 0 }, { "1e3", false, 0 },
		{ "", false, 0 }, { "-", false, 0 }, { "null", false, 0 },
		{ "\"1\"", false, 0 }, { "1 ", false, 0 }, { "{}", false, 0 }
	};
	int64_t	n;
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		n = 0;
		CHECK_ROW(json_int(str_from(rows[i].s), &n) == rows[i].is &&
		    n == rows[i].n, "%s", rows[i].s);
	}
}

/* With what json_text() has not: control characters, and any length. */
static void
check_dup(void)
{
	char	*text, *copy;
	size_t	 n = 200000, len = 0;

	copy = json_dup(STR("\"a\\n\\u0000\\u00e9\\\"\""), &len);
	CHECK(copy != NULL && len == 6 && memcmp(copy, "a\n\1\xc3\xa9\"", 7) ==
	    0);
	free(copy);
	CHECK(json_dup(STR("\"a"), &len) == NULL);
	CHECK(json_dup(STR("\"a\" "), &len) == NULL);
	CHECK(json_dup(STR("{}"), &len) == NULL);
	CHECK(json_dup(STR(""), &len) == NULL);
	if ((text = malloc(n)) == NULL)
		return;
	memset(text, 'x', n);
	text[0] = text[n - 1] = '"';
	copy = json_dup((struct str){ text, n }, &len);
	CHECK(copy != NULL && len == n - 2 && strlen(copy) == len);
	free(copy);
	free(text);
}

int
main(void)
{
	check_strict();
	check_prefixes();
	check_bounds();
	check_values();
	check_int();
	check_dup();
	return TEST_END();
}
