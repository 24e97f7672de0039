/* Who is asked whose the keys are, and what comes of it. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

/* Before event2/http.h, which defines HTTP_OK. */
#include "credd/identity.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/test/http_fake.h"

#define STS	"store.credentials.sts-endpoint"

static struct identity	*id;
static struct cred_secret *keys;
static char		 body[256], signer[256], carried[64];
static unsigned		 nseen, answers;
static int		 status;
static const char	*text;
static char		 key[64], arn[128];	/* what was told; "": NULL */

static void
serve(struct evhttp_request *req)
{
	struct evbuffer	*in = evhttp_request_get_input_buffer(req);
	size_t		 n = evbuffer_get_length(in);

	CHECK(n < sizeof(body));
	evbuffer_copyout(in, body, n);
	body[n] = '\0';
	strlcpy(signer, http_fake_header(req, "Authorization"),
	    sizeof(signer));
	strlcpy(carried, http_fake_header(req, "X-Amz-Security-Token"),
	    sizeof(carried));
	nseen++;
	http_fake_answer(req, status, text);
}

static void
on_told(const char *access_key, const char *who, void *arg)
{
	CHECK(arg == &id);
	answers++;
	strlcpy(key, access_key, sizeof(key));
	strlcpy(arn, who != NULL ? who : "", sizeof(arn));
}

static void
ask(const struct slice *conf)
{
	unsigned	n = answers;

	CHECK(identity_ask(id, conf, keys) && answers == n);
	while (answers == n && event_base_loop(http_fake_world.base,
	    EVLOOP_ONCE) == 0)
		;
	CHECK(answers == n + 1 && strcmp(key, keys->access_key) == 0);
}

/* Whom there is to ask; what is cancelled asks nobody. */
static void
check_whom(void)
{
	static const struct { const char *region, *endpoint; bool asks; }
	    rows[] = {
		{ "eu-west-1", "", true },
		{ "eu-west-1", "https://s3.eu-west-1.amazonaws.com", true },
		{ "cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn:443/",
		  true },
		{ "us-east-1", "http://127.0.0.1:9000", false },
		{ "us-east-1", "https://minio.example.org", false },
		{ "us-east-1", "https://amazonaws.com.example.org", false },
		{ "us-east-1", "https://example.org/x.amazonaws.com", false },
		{ "us-east-1", "https://s3.us-east-1.wasabisys.com", false },
		{ "auto", "", false }, { "fr-par", "", false }
	};
	struct slice	*conf;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		conf = slice_make(NULL, STS, "", "store.region",
		    rows[i].region, "store.endpoint", rows[i].endpoint, NULL);
		CHECK_ROW(identity_ask(id, conf, keys) == rows[i].asks,
		    "row %zu", i);
		slice_free(conf);
	}
	conf = slice_make(NULL, STS, http_fake_url, "store.region", "fr-par",
	    "store.endpoint", "https://s3.fr-par.scw.cloud", NULL);
	CHECK(identity_ask(id, conf, keys));
	identity_free(id);
	id = identity_new(&http_fake_world, on_told, &id);
	event_base_loop(http_fake_world.base, EVLOOP_NONBLOCK);
	CHECK(answers == 0);
	slice_free(conf);
}

static void
check_answers(void)
{
	struct slice	*conf = slice_make(NULL, STS, http_fake_url,
			    "store.region", "eu-west-1", "store.endpoint", "",
			    NULL);

	status = 200;
	text = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"
	    "arn:aws:iam::1:user/mail</Arn></GetCallerIdentityResult>"
	    "</GetCallerIdentityResponse>";
	strlcpy(keys->token, "tok", sizeof(keys->token));
	ask(conf);
	CHECK_ROW(strcmp(arn, "arn:aws:iam::1:user/mail") == 0, "%s", arn);
	CHECK_ROW(strcmp(body, "Action=GetCallerIdentity&Version=2011-06-15")
	    == 0, "%s", body);
	CHECK_ROW(strstr(signer, "Credential=AKIA1/20270115/eu-west-1/sts/"
	    "aws4_request, ") != NULL, "%s", signer);
	CHECK(strcmp(carried, "tok") == 0);
	text = "<html/>";
	ask(conf);
	CHECK(arn[0] == '\0');
	status = 403;
	ask(conf);
	CHECK(arn[0] == '\0');
	slice_free(conf);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	id = identity_new(&http_fake_world, on_told, &id);
	keys = cred_secret_new();
	strlcpy(keys->access_key, "AKIA1", sizeof(keys->access_key));
	strlcpy(keys->secret, "secret-of-the-user", sizeof(keys->secret));
	check_whom();
	check_answers();
	cred_secret_free(keys);
	identity_free(id);
	identity_free(NULL);
	http_fake_end();
	return TEST_END();
}
