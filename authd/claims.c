/*
 * Claims against rules (claims.h).  Must never take a claim of another type
 * for one that is right, nor let one that is missing pass.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/claims.h"
#include "common/json.h"

#define SCOPES_MAX	4096	/* bytes of a list in one string */

bool
claims_are_of(struct str claims, const char *issuer)
{
	struct str	v;

	return json_member(claims, "iss", &v) && json_is_text(v, issuer);
}

/* Is text the value, or one of it? */
static bool
has_text(struct str value, const char *text)
{
	struct str	one;

	if (json_is_text(value, text))
		return true;
	while (json_element(&value, &one))
		if (json_is_text(one, text))
			return true;
	return false;
}

/* Is word in a value that is a list in one string, or an array? */
static bool
has_word(struct str value, const char *word)
{
	char		 list[SCOPES_MAX];
	const char	*p = list;
	size_t		 n;

	if (has_text(value, word))
		return true;
	if (json_text(value, list, sizeof(list)) == -1)
		return false;
	for (p += strspn(p, " "); *p != '\0'; p += n, p += strspn(p, " ")) {
		n = strcspn(p, " ");
		if (n == strlen(word) && memcmp(p, word, n) == 0)
			return true;
	}
	return false;
}

/* RFC 9068's name of it, and Microsoft's and Okta's. */
static bool
has_scope(struct str claims, const char *scope)
{
	struct str	v;

	return (json_member(claims, "scope", &v) && has_word(v, scope)) ||
	    (json_member(claims, "scp", &v) && has_word(v, scope));
}

/* "name=value": a text, one of an array, or true, false or a number. */
static bool
has_claim(struct str claims, const char *rule)
{
	struct str	 v;
	char		 name[256];
	const char	*value = strchr(rule, '=');
	size_t		 n = value == NULL ? 0 : (size_t)(value - rule);

	if (n == 0 || n >= sizeof(name))
		return false;
	memcpy(name, rule, n);
	name[n] = '\0';
	if (!json_member(claims, name, &v))
		return false;
	return has_text(v, value + 1) || (v.len > 0 && v.p[0] != '"' &&
	    v.p[0] != '[' && v.p[0] != '{' && str_eq(v, str_from(value + 1)));
}

/* The times: false with why, or code. */
static bool
in_time(const struct claims_rules *r, struct str claims, bool introspected,
    int64_t now, struct claims_answer *a, enum claims_code *code)
{
	struct str	v;
	int64_t		t;

	*code = CLAIMS_NO;
	if (json_member(claims, "exp", &v)) {
		a->why = "the token's exp is not a time";
		if (!json_int(v, &a->ends) || a->ends <= 0)
			return false;
		a->why = "the token has expired";
		*code = CLAIMS_EXPIRED;
		if (a->ends + r->leeway <= now)
			return false;
		*code = CLAIMS_NO;
	} else {
		a->why = "the token has no exp";
		if (!introspected)
			return false;
	}
	if (json_member(claims, "nbf", &v)) {
		a->why = "the token is not valid yet";
		if (!json_int(v, &t) || t > now + r->leeway)
			return false;
	}
	if (json_member(claims, "iat", &v)) {
		a->why = "the token was issued in the future";
		if (!json_int(v, &t) || t > now + r->leeway)
			return false;
	}
	return true;
}

static bool
for_us(const struct claims_rules *r, struct str claims, bool introspected)
{
	struct str	v;

	if (json_member(claims, "aud", &v))
		return has_text(v, r->audience);
	return introspected && json_member(claims, "client_id", &v) &&
	    json_is_text(v, r->audience);
}

static bool
name_of(const struct claims_rules *r, struct str claims,
    struct claims_answer *a)
{
	struct str	v;
	char		name[1024];
	int		n;

	a->why = "the token has no such claim as the one that is the login "
	    "name";
	if (!json_member(claims, r->claim, &v) ||
	    (n = json_text(v, name, sizeof(name))) <= 0)
		return false;
	a->why = "the token's login name is not one";
	return user_normalize((struct str){ name, (size_t)n }, a->user,
	    sizeof(a->user)) == 0;
}

enum claims_code
claims_check(const struct claims_rules *r, struct str claims,
    bool introspected, int64_t now, struct claims_answer *a)
{
	enum claims_code	 code;
	struct str		 v;
	size_t			 i;

	memset(a, 0, sizeof(*a));
	if ((!introspected || json_member(claims, "iss", &v)) &&
	    !claims_are_of(claims, r->issuer)) {
		a->why = "the token is another issuer's";
		return CLAIMS_OTHER;
	}
	if (!for_us(r, claims, introspected)) {
		a->why = "the token is for another audience";
		return CLAIMS_NO;
	}
	if (!in_time(r, claims, introspected, now, a, &code))
		return code;
	for (i = 0; i < r->nscopes; i++)
		if (!has_scope(claims, r->scopes[i])) {
			a->why = "the token lacks a scope";
			return CLAIMS_NO;
		}
	for (i = 0; i < r->nrequire; i++)
		if (!has_claim(claims, r->require[i])) {
			a->why = "the token lacks a claim that is required";
			return CLAIMS_NO;
		}
	if (!name_of(r, claims, a))
		return CLAIMS_NO;
	a->why = NULL;
	return CLAIMS_OK;
}
