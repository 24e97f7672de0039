/* What goes to an STS, from keys and from a token; and chains of roles. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Before event2/http.h, which defines HTTP_OK. */
#include "credd/chain.h"
#include "common/net.h"
#include "credd/sts.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/test/http_fake.h"

#define C	"store.credentials."
#define TOKEN	"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwYWlsIn0.c2ln-_bmF0dXJl"
#define ARN	"arn:aws:iam::123456789012:role/mail"

static char	 seen[8][2048];		/* bodies */
static char	 signer[8][512];	/* Authorization */
static char	 carried[8][64];	/* X-Amz-Security-Token */
static unsigned	 nseen;
static unsigned	 fails_at;		/* that request, from 1; 0: none */
static int64_t	 ahead;			/* s, of its clock */
static unsigned	 fails_from;		/* and all after it */
static int	 status;
static char	 error[NET_BODY_MAX + 100];

/* An answer whose keys are the request's number. */
static void
serve(struct evhttp_request *req)
{
	struct evbuffer	*in = evhttp_request_get_input_buffer(req);
	size_t		 n = evbuffer_get_length(in);
	const char	*action;
	char		 text[1024];
	unsigned	 i = nseen++;
	time_t		 now = (time_t)(http_fake_now + ahead);
	struct tm	 tm;

	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&now, &tm));
	evhttp_add_header(evhttp_request_get_output_headers(req), "Date",
	    text);
	CHECK(evhttp_request_get_command(req) == EVHTTP_REQ_POST &&
	    strcmp(evhttp_request_get_uri(req), "/") == 0);
	CHECK(i < nitems(seen) && n < sizeof(seen[0]));
	evbuffer_copyout(in, seen[i], n);
	seen[i][n] = '\0';
	strlcpy(signer[i], http_fake_header(req, "Authorization"),
	    sizeof(signer[i]));
	strlcpy(carried[i], http_fake_header(req, "X-Amz-Security-Token"),
	    sizeof(carried[i]));
	CHECK(strncmp(http_fake_url + 7, http_fake_header(req, "Host"),
	    strlen(http_fake_url + 7)) == 0);
	CHECK(strcmp(http_fake_header(req, "Content-Type"),
	    "application/x-www-form-urlencoded") == 0);
	if (fails_at == nseen || (fails_from != 0 && nseen >= fails_from)) {
		http_fake_answer(req, status, error);
		return;
	}
	action = strstr(seen[i], "WithWebIdentity&") != NULL ?
	    "AssumeRoleWithWebIdentity" : "AssumeRole";
	snprintf(text, sizeof(text), "<%sResponse><%sResult><AssumedRoleUser>"
	    "<Arn>arn:aws:sts::1:assumed-role/r%u/s</Arn></AssumedRoleUser>"
	    "<Credentials><AccessKeyId>ASIA%u</AccessKeyId><SecretAccessKey>"
	    "secret-of-step-%u</SecretAccessKey><SessionToken>token-of-step-%u"
	    "</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration>"
	    "</Credentials></%sResult></%sResponse>", action, action, nseen,
	    nseen, nseen, nseen, action, action);
	http_fake_answer(req, 200, text);
}

static struct cred_secret	*got;
static char			 why[2048];
static bool			 over;

static void
on_answer(const struct sts_answer *a, void *arg)
{
	(void)arg;
	CHECK(!over);
	over = true;
	got = a->secret;
	strlcpy(why, a->why, sizeof(why));
}

static void
wait_for_it(void)
{
	CHECK(!over);		/* from the loop only */
	while (!over && event_base_loop(http_fake_world.base,
	    EVLOOP_ONCE) == 0)
		;
	CHECK(over);
}

static void
begin(void)
{
	cred_secret_free(got);
	got = NULL;
	over = false;
	nseen = 0;
	fails_at = 0;
	fails_from = 0;
}

static struct sts_role
plain(void)
{
	return (struct sts_role){ ARN, "", "", "", 0, "eu-west-1",
	    http_fake_url };
}

static void
check_endpoint(void)
{
	static const struct { const char *region, *url; } rows[] = {
		{ "us-east-1", "https://sts.us-east-1.amazonaws.com" },
		{ "ap-southeast-7", "https://sts.ap-southeast-7.amazonaws."
		    "com" },
		{ "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com" },
		{ "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn" },
		{ "us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov" },
		{ "us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov."
		    "gov" },
		{ "", NULL }, { "auto", NULL }, { "fr-par", NULL },
		{ "us-east-005", NULL }, { "-east-1", NULL },
		{ "evil.example/-1", NULL }, { "US-EAST-1", NULL }
	};
	char	url[128];
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(rows[i].url == NULL ? sts_endpoint(rows[i].region,
		    url, sizeof(url)) == -1 : sts_endpoint(rows[i].region,
		    url, sizeof(url)) == 0 && strcmp(url, rows[i].url) == 0,
		    "row %zu", i);
	CHECK(sts_endpoint("us-east-1", url, 30) == -1);
}

