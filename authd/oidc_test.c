/*
 * What a provider is asked, and when: its discovery document and keys, keys
 * that change, a provider that is away, and tokens that only it knows.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/test/token_rig.h"
#include "common/log.h"
#include "common/test.h"
#include "common/test/capture.h"

static char	why[200];

static enum work_result_code
ask(struct oidc *o, const char *token)
{
	char	user[USER_ID_MAX + 1];
	enum work_result_code code;

	code = oidc_check(o, str_from(token), user, why, sizeof(why));
	CHECK_ROW((code == WORK_YES) == (strcmp(user, "ann") == 0), "%d %s",
	    code, user);
	return code;
}

static void
check_keys(void)
{
	struct oidc	*o = rig_oidc(false);
	char		*good = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    rig_claims);
	char		*new = rig_token(RIG_ES256, RIG_NEW,
			    "{\"alg\":\"ES256\",\"kid\":\"new\"}", rig_claims);
	char		*bad = rig_token(RIG_RS256, RIG_STRANGER, rig_header,
			    rig_claims);
	int		 i;

	CHECK(rig_asked_find == 0 && rig_asked_keys == 0);
	for (i = 0; i < 5; i++)
		CHECK(ask(o, good) == WORK_YES);
	CHECK(rig_asked_find == 1 && rig_asked_keys == 1);
	/* a signature that is wrong is no reason to ask */
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, bad) == WORK_NO && rig_asked_keys == 1);
	/* a key that is not there is, but not again and again */
	for (i = 0; i < 100; i++)
		CHECK(ask(o, new) == WORK_NO);
	CHECK(rig_asked_keys == 2 && rig_asked_find == 1);
	CHECK(strcmp(why, "the provider has no such key") == 0);
	rig_more = true;
	CHECK(ask(o, new) == WORK_NO);
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, new) == WORK_YES && rig_asked_keys == 3);
	CHECK(ask(o, good) == WORK_YES && rig_asked_keys == 3);
	/* what the provider has removed goes with time */
	rig_more = false;
	CHECK(ask(o, new) == WORK_YES);
	rig_ms += OIDC_KEYS_FRESH_MS;
	CHECK(ask(o, new) == WORK_NO && rig_asked_keys == 4);
	free(good);
	free(new);
	free(bad);
	oidc_free(o);
}

static void
check_away(void)
{
	struct oidc	*o = rig_oidc(false);
	char		*good = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    rig_claims);
	char		*new = rig_token(RIG_ES256, RIG_NEW,
			    "{\"alg\":\"ES256\",\"kid\":\"new\"}", rig_claims);
	char		*other = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    "{\"iss\":\"https://other.example\"}");
	int		 i;

	/* from the beginning: nothing is known, and it is not asked often */
	rig_away = true;
	for (i = 0; i < 10; i++)
		CHECK(ask(o, good) == WORK_UNAVAILABLE);
	CHECK(rig_asked_find == 1 && strstr(why, "nobody is there") != NULL);
	/* what is not its anyway is no matter of its */
	CHECK(ask(o, other) == WORK_UNKNOWN);
	CHECK(ask(o, "opaque") == WORK_NO);
	CHECK(ask(o, "e.e.e") == WORK_NO);
	rig_away = false;
	CHECK(ask(o, good) == WORK_UNAVAILABLE);
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, good) == WORK_YES);
	/* in the middle: what is known goes on, and the rest is not wrong */
	rig_away = true;
	CHECK(ask(o, good) == WORK_YES);
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, new) == WORK_UNAVAILABLE);
	CHECK(ask(o, new) == WORK_UNAVAILABLE);
	CHECK(ask(o, good) == WORK_YES);
	rig_ms += OIDC_KEYS_FRESH_MS;
	CHECK(ask(o, good) == WORK_YES);
	/* for a day */
	rig_ms += OIDC_KEYS_LIFE_MS;
	CHECK(ask(o, good) == WORK_UNAVAILABLE);
	rig_away = false;
	rig_more = true;
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, new) == WORK_YES && ask(o, good) == WORK_YES);
	free(good);
	free(new);
	free(other);
	oidc_free(o);
}

