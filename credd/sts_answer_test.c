/* What an STS may answer, and what is made of it when it means harm. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/test.h"
#include "common/xml.h"
#include "credd/sts_answer.h"

#define NOW	1800000000	/* 2027-01-15T08:00:00Z */
#define NS	" xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""
#define BEGIN	"<AssumeRoleResponse" NS "><AssumeRoleResult>"
#define END	"</AssumeRoleResult></AssumeRoleResponse>"
#define USER	"<AssumedRoleUser><AssumedRoleId>AROA:pail" \
	"</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/mail/pail</Arn>" \
	"</AssumedRoleUser>"
#define AK	"<AccessKeyId>ASIA1</AccessKeyId>"
#define SK	"<SecretAccessKey>s3cr3t</SecretAccessKey>"
#define ST	"<SessionToken>t0k3n</SessionToken>"
#define EX	"<Expiration>2027-01-15T09:00:00Z</Expiration>"
#define KEYS	"<Credentials>" AK SK ST EX "</Credentials>"
#define GOOD	BEGIN USER KEYS END

static char	 why[400];

static struct cred_secret *
set(const char *text, size_t len)
{
	return sts_answer_set(text, len, "AssumeRole", NOW, why, sizeof(why));
}

static void
check_good(void)
{
	static const char *const rows[] = {
		GOOD, "<?xml version=\"1.0\"?>\n" GOOD, BEGIN KEYS USER
		    "<PackedPolicySize>6</PackedPolicySize>" END,
		/* MinIO's: without a namespace's use, an empty ARN elsewhere */
		BEGIN "<X><Arn>no</Arn><Credentials><AccessKeyId>no"
		    "</AccessKeyId></Credentials></X>" USER KEYS END
	};
	struct cred_secret	*s;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		s = set(rows[i], strlen(rows[i]));
		CHECK_ROW(s != NULL && strcmp(s->access_key, "ASIA1") == 0 &&
		    strcmp(s->secret, "s3cr3t") == 0 && strcmp(s->token,
		    "t0k3n") == 0 && s->expires == NOW + 3600 &&
		    strcmp(s->identity, "arn:aws:sts::1:assumed-role/mail/"
		    "pail") == 0, "row %zu: %s", i, why);
		cred_secret_free(s);
	}
	s = set(BEGIN KEYS END, strlen(BEGIN KEYS END));
	CHECK(s != NULL && s->identity[0] == '\0');
	cred_secret_free(s);
	s = set(BEGIN "<AssumedRoleUser><Arn/></AssumedRoleUser>" KEYS END,
	    strlen(BEGIN "<AssumedRoleUser><Arn/></AssumedRoleUser>" KEYS
	    END));
	CHECK(s != NULL && s->identity[0] == '\0');
	cred_secret_free(s);
}

static void
check_bad(void)
{
	static const struct { const char *text; const char *why; } rows[] = {
		{ "", "not a valid AssumeRoleResponse" },
		{ "{\"AccessKeyId\": \"x\"}", "not a valid" },
		{ "<html><body>captive portal</body></html>", "lacks" },
		{ "<AssumeRoleWithWebIdentityResponse>"
		    "<AssumeRoleWithWebIdentityResult>" KEYS
		    "</AssumeRoleWithWebIdentityResult>"
		    "</AssumeRoleWithWebIdentityResponse>", "lacks" },
		{ "<AssumeRoleResponse>" KEYS "</AssumeRoleResponse>",
		  "lacks" },
		{ KEYS, "lacks" },
		{ BEGIN AK SK ST EX END, "lacks" },
		{ BEGIN "<Credentials>" SK ST EX "</Credentials>" END,
		  "lacks" },
		{ BEGIN "<Credentials>" AK ST EX "</Credentials>" END,
		  "lacks" },
		{ BEGIN "<Credentials>" AK SK EX "</Credentials>" END,
		  "lacks" },
		{ BEGIN "<Credentials>" AK SK ST "</Credentials>" END,
		  "lacks" },
		{ BEGIN "<Credentials>" AK SK ST "<Expiration>soon"
		    "</Expiration></Credentials>" END, "not a valid" },
		{ BEGIN "<Credentials>" AK SK ST "<Expiration>2027-01-15T"
		    "08:00:00Z</Expiration></Credentials>" END,
		  "expired already" },
		{ BEGIN "<Credentials>" AK SK ST "<Expiration>1999-01-15T"
		    "08:00:00Z</Expiration></Credentials>" END,
		  "expired already" },
		{ BEGIN "<Credentials>" AK AK SK ST EX "</Credentials>" END,
		  "not a valid" },
		{ BEGIN "<Credentials>" AK SK ST EX EX "</Credentials>" END,
		  "not a valid" },
		{ BEGIN KEYS KEYS END, "not a valid" },
		{ BEGIN "<Credentials>" AK SK "</Credentials><Credentials>" ST
		    EX "</Credentials>" END, "not a valid" },
		{ BEGIN USER USER KEYS END, "not a valid" },
		{ BEGIN "<Credentials><AccessKeyId/>" SK ST EX
		    "</Credentials>" END, "not a valid" },
		{ BEGIN "<Credentials><AccessKeyId>A\nB</AccessKeyId>" SK ST
		    EX "</Credentials>" END, "not a valid" },
		{ BEGIN "<Credentials>" AK SK "<SessionToken>t\xff"
		    "</SessionToken>" EX "</Credentials>" END,
		  "not a valid" },
		{ "<!DOCTYPE x [<!ENTITY e \"e\">]>" GOOD, "not a valid" },
		{ GOOD "<x/>", "not a valid" }
	};
	struct cred_secret	*s;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		s = set(rows[i].text, strlen(rows[i].text));
		CHECK_ROW(s == NULL && strstr(why, rows[i].why) != NULL &&
		    strstr(why, "s3cr3t") == NULL && strstr(why, "t0k3n") ==
		    NULL, "row %zu: %s", i, why);
		cred_secret_free(s);
	}
}

