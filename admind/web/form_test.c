/* Forms: what is taken, and that nothing doubtful is. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "admind/web/form.h"
#include "common/test.h"

static void
test_rows(void)
{
	static const struct {
		struct str	 raw;
		const char	*a;	/* NULL: absent, or twice */
	} rows[] = {
		{ STR("a=1"), "1" }, { STR("b=2&a=1&c"), "1" },
		{ STR("a"), "" }, { STR("a="), "" }, { STR("%61=1"), "1" },
		{ STR("a=x=y"), "x=y" }, { STR("a=x%26b+%2B"), "x&b +" },
		{ STR("&&a=%c3%A9&"), "\xc3\xa9" }, { STR("a=1&a=1"), NULL },
		{ STR("a=1&%61=2"), NULL }, { STR(""), NULL },
		{ STR("A=1"), NULL }, { STR("=1"), NULL }
	};
	struct form	 f;
	struct str	 v;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		form_init(&f);
		CHECK_ROW(form_parse(&f, rows[i].raw) == 0, "%zu", i);
		CHECK_ROW(form_get(&f, "a", &v) == (rows[i].a != NULL), "%zu",
		    i);
		CHECK_ROW(str_eq(v, str_from(rows[i].a)), "%zu", i);
		form_free(&f);
	}
}

static void
test_refused(void)
{
	static const struct str	 rows[] = {
		STR("a=%"), STR("a=%4"), STR("a=%4g"), STR("a=%-1"),
		STR("%"), STR("a=%00"), STR("a=\0b"), STR("a=%ff"),
		STR("%ff=a"), STR("a=%c3"), STR("a=%c0%bc"), STR("a=1&b=%ed%a0%80")
	};
	struct form	 f;
	struct str	 v;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		form_init(&f);
		CHECK_ROW(form_parse(&f, rows[i]) == -1, "%zu", i);
		CHECK_ROW(f.n == 0 && !form_get(&f, "a", &v), "%zu", i);
		form_free(&f);
	}
}

static void
test_limits(void)
{
	struct form	 f;
	struct str	 v;
	char		*text = malloc(FORM_MAX + 1);
	size_t		 i;

	memset(text, 'x', FORM_MAX + 1);
	text[1] = '=';
	form_init(&f);
	CHECK(form_parse(&f, (struct str){ text, FORM_MAX }) == 0);
	CHECK(form_get(&f, "x", &v) && v.len == FORM_MAX - 2);
	form_free(&f);
	form_init(&f);
	CHECK(form_parse(&f, (struct str){ text, FORM_MAX + 1 }) == -1);
	for (i = 0; i < FORM_FIELDS; i++)
		memcpy(text + 2 * i, "y&", 2);
	CHECK(form_parse(&f, (struct str){ text, 2 * i }) == 0 &&
	    f.n == FORM_FIELDS);
	form_free(&f);
	form_init(&f);
	text[2 * i] = 'z';
	CHECK(form_parse(&f, (struct str){ text, 2 * i + 1 }) == -1);
	form_free(&f);
	free(text);
}

int
main(void)
{
	test_rows();
	test_refused();
	test_limits();
	return TEST_END();
}
