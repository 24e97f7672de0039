/* The sources profile and process: which profile is asked for, and what is
 * made of what a command prints. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/process.h"
#include "credd/test/http_fake.h"

#define P	"store.credentials."
#define SET	"\"Version\": 1, \"AccessKeyId\": \"A\", " \
		"\"SecretAccessKey\": \"s\""

static char	asked[4][1024];		/* bodies */
static char	signer[4][256];		/* whose keys, and for which region */
/* From that request on (it may be asked once more); 0: none. */
static unsigned	nasked, fails_at;

/* An STS whose keys have the request's number. */
static void
serve(struct evhttp_request *req)
{
	struct evbuffer	*in = evhttp_request_get_input_buffer(req);
	const char	*action;
	char		 text[1024];
	unsigned	 i = nasked;

	if (evhttp_request_get_command(req) != EVHTTP_REQ_POST ||
	    i == nitems(asked)) {
		http_fake_answer(req, 500, "");
		return;
	}
	evbuffer_copyout(in, asked[i], sizeof(asked[i]) - 1);
	strlcpy(signer[i], http_fake_header(req, "Authorization"),
	    sizeof(signer[i]));
	nasked++;
	if (fails_at != 0 && nasked >= fails_at) {
		http_fake_answer(req, 403, "<ErrorResponse><Error><Code>"
		    "AccessDenied</Code><Message>no</Message></Error>"
		    "</ErrorResponse>");
		return;
	}
	action = strstr(asked[i], "WithWebIdentity&") != NULL ?
	    "AssumeRoleWithWebIdentity" : "AssumeRole";
	snprintf(text, sizeof(text), "<%sResponse><%sResult><Credentials>"
	    "<AccessKeyId>ROLE%u</AccessKeyId><SecretAccessKey>role-secret"
	    "</SecretAccessKey><SessionToken>role-token-0</SessionToken><Expiration>"
	    "2027-01-15T09:00:00Z</Expiration></Credentials></%sResult>"
	    "</%sResponse>", action, action, nasked, action, action);
	http_fake_answer(req, 200, text);
}

static struct slice *
conf_with(const char *profile, const char *command)
{
	return slice_make(NULL, P "profile", profile, P "command", command,
	    P "endpoint", http_fake_url, P "endpoint-mode", "ipv4", P "role",
	    "", P "sts-endpoint", http_fake_url, "store.region", "r-1",
	    NULL);
}

/* s with these keys, and what comes of it. */
static bool
found(const struct source *s, const char *profile, const char *command,
    const char *access)
{
	struct slice	*conf = conf_with(profile, command);

	http_fake_look(s, conf);
	slice_free(conf);
	return http_fake_outcome == SOURCE_FOUND &&
	    strcmp(http_fake_secret.access_key, access) == 0;
}

static void
check_output(void)
{
	static const struct {
		const char	*text, *token, *why;	/* "": it is fine */
		int64_t		 expires;
	} rows[] = {
		{ "{" SET "}", "", "", 0 },
		{ "\n{\"Version\":1,\"AccessKeyId\":\"A\","
		  "\"SecretAccessKey\":\"s\",\"SessionToken\":null,"
		  "\"Expiration\":null}\n", "", "", 0 },
		{ "{" SET ", \"SessionToken\": \"t\", \"Expiration\": "
		  "\"2027-01-15T08:00:00Z\", \"More\": {}}", "t", "",
		  1800000000 },
		{ "{" SET ", \"Expiration\": \"2027-01-15T09:00:00+01:00\"}",
		  "", "", 1800000000 },
		{ "", "", "it printed nothing", 0 },
		{ "A s t", "", "not a JSON object", 0 },
		{ "{" SET "} x", "", "not a JSON object", 0 },
		{ "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\"}", "",
		  "\"Version\": 1", 0 },
		{ "{\"Version\": 2, \"AccessKeyId\": \"A\", "
		  "\"SecretAccessKey\": \"s\"}", "", "\"Version\": 1", 0 },
		{ "{\"Version\": 1, \"AccessKeyId\": \"A\"}", "",
		  "SecretAccessKey", 0 },
		{ "{\"Version\": 1, \"AccessKeyId\": \"\", "
		  "\"SecretAccessKey\": \"s\"}", "", "AccessKeyId", 0 },
		{ "{" SET ", \"SessionToken\": 1.5e}", "", "not a JSON", 0 },
		{ "{" SET ", \"SessionToken\": [\"t\"]}", "",
		  "SessionToken", 0 },
		{ "{" SET ", \"SessionToken\": \"t\", \"SessionToken\": "
		  "\"u\"}", "", "SessionToken", 0 },
		{ "{" SET ", \"SessionToken\": \"\"}", "", "SessionToken", 0 },
		{ "{" SET ", \"SessionToken\": \"a\\nb\"}", "",
		  "control characters", 0 },
		{ "{" SET ", \"Expiration\": \"soon\"}", "", "Expiration", 0 },
		{ "{" SET ", \"Expiration\": 1800000000}", "", "Expiration",
		  0 }
	};
	struct cred_secret	*s;
	char			 why[400];
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		why[0] = '\0';
		s = process_parse(rows[i].text, strlen(rows[i].text), why,
		    sizeof(why));
		CHECK_ROW((s != NULL) == (rows[i].why[0] == '\0') &&
		    (s != NULL || strstr(why, rows[i].why) != NULL),
		    "row %zu: %s", i, why);
		if (s != NULL)
			CHECK_ROW(strcmp(s->access_key, "A") == 0 &&
			    strcmp(s->secret, "s") == 0 &&
			    strcmp(s->token, rows[i].token) == 0 &&
			    s->expires == rows[i].expires, "row %zu", i);
		cred_secret_free(s);
	}
}