static void
check_region(void)
{
	static const struct { const char *host, *region; } rows[] = {
		{ "sts.us-east-1.amazonaws.com", "us-east-1" },
		{ "sts.cn-north-1.amazonaws.com.cn", "cn-north-1" },
		{ "sts-fips.us-west-2.amazonaws.com", "us-west-2" },
		{ "sts.amazonaws.com", "us-east-1" },
		{ "vpce-1a-2b.sts.eu-west-1.vpce.amazonaws.com", "eu-west-1" },
		{ "s3.eu-west-1.amazonaws.com", NULL },
		{ "sts.eu-west-1.amazonaws.com.example.org", NULL },
		{ "sts.eu-west-1.amazonaws.com:8443", NULL },
		{ "sts..amazonaws.com", NULL }, { "vpce-", NULL },
		{ "sts.eu-west-1.example.org", NULL }, { "", NULL },
		{ "127.0.0.1:9000", NULL }
	};
	char	region[32];
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(rows[i].region == NULL ? sts_region(rows[i].host,
		    region, sizeof(region)) == -1 : sts_region(rows[i].host,
		    region, sizeof(region)) == 0 && strcmp(region,
		    rows[i].region) == 0, "row %zu", i);
	CHECK(sts_region("sts.us-east-1.amazonaws.com", region, 5) == -1);
}

/* Signed, with all parameters. */
static void
check_keys(void)
{
	struct cred_secret	*keys = cred_secret_new();
	struct sts_role		 role = plain();

	strlcpy(keys->access_key, "AKIA1", sizeof(keys->access_key));
	strlcpy(keys->secret, "secret-of-the-user", sizeof(keys->secret));
	begin();
	(void)sts_assume_role(&http_fake_world, keys, &role, on_answer, NULL);
	/* They are copied. */
	strlcpy(keys->access_key, "AKIA2", sizeof(keys->access_key));
	wait_for_it();
	CHECK_ROW(got != NULL && strcmp(got->access_key, "ASIA1") == 0 &&
	    strcmp(got->identity, "arn:aws:sts::1:assumed-role/r1/s") == 0 &&
	    got->expires == http_fake_now + 3600, "%s", why);
	CHECK_ROW(strcmp(seen[0], "Action=AssumeRole&Version=2011-06-15&"
	    "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmail&"
	    "RoleSessionName=pail") == 0, "%s", seen[0]);
	CHECK_ROW(strncmp(signer[0], "AWS4-HMAC-SHA256 Credential=AKIA1/"
	    "20270115/eu-west-1/sts/aws4_request, SignedHeaders=content-type;"
	    "host;x-amz-date, Signature=", 112) == 0, "%s", signer[0]);
	CHECK(carried[0][0] == '\0');

	strlcpy(keys->token, "tok", sizeof(keys->token));
	role.session_name = "a=b";
	role.external_id = "4711:x";
	role.policy = "{\"Version\": \"2012-10-17\"}";
	role.duration = 900;
	begin();
	(void)sts_assume_role(&http_fake_world, keys, &role, on_answer, NULL);
	wait_for_it();
	CHECK_ROW(strcmp(seen[0], "Action=AssumeRole&Version=2011-06-15&"
	    "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmail&"
	    "RoleSessionName=a%3Db&DurationSeconds=900&Policy=%7B%22Version"
	    "%22%3A%20%222012-10-17%22%7D&ExternalId=4711%3Ax") == 0, "%s",
	    seen[0]);
	CHECK(strcmp(carried[0], "tok") == 0 && strstr(signer[0],
	    "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,")
	    != NULL);
	cred_secret_free(keys);
}

