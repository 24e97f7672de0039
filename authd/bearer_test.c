/*
 * OAUTHBEARER (the transcripts of RFC 7628, section 4) and XOAUTH2: their
 * messages, mutated ones, and what becomes of a login with a token.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/sasl.h"
#include "authd/test/authd_whole.h"

#define TOKEN	"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
#define RFC_1	"n,a=user@example.com,\1host=server.example.com\1port=143\1" \
		"auth=Bearer " TOKEN "\1\1"
#define RFC_3	"n,a=user@example.com,\1host=server.example.com\1port=143\1" \
		"auth=\1\1"
#define GOOGLE	"user=ann@example.com\1auth=Bearer " TOKEN "\1\1"

/* At its whole length, for those with a NUL inside. */
#define STR_INIT(lit)	{ lit, sizeof(lit) - 1 }

static const struct row {
	const char	*mech;
	struct str	 in;
	enum sasl_next	 want;
	const char	*login, *token;		/* NULL: none */
} rows[] = {
	{ "OAUTHBEARER", STR_INIT(RFC_1), SASL_DONE, "user@example.com",
	  TOKEN },
	{ "OAUTHBEARER", STR_INIT(RFC_3), SASL_DENIED, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=bearer a\1\1"), SASL_DONE, NULL,
	  "a" },
	{ "OAUTHBEARER", STR_INIT("y,,\1auth=BEARER  a\1\1"), SASL_DONE, NULL,
	  "a" },
	{ "OAUTHBEARER", STR_INIT("n,a=a=2Cb=3Dc,\1auth=Bearer a\1\1"),
	  SASL_DONE, "a,b=c", "a" },
	{ "OAUTHBEARER", STR_INIT("n,,\1\1"), SASL_DENIED, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer \1\1"), SASL_DENIED, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=OAuth realm=\"x\"\1\1"),
	  SASL_DENIED, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a b\1\1"), SASL_DENIED,
	  NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer =\1\1"), SASL_DENIED, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a\1auth=Bearer b\1\1"),
	  SASL_BAD, NULL, NULL },
	/* section 4.4 has the name where no GS2 header does */
	{ "OAUTHBEARER", STR_INIT("n,user=someuser@example.com,\1auth=Bearer "
	  "a\1\1"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("p=tls-exporter,,\1auth=Bearer a\1\1"),
	  SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,a=,\1auth=Bearer a\1\1"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,a=a=2cb,\1auth=Bearer a\1\1"), SASL_BAD,
	  NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,a=a=2,\1auth=Bearer a\1\1"), SASL_BAD,
	  NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,auth=Bearer a\1\1"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a\1"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a\1\1x"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth=Bearer a\0b\1\1"), SASL_BAD, NULL,
	  NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1=x\1\1"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1a1=x\1\1"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,\1auth\1\1"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("n,,"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT("\1"), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT(""), SASL_BAD, NULL, NULL },
	{ "OAUTHBEARER", STR_INIT(GOOGLE), SASL_BAD, NULL, NULL },
	{ "XOAUTH2", STR_INIT(GOOGLE), SASL_DONE, "ann@example.com", TOKEN },
	{ "XOAUTH2", STR_INIT("user=ann\1auth=bearer a\1\1"), SASL_DONE, "ann",
	  "a" },
	{ "XOAUTH2", STR_INIT("auth=Bearer a\1user=ann\1\1"), SASL_DONE, "ann",
	  "a" },
	{ "XOAUTH2", STR_INIT("auth=Bearer a\1\1"), SASL_DENIED, NULL, NULL },
	{ "XOAUTH2", STR_INIT("user=\1auth=Bearer a\1\1"), SASL_DENIED, NULL,
	  NULL },
	{ "XOAUTH2", STR_INIT("user=ann\1\1"), SASL_DENIED, NULL, NULL },
	{ "XOAUTH2", STR_INIT("user=ann\1user=bob\1auth=Bearer a\1\1"),
	  SASL_BAD, NULL, NULL },
	{ "XOAUTH2", STR_INIT("user=ann\1auth=Bearer a\1"), SASL_BAD, NULL,
	  NULL },
	{ "XOAUTH2", STR_INIT("user=ann"), SASL_BAD, NULL, NULL },
	{ "XOAUTH2", STR_INIT(""), SASL_BAD, NULL, NULL }
};

static enum sasl_next
once(struct sasl *s, const char *mech, struct str in)
{
	struct str	challenge;

	sasl_begin(s, sasl_find(str_from(mech)));
	return sasl_step(s, true, in, &challenge);
}

