/* Lines of app passwords, times, scopes, and what users type. */
#include "common/compat.h"

#include "common/appline.h"
#include "common/test.h"

#define SALT	"AAECAwQFBgcICQoLDA0ODw=="
#define HASH	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TIMES	"20261129T050000Z:-:-"
#define GOOD	"ann:0123abcd:phone:imap:" TIMES ":" SALT ":" HASH

static void
check_lines(void)
{
	static const struct {
		const char	*line;
		enum userline	 want;
		const char	*why;
	} t[] = {
		{ GOOD, USERLINE_USER, NULL },
		{ GOOD "\r", USERLINE_USER, NULL },
		{ "", USERLINE_NOTHING, NULL },
		{ "# " GOOD, USERLINE_NOTHING, NULL },
		{ GOOD ":x", USERLINE_BAD, "not nine fields" },
		{ "ann:0123abcd:phone:imap:" TIMES ":" SALT, USERLINE_BAD,
		  "not nine fields" },
		{ "ann", USERLINE_BAD, "no colon" },
		{ "ann:", USERLINE_BAD, "not nine fields" },
		{ " " GOOD, USERLINE_BAD, "byte 0x20 in column 1: white space "
		  "before the name" },
		{ "ann:0123abcD:phone:imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"id\"" },
		{ "ann:0123abc:phone:imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"id\"" },
		{ "ann:0123abcd::imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"name\"" },
		{ "ann:0123abcd:a%0Ab:imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"name\"" },
		{ "ann:0123abcd:a%00b:imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"name\"" },
		{ "ann:0123abcd:a%4:imap:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"name\"" },
		{ "ann:0123abcd:phone:smtp:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"scope\"" },
		{ "ann:0123abcd:phone:imap,:" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"scope\"" },
		{ "ann:0123abcd:phone::" TIMES ":" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"scope\"" },
		{ "ann:0123abcd:phone:imap:today:-:-:" SALT ":" HASH,
		  USERLINE_BAD, "invalid field \"created\"" },
		{ "ann:0123abcd:phone:imap:" TIMES ":AAAA:" HASH,
		  USERLINE_BAD, "invalid field \"salt\"" },
		{ "ann:0123abcd:phone:imap:" TIMES ":" SALT ":" SALT,
		  USERLINE_BAD, "invalid field \"hash\"" },
		{ "ann:0123abcd:phone:imap:" TIMES ":" SALT ":" HASH HASH,
		  USERLINE_BAD, "invalid field \"hash\"" },
	};
	struct app_password	p;
	struct buf		b = BUF_INIT;
	char			why[128];
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(app_line_parse(t[i].line, strlen(t[i].line), &p,
		    why, sizeof(why)) == t[i].want, "%s", t[i].line);
		if (t[i].want == USERLINE_BAD)
			CHECK_ROW(strcmp(why, t[i].why) == 0, "%s: %s",
			    t[i].line, why);
	}
	for (i = 0; i < strlen(GOOD); i++)
		CHECK_ROW(app_line_parse(GOOD, i, &p, why, sizeof(why)) !=
		    USERLINE_USER, "%zu octets", i);
	CHECK(app_line_parse(GOOD, strlen(GOOD), &p, why, sizeof(why)) ==
	    USERLINE_USER);
	CHECK(strcmp(p.user, "ann") == 0 && strcmp(p.id, "0123abcd") == 0 &&
	    strcmp(p.name, "phone") == 0 && p.scopes == APP_SCOPE_imap &&
	    p.expires == 0 && p.used == 0 && p.salt[15] == 15 &&
	    p.hash[31] == 31);
	app_line_print(&p, &b);
	CHECK(b.len == strlen(GOOD) + 1 && memcmp(b.data, GOOD "\n",
	    b.len) == 0);
	/* what a name may hold comes back */
	strlcpy(p.name, "Ann's phone: 100 % \xc3\xa9", sizeof(p.name));
	p.expires = 1800000000;
	p.used = 1795910400;
	buf_reset(&b);
	app_line_print(&p, &b);
	CHECK(memmem(b.data, b.len, ":Ann's%20phone%3A%20100%20%25%20%C3%A9:",
	    39) != NULL);
	CHECK(app_line_parse((char *)b.data, b.len - 1, &p, why,
	    sizeof(why)) == USERLINE_USER);
	CHECK(strcmp(p.name, "Ann's phone: 100 % \xc3\xa9") == 0 &&
	    p.expires == 1800000000 && p.used == 1795910400);
	buf_free(&b);
}