/* Not signed, and nothing of the token in a reason. */
static void
check_token(void)
{
	struct sts_role	role = plain();

	begin();
	(void)sts_web_identity(&http_fake_world, TOKEN, &role, on_answer,
	    NULL);
	wait_for_it();
	CHECK_ROW(got != NULL && strcmp(seen[0], "Action="
	    "AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws"
	    "%3Aiam%3A%3A123456789012%3Arole%2Fmail&RoleSessionName=pail&"
	    "WebIdentityToken=" TOKEN) == 0, "%s: %s", why, seen[0]);
	CHECK(signer[0][0] == '\0' && carried[0][0] == '\0');
	begin();
	fails_at = 1;
	status = 400;
	strlcpy(error, "<ErrorResponse><Error><Code>InvalidIdentityToken"
	    "</Code><Message>not mine: " TOKEN "</Message></Error>"
	    "</ErrorResponse>", sizeof(error));
	(void)sts_web_identity(&http_fake_world, TOKEN, &role, on_answer,
	    NULL);
	wait_for_it();
	CHECK_ROW(got == NULL && strstr(why, ": InvalidIdentityToken (status "
	    "400): not mine: ****") != NULL && strncmp(why, http_fake_url,
	    strlen(http_fake_url)) == 0 && strstr(why, "eyJh") == NULL, "%s",
	    why);
}

/* Answers that are none, over the network. */
static void
check_hostile(void)
{
	static const struct { int status; const char *body, *why; } rows[] = {
		{ 200, "", "not a valid AssumeRoleResponse" },
		{ 200, "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
		    "<AccessKeyId>A</AccessKeyId>", "not a valid" },
		{ 200, "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
		    "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s"
		    "</SecretAccessKey><SessionToken>t</SessionToken>"
		    "<Expiration>2027-01-15T07:59:59Z</Expiration>"
		    "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
		  "expired already" },
		{ 200, "\xff\xfe<\xff", "not a valid" },
		{ 204, "", "status 204" },
		{ 302, "", "status 302" },
		{ 500, "<html>no</html>", "status 500" },
		{ 403, "<ErrorResponse><Error><Code>InvalidClientTokenId"
		    "</Code></Error></ErrorResponse>",
		  "InvalidClientTokenId (status 403)" }
	};
	struct cred_secret	*keys = cred_secret_new();
	struct sts_role		 role = plain();
	size_t			 i;

	strlcpy(keys->access_key, "AKIA1", sizeof(keys->access_key));
	strlcpy(keys->secret, "secret-of-the-user", sizeof(keys->secret));
	for (i = 0; i <= nitems(rows); i++) {
		begin();
		fails_at = 1;
		if (i < nitems(rows)) {
			status = rows[i].status;
			strlcpy(error, rows[i].body, sizeof(error));
		} else {		/* over what is read */
			status = 200;
			memset(error, ' ', sizeof(error) - 1);
			error[sizeof(error) - 1] = '\0';
		}
		(void)sts_assume_role(&http_fake_world, keys, &role,
		    on_answer, NULL);
		wait_for_it();
		CHECK_ROW(got == NULL && nseen == 1 && strstr(why,
		    i < nitems(rows) ? rows[i].why : "too long") != NULL,
		    "row %zu: %s", i, why);
	}
	cred_secret_free(keys);
}

/* A clock that is off: signed once more, as of the server's time. */
static void
check_clock(void)
{
	static const struct { int64_t ahead; unsigned asked; } rows[] = {
		{ 1200, 2 }, { -1200, 2 }, { -86400, 2 }, { 60, 2 },
		{ 59, 1 }, { -59, 1 }
	};
	struct cred_secret	*keys = cred_secret_new();
	struct sts_role		 role = plain();
	size_t			 i;

	strlcpy(keys->access_key, "AKIA1", sizeof(keys->access_key));
	strlcpy(keys->secret, "secret-of-the-user", sizeof(keys->secret));
	status = 403;
	strlcpy(error, "<ErrorResponse><Error><Code>SignatureDoesNotMatch"
	    "</Code></Error></ErrorResponse>", sizeof(error));
	for (i = 0; i < nitems(rows); i++) {
		begin();
		fails_at = 1;
		ahead = rows[i].ahead;
		(void)sts_assume_role(&http_fake_world, keys, &role,
		    on_answer, NULL);
		wait_for_it();
		CHECK_ROW(nseen == rows[i].asked && (got != NULL) ==
		    (nseen == 2), "row %zu: %u, %s", i, nseen, why);
		if (rows[i].ahead == -86400)
			CHECK(strstr(signer[1], "AKIA1/20270114/") != NULL);
		if (nseen == 2)
			CHECK(strcmp(signer[0], signer[1]) != 0);
	}
	/* not twice, and nothing for a token */
	ahead = 1200;
	begin();
	fails_from = 1;
	(void)sts_assume_role(&http_fake_world, keys, &role, on_answer, NULL);
	wait_for_it();
	CHECK(got == NULL && nseen == 2 && strstr(why,
	    "SignatureDoesNotMatch") != NULL);
	begin();
	fails_from = 1;
	(void)sts_web_identity(&http_fake_world, TOKEN, &role, on_answer,
	    NULL);
	wait_for_it();
	CHECK(got == NULL && nseen == 1);
	ahead = 0;
	cred_secret_free(keys);
}

