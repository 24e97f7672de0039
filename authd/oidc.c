/*
 * Tokens of one provider (oidc.h).  Must never ask it more often than it is
 * allowed to for what a stranger sends, nor call a token wrong that only the
 * provider could judge.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/jwt.h"
#include "authd/oidc_impl.h"
#include "common/json.h"
#include "common/log.h"

static const char *
oidc_own(struct oidc *o, const char *s)
{
	char	*copy = strdup(s == NULL ? "" : s);

	if (copy == NULL || o->nstrings == nitems(o->strings)) {
		free(copy);
		return NULL;
	}
	return o->strings[o->nstrings++] = copy;
}

static int
oidc_list(struct oidc *o, const char *const *from, size_t n,
    const char **to, size_t *count)
{
	size_t	i;

	for (i = 0; i < n && i < CLAIMS_LIST; i++)
		if ((to[(*count)++] = oidc_own(o, from[i])) == NULL)
			return -1;
	return 0;
}

struct oidc *
oidc_new(const struct oidc_conf *conf, const struct oidc_io *io)
{
	struct oidc	*o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->io = *io;
	o->rules.leeway = conf->leeway;
	o->tokens = calloc(OIDC_TOKENS, sizeof(*o->tokens));
	o->client_secret = strdup(conf->client_secret);
	if (o->tokens == NULL || o->client_secret == NULL ||
	    (o->rules.issuer = oidc_own(o, conf->issuer)) == NULL ||
	    (o->rules.audience = oidc_own(o, conf->audience)) == NULL ||
	    (o->rules.claim = oidc_own(o, conf->claim)) == NULL ||
	    (o->given_jwks = oidc_own(o, conf->jwks_url)) == NULL ||
	    (o->given_introspection = oidc_own(o,
	    conf->introspection_url)) == NULL ||
	    (o->client_id = oidc_own(o, conf->client_id)) == NULL ||
	    oidc_list(o, conf->scopes, conf->nscopes, o->rules.scopes,
	    &o->rules.nscopes) == -1 || oidc_list(o, conf->require,
	    conf->nrequire, o->rules.require, &o->rules.nrequire) == -1) {
		oidc_free(o);
		return NULL;
	}
	return o;
}

void
oidc_free(struct oidc *o)
{
	size_t	i;

	if (o == NULL)
		return;
	for (i = 0; i < o->nstrings; i++)
		free(o->strings[i]);
	if (o->client_secret != NULL)
		freezero(o->client_secret, strlen(o->client_secret));
	if (o->tokens != NULL)
		freezero(o->tokens, OIDC_TOKENS * sizeof(*o->tokens));
	jwks_free(o->keys);
	freezero(o, sizeof(*o));
}

bool
oidc_may_try(struct oidc *o, struct oidc_try *t)
{
	int64_t	now = o->io.clock(o->io.arg);

	if (t->asked != 0 && now - t->asked < OIDC_AGAIN_MS)
		return false;
	t->asked = now;
	return true;
}

void
oidc_tried(struct oidc *o, struct oidc_try *t, const char *what,
    const char *why)
{
	char	text[400];

	/* An answer costs time, too. */
	t->asked = o->io.clock(o->io.arg);
	if (why == NULL) {
		if (t->failed)
			log_info("issuer=%s cmd=%s result=ok", o->rules.issuer,
			    what);
		t->failed = false;
		return;
	}
	if (!t->failed || strcmp(t->why, why) != 0)
		log_warnx("issuer=%s cmd=%s result=unavailable why=\"%s\"",
		    o->rules.issuer, what, log_quote(text, sizeof(text), why,
		    strlen(why)));
	t->failed = true;
	strlcpy(t->why, why, sizeof(t->why));
}

int
oidc_get(struct oidc *o, const struct oidc_ask *q, struct oidc_answer *a,
    char *why, size_t size)
{
	memset(a, 0, sizeof(*a));
	if (o->io.ask(o->io.arg, q, a) == -1) {
		snprintf(why, size, "%s: %s", q->url, a->why);
		return -1;
	}
	if (a->status == 200 && json_strict((struct str){ a->body, a->len }))
		return 0;
	if (a->status == 200)
		snprintf(why, size, "%s: the answer is not a JSON object",
		    q->url);
	else
		snprintf(why, size, "%s: status %d", q->url, a->status);
	o->io.done(o->io.arg, a);
	return -1;
}