static void
check_who(void)
{
#define WHO(x) "<GetCallerIdentityResponse" NS "><GetCallerIdentityResult>" x \
	"</GetCallerIdentityResult></GetCallerIdentityResponse>"
	static const struct { const char *text, *arn, *why; } rows[] = {
		{ WHO("<Arn>arn:aws:iam::1:user/mail</Arn><UserId>AIDA"
		    "</UserId><Account>1</Account>"),
		  "arn:aws:iam::1:user/mail", "" },
		{ WHO("<UserId>AIDA</UserId>"), "", "lacks Arn" },
		{ WHO("<Arn/>"), "", "lacks Arn" },
		{ WHO("<X><Arn>arn:x</Arn></X>"), "", "lacks Arn" },
		{ WHO("<Arn>a</Arn><Arn>b</Arn>"), "", "not a valid" },
		{ WHO("<Arn>a\nb</Arn>"), "", "not a valid "
		    "GetCallerIdentityResponse" },
		{ BEGIN "<Arn>arn:x</Arn>" END, "", "lacks Arn" },
		{ "", "", "not a valid" }
	};
	struct cred_secret	*s;
	char			 arn[CRED_IDENTITY_MAX + 1];
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		why[0] = '\0';
		strlcpy(arn, "before", sizeof(arn));
		CHECK_ROW((sts_answer_who(rows[i].text, strlen(rows[i].text),
		    arn, sizeof(arn), why, sizeof(why)) == 0) ==
		    (*rows[i].arn != '\0') && strcmp(arn, rows[i].arn) == 0 &&
		    strstr(why, rows[i].why) != NULL, "row %zu: %s: %s", i,
		    arn, why);
	}
	/* an ARN at that place is no session's */
	s = set(BEGIN "<Arn>arn:x</Arn>" KEYS END, strlen(BEGIN
	    "<Arn>arn:x</Arn>" KEYS END));
	CHECK(s != NULL && s->identity[0] == '\0');
	cred_secret_free(s);
}

/* Each prefix, in memory of just its size. */
static void
check_cut(void)
{
	static const char	 good[] = GOOD;
	char			*copy;
	size_t			 i;

	for (i = 0; i < sizeof(good) - 1; i++) {
		copy = malloc(i + 1);
		memcpy(copy, good, i);
		CHECK_ROW(set(copy, i) == NULL, "prefix %zu", i);
		free(copy);
	}
}