static void
check_rows(void)
{
	struct sasl	s;
	struct str	challenge;
	size_t		i;
	enum sasl_next	n;

	for (i = 0; i < nitems(rows); i++) {
		n = once(&s, rows[i].mech, rows[i].in);
		CHECK_ROW(n == rows[i].want, "row %zu: %d", i, n);
		if (n == SASL_DONE) {
			CHECK_ROW(rows[i].login == NULL ? s.login == NULL :
			    s.login != NULL &&
			    strcmp(s.login, rows[i].login) == 0, "row %zu", i);
			CHECK_ROW(strcmp(s.password, rows[i].token) == 0 &&
			    s.password_len == strlen(rows[i].token),
			    "row %zu", i);
		}
		sasl_end(&s);
		/* the same after an empty challenge */
		sasl_begin(&s, sasl_find(str_from(rows[i].mech)));
		CHECK(sasl_step(&s, false, STR(""), &challenge) == SASL_MORE &&
		    challenge.len == 0);
		CHECK_ROW(sasl_step(&s, true, rows[i].in, &challenge) ==
		    rows[i].want, "row %zu", i);
		sasl_end(&s);
	}
}

/*
 * Both messages with each byte gone, doubled, and replaced: what still is one
 * has the same name and token, or shows by another that it was understood.
 */
static void
check_mutated(void)
{
	static const struct { const char *mech; struct str in; } from[] = {
		{ "OAUTHBEARER", STR_INIT(RFC_1) },
		{ "XOAUTH2", STR_INIT(GOOGLE) }
	};
	static const char	 with[] = "\0\1\n,= nA\xff";
	struct sasl		 s;
	struct str		 in;
	char			 copy[256];
	size_t			 i, k, w, tried = 0, done = 0;

	for (i = 0; i < nitems(from); i++)
		for (k = 0; k < from[i].in.len; k++)
			for (w = 0; w < sizeof(with) + 1; w++) {
				in = from[i].in;
				memcpy(copy, in.p, in.len);
				if (w < sizeof(with) - 1)
					copy[k] = with[w];
				else if (w == sizeof(with) - 1) {
					memmove(copy + k, copy + k + 1,
					    in.len - k - 1);
					in.len--;
				} else {
					memmove(copy + k + 1, copy + k,
					    in.len - k);
					in.len++;
				}
				in.p = copy;
				tried++;
				if (once(&s, from[i].mech, in) == SASL_DONE) {
					done++;
					CHECK(s.password_len ==
					    strlen(s.password) &&
					    strchr(s.password, ' ') == NULL &&
					    strchr(s.password, '\1') == NULL);
					CHECK(s.login != NULL &&
					    strchr(s.login, '\1') == NULL);
				}
				sasl_end(&s);
			}
	CHECK(tried > 100 && done > 0 && done < tried / 2);
}

static void
check_long(void)
{
	static char	msg[SASL_BEARER_MAX + 100];
	struct sasl	s;
	size_t		n, over;

	for (over = 0; over < 2; over++) {
		n = (size_t)snprintf(msg, sizeof(msg), "n,,\1auth=Bearer ");
		memset(msg + n, 'x', SASL_BEARER_MAX + over);
		n += SASL_BEARER_MAX + over;
		memcpy(msg + n, "\1\1", 2);
		CHECK(once(&s, "OAUTHBEARER", (struct str){ msg, n + 2 }) ==
		    (over ? SASL_DENIED : SASL_DONE));
		sasl_end(&s);
	}
}

#define ERROR	"{\"status\":\"invalid_token\",\"scope\":\"example_scope\"," \
		"\"openid-configuration\":\"https://example.com/.well-known/" \
		"openid-configuration\"}"
#define XERROR	"{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":"	\
		"\"example_scope\"}"

static void
begin(void)
{
	whole_begin();
	strlcpy(authd->conf.mechanisms, " OAUTHBEARER XOAUTH2 PLAIN ",
	    sizeof(authd->conf.mechanisms));
	strlcpy(authd->conf.oauthbearer_error, ERROR,
	    sizeof(authd->conf.oauthbearer_error));
	strlcpy(authd->conf.xoauth2_error, XERROR,
	    sizeof(authd->conf.xoauth2_error));
	authd->conf.bearer = 1;
	work.hold = true;
}

static void
end(void)
{
	work.hold = false;
	whole_end();
}

static bool
challenged(uint32_t id, const char *text)
{
	return last(&imapd)->type == IMSG_AUTH_CHALLENGE &&
	    last(&imapd)->id == id && strcmp(last(&imapd)->user, text) == 0;
}

