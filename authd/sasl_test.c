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

#define NONCE	"rOprNGfwEbeRWgbNEkqO"
#define SERVER	"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT	"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define FIRST	"n,,n=user,r=" NONCE
#define FINAL	"c=biws,r=" NONCE SERVER
#define PROOF	",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

static enum sasl_next
scram(struct sasl *s, struct str first, struct str final)
{
	struct str	ch;
	enum sasl_next	n;

	sasl_begin(s, &sasl_scram);
	s->nonce = SERVER;
	if ((n = sasl_step(s, true, first, &ch)) != SASL_ASK)
		return n;
	if (sasl_scram_salt(s, STR(SALT), &ch) == -1)
		return SASL_BAD;
	return sasl_step(s, true, final, &ch);
}

/* RFC 7677 section 3. */
static void
check_scram(void)
{
	static const char	message[] = "n=user,r=" NONCE ",r=" NONCE
				    SERVER "," SALT "," FINAL;
	struct sasl		s;
	struct str		ch;
	uint8_t			sig[32] = { 0xea };

	sasl_begin(&s, &sasl_scram);
	s.nonce = SERVER;
	CHECK(sasl_step(&s, false, STR(""), &ch) == SASL_MORE && ch.len == 0);
	CHECK(sasl_step(&s, true, STR(FIRST), &ch) == SASL_ASK);
	CHECK(strcmp(s.login, "user") == 0);
	CHECK(sasl_scram_signature(&s, STR("x"), &ch) == -1);
	CHECK(sasl_scram_salt(&s, STR(SALT), &ch) == 0);
	CHECK(str_eq(ch, STR("r=" NONCE SERVER "," SALT)));
	CHECK(sasl_scram_salt(&s, STR(SALT), &ch) == -1);
	CHECK(sasl_step(&s, true, STR(FINAL PROOF), &ch) == SASL_DONE);
	CHECK(s.password_len == 32 + sizeof(message) - 1);
	CHECK(memcmp(s.password + 32, message, sizeof(message) - 1) == 0);
	CHECK((uint8_t)s.password[0] == 0x74 &&
	    (uint8_t)s.password[31] == 0x54);
	CHECK(sasl_scram_signature(&s, (struct str){ (char *)sig,
	    sizeof(sig) }, &ch) == 0);
	CHECK(ch.len == 2 + 44 && memcmp(ch.p, "v=6gAA", 6) == 0);
	CHECK(sasl_step(&s, true, STR(FINAL PROOF), &ch) == SASL_BAD);
	sasl_end(&s);
	/* the nonce is new each time, and no comma is in it */
	sasl_begin(&s, &sasl_scram);
	CHECK(sasl_step(&s, true, STR(FIRST), &ch) == SASL_ASK);
	CHECK(sasl_scram_salt(&s, STR(SALT), &ch) == 0);
	CHECK(ch.len == 2 + 20 + 24 + 1 + sizeof(SALT) - 1);
	CHECK(memcmp(ch.p, "r=" NONCE, 22) == 0 &&
	    memchr(ch.p + 22, ',', 24) == NULL);
	CHECK(sasl_step(&s, true, STR(FINAL PROOF), &ch) == SASL_DENIED);
	sasl_end(&s);
}

