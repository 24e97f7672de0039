/* Tokens of the grammar: what is read, what is refused, what is left. */
#include "imapd/parse.h"

#include <string.h>

#include "common/compat.h"
#include "common/msg_mbox.h"
#include "common/test.h"

static struct arena	*arena;

static void
start(struct parse *p, const char *text)
{
	arena_reset(arena);
	parse_init(p, text, strlen(text), arena);
}

static const struct {
	const char	*text;
	const char	*value;		/* NULL: refused */
	const char	*rest;
} astrings[] = {
	{ "atom rest", "atom", " rest" },
	{ "a]b", "a]b", "" },
	{ "\"quoted string\" x", "quoted string", " x" },
	{ "\"a\\\"b\\\\c\"", "a\"b\\c", "" },
	{ "\"\"", "", "" },
	{ "{3}\r\nabcd", "abc", "d" },
	{ "{3+}\r\nabcd", "abc", "d" },
	{ "{0}\r\n", "", "" },
	{ "{12}\r\n\"{3}\r\n\\x\xff\x01 y!", "\"{3}\r\n\\x\xff\x01 y", "!" },
	{ "", NULL, "" },
	{ "(", NULL, "(" },
	{ "%", NULL, "%" },
	{ "\"open", NULL, "\"open" },
	/* a backslash that escapes nothing */
	{ "\"DOMAIN\\user\" x", "DOMAIN\\user", " x" },
	{ "\"\\n\\\\n\\\"\"", "\\n\\n\"", "" },
	{ "\"open\\\"", NULL, "\"open\\\"" },
	{ "\"bad\\", NULL, "\"bad\\" },
	{ "\"cr\r\n\"", NULL, "\"cr\r\n\"" },
	{ "{4}\r\nabc", NULL, "{4}\r\nabc" },
	{ "{3}abc", NULL, "{3}abc" },
	{ "{}\r\n", NULL, "{}\r\n" },
	{ "{-1}\r\n", NULL, "{-1}\r\n" },
	{ "{99999999999999999999999}\r\nabc", NULL,
	    "{99999999999999999999999}\r\nabc" },
};

static void
test_astring(void)
{
	struct parse	 p;
	struct str	 s;
	size_t		 i;
	int		 ret;

	for (i = 0; i < nitems(astrings); i++) {
		start(&p, astrings[i].text);
		ret = parse_astring(&p, &s);
		CHECK_ROW((ret == 0) == (astrings[i].value != NULL), "%s",
		    astrings[i].text);
		if (ret == 0 && astrings[i].value != NULL)
			CHECK_ROW(str_eq(s, str_from(astrings[i].value)),
			    "%s", astrings[i].text);
		CHECK_ROW((size_t)(p.end - p.p) ==
		    strlen(astrings[i].rest), "%s", astrings[i].text);
	}
}

static const struct {
	const char	*text;
	int		 n;		/* ranges, -1: refused */
	uint32_t	 first, last;	/* of the last range */
	bool		 saved;
} sets[] = {
	{ "1", 1, 1, 1, false },
	{ "1:3,5", 2, 5, 5, false },
	{ "5:1", 1, 5, 1, false },
	{ "*", 1, 0, 0, false },
	{ "1,7:*", 2, 7, 0, false },
	{ "*:4", 1, 0, 4, false },
	{ "$", 0, 0, 0, true },
	{ "4294967295", 1, 4294967295U, 4294967295U, false },
	{ "0", -1, 0, 0, false },
	{ "01", -1, 0, 0, false },
	{ "1:", -1, 0, 0, false },
	{ ":1", -1, 0, 0, false },
	{ "1,", -1, 0, 0, false },
	{ ",1", -1, 0, 0, false },
	{ "1:0", -1, 0, 0, false },
	{ "4294967296", -1, 0, 0, false },
	{ "", -1, 0, 0, false },
	{ "a", -1, 0, 0, false },
};

static void
test_seqset(void)
{
	struct parse	 p;
	struct seqset	 s;
	size_t		 i;
	int		 ret;

	for (i = 0; i < nitems(sets); i++) {
		start(&p, sets[i].text);
		ret = parse_seqset(&p, &s);
		CHECK_ROW((ret == 0) == (sets[i].n >= 0), "%s",
		    sets[i].text);
		if (ret == -1) {
			CHECK_ROW(p.p == sets[i].text, "%s", sets[i].text);
			continue;
		}
		CHECK_ROW((int)s.n == sets[i].n && s.saved == sets[i].saved,
		    "%s", sets[i].text);
		if (s.n > 0)
			CHECK_ROW(s.v[s.n - 1].first == sets[i].first &&
			    s.v[s.n - 1].last == sets[i].last, "%s",
			    sets[i].text);
	}
}