/* Before any login, and while there is none. */
static void
check_tick(void)
{
	struct oidc	*o = rig_oidc(false);
	char		*good = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    rig_claims);

	oidc_tick(o);
	CHECK(rig_asked_keys == 1);
	rig_away = true;
	CHECK(ask(o, good) == WORK_YES);
	rig_ms += OIDC_KEYS_FRESH_MS - 1;
	oidc_tick(o);
	CHECK(rig_asked_keys == 1);
	rig_ms += OIDC_AGAIN_MS;
	oidc_tick(o);
	CHECK(rig_asked_keys == 2);
	rig_ms += OIDC_TICK_MS - 1;
	oidc_tick(o);
	CHECK(rig_asked_keys == 2 && ask(o, good) == WORK_YES);
	rig_away = false;
	rig_ms += OIDC_TICK_MS;
	oidc_tick(o);
	rig_away = true;
	CHECK(ask(o, good) == WORK_YES && rig_asked_keys >= 3);
	free(good);
	oidc_free(o);
}

/* It is logged when it goes and when it comes, and not each time. */
static void
check_log(void)
{
	struct oidc	*o = rig_oidc(false);
	char		*good = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    rig_claims);
	const char	*text, *p;
	size_t		 n = 0;
	int		 i;

	log_set_level(LOG_LEVEL_INFO);
	capture();
	rig_away = true;
	for (i = 0; i < 5; i++, rig_ms += OIDC_AGAIN_MS)
		CHECK(ask(o, good) == WORK_UNAVAILABLE);
	rig_away = false;
	CHECK(ask(o, good) == WORK_YES);
	text = captured();
	for (p = text; (p = strstr(p, "result=unavailable")) != NULL; p++)
		n++;
	CHECK_ROW(n == 1, "%s", text);
	CHECK(strstr(text, "cmd=keys result=ok") != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	free(good);
	oidc_free(o);
}

#define DOC(issuer, keys)						\
	"{\"issuer\":\"" issuer "\",\"jwks_uri\":\"" keys "\"}"

static void
check_discovery(void)
{
	static const struct {
		const char	*doc, *why;	/* NULL: it is good */
	} rows[] = {
		{ DOC(RIG_ISSUER, RIG_ISSUER "/keys"), NULL },
		{ DOC(RIG_ISSUER, "https://other.example/keys"), NULL },
		{ DOC(RIG_ISSUER, "https:\\/\\/id.example.org\\/keys"), NULL },
		{ DOC(RIG_ISSUER "/", RIG_ISSUER "/keys"), "another one" },
		{ DOC("https://evil.example", RIG_ISSUER "/keys"),
		  "another one" },
		{ "{\"jwks_uri\":\"" RIG_ISSUER "/keys\"}", "another one" },
		{ "{\"issuer\":\"" RIG_ISSUER "\"}", "no jwks_uri" },
		{ DOC(RIG_ISSUER, "http://id.example.org/keys"), "not https" },
		{ DOC(RIG_ISSUER, "file:///etc/passwd"), "not https" },
		{ DOC(RIG_ISSUER, "gopher://127.0.0.1:443/keys"),
		  "not https" },
		{ DOC(RIG_ISSUER, "https://user@id.example.org/keys"),
		  "not https" },
		{ DOC(RIG_ISSUER, "https://id.example.org:8443/keys"),
		  "set jwks-url" },
		{ DOC(RIG_ISSUER, "https://id.example.org:99999/keys"),
		  "not https" },
		{ "[]", "not a JSON object" }, { "", "not a JSON object" },
		{ "{\"issuer\":1,\"issuer\":2}", "not a JSON object" }
	};
	struct oidc	*o;
	char		*good = rig_token(RIG_RS256, RIG_RSA, rig_header,
			    rig_claims);
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		o = rig_oidc(false);
		rig_discovery = rows[i].doc;
		CHECK_ROW(ask(o, good) == (rows[i].why == NULL ? WORK_YES :
		    WORK_UNAVAILABLE), "row %zu: %s", i, why);
		CHECK_ROW(rows[i].why == NULL ||
		    strstr(why, rows[i].why) != NULL, "row %zu: %s", i, why);
		oidc_free(o);
	}
	/* an answer that is none */
	o = rig_oidc(false);
	rig_status = 302;
	CHECK(ask(o, good) == WORK_UNAVAILABLE && strstr(why, "302") != NULL);
	oidc_free(o);
	free(good);
}