static void
check_scram_bad(void)
{
	static const struct {
		struct str	first;
		enum sasl_next	want;
		const char	*login;
	} firsts[] = {
		{ STR("y,,n=user,r=" NONCE), SASL_ASK, "user" },
		{ STR("n,a=USER,n=user,r=" NONCE), SASL_ASK, "user" },
		{ STR("n,a=other,n=user,r=" NONCE), SASL_DENIED, NULL },
		{ STR("n,,n=a=2Cb=3Dc,r=" NONCE), SASL_ASK, "a,b=c" },
		{ STR("n,,n=user,r=" NONCE ",x=optional"), SASL_ASK, "user" },
		{ STR("n,,n=a=2cb,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,,n=a=3Cb,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,,n=a=2,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,,n=,r=" NONCE), SASL_DENIED, NULL },
		{ STR("n,,m=x,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",m=x"), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",x=y,m=x"), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ","), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",x="), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",junk"), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",1=y"), SASL_BAD, NULL },
		{ STR("n,,n=user,r=" NONCE ",x=y,M=z"), SASL_ASK, "user" },
		{ STR("p=tls-unique,,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,a=,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,b=user,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR("n,,n=user"), SASL_BAD, NULL },
		{ STR("n,,n=user,r="), SASL_BAD, NULL },
		{ STR("n,,n=user,r=a b"), SASL_BAD, NULL },
		{ STR("n,,n=user,r=a\x80"), SASL_BAD, NULL },
		{ STR("n,,r=" NONCE ",n=user"), SASL_BAD, NULL },
		{ STR("n,,n=us\0er,r=" NONCE), SASL_BAD, NULL },
		{ STR("x,,n=user,r=" NONCE), SASL_BAD, NULL },
		{ STR(""), SASL_BAD, NULL }, { STR("n,"), SASL_BAD, NULL },
	};
	static const struct { struct str final; enum sasl_next want; }
	    finals[] = {
		{ STR(FINAL ",x=y" PROOF), SASL_DONE },
		{ STR(FINAL ",m=y" PROOF), SASL_BAD },
		{ STR(FINAL ",x=y,m=y" PROOF), SASL_BAD },
		{ STR(FINAL "," PROOF), SASL_BAD },
		{ STR("c=eSws,r=" NONCE SERVER PROOF), SASL_DENIED },
		{ STR("c=biws,r=" NONCE PROOF), SASL_DENIED },
		{ STR("c=biws,r=" NONCE SERVER "x" PROOF), SASL_DENIED },
		{ STR("r=" NONCE SERVER ",c=biws" PROOF), SASL_BAD },
		{ STR(FINAL), SASL_BAD },
		{ STR(FINAL PROOF "="), SASL_BAD },
		{ STR(FINAL PROOF ",x=y"), SASL_BAD },
		{ STR(FINAL ",p="), SASL_BAD },
		{ STR(FINAL ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7An"),
		    SASL_BAD },
		{ STR(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		    SASL_BAD },
		{ STR(""), SASL_BAD }, { STR("*"), SASL_BAD },
	};
	static char	longest[1100];
	struct sasl	s;
	size_t		i;

	for (i = 0; i < nitems(firsts); i++) {
		enum sasl_next	n = scram(&s, firsts[i].first, STR(""));

		/* one that is asked about gets on to an empty last message */
		CHECK_ROW(n == (firsts[i].want == SASL_ASK ? SASL_BAD :
		    firsts[i].want), "first %zu: %d", i, n);
		CHECK_ROW((firsts[i].want == SASL_ASK) == (s.login != NULL &&
		    firsts[i].login != NULL &&
		    strcmp(s.login, firsts[i].login) == 0), "first %zu", i);
		sasl_end(&s);
	}
	for (i = 0; i < nitems(finals); i++) {
		CHECK_ROW(scram(&s, STR(FIRST), finals[i].final) ==
		    finals[i].want, "final %zu", i);
		sasl_end(&s);
	}
	for (i = 0; i < sizeof(FIRST) - 1; i++) {
		/* the nonce's end is not told from a shorter one */
		CHECK_ROW((scram(&s, (struct str){ FIRST, i }, STR("")) ==
		    SASL_BAD), "%zu octets", i);
		CHECK_ROW(s.login == NULL || i > 12, "%zu octets", i);
		sasl_end(&s);
	}
	for (i = 0; i < sizeof(FINAL PROOF) - 1; i++) {
		CHECK_ROW(scram(&s, STR(FIRST), (struct str){ FINAL PROOF,
		    i }) != SASL_DONE, "%zu octets", i);
		sasl_end(&s);
	}
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, FIRST ",y=", sizeof(FIRST) + 2);
	for (i = 999; i < 1003; i++) {
		scram(&s, (struct str){ longest, i }, STR(""));
		CHECK_ROW((s.login != NULL) == (i <= 1000), "%zu octets", i);
		sasl_end(&s);
	}
}

int
main(void)
{
	check_rows();
	check_challenges();
	check_lengths();
	check_scram();
	check_scram_bad();
	return TEST_END();
}