static const struct {
	const char	*text;
	const char	*name;		/* NULL: no mailbox can have it, */
	const char	*why;		/* because; NULL: not a name at all */
} names[] = {
	{ "inbox", "INBOX", NULL },
	{ "\"InBoX\"", "INBOX", NULL },
	{ "inbox/Sub", "INBOX/Sub", NULL },
	{ "inboxes", "inboxes", NULL },
	{ "\"\"", "", NULL },
	{ "Entw&APw-rfe", "Entw\xc3\xbc" "rfe", NULL },
	{ "a&-b", "a&b", NULL },
	{ "\"50% &- more\"", "50% & more", NULL },
	{ "{9}\r\n50% *&-*/", "50% *&*/", NULL },
	{ "50%*]", "50%*]", NULL },
	{ "a&b", NULL, "UTF-7" },
	{ "R&D", NULL, "UTF-7" },
	{ "\"R&D department\"", NULL, "UTF-7" },
	{ "&AGE-", NULL, "UTF-7" },
	{ "\"tab\there\"", NULL, "control" },
	{ "{2}\r\n\xc3\xbc", NULL, "8-bit" },
	{ "&AAk-", NULL, "control" },	/* a tab in disguise */
	{ "(a)", NULL, NULL },
	{ "\"a", NULL, NULL },
};

static void
test_mailbox(void)
{
	struct parse	 p;
	struct str	 s;
	char		 big[1100];
	size_t		 i;
	int		 ret;

	for (i = 0; i < nitems(names); i++) {
		start(&p, names[i].text);
		ret = parse_mailbox(&p, &s);
		CHECK_ROW((ret == -1) == (names[i].name == NULL &&
		    names[i].why == NULL), "%s", names[i].text);
		if (ret == -1) {
			CHECK(p.p == names[i].text);
			continue;
		}
		CHECK_ROW(parse_end(&p), "%s", names[i].text);
		if (names[i].name == NULL)
			CHECK_ROW(s.p == NULL && s.len == 0 &&
			    strstr(p.noname, names[i].why) != NULL, "%s: %s",
			    names[i].text, p.noname);
		else
			CHECK_ROW(s.p != NULL && p.noname == NULL &&
			    str_eq(s, str_from(names[i].name)), "%s",
			    names[i].text);
	}
	memset(big, 'a', sizeof(big));
	big[MBOX_NAME_MAX] = '\0';
	start(&p, big);
	CHECK(parse_mailbox(&p, &s) == 0 && s.p != NULL);
	big[MBOX_NAME_MAX] = 'a';
	big[MBOX_NAME_MAX + 1] = '\0';
	start(&p, big);
	CHECK(parse_mailbox(&p, &s) == 0 && s.p == NULL &&
	    strstr(p.noname, "too long") != NULL);
}