/* A value as long as it may be, and one byte more. */
static void
check_long(void)
{
	static const struct { const char *name; size_t max; } rows[] = {
		{ "AccessKeyId", CRED_ACCESS_MAX },
		{ "SecretAccessKey", CRED_SECRET_MAX },
		{ "SessionToken", CRED_TOKEN_MAX }
	};
	static const char *const others[] = { SK ST EX, AK ST EX, AK SK EX };
	struct cred_secret	*s;
	struct buf		 b = BUF_INIT;
	size_t			 i, more, n;

	for (i = 0; i < nitems(rows); i++)
		for (more = 0; more <= 1; more++) {
			buf_reset(&b);
			buf_printf(&b, BEGIN "<Credentials>%s<%s>", others[i],
			    rows[i].name);
			for (n = 0; n < rows[i].max + more; n++)
				buf_put_u8(&b, 'x');
			buf_printf(&b, "</%s></Credentials>" END,
			    rows[i].name);
			s = set((char *)b.data, b.len);
			CHECK_ROW(more == 1 ? s == NULL && strstr(why,
			    rows[i].name) != NULL && strstr(why,
			    "longer than") != NULL : s != NULL, "%s: %s",
			    rows[i].name, why);
			cred_secret_free(s);
		}
	buf_free(&b);
}

static void
check_errors(void)
{
	static const struct { int status; const char *text, *why; } rows[] = {
		{ 403, "<ErrorResponse" NS "><Error><Type>Sender</Type><Code>"
		    "AccessDenied</Code><Message>User: arn:aws:iam::1:user/u "
		    "is not authorized</Message></Error><RequestId>r"
		    "</RequestId></ErrorResponse>", "AccessDenied (status "
		    "403): User: arn:aws:iam::1:user/u is not authorized" },
		{ 400, "<ErrorResponse><Error><Code>ExpiredTokenException"
		    "</Code></Error></ErrorResponse>",
		  "ExpiredTokenException (status 400)" },
		{ 403, "<ErrorResponse><Errors><Error><Code>Other</Code>"
		    "</Error></Errors></ErrorResponse>",
		  "Other (status 403)" },
		{ 403, "<ErrorResponse><Errors><X><Error><Code>no</Code>"
		    "</Error></X></Errors></ErrorResponse>", "status 403" },
		{ 403, "<ErrorResponse><Error/><X><Code>no</Code></X>"
		    "</ErrorResponse>", "status 403" },
		{ 500, "", "status 500" },
		{ 500, "no", "status 500" },
		{ 503, "<html><Error><Code>x</Code></Error></html>",
		  "status 503" },
		{ 403, "<Error><Code>AccessDenied</Code></Error>",
		  "status 403" },
		{ 403, "<ErrorResponse><X><Code>no</Code></X></ErrorResponse>",
		  "status 403" },
		{ 403, "<ErrorResponse><Error><Code>A\n\033[31mB</Code>"
		    "</Error></ErrorResponse>", "status 403" },
		{ 403, "<ErrorResponse><Error><Code>A\n\nB \xc3\xa4</Code>"
		    "</Error></ErrorResponse>", "A B (status 403)" }
	};
	struct buf	b = BUF_INIT;
	size_t		i;

	for (i = 0; i < nitems(rows); i++) {
		sts_answer_error(rows[i].status, rows[i].text,
		    strlen(rows[i].text), why, sizeof(why));
		CHECK_ROW(strcmp(why, rows[i].why) == 0, "row %zu: %s", i,
		    why);
	}
	/* cut where it ends */
	buf_puts(&b, "<ErrorResponse><Error><Code>C</Code><Message>");
	for (i = 0; i < XML_TEXT_MAX - 1; i++)
		buf_put_u8(&b, 'm');
	buf_puts(&b, "</Message></Error></ErrorResponse>");
	sts_answer_error(400, b.data, b.len, why, sizeof(why));
	CHECK(strncmp(why, "C (status 400): mmm", 19) == 0 &&
	    strlen(why) < 350);
	buf_free(&b);
}

static void
check_hide(void)
{
	static const struct { const char *text, *secret, *want; } rows[] = {
		{ "bad token abcdefghijklmnop!", "abcdefghijklmnopqrst",
		  "bad token ****************!" },
		{ "part: ghijklmnopqr.", "abcdefghijklmnopqrst",
		  "part: ************." },
		{ "short: ghijklmnopq.", "abcdefghijklmnopqrst",
		  "short: ghijklmnopq." },
		{ "all of key7, twice: key7", "key7",
		  "all of ****, twice: ****" },
		{ "abcdefghijklabcdefghijkl", "abcdefghijklmn",
		  "************************" },
		{ "nothing", "", "nothing" }, { "", "secret", "" }
	};
	char	text[64];
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		strlcpy(text, rows[i].text, sizeof(text));
		sts_answer_hide(text, rows[i].secret);
		CHECK_ROW(strcmp(text, rows[i].want) == 0, "row %zu: %s", i,
		    text);
	}
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	check_good();
	check_bad();
	check_who();
	check_cut();
	check_long();
	check_errors();
	check_hide();
	return TEST_END();
}
