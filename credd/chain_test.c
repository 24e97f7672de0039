/* Which source is asked, and what is made of its answer. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "credd/chain.h"
#include "credd/files.h"
#include "credd/test/http_fake.h"

#define C	"store.credentials."

#define world http_fake_world

static unsigned		   answers;
static char		   key[300], secret[1100], token[100], region[100];
static char		   name[32], why[2048];

static void
on_answer(const struct chain_answer *a, void *arg)
{
	(void)arg;
	answers++;
	key[0] = secret[0] = token[0] = region[0] = name[0] = '\0';
	if (a->secret != NULL) {
		strlcpy(key, a->secret->access_key, sizeof(key));
		strlcpy(secret, a->secret->secret, sizeof(secret));
		strlcpy(token, a->secret->token, sizeof(token));
		strlcpy(region, a->secret->region, sizeof(region));
		strlcpy(name, a->source, sizeof(name));
		CHECK(a->secret->expires == 0);
	}
	strlcpy(why, a->why, sizeof(why));
	cred_secret_free(a->secret);
}

static void
look(const struct slice *conf)
{
	answers = 0;
	chain_start(&world, conf, on_answer, NULL);
	CHECK(answers == 0);		/* from the loop only */
	while (answers == 0 && event_base_loop(world.base, EVLOOP_ONCE) == 0)
		;
	CHECK(answers == 1);
}

static void
check_static(void)
{
	static const struct {
		const char	*access, *secret, *token;
		const char	*source;	/* NULL: none, and why: */
		const char	*why;
	} rows[] = {
		{ "AK", "se cret", "", "static", "" },
		{ "AK", "secret", "tok", "static", "" },
		{ "", "", "", NULL, "static: store.access-key is missing" },
		{ "", "secret", "", NULL, "set together" },
		{ "AK", "", "", NULL, "set together" },
		{ "AK\n", "secret", "", NULL, "not a valid key" },
		{ "AK", "secret", "a\r\nb: c", NULL, "not a valid key" }
	};
	struct slice	*conf;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		conf = slice_make(NULL, C "source", "static",
		    C "access-key", rows[i].access,
		    C "secret-key", rows[i].secret, C "session-token",
		    rows[i].token, "store.region", "eu-1", NULL);
		look(conf);
		if (rows[i].source != NULL)
			CHECK_ROW(strcmp(name, rows[i].source) == 0 &&
			    strcmp(key, rows[i].access) == 0 &&
			    strcmp(secret, rows[i].secret) == 0 &&
			    strcmp(token, rows[i].token) == 0 &&
			    strcmp(region, "eu-1") == 0, "row %zu", i);
		else
			CHECK_ROW(name[0] == '\0' && strstr(why,
			    rows[i].why) != NULL && strstr(why, "secret\"") ==
			    NULL, "row %zu: %s", i, why);
		slice_free(conf);
	}
}

static void
serve(struct evhttp_request *req)
{
	http_fake_answer(req, 404, "");
}

/* "auto" goes on to the next one, and tells why the earlier ones gave none. */
static void
check_auto(void)
{
	struct slice	*conf = slice_make(NULL, C "access-key", "",
			    C "secret-key", "", C "session-token", "",
			    C "source", "auto", C "endpoint", http_fake_url,
			    C "endpoint-mode", "ipv4", C "role", "",
			    C "web-identity-token-file", "", C "role-arn", "",
			    C "session-name", "", C "duration", "",
			    C "sts-endpoint", "", C "profile", "",
			    "store.region", "r", NULL);

	look(conf);
	CHECK_ROW(name[0] == '\0' && strstr(why, "static: ") != NULL &&
	    strstr(why, "; env: AWS_ACCESS_KEY_ID is not set; web-identity: "
	    "web-identity-token-file and AWS_WEB_IDENTITY_TOKEN_FILE are not "
	    "set; profile: no profile default in ") != NULL &&
	    strstr(why, "; container: ") != NULL &&
	    strstr(why, "; imds: the metadata service does not support "
	    "IMDSv2 (status 404)") != NULL, "%s", why);
	http_fake_file("env:AWS_ACCESS_KEY_ID", SETUP_GIVE_FOUND, "AK");
	http_fake_file("env:AWS_SECRET_ACCESS_KEY", SETUP_GIVE_FOUND, "s");
	look(conf);
	CHECK_ROW(strcmp(name, "env") == 0 && strcmp(key, "AK") == 0 &&
	    strcmp(why, "static: store.access-key is missing") == 0, "%s",
	    why);
	slice_free(conf);
}

/* One that is cancelled says nothing. */
static void
check_cancel(void)
{
	struct slice	*conf = slice_make(NULL, C "source", "static",
			    C "access-key", "AK", C "secret-key", "s",
			    C "session-token", "",
			    "store.region", "r", NULL);

	answers = 0;
	chain_cancel(chain_start(&world, conf, on_answer, NULL));
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	event_base_loop(world.base, EVLOOP_NONBLOCK);
	CHECK(answers == 0);
	chain_cancel(NULL);
	slice_free(conf);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	http_fake_begin(serve);
	check_static();
	check_auto();
	check_cancel();
	http_fake_end();
	return TEST_END();
}
