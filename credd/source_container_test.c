/* Where a container's credentials may be asked for, with which token; and
 * the two sources that only look around. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include <event2/http.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/source_container.h"
#include "credd/test/http_fake.h"

#define KEYS "{\"AccessKeyId\": \"ASIAC\", \"SecretAccessKey\": \"s\", " \
	"\"Token\": \"t\", \"Expiration\": \"2027-01-15T08:00:00Z\"}"

static const char	*token = "Bearer T1";
static int		 status = 200;
static unsigned		 asked;

static void
serve(struct evhttp_request *req)
{
	asked++;
	if (strcmp(evhttp_request_get_uri(req), "/v2/creds?x=1") != 0 ||
	    *http_fake_header(req, "X-Forwarded-For") != '\0')
		http_fake_answer(req, 404, "");
	else if (strcmp(http_fake_header(req, "Authorization"), token) != 0)
		http_fake_answer(req, 401, "");
	else
		http_fake_answer(req, status, KEYS);
}

static void
check_hosts(void)
{
	static const struct { const char *url; bool may; } rows[] = {
		{ "http://169.254.170.2/v2/x", true },
		{ "http://169.254.170.23/v1/credentials", true },
		{ "http://[fd00:ec2::23]/v1/credentials", true },
		{ "http://127.0.0.1:8080/x", true },
		{ "http://127.9.9.9", true }, { "http://[::1]:80/x", true },
		{ "http://localhost:80/", true },
		{ "https://example.org/x", true },
		{ "http://169.254.169.254/x", false },
		{ "http://example.org/x", false },
		{ "http://10.0.0.1/x", false },
		{ "http://127.0.0.1.example.org/", false },
		{ "http://127.0.0.1@example.org/", false },
		{ "http://169.254.170.2:80@example.org/", false },
		{ "https://a@example.org/", false },
		{ "http://[fd00:ec2::254]/", false },
		{ "http://[::1", false }, { "http:///x", false },
		{ "http://127.0.0.1/\r\nHost: x", false },
		{ "http://127.0.0.1\\@example.org/", false },
		{ "ftp://127.0.0.1/", false }, { "file:///etc/passwd", false },
		{ "", false }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(container_may_ask(rows[i].url) == rows[i].may,
		    "row %zu: %s", i, rows[i].url);
}

static void
check_container(void)
{
	char	url[128];

	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_NONE && asked == 0);
	snprintf(url, sizeof(url), "%s/v2/creds?x=1", http_fake_url);
	http_fake_file("env:AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    SETUP_GIVE_FOUND, url);
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN",
	    SETUP_GIVE_FOUND, "Bearer T1");
	http_fake_look(&source_container, NULL);
	CHECK_ROW(http_fake_outcome == SOURCE_FOUND &&
	    strcmp(http_fake_secret.access_key, "ASIAC") == 0 &&
	    http_fake_secret.expires == 1800000000, "%s", http_fake_why);
	/* the file goes first, and is read anew */
	token = "T2";
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    SETUP_GIVE_FOUND, "T2");
	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_FOUND);
	token = "T3";
	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_FAILED &&
	    strstr(http_fake_why, "status 401") != NULL);
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    SETUP_GIVE_FOUND, "T3");
	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_FOUND);
	status = 500;
	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_FAILED &&
	    strstr(http_fake_why, "status 500") != NULL);
	asked = 0;
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    SETUP_GIVE_FOUND, "T3\r\nX: y");
	http_fake_look(&source_container, NULL);
	CHECK(strstr(http_fake_why, "control character") != NULL);
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    SETUP_GIVE_FAILED, "/x: no such file");
	http_fake_look(&source_container, NULL);
	CHECK(strstr(http_fake_why, "/x: no such file") != NULL);
	http_fake_file("env:AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	    SETUP_GIVE_ABSENT, "");
	http_fake_file("env:AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    SETUP_GIVE_FOUND, "http://example.org/");
	http_fake_look(&source_container, NULL);
	CHECK(http_fake_outcome == SOURCE_FAILED && asked == 0);
}

static void
check_env(void)
{
	static const struct {
		const char	*access, *secret, *token;
		enum source_outcome outcome;
	} rows[] = {
		{ "", "", "", SOURCE_NONE }, { "A", "", "", SOURCE_FAILED },
		{ "", "s", "", SOURCE_FAILED }, { "A", "s", "", SOURCE_FOUND },
		{ "A", "s", "t", SOURCE_FOUND },
		{ "A", "s", "t\n", SOURCE_FAILED }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		http_fake_file("env:AWS_ACCESS_KEY_ID", *rows[i].access ?
		    SETUP_GIVE_FOUND : SETUP_GIVE_ABSENT, rows[i].access);
		http_fake_file("env:AWS_SECRET_ACCESS_KEY", *rows[i].secret ?
		    SETUP_GIVE_FOUND : SETUP_GIVE_ABSENT, rows[i].secret);
		http_fake_file("env:AWS_SESSION_TOKEN", *rows[i].token ?
		    SETUP_GIVE_FOUND : SETUP_GIVE_ABSENT, rows[i].token);
		http_fake_look(&source_env, NULL);
		CHECK_ROW(http_fake_outcome == rows[i].outcome, "row %zu: %s",
		    i, http_fake_why);
		if (rows[i].outcome == SOURCE_FOUND)
			CHECK_ROW(strcmp(http_fake_secret.access_key, "A") ==
			    0 && strcmp(http_fake_secret.token,
			    rows[i].token) == 0, "row %zu", i);
	}
	/* a token that cannot be had: not the keys without it */
	http_fake_file("env:AWS_SESSION_TOKEN", SETUP_GIVE_FAILED,
	    "AWS_SESSION_TOKEN: larger than");
	http_fake_look(&source_env, NULL);
	CHECK(http_fake_outcome == SOURCE_FAILED &&
	    strstr(http_fake_why, "larger than") != NULL);
}

/* A secret in a file goes before the slice, which has it as it was. */
static void
check_static(void)
{
	struct slice	*conf = slice_make(NULL,
			    "store.credentials.access-key", "A1",
			    "store.credentials.secret-key", "s1",
			    "store.credentials.session-token", "", NULL);

	http_fake_look(&source_static, conf);
	CHECK(http_fake_outcome == SOURCE_FOUND && http_fake_poll == 0 &&
	    strcmp(http_fake_secret.secret, "s1") == 0);
	http_fake_file("key:store.credentials.secret-key", SETUP_GIVE_FOUND,
	    "s2");
	http_fake_look(&source_static, conf);
	CHECK(http_fake_outcome == SOURCE_FOUND && http_fake_poll > 0 &&
	    strcmp(http_fake_secret.secret, "s2") == 0 &&
	    strcmp(http_fake_secret.access_key, "A1") == 0);
	http_fake_file("key:store.credentials.secret-key", SETUP_GIVE_FAILED,
	    "/s: no such file");
	http_fake_look(&source_static, conf);
	CHECK(http_fake_outcome == SOURCE_FAILED &&
	    strstr(http_fake_why, "/s: no such file") != NULL);
	slice_free(conf);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	check_hosts();
	check_container();
	check_env();
	check_static();
	http_fake_end();
	return TEST_END();
}
