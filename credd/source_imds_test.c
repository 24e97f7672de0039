/* Against a service that refuses what EC2's refuses: no token, another's,
 * a wrong TTL, a forwarded request. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/test/http_fake.h"

#define ROLES	"/latest/meta-data/iam/security-credentials/"
#define KEYS(code, end)							\
	"{\"Code\": \"" code "\", \"Type\": \"AWS-HMAC\", \"AccessKeyId\":"\
	" \"ASIAX\", \"SecretAccessKey\": \"s/e+c\", \"Token\": \"tok==\","\
	" \"Expiration\": \"" end "\"}"

static const char *token = "T1", *role = "mail", *ttl = "21600";
static int	 token_status, keys_status;
static const char *keys = KEYS("Success", "2027-01-15T08:00:00Z");
static unsigned	 nput, nget, refused;
static struct evhttp_request *silent;
static bool	 hang;

static void
serve(struct evhttp_request *req)
{
	const char	*path = evhttp_request_get_uri(req), *errstr;
	const char	*n = http_fake_header(req,
			    "X-aws-ec2-metadata-token-ttl-seconds");

	if (hang) {
		silent = req;
		return;
	}
	if (*http_fake_header(req, "X-Forwarded-For") != '\0') {
		refused++;
		http_fake_answer(req, 403, "");
		return;
	}
	if (evhttp_request_get_command(req) == EVHTTP_REQ_PUT) {
		nput++;
		(void)strtonum(n, 1, 21600, &errstr);
		if (strcmp(path, "/latest/api/token") != 0 || errstr != NULL) {
			refused++;
			http_fake_answer(req, 400, "");
		} else if (token_status != 0)
			http_fake_answer(req, token_status, "no");
		else {
			evhttp_add_header(
			    evhttp_request_get_output_headers(req),
			    "X-aws-ec2-metadata-token-ttl-seconds", ttl);
			http_fake_answer(req, 200, token);
		}
		return;
	}
	nget++;
	if (strcmp(http_fake_header(req, "X-aws-ec2-metadata-token"),
	    token) != 0) {
		refused++;
		http_fake_answer(req, 401, "");
	} else if (strcmp(path, ROLES) == 0)
		http_fake_answer(req, *role != '\0' ? 200 : 404, role);
	else if (strncmp(path, ROLES, strlen(ROLES)) != 0 ||
	    strcmp(path + strlen(ROLES), "mail") != 0)
		http_fake_answer(req, 404, "");
	else
		http_fake_answer(req, keys_status != 0 ? keys_status : 200,
		    keys);
}

static void
look(const char *given)
{
	struct slice	*conf = slice_make(NULL,
			    "store.credentials.endpoint", http_fake_url,
			    "store.credentials.endpoint-mode", "ipv4",
			    "store.credentials.role", given, NULL);

	nput = nget = refused = 0;
	http_fake_look(&source_imds, conf);
	slice_free(conf);
}

static void
check_found(void)
{
	look("");
	CHECK_ROW(http_fake_outcome == SOURCE_FOUND, "%s", http_fake_why);
	CHECK(strcmp(http_fake_secret.access_key, "ASIAX") == 0 &&
	    strcmp(http_fake_secret.secret, "s/e+c") == 0 &&
	    strcmp(http_fake_secret.token, "tok==") == 0 &&
	    http_fake_secret.expires == 1800000000);
	CHECK(nput == 1 && nget == 2 && refused == 0);
	/* the token lives on; a role that is given is not looked for */
	look("mail");
	CHECK(http_fake_outcome == SOURCE_FOUND && nput == 0 && nget == 1);
	/* it is renewed before it ends, and when it is not taken any more */
	http_fake_now += 21600 - 5;
	token = "T2";
	look("");
	CHECK(http_fake_outcome == SOURCE_FOUND && nput == 1 && nget == 2 &&
	    refused == 0);
	token = "T3";
	look("");
	CHECK(http_fake_outcome == SOURCE_FOUND && nput == 1 && nget == 3 &&
	    refused == 1);
	/* one that is granted for a shorter time */
	token = "T4";
	ttl = "30";
	look("");
	CHECK(refused == 1);
	http_fake_now += 21;
	look("");
	CHECK(http_fake_outcome == SOURCE_FOUND && nput == 1 && refused == 0);
	ttl = "21600";
}