static void
check_times(void)
{
	static const struct { const char *text; int64_t want; } t[] = {
		{ "-", 0 }, { "1970-01-02", 86400 },
		{ "2026-11-29T05:00:00Z", 1795928400 },
		{ "2024-02-29", 1709164800 }, { "2026-02-29", -1 },
		{ "2026-06-31", -1 }, { "2026-13-01", -1 },
		{ "2026-00-01", -1 }, { "2026-1-01", -1 },
		{ "2026-11-29T24:00:00Z", -1 }, { "2026-11-29T05:00:00", -1 },
		{ "2026-11-29T05:00:00z", -1 }, { "2026-11-29 05:00:00Z", -1 },
		{ "2026-11-29x", -1 }, { "", -1 }, { "1969-12-31", -1 },
		{ "99999-01-01", -1 }, { "20261129T050000Z", 1795928400 },
		{ "20261129T056000Z", -1 }, { "20261129T050000", -1 },
	};
	char	text[24];
	int64_t	x;
	size_t	i;
	int	r;

	for (i = 0; i < nitems(t); i++) {
		r = app_time_parse(str_from(t[i].text), &x);
		CHECK_ROW(t[i].want == -1 ? r == -1 : r == 0 &&
		    x == t[i].want, "%s", t[i].text);
	}
	app_time_print(1795928400, APP_TIME, text, sizeof(text));
	CHECK(strcmp(text, "2026-11-29T05:00:00Z") == 0);
	app_time_print(1795928400, APP_TIME_DAY, text, sizeof(text));
	CHECK(strcmp(text, "2026-11-29") == 0);
	app_time_print(0, APP_TIME_DAY, text, sizeof(text));
	CHECK(strcmp(text, "-") == 0);
}

static void
check_secrets(void)
{
	static const struct { struct str typed; bool good; } t[] = {
		{ STR("abcdefghijklmnopqrstuvwxyz"), true },
		{ STR("ABCD-efgh ijkl-mnop-qrst-uvwx-yz"), true },
		{ STR("  abcdefghijklmnopqrstuvw-xyz-"), true },
		{ STR("abcdefghijklmnopqrstuvwxy"), false },
		{ STR("abcdefghijklmnopqrstuvwxyza"), false },
		{ STR("abcdefghijklmnopqrstuvwxy1"), false },
		{ STR("abcdefghijklmnopqrstuvwxy\0"), false },
		{ STR("abcdefghijklmnopqrstuvwxy\xe9"), false },
		{ STR(""), false }, { STR("----"), false },
	};
	char	secret[APP_SECRET + 1], text[2][APP_TEXT + 1];
	uint8_t	salt[APP_SALT] = "salt", hash[2][APP_HASH];
	size_t	i;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW((app_text_parse(t[i].typed, secret) == 0) ==
		    t[i].good, "row %zu", i);
		CHECK_ROW(!t[i].good || strcmp(secret,
		    "abcdefghijklmnopqrstuvwxyz") == 0, "row %zu", i);
	}
	for (i = 0; i < 2; i++) {
		CHECK(app_text_make(text[i]) == 0);
		CHECK(strlen(text[i]) == APP_TEXT && text[i][4] == '-');
		CHECK(app_text_parse(str_from(text[i]), secret) == 0);
		app_hash(salt, secret, hash[i]);
	}
	CHECK(strcmp(text[0], text[1]) != 0);
	CHECK(memcmp(hash[0], hash[1], APP_HASH) != 0);
	salt[0]++;
	app_hash(salt, secret, hash[0]);
	CHECK(memcmp(hash[0], hash[1], APP_HASH) != 0);
	/* printf abcdefghijklmnopqrstuvwxyz | openssl dgst -sha256 -mac HMAC
	 * -macopt hexkey:00000000000000000000000000000000 */
	memset(salt, 0, sizeof(salt));
	app_hash(salt, "abcdefghijklmnopqrstuvwxyz", hash[0]);
	CHECK_ROW(hash[0][0] == 0x73 && hash[0][31] == 0x6f,
	    "%02x %02x", hash[0][0], hash[0][31]);
}

int
main(void)
{
	char	words[64];

	check_lines();
	check_times();
	check_secrets();
	CHECK(app_scopes(STR("imap")) == APP_SCOPE_imap);
	CHECK(app_scopes(STR("")) == 0 && app_scopes(STR("lmtp")) == 0 &&
	    app_scopes(STR(",imap")) == 0);
	app_scopes_print(APP_SCOPE_imap, words, sizeof(words));
	CHECK(strcmp(words, "imap") == 0);
	CHECK(app_name_valid("x") && !app_name_valid("") &&
	    !app_name_valid("a\tb"));
	return TEST_END();
}