static const struct {
	const char	*text;
	int		 ret;
	int64_t		 seconds;
	int		 zone;
	const char	*printed;
} times[] = {
	{ "\"17-Jul-1996 02:44:25 -0700\"", 0, 837596665, -420,
	    "17-Jul-1996 02:44:25 -0700" },
	{ "\" 1-jan-1970 00:00:00 +0000\"", 0, 0, 0,
	    "01-Jan-1970 00:00:00 +0000" },
	{ "\"29-Feb-2000 23:59:60 +0530\"", 0, 951848940 + 60 - 0, 330,
	    "01-Mar-2000 00:00:00 +0530" },
	{ "\"31-Dec-9999 23:59:59 +0000\"", 0, 253402300799, 0,
	    "31-Dec-9999 23:59:59 +0000" },
	/* as iOS, Apple Mail and node-imap write it, and others */
	{ "\"3-Feb-2025 18:28:47 +0000\"", 0, 1738607327, 0,
	    "03-Feb-2025 18:28:47 +0000" },
	{ "\"3-feb-2025 8:28:47  +0100\"", 0, 1738567727, 60,
	    "03-Feb-2025 08:28:47 +0100" },
	{ "\" 03-Feb-2025 18:28:47 +00:00\"", 0, 1738607327, 0,
	    "03-Feb-2025 18:28:47 +0000" },
	{ "\"03-Feb-2025 18:28:47 GMT\"", 0, 1738607327, 0,
	    "03-Feb-2025 18:28:47 +0000" },
	{ "\"0-Feb-2025 18:28:47 +0000\"", -1, 0, 0, NULL },
	{ "\"3-Feb-25 18:28:47 +0000\"", -1, 0, 0, NULL },
	{ "\"3-Feb-2025 18:28:47\"", -1, 0, 0, NULL },
	{ "\"3-Feb-2025 18:28:47 EST\"", -1, 0, 0, NULL },
	{ "\"3-Feb-2025 18:8:47 +0000\"", -1, 0, 0, NULL },
	{ "\"29-Feb-1900 00:00:00 +0000\"", -1, 0, 0, NULL },
	{ "\"31-Apr-2000 00:00:00 +0000\"", -1, 0, 0, NULL },
	{ "\"01-Jan-2000 24:00:00 +0000\"", -1, 0, 0, NULL },
	{ "\"01-Jan-2000 00:00:00 0000\"", -1, 0, 0, NULL },
	{ "\"01-Jan-2000 00:00:00 +0060\"", -1, 0, 0, NULL },
	{ "\"01-Foo-2000 00:00:00 +0000\"", -1, 0, 0, NULL },
	{ "\"01-Jan-2000 00:00:00 +0000", -1, 0, 0, NULL },
};

static void
test_date_time(void)
{
	struct parse	 p;
	char		 b[40];
	int64_t		 s;
	size_t		 i, n;
	int		 zone;

	for (i = 0; i < nitems(times); i++) {
		start(&p, times[i].text);
		CHECK_ROW(parse_date_time(&p, &s, &zone) == times[i].ret,
		    "%s", times[i].text);
		if (times[i].ret == -1) {
			CHECK(p.p == times[i].text);
			continue;
		}
		CHECK_ROW(s == times[i].seconds && zone == times[i].zone,
		    "%s: %lld", times[i].text, (long long)s);
		CHECK_ROW(strcmp(date_print(b, sizeof(b), s, zone),
		    times[i].printed) == 0, "%s: %s", times[i].text, b);
		for (n = 0; n < strlen(times[i].text); n++) {
			parse_init(&p, times[i].text, n, arena);
			CHECK(parse_date_time(&p, &s, &zone) == -1);
		}
	}
	start(&p, "1-Feb-1994 x");
	CHECK(parse_date(&p, &s) == 0 && s == 8797 && *p.p == ' ');
	start(&p, "\"01-Feb-1994\"");
	CHECK(parse_date(&p, &s) == 0 && s == 8797);
	start(&p, "\"01-Feb-1994");
	CHECK(parse_date(&p, &s) == -1);
	CHECK(strncmp(date_print(b, sizeof(b), INT64_MAX, 840),
	    "31-Dec-9999 ", 12) == 0);
	CHECK(strncmp(date_print(b, sizeof(b), INT64_MIN, -840),
	    "01-Jan-0001 ", 12) == 0);
}

static void
test_flags(void)
{
	struct parse	 p;
	struct flag_list l;

	start(&p, "(\\Seen \\flagged kw1 KW1 $x)");
	CHECK(parse_flag_list(&p, &l) == 0 && parse_end(&p));
	CHECK(l.flags == (MBOX_SEEN | MBOX_FLAGGED) && l.nkeywords == 2);
	start(&p, "\\Seen a b c d e");
	CHECK(parse_store_flags(&p, &l) == 0 && l.nkeywords == 5);
	CHECK(l.nkeywords == 5 && str_eq(l.keywords[4], STR("e")));
	start(&p, "()");
	CHECK(parse_flag_list(&p, &l) == 0 && l.flags == 0);
	start(&p, "(\\Recent)");
	CHECK(parse_flag_list(&p, &l) == -1);
	start(&p, "(\\Seenx \\Draft)");	/* one that is not kept */
	CHECK(parse_flag_list(&p, &l) == 0 && l.flags == MBOX_DRAFT &&
	    l.nkeywords == 0);
	start(&p, "(\\)");
	CHECK(parse_flag_list(&p, &l) == -1);
	start(&p, "( a  b )x");
	CHECK(parse_flag_list(&p, &l) == 0 && l.nkeywords == 2 &&
	    *p.p == 'x');
	start(&p, "a  b  ");
	CHECK(parse_store_flags(&p, &l) == 0 && l.nkeywords == 2 &&
	    parse_done(&p) == 0);
	start(&p, "(a b ");
	CHECK(parse_flag_list(&p, &l) == -1 && *p.p == '(');
	start(&p, "(a,b)x");
	CHECK(parse_flag_list(&p, &l) == 0 && l.nkeywords == 1);
	start(&p, "(a");
	CHECK(parse_flag_list(&p, &l) == -1);
}

