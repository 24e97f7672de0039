/* SASL mechanisms by table: RFC 4616, LOGIN, and what is none of them. */
#include "common/compat.h"

#include "authd/sasl.h"
#include "common/b64.h"
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

#define EXPORTER	0x45, 0x58, 0x50, 0x4f
static const struct sasl_binding	bindings[] = {
	{ { 0 }, 0, { 0 }, 0 },
	{ { EXPORTER }, 32, { 0 }, 0 },
	{ { 0 }, 0, { 0x43, 0x45, 0x52, 0x54 }, 48 },
	{ { EXPORTER }, 32, { 0x43, 0x45, 0x52, 0x54 }, 64 }
};
enum { NO_BINDING, ONLY_EXPORTER, ONLY_ENDPOINT, BOTH_BINDINGS };

/* c= of a header and data. */
static void
bound(char *dst, size_t size, const char *header, const void *data, size_t len)
{
	uint8_t	raw[200];
	size_t	n = strlen(header);

	CHECK(n + len <= sizeof(raw));
	memcpy(raw, header, n);
	memcpy(raw + n, data, len);
	CHECK(b64_encode(raw, n + len, true, dst, size) == 0);
}

/* An exchange with a binding: c is what "c=" holds. */
static enum sasl_next
scram_bound(struct sasl *s, const struct sasl_mech *mech, int binding,
    const char *header, const char *c)
{
	char		first[200], final[600];
	struct str	ch;
	enum sasl_next	n;

	sasl_begin(s, mech);
	s->binding = bindings[binding];
	s->nonce = SERVER;
	snprintf(first, sizeof(first), "%sn=user,r=" NONCE, header);
	if ((n = sasl_step(s, true, str_from(first), &ch)) != SASL_ASK)
		return n;
	if (sasl_scram_salt(s, STR(SALT), &ch) == -1)
		return SASL_BAD;
	snprintf(final, sizeof(final), "c=%s%s", c, ",r=" NONCE SERVER PROOF);
	return sasl_step(s, true, str_from(final), &ch);
}

/*
 * RFC 7677's exchange, bound as RFC 9266 and RFC 5929 say: what is proved holds
 * "c=", and one octet of it that is another is refused.
 */
static void
check_plus(void)
{
	static const struct {
		int		 binding;
		const char	*header;
		size_t		 len;		/* of the data; 0: none */
	} good[] = {
		{ ONLY_EXPORTER, "p=tls-exporter,,", 32 },
		{ BOTH_BINDINGS, "p=tls-exporter,,", 32 },
		{ BOTH_BINDINGS, "p=tls-exporter,a=user,", 32 },
		{ ONLY_ENDPOINT, "p=tls-server-end-point,,", 48 },
		{ BOTH_BINDINGS, "p=tls-server-end-point,,", 64 }
	};
	char		c[300], message[700];
	struct sasl	s;
	size_t		i, k, mutated = 0;
	const void	*data;

	for (i = 0; i < nitems(good); i++) {
		data = good[i].len == 32 ? bindings[good[i].binding].exporter :
		    bindings[good[i].binding].endpoint;
		bound(c, sizeof(c), good[i].header, data, good[i].len);
		CHECK_ROW(scram_bound(&s, &sasl_scram_plus, good[i].binding,
		    good[i].header, c) == SASL_DONE, "good %zu", i);
		snprintf(message, sizeof(message), "%s%s%s", "n=user,r=" NONCE
		    ",r=" NONCE SERVER "," SALT ",c=", c, ",r=" NONCE SERVER);
		CHECK_ROW(s.password_len == 32 + strlen(message) &&
		    memcmp(s.password + 32, message, strlen(message)) == 0,
		    "good %zu", i);
		sasl_end(&s);
		for (k = 0; c[k] != '\0'; k++, mutated++) {
			char	was = c[k];

			c[k] = was == 'A' ? 'B' : 'A';
			CHECK_ROW(scram_bound(&s, &sasl_scram_plus,
			    good[i].binding, good[i].header, c) ==
			    SASL_DENIED, "good %zu octet %zu", i, k);
			CHECK(s.password == NULL && s.why != NULL);
			sasl_end(&s);
			c[k] = was;
		}
		/* without the data, or with some of it */
		for (k = 0; k < good[i].len; k += 8) {
			bound(c, sizeof(c), good[i].header, data, k);
			CHECK_ROW(scram_bound(&s, &sasl_scram_plus,
			    good[i].binding, good[i].header, c) ==
			    SASL_DENIED, "good %zu cut at %zu", i, k);
			sasl_end(&s);
		}
	}
	CHECK_ROW(mutated >= 100, "%zu", mutated);
}