static void
check_process(void)
{
	http_fake_file("run:/p 'a b'", SETUP_GIVE_FOUND, "{" SET "}");
	CHECK(found(&source_process, "", "/p 'a b'", "A") &&
	    http_fake_poll == PROCESS_POLL);
	http_fake_file("run:/p 'a b'", SETUP_GIVE_FOUND, "{" SET
	    ", \"Expiration\": \"2027-01-15T08:00:00Z\"}");
	CHECK(found(&source_process, "", "/p 'a b'", "A") &&
	    http_fake_poll == 0 && http_fake_secret.expires == 1800000000);
	http_fake_file("run:/p 'a b'", SETUP_GIVE_FAILED,
	    "exit status 1: no");
	CHECK(!found(&source_process, "", "/p 'a b'", "A") &&
	    http_fake_outcome == SOURCE_FAILED && strcmp(http_fake_why,
	    "store.credentials.command: exit status 1: no") == 0);
}

static void
check_profile(void)
{
	/* nothing anywhere, and a file that cannot be read */
	CHECK(!found(&source_profile, "", "", "") &&
	    http_fake_outcome == SOURCE_NONE && strcmp(http_fake_why,
	    "no profile default in aws:credentials or aws:config") == 0);
	CHECK(!found(&source_profile, "x", "", "") &&
	    http_fake_outcome == SOURCE_FAILED);
	http_fake_file("aws:config", SETUP_GIVE_FAILED, "/c: too large");
	CHECK(!found(&source_profile, "", "", "") &&
	    http_fake_outcome == SOURCE_FAILED &&
	    strcmp(http_fake_why, "/c: too large") == 0);
	/* the default, the variable's, the one that is named */
	http_fake_file("aws:config", SETUP_GIVE_FOUND, "[default]\n"
	    "aws_access_key_id=D\naws_secret_access_key=s\n"
	    "[profile p]\ncredential_process = /p x\n"
	    "[profile q]\ncredential_source = Environment\n"
	    "[profile m]\ncredential_source = Ec2InstanceMetadata\n"
	    "[profile s]\nsso_session = z\n");
	http_fake_file("aws:credentials", SETUP_GIVE_FOUND, "[v]\n"
	    "aws_access_key_id=V\naws_secret_access_key=s\n"
	    "[x]\naws_access_key_id=X\naws_secret_access_key=s\n");
	CHECK(found(&source_profile, "", "", "D") && http_fake_poll > 0);
	http_fake_file("env:AWS_PROFILE", SETUP_GIVE_FOUND, "v");
	CHECK(found(&source_profile, "", "", "V"));
	CHECK(found(&source_profile, "x", "", "X"));
	http_fake_file("env:AWS_PROFILE", SETUP_GIVE_FOUND, "none");
	CHECK(!found(&source_profile, "", "", "") &&
	    http_fake_outcome == SOURCE_FAILED);
	/* what it names */
	http_fake_file("run:/p x", SETUP_GIVE_FOUND, "{" SET "}");
	CHECK(found(&source_profile, "p", "", "A") &&
	    http_fake_poll == PROCESS_POLL);
	http_fake_file("run:/p x", SETUP_GIVE_FOUND, "garbage");
	CHECK(!found(&source_profile, "p", "", "") && strcmp(http_fake_why,
	    "credential_process: what it printed is not a JSON object") == 0);
	CHECK(!found(&source_profile, "q", "", "") && strcmp(http_fake_why,
	    "credential_source: env: AWS_ACCESS_KEY_ID is not set") == 0);
	http_fake_file("env:AWS_ACCESS_KEY_ID", SETUP_GIVE_FOUND, "E");
	http_fake_file("env:AWS_SECRET_ACCESS_KEY", SETUP_GIVE_FOUND, "s");
	CHECK(found(&source_profile, "q", "", "E") && http_fake_poll == 0);
	CHECK(!found(&source_profile, "m", "", "") &&
	    strstr(http_fake_why, "imds: metadata service, token: status "
	    "500") != NULL);
	CHECK(!found(&source_profile, "s", "", "") &&
	    strstr(http_fake_why, "needs a person") != NULL);
}

