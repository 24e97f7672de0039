/*
 * Any bytes as a token, a set of keys, a discovery document and an answer of
 * introspection: the first byte says which.  None of them makes somebody of a
 * token that nobody has signed, and all costs little.
 */
#include "common/compat.h"

#include "authd/jwt.h"
#include "authd/oidc.h"
#include "common/fuzz.h"
#include "common/json.h"
#include "common/log.h"

static struct str	given;

static int
ask(void *arg, const struct oidc_ask *q, struct oidc_answer *a)
{
	(void)arg;
	(void)q;
	a->status = 200;
	a->body = malloc(given.len + 1);
	if (a->body == NULL)
		return -1;
	memcpy(a->body, given.p, given.len);
	a->len = given.len;
	return 0;
}

static void
done(void *arg, struct oidc_answer *a)
{
	(void)arg;
	free(a->body);
}

static int64_t
now(void *arg)
{
	(void)arg;
	return 1800000000;
}

static struct oidc *
provider(const char *jwks)
{
	const struct oidc_io	 io = { ask, done, now, now, NULL };
	const struct oidc_conf	 conf = { .issuer = "https://id.example.org",
				    .audience = "pail",
				    .claim = "preferred_username",
				    .jwks_url = jwks, .introspection_url = "",
				    .client_id = "pail",
				    .client_secret = "s" };
	struct oidc		*o = oidc_new(&conf, &io);

	FUZZ_CHECK(o != NULL);
	return o;
}

static void
fuzz_token(struct str token)
{
	static struct jwt	 t;
	struct oidc		*o;
	char			 user[USER_ID_MAX + 1], why[200];

	if (jwt_parse(&t, token) == NULL) {
		FUZZ_CHECK(t.alg != 0 && t.signature_len > 0);
		FUZZ_CHECK(json_strict(t.claims));
	}
	o = provider("https://id.example.org/keys");
	FUZZ_CHECK(oidc_check(o, token, user, why, sizeof(why)) != WORK_YES);
	FUZZ_CHECK(user[0] == '\0' && why[0] != '\0');
	oidc_free(o);
}

static void
fuzz_jwt(const uint8_t *in, size_t len)
{
	struct str		 text = { (const char *)in + 1, len - 1 };
	struct jwks		*k;
	struct oidc		*o;
	enum work_result_code	 code;
	char			 user[USER_ID_MAX + 1], why[200] = "";

	log_set_level(LOG_LEVEL_ERROR);
	if (len == 0)
		return;
	given = text;
	switch (in[0] % 4) {
	case 0:
		given = STR("{}");
		fuzz_token(text);
		break;
	case 1:
		k = jwks_parse(text, why, sizeof(why));
		FUZZ_CHECK(k == NULL ? why[0] != '\0' : k->n > 0 &&
		    json_strict(text));
		jwks_free(k);
		break;
	case 2:
		o = provider("");
		FUZZ_CHECK(oidc_check(o, STR("eyJhbGciOiJFUzI1NiJ9."
		    "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIn0.AAAA"), user,
		    why, sizeof(why)) != WORK_YES);
		oidc_free(o);
		break;
	case 3:
		o = provider("https://id.example.org/keys");
		code = oidc_check(o, STR("opaque"), user, why, sizeof(why));
		FUZZ_CHECK((code == WORK_YES) == (user[0] != '\0'));
		FUZZ_CHECK(code != WORK_YES || json_strict(text));
		oidc_free(o);
		break;
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_jwt);
}
