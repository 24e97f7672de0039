/* Paths and parameters: what is one, and what of it is kept. */
#include "common/compat.h"

#include <stdio.h>

#include "common/test.h"
#include "lmtpd/path.h"

static const struct {
	const char	*in;
	const char	*address;	/* NULL: it is none */
	const char	*rest;
	bool		 utf8;
} paths[] = {
	{ "<>", "", "", false },
	{ "<ann@example.org>", "ann@example.org", "", false },
	{ "<ann>", "ann", "", false },
	{ "<ann@example.org> SIZE=1", "ann@example.org", "SIZE=1", false },
	{ "<ann@example.org>   A  B", "ann@example.org", "A  B", false },
	{ "<@a,@b.c:ann@example.org>", "ann@example.org", "", false },
	{ "<@[192.0.2.1]:ann@x>", "ann@x", "", false },
	{ "<ann+lists@example.org>", "ann+lists@example.org", "", false },
	{ "<\"ann\"@x>", "ann@x", "", false },
	{ "<\"a b\"@x>", "\"a b\"@x", "", false },
	{ "<\"a\\\"b\"@x>", "\"a\\\"b\"@x", "", false },
	{ "<\"\"@x>", "\"\"@x", "", false },
	{ "<\"a>b\"@x>", "\"a>b\"@x", "", false },
	{ "<a@[192.0.2.1]>", "a@[192.0.2.1]", "", false },
	{ "<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", "", false },
	{ "<\xc3\xa4@\xc3\xb6.example>", "\xc3\xa4@\xc3\xb6.example", "",
	    true },
	{ "<a@x", NULL, NULL, false },
	{ "a@x", NULL, NULL, false },
	{ "", NULL, NULL, false },
	{ "<a@x>SIZE=1", NULL, NULL, false },
	{ "<a@@x>", NULL, NULL, false },
	{ "<@x>", NULL, NULL, false },
	{ "<@a:>", "", "", false },
	{ "<@a,b:c@x>", NULL, NULL, false },
	{ "<a b@x>", NULL, NULL, false },
	{ "<a@x y>", NULL, NULL, false },
	{ "<a,b@x>", NULL, NULL, false },
	{ "<a@>", NULL, NULL, false },
	{ "<a@[]>", NULL, NULL, false },
	{ "<a@[x>", NULL, NULL, false },
	{ "<\"a@x>", NULL, NULL, false },
	{ "<\"a\\\">", NULL, NULL, false },
	{ "<\"a\tb\"@x>", NULL, NULL, false },
	{ "<a\x01@x>", NULL, NULL, false },
	{ "<a\x7f@x>", NULL, NULL, false },
	{ "<\xff@x>", NULL, NULL, false },
	{ "<\xc3@x>", NULL, NULL, false },
	{ "<\xc0\x80@x>", NULL, NULL, false },
	{ "<\xed\xa0\x80@x>", NULL, NULL, false },
	{ "<\xc2\x85@x>", NULL, NULL, false },
	{ "<\xe2\x80\xa8@x>", NULL, NULL, false },
	{ "<<a@x>>", NULL, NULL, false },
};

static void
test_paths(void)
{
	struct path	 p;
	const char	*s;
	size_t		 i;
	int		 r;

	for (i = 0; i < nitems(paths); i++) {
		s = paths[i].in;
		r = path_read(&s, &p);
		CHECK_ROW(r == (paths[i].address == NULL ? -1 : 0), "%s",
		    paths[i].in);
		if (r == -1 || paths[i].address == NULL)
			continue;
		CHECK_ROW(strcmp(p.address, paths[i].address) == 0, "%s: %s",
		    paths[i].in, p.address);
		CHECK_ROW(strcmp(s, paths[i].rest) == 0 &&
		    p.utf8 == paths[i].utf8, "%s: %s", paths[i].in, s);
	}
}

static void
test_long(void)
{
	static char	 in[PATH_ADDRESS_MAX + 16];
	struct path	 p;
	const char	*s;
	size_t		 n;

	for (n = PATH_ADDRESS_MAX - 2; n < PATH_ADDRESS_MAX + 3; n++) {
		memset(in, 'x', sizeof(in));
		in[0] = '<';
		in[5] = '@';
		strlcpy(in + 1 + n, ">", 2);
		s = in;
		CHECK_ROW(path_read(&s, &p) == (n <= PATH_ADDRESS_MAX ? 0 :
		    -1), "%zu", n);
	}
}

static void
test_params(void)
{
	static const struct {
		const char	*in;
		const char	*out;	/* "NAME=value|NAME|"; "!": an error */
	} t[] = {
		{ "", "" },
		{ "SIZE=12 BODY=8BITMIME SMTPUTF8",
		    "SIZE=12|BODY=8BITMIME|SMTPUTF8|" },
		{ "SIZE=12  ", "SIZE=12|" },
		{ "ENVID=a=b", "ENVID=a=b|" },
		{ "SIZE=", "!" },
		{ "=1", "!" },
		{ "-X", "!" },
		{ "A;B", "!" },
		{ "A B;", "A|!" },
	};
	char	 line[64], got[128], *s, *name, *value;
	size_t	 i;
	int	 r;

	for (i = 0; i < nitems(t); i++) {
		strlcpy(line, t[i].in, sizeof(line));
		s = line;
		got[0] = '\0';
		while ((r = path_param(&s, &name, &value)) == 1) {
			strlcat(got, name, sizeof(got));
			if (value != NULL) {
				strlcat(got, "=", sizeof(got));
				strlcat(got, value, sizeof(got));
			}
			strlcat(got, "|", sizeof(got));
		}
		if (r == -1)
			strlcat(got, "!", sizeof(got));
		CHECK_ROW(strcmp(got, t[i].out) == 0, "%s: %s", t[i].in, got);
	}
}

static void
test_xtext(void)
{
	static const struct { const char *in, *out; } t[] = {
		{ "abc", "abc" }, { "a+20b", "a b" }, { "+2B+3D", "+=" },
		{ "a=b", NULL }, { "a+2", NULL }, { "a+2g", NULL },
		{ "a+0A", NULL }, { "a+00", NULL }, { "+7F", NULL },
		{ "+2b", NULL }, { "", "" },
	};
	char	 s[32];
	size_t	 i;
	int	 r;

	for (i = 0; i < nitems(t); i++) {
		strlcpy(s, t[i].in, sizeof(s));
		r = path_xtext(s);
		CHECK_ROW(r == (t[i].out != NULL ? 0 : -1) && (r == -1 ||
		    strcmp(s, t[i].out) == 0), "%s: %s", t[i].in, s);
	}
}

int
main(void)
{
	test_paths();
	test_long();
	test_params();
	test_xtext();
	return TEST_END();
}