#define ARN	"arn:aws:iam::123456789012:role/"

static bool
has(unsigned i, const char *pair)
{
	return i < nasked && strstr(asked[i], pair) != NULL;
}

static bool
signed_by(unsigned i, const char *access, const char *region)
{
	char	want[64], scope[64];

	snprintf(want, sizeof(want), "Credential=%s/", access);
	snprintf(scope, sizeof(scope), "/%s/sts/", region);
	return i < nasked && strstr(signer[i], want) != NULL &&
	    strstr(signer[i], scope) != NULL;
}

/* Roles, with the keys of a profile, of another source and of a token. */
static void
check_roles(void)
{
	http_fake_file("aws:credentials", SETUP_GIVE_FOUND, "[base]\n"
	    "aws_access_key_id=BASE\naws_secret_access_key=base-secret-0\n");
	http_fake_file("aws:config", SETUP_GIVE_FOUND, "[profile one]\n"
	    "role_arn = " ARN "1\nsource_profile = base\n"
	    "external_id = e1\nduration_seconds = 900\nregion = eu-2\n"
	    "[profile two]\nrole_arn = " ARN "2\nsource_profile = one\n"
	    "role_session_name = me\n"
	    "[profile env]\nrole_arn = " ARN "3\n"
	    "credential_source = Environment\n"
	    "[profile web]\nrole_arn = " ARN "4\n"
	    "web_identity_token_file = /tok\n"
	    "[profile three]\nrole_arn = " ARN "5\nsource_profile = web\n");
	nasked = 0;
	CHECK_ROW(found(&source_profile, "one", "", "ROLE1") &&
	    http_fake_poll == 0 && http_fake_secret.expires == 1800003600,
	    "%s", http_fake_why);
	CHECK(nasked == 1 && has(0, "Action=AssumeRole&") &&
	    has(0, "%3Arole%2F1") && has(0, "ExternalId=e1") &&
	    has(0, "DurationSeconds=900") && signed_by(0, "BASE", "eu-2"));
	/* the first role with the base's keys, the second with its own */
	nasked = 0;
	CHECK(found(&source_profile, "two", "", "ROLE2") && nasked == 2 &&
	    has(0, "%3Arole%2F1") && signed_by(0, "BASE", "r-1") &&
	    has(1, "%3Arole%2F2") && signed_by(1, "ROLE1", "r-1") &&
	    has(1, "RoleSessionName=me") && !has(1, "ExternalId"));
	nasked = 0;
	CHECK(found(&source_profile, "env", "", "ROLE1") &&
	    signed_by(0, "E", "r-1"));
	/* a token, with nothing signed; and a role behind it */
	http_fake_file("aws:web_identity_token_file=/tok", SETUP_GIVE_FOUND,
	    "jwt");
	nasked = 0;
	CHECK_ROW(found(&source_profile, "three", "", "ROLE2") &&
	    nasked == 2 && has(0, "WithWebIdentity") && has(0,
	    "WebIdentityToken=jwt") && signer[0][0] == '\0' &&
	    signed_by(1, "ROLE1", "r-1"), "%s", http_fake_why);
	http_fake_file("aws:web_identity_token_file=/tok", SETUP_GIVE_FAILED,
	    "/tok: gone");
	CHECK(!found(&source_profile, "web", "", "") && strcmp(http_fake_why,
	    "web_identity_token_file: /tok: gone") == 0);
	/* which of them failed */
	for (fails_at = 1; fails_at <= 2; fails_at++) {
		nasked = 0;
		CHECK_ROW(!found(&source_profile, "two", "", "") &&
		    http_fake_outcome == SOURCE_FAILED && strstr(http_fake_why,
		    fails_at == 1 ? "role_arn " ARN "1: " : "role_arn " ARN
		    "2: ") == http_fake_why && strstr(http_fake_why,
		    "AccessDenied") != NULL, "%s", http_fake_why);
	}
	fails_at = 0;
}

static void
nobody(const struct source_answer *a, void *arg)
{
	(void)a;
	*(bool *)arg = true;
}

/* Within: nothing is said, and nothing is left. */
static void
check_cancel(void)
{
	struct slice		*conf = conf_with("p", "");
	struct source_ask	*q;
	bool			 told = false;

	q = source_start(&source_profile, &http_fake_world, conf, nobody,
	    &told);
	source_cancel(q);
	(void)event_base_loop(http_fake_world.base, EVLOOP_NONBLOCK);
	CHECK(!told);
	slice_free(conf);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	check_output();
	check_process();
	check_profile();
	check_roles();
	check_cancel();
	http_fake_end();
	return TEST_END();
}