static void
test_words(void)
{
	struct parse	 p;
	struct str	 s;
	uint32_t	 n;
	uint64_t	 m;

	start(&p, "BODY[TEXT]<0.10>");
	CHECK(parse_word(&p, "BOD") == -1 && parse_word(&p, "body") == 0);
	CHECK(parse_char(&p, '[') == 0);
	CHECK(parse_token(&p, "]", &s) == 0 && str_eq(s, STR("TEXT")));
	CHECK(parse_char(&p, ']') == 0 && parse_char(&p, '<') == 0);
	CHECK(parse_number(&p, &n) == 0 && n == 0);
	CHECK(parse_nz_number(&p, &n) == -1 && parse_char(&p, '.') == 0);
	CHECK(parse_nz_number(&p, &n) == 0 && n == 10);
	start(&p, "9223372036854775807");
	CHECK(parse_number(&p, &n) == -1 && parse_number64(&p, &m) == 0 &&
	    m == INT64_MAX);
	start(&p, "9223372036854775808");
	CHECK(parse_number64(&p, &m) == -1);
}

/* Spaces as clients write them, and where an argument is missing. */
static void
test_spaces(void)
{
	struct parse	 p;
	struct str	 s;

	start(&p, "a   (b)(c) ");
	CHECK(parse_atom(&p, &s) == 0 && parse_arg(&p, "a list") == 0);
	CHECK(parse_open(&p) == 0 && parse_atom(&p, &s) == 0 &&
	    parse_close(&p) == 0);
	CHECK(parse_sp(&p) == 0 && parse_open(&p) == 0);
	CHECK(parse_atom(&p, &s) == 0 && parse_more(&p) == -1 &&
	    parse_close(&p) == 0);
	CHECK(!(p.p == p.end) && parse_end(&p) && parse_more(&p) == -1);
	CHECK(parse_arg(&p, "more") == 0 && parse_end(&p) &&
	    strcmp(p.what, "more") == 0);
	CHECK(parse_done(&p) == 0 && p.p == p.end);
	CHECK(parse_sp(&p) == -1 && parse_close(&p) == -1);
	start(&p, "a\"b\"");
	CHECK(parse_atom(&p, &s) == 0 && parse_sp(&p) == -1 &&
	    parse_done(&p) == -1 && p.what == NULL);
	start(&p, " \t");
	CHECK(!parse_end(&p));
}

static const struct { const char *text, *value, *rest; } credentials[] = {
	{ "ann secret", "ann", " secret" },
	{ "DOMAIN\\user x", "DOMAIN\\user", " x" },
	{ "\"DOMAIN\\user\" x", "DOMAIN\\user", " x" },
	{ "pa%ss*(w){o}rd\"]", "pa%ss*(w){o}rd\"]", "" },
	{ "{3}\r\na b", "a b", "" },
	{ "(ann)", NULL, "(ann)" },
	{ " x", NULL, " x" },
	{ "\"open", NULL, "\"open" },
	{ "\001", NULL, "\001" },
	{ "", NULL, "" },
};

static void
test_credential(void)
{
	struct parse	 p;
	struct str	 s;
	size_t		 i;
	int		 ret;

	for (i = 0; i < nitems(credentials); i++) {
		start(&p, credentials[i].text);
		ret = parse_credential(&p, &s);
		CHECK_ROW(credentials[i].value == NULL ? ret == -1 :
		    ret == 0 && str_eq(s, str_from(credentials[i].value)),
		    "%s", credentials[i].text);
		CHECK_ROW(strcmp(p.p, credentials[i].rest) == 0, "%s",
		    credentials[i].text);
	}
}

int
main(void)
{
	arena = arena_new(0);
	test_spaces();
	test_credential();
	test_astring();
	test_seqset();
	test_mailbox();
	test_date_time();
	test_flags();
	test_words();
	arena_free(arena);
	return TEST_END();
}
