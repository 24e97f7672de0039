/* Patterns of LIST, against a slow and simple reading of the RFC. */
#include "imapd/list.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"

static const struct {
	const char	*pattern;
	const char	*name;
	bool		 yes;
} cases[] = {
	{ "*", "a/b", true },
	{ "%", "a/b", false },
	{ "%", "a", true },
	{ "", "", true },
	{ "", "a", false },
	{ "a/%", "a/b", true },
	{ "a/%", "a/b/c", false },
	{ "a/*", "a", false },
	{ "*/c", "a/b/c", true },
	{ "%/c", "a/b/c", false },
	{ "%/%", "a/b", true },
	{ "%%", "a", true },
	{ "*%", "a/b", true },
	{ "a*c%e", "abcde", true },
	{ "a%c*e", "ab/cde", false },
	{ "inbox", "INBOX", true },
	{ "i*X", "INBOX", true },
	{ "inbox*", "INBOX/sub", true },
	{ "in%/sub", "INBOX/sub", true },
	{ "inbox*", "INBOX/Sub", true },
	{ "inbox/sub", "INBOX/Sub", false },
	{ "inbox*", "INBOXes", false },
	{ "sent", "Sent", false },
	{ "*a*b%c", "xxaxbxxb/ybc", true },
};

/* By trying everything. */
static bool
slow(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*' || *p == '%') {
		for (;; s++) {
			if (slow(p + 1, s))
				return true;
			if (*s == '\0' || (*p == '%' && *s == '/'))
				return false;
		}
	}
	return *p == *s && slow(p + 1, s + 1);
}

static void
test_patterns(void)
{
	static const char	 letters[] = "ab/*%";
	char			 p[8], s[8];
	uint32_t		 seed = 7, i;
	size_t			 k;

	for (i = 0; i < nitems(cases); i++)
		CHECK_ROW(list_pattern(str_from(cases[i].pattern),
		    str_from(cases[i].name)) == cases[i].yes, "%s %s",
		    cases[i].pattern, cases[i].name);
	for (i = 0; i < 200000; i++) {
		for (k = 0; k < 7; k++) {
			seed = seed * 1103515245 + 12345;
			p[k] = letters[(seed >> 16) % 5];
			s[k] = letters[(seed >> 20) % 3];
		}
		p[(seed >> 8) % 8] = '\0';
		s[(seed >> 24) % 8] = '\0';
		p[7] = s[7] = '\0';
		if (list_pattern(str_from(p), str_from(s)) != slow(p, s))
			CHECK_ROW(false, "%s %s", p, s);
	}
}

static void
test_tree(void)
{
	struct mbox_row		 rows[] = {
		{ .name = STR("b/c/d"), .box = 3 },
		{ .name = STR("a"), .box = 1 },
		{ .name = STR("a b"), .box = 2 },
		{ .name = STR("a/x"), .box = 4 },
		{ .name = STR("z"), .box = 0, .attrs = MBOX_SUBSCRIBED },
	};
	static const struct {
		const char	*name;
		bool		 implied;
		bool		 children;
	} want[] = {
		{ "a", false, true },
		{ "a/x", false, false },
		{ "a b", false, false },
		{ "b", true, true },
		{ "b/c", true, true },
		{ "b/c/d", false, false },
		{ "z", false, false },
	};
	struct list_tree	 t;
	struct arena		*a = arena_new(0);
	size_t			 i;

	CHECK(list_tree(&t, rows, nitems(rows), a) == 0);
	CHECK(t.n == nitems(want));
	for (i = 0; i < t.n && i < nitems(want); i++)
		CHECK_ROW(str_eq(t.v[i].row.name, str_from(want[i].name)) &&
		    t.v[i].implied == want[i].implied &&
		    t.v[i].children == want[i].children, "%zu %.*s", i,
		    (int)t.v[i].row.name.len, t.v[i].row.name.p);
	arena_free(a);
}

int
main(void)
{
	test_patterns();
	test_tree();
	return TEST_END();
}
