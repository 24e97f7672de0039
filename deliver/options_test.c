/* The command lines of mail(1), cron(8) and MTAs. */
#include "common/compat.h"

#include <unistd.h>

#include "common/test.h"
#include "deliver/options.h"

/* getopt(3) from the beginning. */
static void
again(void)
{
#ifdef __GLIBC__
	optind = 0;
#else
	optind = 1;
#ifdef __OpenBSD__
	optreset = 1;
#endif
#endif
}

static void
test_lines(void)
{
	static const struct {
		const char	*line;		/* words by spaces */
		const char	*sender;	/* of options; "-": NULL */
		size_t		 nrcpt;
		const char	*last;
	} t[] = {
		/* Debian's cron, bsd-mailx, mutt, git send-email, at. */
		{ "-i -FCronDaemon -B8BITMIME -oem root", "-", 1, "root" },
		{ "-i ann bob@example.org", "-", 2, "bob@example.org" },
		{ "-oem -oi -f ann@x -- bob", "ann@x", 1, "bob" },
		{ "-i -f ann@x bob", "ann@x", 1, "bob" },
		{ "-i -odq -oem bob", "-", 1, "bob" },
		/* Postfix's pipe(8), Exim, fetchmail. */
		{ "-f ann@x -V 4Xyz -- bob@y", "ann@x", 1, "bob@y" },
		{ "-i -f <> -- <bob@y>", "", 1, "bob@y" },
		{ "-oi -oem -f ann@x bob@y", "ann@x", 1, "bob@y" },
		{ "-bm -G -N never -R hdrs -v -U -r a@b c", "a@b", 1, "c" },
		{ "-S /run/x.sock -F Ann -t", "-", 0, NULL },
		{ "-t -- -x", "-", 1, "-x" },
		{ "-f \"a_b\"@x \"c_d\"@y", "\"a_b\"@x", 1, "\"c_d\"@y" },
	};
	struct options	 o;
	char		 line[128], *words[32], why[256], *s;
	size_t		 i;
	int		 n;

	for (i = 0; i < nitems(t); i++) {
		strlcpy(line, t[i].line, sizeof(line));
		words[0] = line;		/* the program's */
		n = 1;
		for (s = strtok(line, " "); s != NULL; s = strtok(NULL, " "))
			words[n++] = s;
		words[n] = NULL;
		again();
		CHECK_ROW(options_parse(n, words, &o, why,
		    sizeof(why)) == 0, "row %zu: %s", i, why);
		CHECK_ROW(strcmp(o.sender != NULL ? o.sender : "-",
		    t[i].sender) == 0, "row %zu", i);
		CHECK_ROW(o.nrcpt == t[i].nrcpt, "row %zu", i);
		if (o.nrcpt > 0)
			CHECK_ROW(strcmp(o.rcpt[o.nrcpt - 1], t[i].last) == 0,
			    "row %zu: %s", i, o.rcpt[o.nrcpt - 1]);
	}
}

static void
test_refused(void)
{
	static const struct { const char *a, *b, *why; } t[] = {
		{ "-i", NULL, "no recipient" },
		{ "-f", NULL, "-f needs an argument" },
		{ "-bs", "ann", "-bs is not for pail-deliver, which only "
		    "delivers" },
		{ "-bi", NULL, "-bi is not for pail-deliver, which only "
		    "delivers" },
		{ "-q", "ann", "-q is not for pail-deliver, which only "
		    "delivers" },
		{ "-Z", "ann", "unknown option -Z" },
		{ "-fa\r\nb", "ann", "invalid sender: a\r\nb" },
		{ "-fa b", "ann", "invalid sender: a b" },
		{ "-i", "", "invalid recipient: it is empty" },
		{ "-i", "a> RCPT TO:<b", "invalid recipient: "
		    "a> RCPT TO:<b" },
		{ "-i", "a\nb", "invalid recipient: a\nb" },
		{ "-i", "\"a", "invalid recipient: \"a" },
		{ "-Vx y", "ann", "invalid envelope id: x y" },
	};
	struct options	 o;
	char		 a[64], b[64], name[] = "x", *words[4], why[256];
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		strlcpy(a, t[i].a, sizeof(a));
		words[0] = name;
		words[1] = a;
		words[2] = NULL;
		if (t[i].b != NULL) {
			strlcpy(b, t[i].b, sizeof(b));
			words[2] = b;
		}
		words[3] = NULL;
		again();
		CHECK_ROW(options_parse(t[i].b != NULL ? 3 : 2, words, &o,
		    why, sizeof(why)) == -1, "row %zu", i);
		CHECK_ROW(strcmp(why, t[i].why) == 0, "row %zu: %s", i, why);
	}
}

static void
test_environment(void)
{
	static const struct {
		const char	*sender, *rcpt, *id;
		int		 r;
		const char	*o_sender, *o_rcpt;
	} t[] = {
		{ "ann@x", "bob@y", "1xXa63-0007mw-1P", 0, "ann@x", "bob@y" },
		{ "", "bob@y", NULL, 0, "", "bob@y" },
		{ NULL, "<bob@y>", "", 0, "", "bob@y" },
		{ "ann@x", NULL, NULL, -1, NULL, NULL },
		{ "ann@x", "", NULL, -1, NULL, NULL },
		{ "ann@x", "b\nc", NULL, -1, NULL, NULL },
		{ "a b", "bob@y", NULL, -1, NULL, NULL },
		{ "ann@x", "bob@y", "a b", -1, NULL, NULL },
	};
	struct options	 o;
	char		 name[] = "x", e[] = "-E", rcpt[] = "bob", why[256];
	char		*words[] = { name, e, NULL, NULL };
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		unsetenv("SENDER");
		unsetenv("RECIPIENT");
		unsetenv("MESSAGE_ID");
		if (t[i].sender != NULL)
			setenv("SENDER", t[i].sender, 1);
		if (t[i].rcpt != NULL)
			setenv("RECIPIENT", t[i].rcpt, 1);
		if (t[i].id != NULL)
			setenv("MESSAGE_ID", t[i].id, 1);
		again();
		CHECK_ROW(options_parse(2, words, &o, why, sizeof(why)) ==
		    t[i].r, "row %zu", i);
		if (t[i].r == -1)
			continue;
		CHECK_ROW(strcmp(o.sender, t[i].o_sender) == 0, "row %zu", i);
		CHECK_ROW(o.nrcpt == 1 && strcmp(o.rcpt[0],
		    t[i].o_rcpt) == 0, "row %zu", i);
	}
	words[2] = rcpt;
	again();
	CHECK(options_parse(3, words, &o, why, sizeof(why)) == -1);
}

static void
test_length(void)
{
	char	s[1002];

	memset(s, 'a', sizeof(s));
	s[1001] = '\0';
	CHECK(!options_address_ok(s));
	s[1000] = '\0';
	CHECK(options_address_ok(s));
}

int
main(void)
{
	test_lines();
	test_refused();
	test_environment();
	test_length();
	return TEST_END();
}