/* A name for this host is asked of no name server, which might know of
 * another: those below it are in no hosts file. */
static void
check_localhost(void)
{
	static const char *const names[] = { "localhost", "LocalHost",
	    "metadata.localhost" };
	const char	*port = strrchr(http_fake_url, ':');
	struct slice	*conf;
	char		 url[96];
	size_t		 i;

	for (i = 0; i < nitems(names); i++) {
		snprintf(url, sizeof(url), "http://%s%s", names[i], port);
		conf = slice_make(NULL, "store.credentials.endpoint", url,
		    "store.credentials.endpoint-mode", "ipv4",
		    "store.credentials.role", "", NULL);
		http_fake_look(&source_imds, conf);
		CHECK_ROW(http_fake_outcome == SOURCE_FOUND, "%s: %s",
		    names[i], http_fake_why);
		slice_free(conf);
	}
}

static void
check_failures(void)
{
	static const struct {
		int		 token_status, keys_status;
		const char	*role, *given, *keys, *why;
	} rows[] = {
		{ 403, 0, "mail", "", "", "disabled for this instance" },
		{ 404, 0, "mail", "", "", "does not support IMDSv2" },
		{ 500, 0, "mail", "", "", "token: status 500" },
		{ 0, 0, "", "", "", "no role is attached" },
		{ 0, 0, "../../x", "", "", "not a role name" },
		{ 0, 0, "mail", "other", "", "not have the role other" },
		{ 0, 500, "mail", "", "", "credentials: status 500" },
		{ 0, 302, "mail", "", "", "credentials: status 302" },
		{ 0, 0, "mail", "", "<html>", "not a JSON object" },
		{ 0, 0, "mail", "", "{}", "lacks AccessKeyId" },
		{ 0, 0, "mail", "", KEYS("Failed", "2027-01-15T08:00:00Z"),
		  "Code is Failed" },
		{ 0, 0, "mail", "", KEYS("Success", "soon"),
		  "no valid Expiration" },
		{ 0, 0, "mail", "", "{\"AccessKeyId\": \"A\", "
		  "\"SecretAccessKey\": \"hush\", \"Token\": \"a\\r\\nb\", "
		  "\"Expiration\": \"2027-01-15T08:00:00Z\"}",
		  "control characters" }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		http_fake_now += 30000;		/* no token is left */
		token_status = rows[i].token_status;
		keys_status = rows[i].keys_status;
		role = rows[i].role;
		keys = rows[i].keys;
		look(rows[i].given);
		CHECK_ROW(http_fake_outcome == SOURCE_FAILED &&
		    strstr(http_fake_why, rows[i].why) != NULL &&
		    strstr(http_fake_why, "hush") == NULL, "row %zu: %s", i,
		    http_fake_why);
		/* never without a token, whatever happens */
		CHECK_ROW(refused == 0 && (rows[i].token_status == 0 ||
		    nget == 0), "row %zu", i);
	}
	token_status = keys_status = 0;
}

static void
check_silence(void)
{
	struct slice	*conf = slice_make(NULL,
			    "store.credentials.endpoint", http_fake_url,
			    "store.credentials.endpoint-mode", "ipv4",
			    "store.credentials.role", "", NULL);
	struct source_ask *q;

	http_fake_now += 30000;
	hang = true;
	look("");
	CHECK_ROW(http_fake_outcome == SOURCE_FAILED &&
	    strstr(http_fake_why, "--http-put-response-hop-limit 2") != NULL,
	    "%s", http_fake_why);
	/* what is cancelled says nothing, and leaves nothing */
	q = source_start(&source_imds, &http_fake_world, conf, NULL, NULL);
	event_base_loop(http_fake_world.base, EVLOOP_NONBLOCK);
	source_cancel(q);
	slice_free(conf);
	(void)silent;
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	check_found();
	check_localhost();
	check_failures();
	check_silence();
	http_fake_end();
	return TEST_END();
}