static void
check_refused(void)
{
	static const struct { const char *endpoint, *region, *why; } rows[] = {
		{ "", "fr-par", "region fr-par has no STS" },
		{ "ftp://127.0.0.1", "eu-west-1", "not the URL of a host" },
		{ "http://a@127.0.0.1", "eu-west-1", "not the URL" },
		{ "https://", "eu-west-1", "not the URL" },
		{ "http://127.0.0.1:1", "eu-west-1", "cannot connect" }
	};
	static char	 longer[STS_TOKEN_MAX + 2];
	struct sts_role	 role;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		role = plain();
		role.endpoint = rows[i].endpoint;
		role.region = rows[i].region;
		begin();
		(void)sts_web_identity(&http_fake_world, TOKEN, &role,
		    on_answer, NULL);
		wait_for_it();
		CHECK_ROW(got == NULL && nseen == 0 && strstr(why,
		    rows[i].why) != NULL, "row %zu: %s", i, why);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	role = plain();
	begin();
	(void)sts_web_identity(&http_fake_world, longer, &role, on_answer,
	    NULL);
	wait_for_it();
	CHECK(got == NULL && strstr(why, "too long") != NULL);
	/* one that is cancelled says nothing */
	begin();
	sts_cancel(sts_web_identity(&http_fake_world, TOKEN, &role,
	    on_answer, NULL));
	event_base_loop(http_fake_world.base, EVLOOP_NONBLOCK);
	CHECK(!over);
	sts_cancel(NULL);
}

/* -- from the configuration -- */

static char	 source[32];

static void
on_chain(const struct chain_answer *a, void *arg)
{
	(void)arg;
	over = true;
	got = a->secret;
	strlcpy(source, a->source != NULL ? a->source : "", sizeof(source));
	strlcpy(why, a->why, sizeof(why));
	if (a->secret != NULL)
		CHECK(a->poll == 0 && strcmp(a->secret->region, "eu-1") == 0);
}

#define ROLE(n) C "assume-role." #n "."
#define EMPTY(n) ROLE(n) "duration", "", ROLE(n) "policy", "", \
	ROLE(n) "sts-endpoint", ""

/* Two roles behind a web identity: each is signed with the keys before it. */
static void
check_chain(void)
{
	static const char *const steps[] = {
	    "web-identity: http",
	    "web-identity: assume-role 1 of 2, arn:aws:iam::1:role/first: ",
	    "web-identity: assume-role 2 of 2, arn:aws:iam::1:role/second: "
	};
	struct slice	*conf = slice_make(NULL, C "source", "web-identity",
			    C "web-identity-token-file", "/t", C "role-arn",
			    "", C "session-name", "node1", C "duration", "900",
			    C "sts-endpoint", http_fake_url, "store.region",
			    "eu-1", ROLE(0) "role-arn",
			    "arn:aws:iam::1:role/first", ROLE(0)
			    "session-name", "one", ROLE(0) "external-id", "",
			    EMPTY(0), ROLE(1) "role-arn",
			    "arn:aws:iam::1:role/second", ROLE(1)
			    "session-name", "", ROLE(1) "external-id", "x7",
			    EMPTY(1), NULL);
	unsigned	 i;

	http_fake_file("env:AWS_ROLE_ARN", SETUP_GIVE_FOUND, ARN);
	http_fake_file("key:" C "web-identity-token-file", SETUP_GIVE_FOUND,
	    TOKEN);
	begin();
	(void)chain_start(&http_fake_world, conf, on_chain, NULL);
	wait_for_it();
	CHECK_ROW(got != NULL && nseen == 3 && strcmp(got->access_key,
	    "ASIA3") == 0 && strcmp(source, "web-identity") == 0 &&
	    strcmp(got->identity, "arn:aws:sts::1:assumed-role/r3/s") == 0,
	    "%s", why);
	CHECK(strstr(seen[0], "RoleSessionName=node1&DurationSeconds=900&"
	    "WebIdentityToken=" TOKEN) != NULL);
	CHECK(strstr(seen[1], "role%2Ffirst&RoleSessionName=one") != NULL &&
	    strstr(signer[1], "Credential=ASIA1/") != NULL &&
	    strcmp(carried[1], "token-of-step-1") == 0);
	CHECK(strstr(seen[2], "role%2Fsecond&RoleSessionName=pail&"
	    "ExternalId=x7") != NULL && strstr(signer[2],
	    "Credential=ASIA2/") != NULL && strcmp(carried[2],
	    "token-of-step-2") == 0);
	for (i = 1; i <= 3; i++) {
		begin();
		fails_at = i;
		status = 403;
		snprintf(error, sizeof(error), "<ErrorResponse><Error><Code>"
		    "AccessDenied</Code><Message>secret-of-step-%u</Message>"
		    "</Error></ErrorResponse>", i - 1);
		(void)chain_start(&http_fake_world, conf, on_chain, NULL);
		wait_for_it();
		CHECK_ROW(got == NULL && nseen == i && strncmp(why,
		    steps[i - 1], strlen(steps[i - 1])) == 0 && strstr(why,
		    ": AccessDenied (status 403): ") != NULL, "%s", why);
		CHECK(i == 1 || strstr(why, "secret-of") == NULL);
	}
	/* cancelled at each step */
	for (i = 1; i <= 3; i++) {
		struct chain	*c;

		begin();
		c = chain_start(&http_fake_world, conf, on_chain, NULL);
		while (nseen < i && !over)
			event_base_loop(http_fake_world.base, EVLOOP_ONCE);
		chain_cancel(c);
		event_base_loop(http_fake_world.base, EVLOOP_NONBLOCK);
		CHECK(!over);
	}
	slice_free(conf);
}

