/* Causes (s3_cause.h): of error responses, and of no response. */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/bucket/s3/s3_cause.h"

static void
test_responses(void)
{
	static const struct {
		int		 status;
		const char	*body, *region_told, *access_key;
		bool		 token;
		const char	*want;		/* in the cause; "": none */
	} rows[] = {
		{ 301, "<Error><Code>PermanentRedirect</Code><Endpoint>"
		    "mail.s3-eu-west-1.amazonaws.com</Endpoint></Error>", "",
		    "AKIA", false, "write \"endpoint: https://"
		    "s3-eu-west-1.amazonaws.com\"" },
		{ 301, "<Error><Code>PermanentRedirect</Code></Error>",
		    "eu-west-1", "AKIA", false, "write \"region: eu-west-1\"" },
		{ 301, "", "eu-west-1", "AKIA", false,
		    "write \"region: eu-west-1\"" },
		{ 307, "<Error><Code>TemporaryRedirect</Code><Endpoint>"
		    "mail.s3.eu-west-1.amazonaws.com</Endpoint></Error>", "",
		    "AKIA", false, "https://s3.eu-west-1.amazonaws.com\"" },
		{ 400, "<Error><Code>AuthorizationHeaderMalformed</Code>"
		    "<Region>eu-west-1</Region></Error>", "", "AKIA", false,
		    "is in region eu-west-1, not us-east-1 (store.region): "
		    "write \"region: eu-west-1\"" },
		/* Hostile: it cannot end the line. */
		{ 301, "<Error><Code>PermanentRedirect</Code><Endpoint>a&#10;"
		    "b</Endpoint></Error>", "", "AKIA", false, "a\\x0ab" },
		{ 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "",
		    "AKIA", false, "does not know the access key AKIA" },
		{ 404, "<Error><Code>XAdminUserNotFound</Code></Error>", "",
		    "AKIA", false, "does not know the access key AKIA" },
		{ 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "",
		    "ASIA", false, "session-token is missing" },
		{ 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "",
		    "ASIA", true, "does not know the access key ASIA" },
		{ 403, "<Error><Code>InvalidTokenId</Code></Error>", "", "A",
		    false, "session-token is missing" },
		{ 403, "<Error><Code>InvalidTokenId</Code></Error>", "", "A",
		    true, "the session of access key A is invalid" },
		{ 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "",
		    "a/secret", false, "are swapped" },
		{ 403, "<Error><Code>AccessDenied</Code></Error>", "", "AKIA",
		    false, "" },
		{ 503, "<Error><Code>SlowDown</Code></Error>", "", "AKIA",
		    false, "" },
	};
	struct s3_refusal r = { .bucket = "mail", .region = "us-east-1",
	    .endpoint = "https://s3.us-east-1.amazonaws.com" };
	struct s3_error e;
	char cause[S3_CAUSE_MAX];
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		(void)s3_error_parse(rows[i].body, strlen(rows[i].body), &e);
		r.status = rows[i].status;
		r.error = &e;
		r.region_told = rows[i].region_told;
		r.access_key = rows[i].access_key;
		r.token = rows[i].token;
		s3_cause(&r, cause, sizeof(cause));
		CHECK_ROW(rows[i].want[0] == '\0' ? cause[0] == '\0' :
		    strstr(cause, rows[i].want) != NULL, "%zu: %s", i, cause);
		CHECK_ROW(strstr(cause, "a/secret") == NULL, "%s", cause);
	}
}

/* What libcurl 7.88 and 8.x say. */
static void
test_no_response(void)
{
	static const struct {
		const char	*why, *want;
		bool		 lasting;
	} rows[] = {
		{ "Could not resolve host: s3.invalid", "does not resolve",
		    false },
		{ "Could not resolve proxy: p.invalid", "(store.proxy)",
		    false },
		{ "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't "
		    "connect to server", "no connection to https://s3", false },
		{ "Failed to connect to ::1 port 1: Connection refused",
		    "nothing listens at", false },
		{ "Connection timed out after 3001 milliseconds",
		    "does not answer in time", false },
		{ "SSL certificate problem: certificate has expired",
		    "has expired: renew", true },
		{ "SSL certificate problem: self-signed certificate in "
		    "certificate chain", "set store.tls-ca-file", true },
		{ "SSL certificate problem: unable to get local issuer "
		    "certificate", "set store.tls-ca-file", true },
		{ "SSL: no alternative certificate subject name matches target "
		    "host name 's3.example'", "another name", true },
		{ "error:0A00010B:SSL routines::wrong version number",
		    "begin with http://", true },
		{ "Received HTTP/0.9 when not allowed", "does not speak HTTP",
		    true },
		{ "CONNECT tunnel failed, response 407",
		    "user name and a password", true },
		{ "Received HTTP code 407 from proxy after CONNECT",
		    "user name and a password", true },
		{ "CONNECT tunnel failed, response 403", "does not connect to "
		    "https://s3", false },
		{ "something new", "", false },
	};
	char cause[S3_CAUSE_MAX];
	size_t i;
	bool lasting;

	for (i = 0; i < nitems(rows); i++) {
		lasting = s3_cause_link(rows[i].why, "https://s3", cause,
		    sizeof(cause));
		CHECK_ROW(lasting == rows[i].lasting, "%s", rows[i].why);
		CHECK_ROW(rows[i].want[0] == '\0' ? cause[0] == '\0' :
		    strstr(cause, rows[i].want) != NULL, "%s: %s", rows[i].why,
		    cause);
	}
}

int
main(void)
{
	log_init("s3_cause_test");
	test_responses();
	test_no_response();
	return TEST_END();
}