static void
check_right(void)
{
	begin();
	start(&imapd, 1, "OAUTHBEARER", STR(RFC_1), true);
	pump();
	CHECK(work.n == 1 && last(&work)->how == WORK_BEARER);
	CHECK(strcmp(last(&work)->user, "user@example.com") == 0);
	CHECK(strcmp(last(&work)->password, TOKEN) == 0);
	fake_result(&work, last(&work)->id, WORK_YES, "user@example.com");
	pump();
	CHECK(granted(&imapd, 1, "user@example.com"));
	/* nobody is named: the token says who it is */
	start(&imapd, 2, "OAUTHBEARER", STR("n,,\1auth=Bearer a\1\1"), true);
	pump();
	CHECK(work.n == 2 && last(&work)->user[0] == '\0');
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(granted(&imapd, 2, "ann"));
	start(&imapd, 3, "XOAUTH2", STR(GOOGLE), true);
	pump();
	CHECK(strcmp(last(&work)->user, "ann@example.com") == 0);
	fake_result(&work, last(&work)->id, WORK_YES, "ann@example.com");
	pump();
	CHECK(granted(&imapd, 3, "ann@example.com"));
	/* nothing is cached: it may have expired since */
	start(&imapd, 4, "XOAUTH2", STR(GOOGLE), true);
	pump();
	CHECK(work.n == 4);
	fake_result(&work, last(&work)->id, WORK_UNAVAILABLE, "");
	pump();
	CHECK(refused(&imapd, 4, AUTH_UNAVAILABLE));
	CHECK(authd->logins == 0);
	end();
}

static void
check_wrong(void)
{
	uint64_t	no;

	begin();
	no = authd->counts.no;
	/* RFC 7628 section 4.3: asks what it should bring */
	start(&imapd, 1, "OAUTHBEARER", STR(RFC_3), true);
	pump();
	CHECK(work.n == 0 && challenged(1, ERROR));
	step(&imapd, 1, "\1");
	pump();
	CHECK(refused(&imapd, 1, AUTH_FAILED));
	/* the same, cancelled */
	start(&imapd, 2, "OAUTHBEARER", STR(RFC_3), true);
	pump();
	CHECK(challenged(2, ERROR));
	peer_send(imapd.p, IMSG_AUTH_CANCEL, 2, NULL, 0, -1);
	pump();
	CHECK(refused(&imapd, 2, AUTH_FAILED));
	CHECK(authd->counts.no == no + 2);
	/* a wrong token; what the client says to that does not matter */
	start(&imapd, 3, "OAUTHBEARER", STR(RFC_1), true);
	pump();
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(challenged(3, ERROR));
	step(&imapd, 3, "anything");
	pump();
	CHECK(refused(&imapd, 3, AUTH_FAILED));
	start(&imapd, 4, "XOAUTH2", STR(GOOGLE), true);
	pump();
	fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
	pump();
	CHECK(challenged(4, XERROR));
	step(&imapd, 4, "");
	pump();
	CHECK(refused(&imapd, 4, AUTH_FAILED));
	/* it was right once */
	start(&imapd, 6, "OAUTHBEARER", STR(RFC_1), true);
	pump();
	fake_result(&work, last(&work)->id, WORK_EXPIRED, "");
	pump();
	CHECK(challenged(6, ERROR));
	step(&imapd, 6, "\1");
	pump();
	CHECK(refused(&imapd, 6, AUTH_EXPIRED));
	/* what is no message of it is BAD at once */
	start(&imapd, 5, "XOAUTH2", STR("nonsense"), true);
	pump();
	CHECK(refused(&imapd, 5, AUTH_PROTOCOL));
	CHECK(authd->logins == 0);
	end();
}

/* A client that never answers holds no place of others. */
static void
check_silent(void)
{
	uint32_t	i;

	begin();
	for (i = 1; i <= 50; i++) {
		start(&imapd, i, "OAUTHBEARER", STR(RFC_3), true);
		pump();
		CHECK(challenged(i, ERROR));
	}
	CHECK(authd->logins == 50);
	fake_leave(&imapd);
	pump();
	CHECK(authd->logins == 0);
	fake_join(&imapd, PROC_IMAPD, 0);
	end();
}

/* Only what takes tokens is asked about them, and only what takes passwords
 * about these. */
static void
check_takes(void)
{
	begin();
	authd->conf.bearer = 0;
	start(&imapd, 1, "XOAUTH2", STR(GOOGLE), true);
	pump();
	CHECK(work.n == 0 && challenged(1, XERROR));
	step(&imapd, 1, "");
	pump();
	CHECK(refused(&imapd, 1, AUTH_FAILED));
	authd->conf.bearer = 1;
	login(&imapd, 2, "ann", "pw");
	pump();
	CHECK(work.n == 0 && refused(&imapd, 2, AUTH_FAILED));
	end();
}

int
main(void)
{
	check_rows();
	check_mutated();
	check_long();
	check_right();
	check_wrong();
	check_silent();
	check_takes();
	return TEST_END();
}