static int
oidc_fetch(struct oidc *o, char *why, size_t size)
{
	struct oidc_ask		 q = { .url = o->jwks_url };
	struct oidc_answer	 a;
	struct jwks		*keys;
	char			 what[128];

	if (oidc_find(o, why, size) == -1)
		return -1;
	if (o->jwks_url[0] == '\0') {
		snprintf(why, size, "its discovery document has no jwks_uri");
		return -1;
	}
	if (oidc_get(o, &q, &a, why, size) == -1) {
		o->found = 0;		/* perhaps it is elsewhere now */
		return -1;
	}
	keys = jwks_parse((struct str){ a.body, a.len }, what, sizeof(what));
	o->io.done(o->io.arg, &a);
	if (keys == NULL) {
		snprintf(why, size, "%.80s: %.100s", o->jwks_url, what);
		return -1;
	}
	jwks_free(o->keys);
	o->keys = keys;
	o->fetched = o->io.clock(o->io.arg);
	return 0;
}

/* Fetches the keys, unless that was tried just now.  false: it was not, or has
 * failed. */
static bool
oidc_renew(struct oidc *o)
{
	char	why[sizeof(o->try_keys.why)];
	bool	ok;

	if (!oidc_may_try(o, &o->try_keys))
		return false;
	ok = oidc_fetch(o, why, sizeof(why)) == 0;
	oidc_tried(o, &o->try_keys, "keys", ok ? NULL : why);
	return ok;
}

static void
oidc_keys(struct oidc *o)
{
	int64_t	age = o->io.clock(o->io.arg) - o->fetched;

	if (o->keys != NULL && age < OIDC_KEYS_FRESH_MS)
		return;
	if (!oidc_renew(o) && o->keys != NULL && age >= OIDC_KEYS_LIFE_MS) {
		jwks_free(o->keys);
		o->keys = NULL;
	}
}

void
oidc_tick(struct oidc *o)
{
	if (!o->try_keys.failed || o->io.clock(o->io.arg) -
	    o->try_keys.asked >= OIDC_TICK_MS)
		oidc_keys(o);
}

/* The signature: WORK_YES, or as oidc_check(). */
static enum work_result_code
oidc_signature(struct oidc *o, const struct jwt *t, const char **no)
{
	enum jwt_code	code;

	oidc_keys(o);
	if (o->keys == NULL) {
		*no = o->try_keys.why;
		return WORK_UNAVAILABLE;
	}
	code = jwt_verify(t, o->keys, no);
	/* A key that has come since; what cannot be right is no reason to
	 * ask. */
	if (code == JWT_NO_KEY && oidc_renew(o))
		code = jwt_verify(t, o->keys, no);
	if (code == JWT_NO_KEY && o->try_keys.failed) {
		*no = o->try_keys.why;
		return WORK_UNAVAILABLE;
	}
	return code == JWT_OK ? WORK_YES : WORK_NO;
}

static enum work_result_code
oidc_jwt(struct oidc *o, struct str token, char user[USER_ID_MAX + 1],
    char *why, size_t size)
{
	static const enum work_result_code results[] = {
		[CLAIMS_OK] = WORK_YES, [CLAIMS_OTHER] = WORK_UNKNOWN,
		[CLAIMS_EXPIRED] = WORK_EXPIRED, [CLAIMS_NO] = WORK_NO
	};
	enum work_result_code	 code = WORK_NO;
	struct claims_answer	 a = { .user = "" };
	struct jwt		*t;
	const char		*no = NULL;

	if ((t = malloc(sizeof(*t))) == NULL) {
		snprintf(why, size, "out of memory");
		return WORK_UNAVAILABLE;
	}
	if ((no = jwt_parse(t, token)) != NULL)
		;
	else if (!claims_are_of(t->claims, o->rules.issuer)) {
		code = WORK_UNKNOWN;
		no = "the token is another issuer's";
	} else if ((code = oidc_signature(o, t, &no)) == WORK_YES) {
		code = results[claims_check(&o->rules, t->claims, false,
		    o->io.now(o->io.arg), &a)];
		no = a.why;
	}
	if (code == WORK_YES)
		strlcpy(user, a.user, USER_ID_MAX + 1);
	snprintf(why, size, "%s", code == WORK_YES ? "" : no);
	freezero(t, sizeof(*t));
	return code;
}

enum work_result_code
oidc_check(struct oidc *o, struct str token, char user[USER_ID_MAX + 1],
    char *why, size_t size)
{
	user[0] = '\0';
	return jwt_is(token) ? oidc_jwt(o, token, user, why, size) :
	    oidc_introspect(o, token, user, why, size);
}