static void
check_given(void)
{
	struct oidc_conf	 conf;
	struct oidc		*o;
	char			*good = rig_token(RIG_RS256, RIG_RSA,
				    rig_header, rig_claims);

	rig_conf(&conf);
	conf.jwks_url = "http://127.0.0.1:8080/keys";
	o = rig_oidc_conf(&conf);
	CHECK(ask(o, good) == WORK_YES && rig_asked_find == 0);
	oidc_free(o);
	free(good);
}

static void
check_urls(void)
{
	static const struct {
		const char	*url, *host;	/* NULL: not to be asked */
		uint16_t	 port;
	} rows[] = {
		{ "https://a.example", "a.example", 443 },
		{ "https://a.example/", "a.example", 443 },
		{ "https://a.example:8443/x/y?z", "a.example", 8443 },
		{ "https://[::1]:8443/x", "::1", 8443 },
		{ "http://127.0.0.1:80/x", "127.0.0.1", 80 },
		{ "http://[::1]/x", "::1", 80 },
		{ "http://localhost:5000", "localhost", 5000 },
		{ "http://id.localhost:5000", "id.localhost", 5000 },
		{ "http://a.example", NULL, 0 }, { "http://localhost.example",
		  NULL, 0 }, { "http://127.0.0.1.example", NULL, 0 },
		{ "http://127.0.0.1@a.example", NULL, 0 },
		{ "ftp://127.0.0.1", NULL, 0 }, { "https://", NULL, 0 },
		{ "https:///x", NULL, 0 }, { "https://a:0", NULL, 0 },
		{ "https://a:65536", NULL, 0 }, { "https://a:1x", NULL, 0 },
		{ "https://a:", NULL, 0 }, { "https://a b", NULL, 0 },
		{ "https://a\nb", NULL, 0 }, { "https://[::1", NULL, 0 },
		{ "HTTPS://a", NULL, 0 }, { "", NULL, 0 }, { "a", NULL, 0 }
	};
	char		host[64];
	uint16_t	port;
	size_t		i;
	bool		ok;

	for (i = 0; i < nitems(rows); i++) {
		ok = oidc_url(rows[i].url, host, sizeof(host), &port);
		CHECK_ROW(ok == (rows[i].host != NULL), "%s", rows[i].url);
		if (ok && rows[i].host != NULL)
			CHECK_ROW(strcmp(host, rows[i].host) == 0 &&
			    port == rows[i].port, "%s", rows[i].url);
	}
}

#define SAYS(more)							\
	"{\"active\":true,\"preferred_username\":\"ann\","		\
	"\"scope\":\"x mail\"," more "}"

