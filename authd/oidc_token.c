/*
 * Opaque tokens: the provider is asked (RFC 7662).  Must never keep a token,
 * nor remember one for longer than it is good.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "authd/oidc_impl.h"
#include "common/b64.h"
#include "common/json.h"

#define TOKEN_TAG	0x6f696463	/* of the MAC */

/* Where the token is remembered, or else the place that is the oldest. */
static struct oidc_token *
token_place(struct oidc *o, const uint8_t mac[MAC_LEN], bool *there)
{
	struct oidc_token	*t, *old = o->tokens;

	for (t = o->tokens; t < o->tokens + OIDC_TOKENS; t++) {
		if (t->asked != 0 && memcmp(t->mac, mac, MAC_LEN) == 0) {
			*there = true;
			return t;
		}
		if (t->asked < old->asked)
			old = t;
	}
	*there = false;
	return old;
}

/* Is what is remembered still good, if it was asked for within that time? */
static bool
token_good(const struct oidc *o, const struct oidc_token *t, int64_t within)
{
	return o->io.clock(o->io.arg) - t->asked < within &&
	    (t->ends == 0 || t->ends + o->rules.leeway >
	    o->io.now(o->io.arg));
}

/* Appends s as application/x-www-form-urlencoded. */
static void
put_form(struct buf *b, struct str s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] != '\0' && strchr("abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", s.p[i]) != NULL)
			(void)buf_put_u8(b, (uint8_t)s.p[i]);
		else
			(void)buf_printf(b, "%%%02X", (unsigned char)s.p[i]);
}

/* RFC 6749 section 2.3.1: -1 if it does not fit. */
static int
put_basic(const struct oidc *o, char *dst, size_t size)
{
	struct buf	b;
	int		n = snprintf(dst, size, "Authorization: Basic "), r;

	buf_init_secret(&b, 4096);
	put_form(&b, str_from(o->client_id));
	(void)buf_put_u8(&b, ':');
	put_form(&b, str_from(o->client_secret));
	r = b.failed ? -1 : b64_encode(b.data, b.len, true, dst + n,
	    size - (size_t)n);
	buf_freezero(&b);
	return r;
}

bool
oidc_refused(struct oidc *o)
{
	bool	was = o->refused;

	o->refused = false;
	return was;
}

bool
oidc_secret(struct oidc *o, struct str secret)
{
	char	*copy;

	if (secret.len == 0 || memchr(secret.p, '\0', secret.len) != NULL ||
	    str_eq(secret, str_from(o->client_secret)) ||
	    (copy = strndup(secret.p, secret.len)) == NULL)
		return false;
	freezero(o->client_secret, strlen(o->client_secret));
	o->client_secret = copy;
	o->try_token.asked = 0;
	return true;
}

/* The provider's answer; -1 with why: none. */
static int
token_ask(struct oidc *o, struct str token, struct oidc_answer *a, char *why,
    size_t size)
{
	struct oidc_ask	 q = { .url = o->introspection_url };
	struct buf	 form;
	char		 basic[6144];
	int		 r = -1;

	buf_init_secret(&form, 3 * 8192 + 64);
	(void)buf_puts(&form, "token_type_hint=access_token&token=");
	put_form(&form, token);
	(void)buf_put_u8(&form, '\0');
	if (form.failed || put_basic(o, basic, sizeof(basic)) == -1)
		snprintf(why, size, "out of memory");
	else if (oidc_find(o, why, size) == 0) {
		q.authorization = basic;
		q.form = (const char *)form.data;
		if (o->introspection_url[0] == '\0')
			snprintf(why, size, "its discovery document has no "
			    "introspection_endpoint");
		else if ((r = oidc_get(o, &q, a, why, size)) == -1) {
			o->found = 0;
			/* RFC 7662 section 2.3 */
			o->refused |= a->status == 401;
		}
	}
	explicit_bzero(basic, sizeof(basic));
	buf_freezero(&form);
	return r;
}

/* What the answer says of the token. */
static enum work_result_code
token_judge(struct oidc *o, struct str doc, struct oidc_token *t, char *why,
    size_t size)
{
	struct claims_answer	c;
	struct str		v;

	if (!json_member(doc, "active", &v) || !str_eq(v, STR("true"))) {
		snprintf(why, size, "the provider says that the token is not "
		    "active");
		return WORK_NO;
	}
	if (claims_check(&o->rules, doc, true, o->io.now(o->io.arg), &c) !=
	    CLAIMS_OK) {
		snprintf(why, size, "%s", c.why);
		return WORK_NO;
	}
	strlcpy(t->user, c.user, sizeof(t->user));
	t->ends = c.ends;
	return WORK_YES;
}

/* Each token is another question: only a provider that has not answered is left
 * alone for a while. */
static bool
token_tried(struct oidc *o, struct str token, struct oidc_answer *a)
{
	char	why[sizeof(o->try_token.why)];
	bool	ok;

	if (o->try_token.failed && !oidc_may_try(o, &o->try_token))
		return false;
	ok = token_ask(o, token, a, why, sizeof(why)) == 0;
	oidc_tried(o, &o->try_token, "introspect", ok ? NULL : why);
	return ok;
}

enum work_result_code
oidc_introspect(struct oidc *o, struct str token, char user[USER_ID_MAX + 1],
    char *why, size_t size)
{
	enum work_result_code	 code = WORK_YES;
	struct oidc_answer	 a;
	struct oidc_token	*t, new = { .asked = 0 };
	bool			 there;

	*why = '\0';
	if (o->client_id[0] == '\0') {
		snprintf(why, size, "the token is not a JWT, and there is no "
		    "client-id to ask the provider with");
		return WORK_NO;
	}
	mac_make(new.mac, TOKEN_TAG, &token, 1);
	t = token_place(o, new.mac, &there);
	if (!there || !token_good(o, t, OIDC_TOKEN_FRESH_MS)) {
		if (token_tried(o, token, &a)) {
			code = token_judge(o, (struct str){ a.body, a.len },
			    &new, why, size);
			o->io.done(o->io.arg, &a);
			new.asked = code == WORK_YES ?
			    o->io.clock(o->io.arg) : 0;
			if (code == WORK_YES || there)
				*t = new;
		} else if (!there || !token_good(o, t, OIDC_TOKEN_LIFE_MS)) {
			snprintf(why, size, "%s", o->try_token.why);
			code = WORK_UNAVAILABLE;
		}
	}
	if (code == WORK_YES)
		strlcpy(user, t->user, USER_ID_MAX + 1);
	return code;
}