static void
check_source(void)
{
	static const struct {
		enum setup_give_outcome key, file;
		const char	*token, *arn;
		enum source_outcome outcome;
		const char	*why;
	} rows[] = {
		{ SETUP_GIVE_ABSENT, SETUP_GIVE_ABSENT, "", "",
		  SOURCE_NONE, "are not set" },
		{ SETUP_GIVE_ABSENT, SETUP_GIVE_FOUND, TOKEN, ARN,
		  SOURCE_FOUND, "" },
		{ SETUP_GIVE_FOUND, SETUP_GIVE_ABSENT, TOKEN, ARN,
		  SOURCE_FOUND, "" },
		{ SETUP_GIVE_FOUND, SETUP_GIVE_ABSENT, TOKEN, "",
		  SOURCE_FAILED, "role-arn and AWS_ROLE_ARN are not set" },
		{ SETUP_GIVE_FAILED, SETUP_GIVE_FOUND, "/t: no such file",
		  ARN, SOURCE_FAILED, "/t: no such file" },
		{ SETUP_GIVE_ABSENT, SETUP_GIVE_FAILED, "/u: is empty", ARN,
		  SOURCE_FAILED, "/u: is empty" },
		{ SETUP_GIVE_FOUND, SETUP_GIVE_ABSENT, "a\tb", ARN,
		  SOURCE_FAILED, "control character" }
	};
	struct slice	*conf = slice_make(NULL, C "role-arn", "", C
			    "session-name", "", C "duration", "",
			    C "sts-endpoint", http_fake_url, "store.region",
			    "r", NULL);
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		begin();
		http_fake_file("key:" C "web-identity-token-file",
		    rows[i].key, rows[i].token);
		http_fake_file("env:AWS_WEB_IDENTITY_TOKEN_FILE",
		    rows[i].file, rows[i].token);
		http_fake_file("env:AWS_ROLE_ARN", *rows[i].arn != '\0' ?
		    SETUP_GIVE_FOUND : SETUP_GIVE_ABSENT, rows[i].arn);
		http_fake_look(&source_web_identity, conf);
		CHECK_ROW(http_fake_outcome == rows[i].outcome && strstr(
		    http_fake_why, rows[i].why) != NULL && nseen ==
		    (rows[i].outcome == SOURCE_FOUND), "row %zu: %s", i,
		    http_fake_why);
	}
	http_fake_file("env:AWS_ROLE_ARN", SETUP_GIVE_FOUND, ARN);
	http_fake_file("key:" C "web-identity-token-file", SETUP_GIVE_FOUND,
	    TOKEN);
	http_fake_file("env:AWS_ROLE_SESSION_NAME", SETUP_GIVE_FOUND, "eks");
	begin();
	http_fake_look(&source_web_identity, conf);
	CHECK(strstr(seen[0], "RoleSessionName=eks&") != NULL);
	slice_free(conf);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	check_endpoint();
	check_region();
	check_keys();
	check_token();
	check_hostile();
	check_clock();
	check_refused();
	check_source();
	check_chain();
	begin();
	http_fake_end();
	return TEST_END();
}