static void
check_introspection(void)
{
	static const struct {
		const char		*says;
		enum work_result_code	 code;
	} rows[] = {
		{ SAYS("\"aud\":\"pail\""), WORK_YES },
		{ SAYS("\"client_id\":\"pail\""), WORK_YES },
		{ SAYS("\"aud\":[\"a\",\"pail\"],\"iss\":\"" RIG_ISSUER
		  "\",\"exp\":1800000100"), WORK_YES },
		{ SAYS("\"aud\":\"other\",\"client_id\":\"pail\""), WORK_NO },
		{ SAYS("\"client_id\":\"other\""), WORK_NO },
		{ SAYS("\"x\":1"), WORK_NO },
		{ SAYS("\"aud\":\"pail\",\"iss\":\"https://evil.example\""),
		  WORK_NO },
		{ SAYS("\"aud\":\"pail\",\"exp\":1799999900"), WORK_NO },
		{ "{\"active\":false}", WORK_NO },
		{ "{\"active\":\"true\",\"aud\":\"pail\",\"scope\":\"mail\","
		  "\"preferred_username\":\"ann\"}", WORK_NO },
		{ "{\"active\":1,\"aud\":\"pail\",\"scope\":\"mail\","
		  "\"preferred_username\":\"ann\"}", WORK_NO },
		{ "{\"active\":true,\"active\":false}", WORK_UNAVAILABLE },
		{ "{}", WORK_NO }, { "[true]", WORK_UNAVAILABLE },
		{ "", WORK_UNAVAILABLE }
	};
	struct oidc	*o;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		o = rig_oidc(true);
		rig_introspection = rows[i].says;
		CHECK_ROW(ask(o, "opaque+/token==") == rows[i].code,
		    "row %zu: %s", i, why);
		CHECK(rig_asked_token == 1 && rig_asked_keys == 0);
		oidc_free(o);
	}
	CHECK(strcmp(rig_form, "token_type_hint=access_token&"
	    "token=opaque%2B%2Ftoken%3D%3D") == 0);
	/* pail%2Bserver:a%20secret%3A%25 */
	CHECK(strcmp(rig_basic, "Authorization: Basic "
	    "cGFpbCUyQnNlcnZlcjphJTIwc2VjcmV0JTNBJTI1") == 0);
}

static void
check_remembered(void)
{
	struct oidc	*o = rig_oidc(true);
	char		 token[32];
	int		 i;

	rig_introspection = SAYS("\"aud\":\"pail\",\"exp\":1800000900");
	for (i = 0; i < 3; i++)
		CHECK(ask(o, "one") == WORK_YES);
	CHECK(rig_asked_token == 1);
	CHECK(ask(o, "two") == WORK_YES && rig_asked_token == 2);
	/* it is asked again, and the answer may have changed */
	rig_ms += OIDC_TOKEN_FRESH_MS;
	CHECK(ask(o, "one") == WORK_YES && rig_asked_token == 3);
	rig_introspection = "{\"active\":false}";
	CHECK(ask(o, "one") == WORK_YES);
	rig_ms += OIDC_TOKEN_FRESH_MS;
	CHECK(ask(o, "one") == WORK_NO && rig_asked_token == 4);
	CHECK(ask(o, "one") == WORK_NO && rig_asked_token == 5);
	/* the provider is away: what it has said is right for a while */
	rig_introspection = SAYS("\"aud\":\"pail\",\"exp\":1800000900");
	CHECK(ask(o, "one") == WORK_YES && rig_asked_token == 6);
	rig_away = true;
	rig_ms += OIDC_TOKEN_FRESH_MS;
	CHECK(ask(o, "one") == WORK_YES && rig_asked_token == 7);
	CHECK(ask(o, "two") == WORK_YES && rig_asked_token == 7);
	CHECK(ask(o, "new") == WORK_UNAVAILABLE && rig_asked_token == 7);
	rig_ms += OIDC_TOKEN_LIFE_MS;
	CHECK(ask(o, "one") == WORK_UNAVAILABLE);
	rig_away = false;
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, "one") == WORK_YES && ask(o, "new") == WORK_YES);
	/* never longer than the token says, leeway included */
	rig_seconds = 1800000929;
	CHECK(ask(o, "one") == WORK_YES);
	rig_seconds = 1800000930;
	CHECK(ask(o, "one") == WORK_NO);
	/* a bounded number */
	rig_seconds = RIG_NOW;
	rig_asked_token = 0;
	for (i = 0; i < OIDC_TOKENS + 10; i++, rig_ms++) {
		snprintf(token, sizeof(token), "token%d", i);
		CHECK(ask(o, token) == WORK_YES);
	}
	CHECK(ask(o, token) == WORK_YES && ask(o, "token20") == WORK_YES);
	CHECK(rig_asked_token == OIDC_TOKENS + 10);
	CHECK(ask(o, "token0") == WORK_YES &&
	    rig_asked_token == OIDC_TOKENS + 11);
	oidc_free(o);
}

