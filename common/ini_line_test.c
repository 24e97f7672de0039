/* Each line of a file, as AWS's parsers take it. */
#include "common/compat.h"

#include <string.h>

#include "common/ini_line.h"
#include "common/test.h"

static bool
is(struct str s, const char *want)
{
	return str_eq(s, str_from(want));
}

static void
check_lines(void)
{
	static const struct {
		const char	*text;
		enum ini_kind	 kind;
		const char	*name, *value;
	} rows[] = {
		{ "\n", INI_NOTHING, "", "" }, { " \t\r\n", INI_NOTHING, "", "" },
		{ "# x = y", INI_NOTHING, "", "" }, { ";", INI_NOTHING, "", "" },
		{ " # x", INI_NOTHING, "", "" },
		{ "[a]", INI_SECTION, "a", "" },
		{ "[ profile\ta\t]\r\n", INI_SECTION, "profile\ta", "" },
		{ "[a]# x", INI_SECTION, "a", "" },
		{ "[a] ; x]", INI_SECTION, "a", "" },
		{ "[]", INI_SECTION, "", "" }, { "[a", INI_BAD, "", "" },
		{ "[", INI_BAD, "", "" }, { "[a] b", INI_BAD, "", "" },
		{ "a=b", INI_PROPERTY, "a", "b" },
		{ "a \t= \tb c \t\r\n", INI_PROPERTY, "a", "b c" },
		{ "a=", INI_PROPERTY, "a", "" },
		{ "a = b=c", INI_PROPERTY, "a", "b=c" },
		{ "a = b # c # d", INI_PROPERTY, "a", "b" },
		{ "a = b ;", INI_PROPERTY, "a", "b" },
		{ "a = b; c", INI_PROPERTY, "a", "b; c" },
		{ "a = b# c", INI_PROPERTY, "a", "b# c" },
		{ "a = # c", INI_PROPERTY, "a", "" },
		{ "a = \"b\"", INI_PROPERTY, "a", "\"b\"" },
		{ "= b", INI_BAD, "", "b" }, { "a : b", INI_BAD, "", "" },
		{ "a # = b", INI_BAD, "", "" }, { "a", INI_BAD, "", "" },
		{ " a = b # c", INI_MORE, "", "a = b # c" },
		{ "\t-x", INI_MORE, "", "-x" },
		{ "\xef\xbb\xbf[a]", INI_SECTION, "a", "" }
	};
	struct ini_reader	 r;
	struct ini_line		 l;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		ini_begin(&r, rows[i].text, strlen(rows[i].text));
		CHECK_ROW(ini_next(&r, &l) && l.kind == rows[i].kind &&
		    l.number == 1, "row %zu", i);
		CHECK_ROW(is(l.name, rows[i].name) &&
		    is(l.value, rows[i].value), "row %zu", i);
		CHECK_ROW((l.kind == INI_BAD) == (l.why != NULL), "row %zu",
		    i);
		CHECK_ROW(!ini_next(&r, &l) && l.kind == INI_END, "row %zu",
		    i);
	}
}

static void
check_file(void)
{
	static const char	 text[] = "[a]\n\nb = c\r\n d\nx\0y=z\n";
	static char		 line[INI_LINE_MAX + 2];
	static const enum ini_kind kinds[] = { INI_SECTION, INI_NOTHING,
	    INI_PROPERTY, INI_MORE, INI_BAD };
	struct ini_reader	 r;
	struct ini_line		 l;
	unsigned		 i;

	ini_begin(&r, text, sizeof(text) - 1);
	for (i = 0; i < nitems(kinds); i++)
		CHECK_ROW(ini_next(&r, &l) && l.kind == kinds[i] &&
		    l.number == i + 1, "line %u", i + 1);
	CHECK(!ini_next(&r, &l));
	ini_begin(&r, NULL, 0);
	CHECK(!ini_next(&r, &l));
	memset(line, 'x', sizeof(line));
	line[1] = '=';
	ini_begin(&r, line, INI_LINE_MAX);
	CHECK(ini_next(&r, &l) && l.kind == INI_PROPERTY);
	ini_begin(&r, line, INI_LINE_MAX + 1);
	CHECK(ini_next(&r, &l) && l.kind == INI_BAD);
}

int
main(void)
{
	check_lines();
	check_file();
	return TEST_END();
}