static void
check_plus_bad(void)
{
	static const struct {
		const struct sasl_mech	*mech;
		int			 binding;
		const char		*header;
		enum sasl_next		 want;
	} t[] = {
		/* the binding is there, and the client was told that none is */
		{ &sasl_scram, BOTH_BINDINGS, "y,,", SASL_DENIED },
		{ &sasl_scram, ONLY_EXPORTER, "y,,", SASL_DENIED },
		{ &sasl_scram, ONLY_ENDPOINT, "y,a=user,", SASL_DENIED },
		{ &sasl_scram, NO_BINDING, "y,,", SASL_DONE },
		{ &sasl_scram, BOTH_BINDINGS, "n,,", SASL_DONE },
		{ &sasl_scram, BOTH_BINDINGS, "p=tls-exporter,,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, "n,,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, "y,,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p=tls-unique,,",
		    SASL_DENIED },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p=TLS-EXPORTER,,",
		    SASL_DENIED },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p=tls-exporterx,,",
		    SASL_DENIED },
		{ &sasl_scram_plus, ONLY_ENDPOINT, "p=tls-exporter,,",
		    SASL_DENIED },
		{ &sasl_scram_plus, ONLY_EXPORTER, "p=tls-server-end-point,,",
		    SASL_DENIED },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p=,,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p,,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, ",,", SASL_BAD },
		{ &sasl_scram_plus, BOTH_BINDINGS, "p=tls-exporter,a=other,",
		    SASL_DENIED }
	};
	char		c[300];
	struct sasl	s;
	size_t		i;

	for (i = 0; i < nitems(t); i++) {
		bound(c, sizeof(c), t[i].header, "", 0);
		CHECK_ROW(scram_bound(&s, t[i].mech, t[i].binding,
		    t[i].header, c) == t[i].want, "row %zu", i);
		sasl_end(&s);
	}
	CHECK(sasl_find(STR("SCRAM-SHA-256-PLUS")) == &sasl_scram_plus);
	CHECK(strcmp(sasl_word(&sasl_scram_plus), "SCRAM-SHA-256") == 0);
	CHECK(strcmp(sasl_word(&sasl_plain), "PLAIN") == 0);
}

/* RFC 4422 appendix A: the name is the certificate's, whoever is asked for. */
static void
check_external(void)
{
	static const struct {
		struct str	name;
		struct in	in;
		enum sasl_next	want;
	} t[] = {
		{ STR("ann@example.org"), M(""), SASL_DONE },
		{ STR("ann@example.org"), M("ann@example.org"), SASL_DONE },
		{ STR("ann@example.org"), M("ANN@Example.org"), SASL_DONE },
		{ STR("J\xc3\xbcrgen"), M("Ju\xcc\x88rgen"), SASL_DONE },
		{ STR("ann@example.org"), M("ann"), SASL_DENIED },
		{ STR("ann@example.org"), M("bob@example.org"), SASL_DENIED },
		{ STR("ann@example.org"), M("ann@example.org\0"), SASL_BAD },
		{ STR("ann@example.org"), M("\0ann@example.org"), SASL_BAD },
		{ STR("ann@example.org"), M("\xff"), SASL_DENIED },
		{ STR(""), M(""), SASL_DENIED },
		{ STR("ann\0bob"), M("ann"), SASL_DENIED },
		{ STR("ann\0bob"), M(""), SASL_DENIED },
	};
	static char	chain[SASL_CHAIN_MAX + 1];
	struct sasl	s;
	struct str	ch;
	size_t		i, n;

	for (i = 0; i < nitems(t); i++) {
		sasl_begin(&s, &sasl_external);
		CHECK_ROW(sasl_external_peer(&s, t[i].name,
		    STR("0\0der")) == (i < 9 ? 0 : -1), "row %zu", i);
		if (i % 2 == 0)
			CHECK(sasl_step(&s, false, STR(""), &ch) ==
			    SASL_MORE && ch.len == 0);
		CHECK_ROW(sasl_step(&s, true, t[i].in.s, &ch) == t[i].want,
		    "row %zu", i);
		if (t[i].want == SASL_DONE)
			CHECK_ROW(str_eq(str_from(s.login), t[i].name) &&
			    s.password_len == t[i].name.len + 6 &&
			    strcmp(s.password, s.login) == 0 && memcmp(
			    s.password + t[i].name.len + 1, "0\0der", 5) ==
			    0, "row %zu", i);
		sasl_end(&s);
	}
	/* without a certificate, with one twice, with too much of one */
	sasl_begin(&s, &sasl_external);
	CHECK(sasl_step(&s, true, STR(""), &ch) == SASL_DENIED);
	CHECK(sasl_external_peer(&s, STR("ann"), STR("der")) == 0);
	CHECK(sasl_external_peer(&s, STR("eve"), STR("der")) == -1);
	CHECK(strcmp(s.login, "ann") == 0);
	CHECK(sasl_step(&s, false, STR(""), &ch) == SASL_BAD);
	sasl_end(&s);
	for (n = 0; n <= SASL_CHAIN_MAX + 1; n += SASL_CHAIN_MAX / 2) {
		sasl_begin(&s, &sasl_external);
		CHECK(sasl_external_peer(&s, STR("ann"), (struct str){ chain,
		    n }) == (n > 0 ? 0 : -1));
		CHECK(sasl_step(&s, true, STR(""), &ch) == (n > 0 ?
		    SASL_DONE : SASL_DENIED));
		sasl_end(&s);
	}
	sasl_begin(&s, &sasl_external);
	CHECK(sasl_external_peer(&s, STR("ann"), (struct str){ chain,
	    sizeof(chain) }) == -1);
	sasl_end(&s);
}

int
main(void)
{
	check_rows();
	check_external();
	check_challenges();
	check_lengths();
	check_scram();
	check_scram_bad();
	check_plus();
	check_plus_bad();
	return TEST_END();
}