static void
check_rules(void)
{
	static const struct {
		const char	*require, *claims;
		bool		 right;
	} rows[] = {
		{ "hd=example.org", "\"hd\":\"example.org\"", true },
		{ "hd=example.org", "\"hd\":\"example.com\"", false },
		{ "hd=example.org", "\"x\":1", false },
		{ "groups=mail", "\"groups\":[\"a\",\"mail\"]", true },
		{ "groups=mail", "\"groups\":[\"a\",[\"mail\"]]", false },
		{ "ok=true", "\"ok\":true", true },
		{ "ok=true", "\"ok\":\"true\"", true },
		{ "ok=true", "\"ok\":false", false },
		{ "n=1", "\"n\":1", true }, { "n=1", "\"n\":11", false },
		{ "o={}", "\"o\":{}", false }, { "a=[]", "\"a\":[]", false },
		{ "https://x/y=a=b", "\"https:\\/\\/x\\/y\":\"a=b\"", true }
	};
	struct oidc_conf	 conf;
	struct oidc		*o;
	char			 claims[600], *token;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		rig_conf(&conf);
		conf.require[conf.nrequire++] = rows[i].require;
		o = rig_oidc_conf(&conf);
		snprintf(claims, sizeof(claims), "{\"iss\":\"" RIG_ISSUER "\","
		    "\"aud\":\"pail\",\"exp\":1800003600,\"scope\":\"mail\","
		    "\"preferred_username\":\"ann\",%s}", rows[i].claims);
		token = rig_token(RIG_RS256, RIG_RSA, rig_header, claims);
		CHECK_ROW((ask(o, token) == WORK_YES) == rows[i].right,
		    "row %zu: %s", i, why);
		free(token);
		oidc_free(o);
	}
}

/* Another secret, when the provider refuses ours, takes effect at once. */
static void
check_secret(void)
{
	struct oidc	*o = rig_oidc(true);

	rig_introspection = SAYS("\"aud\":\"pail\"");
	CHECK(ask(o, "one") == WORK_YES && !oidc_refused(o));
	rig_status = 503;
	CHECK(ask(o, "two") == WORK_UNAVAILABLE && !oidc_refused(o));
	rig_status = 200;
	rig_ms += OIDC_AGAIN_MS;
	CHECK(ask(o, "two") == WORK_YES);
	rig_status = 401;
	CHECK(ask(o, "three") == WORK_UNAVAILABLE);
	CHECK(oidc_refused(o) && !oidc_refused(o));
	rig_status = 200;
	CHECK(!oidc_secret(o, STR("a secret:%")));	/* the same */
	CHECK(!oidc_secret(o, STR("")) && !oidc_secret(o, STR("a\0b")));
	CHECK(ask(o, "three") == WORK_UNAVAILABLE);
	CHECK(oidc_secret(o, (struct str){ "another one", 7 }));
	CHECK(ask(o, "three") == WORK_YES);
	/* pail%2Bserver:another */
	CHECK(strcmp(rig_basic, "Authorization: Basic "
	    "cGFpbCUyQnNlcnZlcjphbm90aGVy") == 0);
	oidc_free(o);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	rig_init();
	check_keys();
	check_away();
	check_tick();
	check_log();
	check_discovery();
	check_given();
	check_urls();
	check_introspection();
	check_remembered();
	check_secret();
	check_rules();
	return TEST_END();
}
