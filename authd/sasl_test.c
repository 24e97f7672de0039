/* SASL mechanisms by table: RFC 4616, LOGIN, and what is none of them. */
#include "common/compat.h"

#include "authd/sasl.h"
#include "common/test.h"

static char	long_name[SASL_LOGIN_MAX + 2];

/* One message, cut at the table's NULs: "\0a\0b" needs its length. */
#define M(lit)	{ true, { lit, sizeof(lit) - 1 } }
#define NONE	{ false, { NULL, 0 } }

struct in {
	bool		 present;
	struct str	 s;
};

static const struct row {
	const char	*mech;
	struct in	 in[4];
	enum sasl_next	 want[4];
	const char	*login, *password;
} rows[] = {
	{ "PLAIN", { M("\0tim\0tanstaaftanstaaf") }, { SASL_DONE },
	    "tim", "tanstaaftanstaaf" },
	{ "PLAIN", { NONE, M("\0tim\0pw") }, { SASL_MORE, SASL_DONE },
	    "tim", "pw" },
	{ "PLAIN", { M("tim\0tim\0pw") }, { SASL_DONE }, "tim", "pw" },
	{ "PLAIN", { M("TIM\0tim\0pw") }, { SASL_DONE }, "tim", "pw" },
	{ "PLAIN", { M("Ursel\0Kurt\0xipj3plmq") }, { SASL_DENIED },
	    NULL, NULL },
	{ "PLAIN", { M("\xff\0Kurt\0x") }, { SASL_DENIED }, NULL, NULL },
	{ "PLAIN", { M("") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { M("tim") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { M("\0") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { M("\0tim") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { M("\0tim\0") }, { SASL_DENIED }, NULL, NULL },
	{ "PLAIN", { M("\0\0pw") }, { SASL_DENIED }, NULL, NULL },
	{ "PLAIN", { M("\0tim\0pw\0") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { M("\0tim\0p\0w") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN", { NONE, NONE }, { SASL_MORE, SASL_BAD }, NULL, NULL },
	{ "LOGIN", { NONE, M("ann"), M("pw") },
	    { SASL_MORE, SASL_MORE, SASL_DONE }, "ann", "pw" },
	{ "LOGIN", { M("ann"), M("pw") }, { SASL_MORE, SASL_DONE },
	    "ann", "pw" },
	{ "LOGIN", { NONE, M("") }, { SASL_MORE, SASL_DENIED }, NULL, NULL },
	{ "LOGIN", { M("ann"), M("") }, { SASL_MORE, SASL_DENIED },
	    NULL, NULL },
	{ "LOGIN", { M("a\0b") }, { SASL_BAD }, NULL, NULL },
	{ "LOGIN", { NONE, NONE }, { SASL_MORE, SASL_BAD }, NULL, NULL },
	{ "LOGIN", { M("ann"), M("p\0w") }, { SASL_MORE, SASL_BAD },
	    NULL, NULL },
	{ "PREAUTH", { M("0123456789abcdef") }, { SASL_DONE }, NULL,
	    "0123456789abcdef" },
	{ "PREAUTH", { NONE }, { SASL_BAD }, NULL, NULL },
	{ "PREAUTH", { M("") }, { SASL_DENIED }, NULL, NULL }
};

static void
check_rows(void)
{
	const struct row	*r;
	struct sasl		 s;
	struct str		 ch;
	size_t			 i, j;
	bool			 done;

	for (i = 0; i < nitems(rows); i++) {
		r = &rows[i];
		sasl_begin(&s, sasl_find(str_from(r->mech)));
		for (j = 0, done = false; !done && j < 4; j++) {
			enum sasl_next	n;

			n = sasl_step(&s, r->in[j].present, r->in[j].s, &ch);
			CHECK_ROW(n == r->want[j], "row %zu step %zu: %d", i,
			    j, n);
			done = n != SASL_MORE || n != r->want[j];
			if (n == SASL_DONE) {
				CHECK_ROW(r->login == NULL ? s.login == NULL :
				    strcmp(s.login, r->login) == 0,
				    "row %zu", i);
				CHECK_ROW(strcmp(s.password,
				    r->password) == 0, "row %zu", i);
			}
		}
		sasl_end(&s);
		sasl_end(&s);
	}
}

static void
check_challenges(void)
{
	struct sasl	s;
	struct str	ch;

	sasl_begin(&s, sasl_find(STR("LOGIN")));
	sasl_step(&s, false, STR(""), &ch);
	CHECK(str_eq(ch, STR("Username:")));
	sasl_step(&s, true, STR("ann"), &ch);
	CHECK(str_eq(ch, STR("Password:")));
	sasl_end(&s);
	sasl_begin(&s, sasl_find(STR("PLAIN")));
	sasl_step(&s, false, STR(""), &ch);
	CHECK(ch.len == 0);
	sasl_end(&s);
	CHECK(sasl_find(STR("plain")) == NULL);
	CHECK(sasl_find(STR("CRAM-MD5")) == NULL);
	CHECK(sasl_find(STR("")) == NULL);
}

static void
check_lengths(void)
{
	static char	msg[SASL_LOGIN_MAX + SASL_PASSWORD_MAX + 10];
	struct sasl	s;
	struct str	ch;
	size_t		n, over;

	/* RFC 4616: at least 255 octets each; ours to the byte. */
	for (over = 0; over < 2; over++) {
		n = 0;
		msg[n++] = '\0';
		memset(msg + n, 'a', SASL_LOGIN_MAX);
		n += SASL_LOGIN_MAX;
		msg[n++] = '\0';
		memset(msg + n, 'p', SASL_PASSWORD_MAX + over);
		n += SASL_PASSWORD_MAX + over;
		sasl_begin(&s, &sasl_plain);
		CHECK(sasl_step(&s, true, (struct str){ msg, n }, &ch) ==
		    (over ? SASL_DENIED : SASL_DONE));
		sasl_end(&s);
	}
	memset(long_name, 'a', SASL_LOGIN_MAX + 1);
	sasl_begin(&s, &sasl_login);
	CHECK(sasl_step(&s, true, str_from(long_name), &ch) == SASL_DENIED);
	sasl_end(&s);
}

int
main(void)
{
	check_rows();
	check_challenges();
	check_lengths();
	return TEST_END();
}
