/*
 * SASL OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's form of
 * before): a token, and perhaps a name.  What the client says of host and port
 * is for tokens that are signed with them, which these are not.
 */
#include "common/compat.h"

#include <strings.h>

#include "authd/sasl.h"

#define SEPARATOR	'\x01'

static bool
is_key(struct str key, const char *name)
{
	return str_eq(key, str_from(name));
}

/* RFC 6750 section 2.1. */
static bool
is_token(struct str s)
{
	size_t	i = 0, n = 0;

	for (; i < s.len && s.p[i] != '\0' && strchr(
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~+/", s.p[i]) != NULL; i++)
		n++;
	while (i < s.len && s.p[i] == '=')
		i++;
	return n > 0 && i == s.len;
}

/* "Bearer TOKEN"; anything else asks what we would like. */
static enum sasl_next
bearer_auth(struct sasl *s, struct str auth)
{
	if (auth.len < 8 || strncasecmp(auth.p, "Bearer ", 7) != 0)
		return SASL_DENIED;
	for (auth.p += 7, auth.len -= 7; auth.len > 0 && *auth.p == ' ';
	    auth.len--)
		auth.p++;
	if (!is_token(auth) ||
	    sasl_keep(&s->password, auth, SASL_BEARER_MAX) == -1)
		return SASL_DENIED;
	s->password_len = auth.len;
	return SASL_DONE;
}

/* KEY=VALUE and a separator, any number of times, and another separator.  user:
 * that key is the name. */
static enum sasl_next
bearer_fields(struct sasl *s, struct str in, bool user)
{
	struct str	 key, value, auth = { NULL, 0 };
	const char	*end, *eq;
	size_t		 i;

	while (in.len > 0 && *in.p != SEPARATOR) {
		if ((end = memchr(in.p, SEPARATOR, in.len)) == NULL ||
		    (eq = memchr(in.p, '=', (size_t)(end - in.p))) == NULL)
			return SASL_BAD;
		key = (struct str){ in.p, (size_t)(eq - in.p) };
		value = (struct str){ eq + 1, (size_t)(end - eq - 1) };
		in.len -= (size_t)(end + 1 - in.p);
		in.p = end + 1;
		for (i = 0; i < key.len; i++)
			if ((key.p[i] | 0x20) < 'a' || (key.p[i] | 0x20) > 'z')
				return SASL_BAD;
		if (key.len == 0)
			return SASL_BAD;
		if (is_key(key, "auth")) {
			if (auth.p != NULL)
				return SASL_BAD;
			auth = value;
		} else if (user && is_key(key, "user")) {
			if (s->login != NULL)
				return SASL_BAD;
			if (sasl_keep(&s->login, value, SASL_LOGIN_MAX) == -1)
				return SASL_DENIED;
		}
	}
	if (in.len != 1)
		return SASL_BAD;
	if (user && s->login == NULL)
		return SASL_DENIED;
	return auth.p == NULL ? SASL_DENIED : bearer_auth(s, auth);
}

/* RFC 5801 section 4: =2C is a comma, =3D an equals sign.  The length, or
 * -1. */
static int
saslname(struct str in, char *dst)
{
	size_t	i, n = 0;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] != '=') {
			dst[n++] = in.p[i];
			continue;
		}
		if (in.len - i < 3)
			return -1;
		if (memcmp(in.p + i, "=2C", 3) == 0)
			dst[n++] = ',';
		else if (memcmp(in.p + i, "=3D", 3) == 0)
			dst[n++] = '=';
		else
			return -1;
		i += 2;
	}
	return (int)n;
}

/* "n,,", "y,," or "n,a=NAME,": no channel binding. */
static enum sasl_next
gs2_header(struct sasl *s, struct str *in)
{
	const char	*end;
	char		 name[SASL_LOGIN_MAX];
	struct str	 id;
	int		 n;

	if (in->len < 3 || (*in->p != 'n' && *in->p != 'y') ||
	    in->p[1] != ',')
		return SASL_BAD;
	in->p += 2;
	in->len -= 2;
	if ((end = memchr(in->p, ',', in->len)) == NULL)
		return SASL_BAD;
	id = (struct str){ in->p, (size_t)(end - in->p) };
	in->len -= id.len + 1;
	in->p = end + 1;
	if (id.len == 0)
		return SASL_MORE;
	if (id.len < 3 || memcmp(id.p, "a=", 2) != 0 ||
	    memchr(id.p, SEPARATOR, id.len) != NULL)
		return SASL_BAD;
	id.p += 2;
	id.len -= 2;
	if (id.len > sizeof(name))
		return SASL_DENIED;
	if ((n = saslname(id, name)) == -1)
		return SASL_BAD;
	return sasl_keep(&s->login, (struct str){ name, (size_t)n },
	    SASL_LOGIN_MAX) == -1 ? SASL_DENIED : SASL_MORE;
}

static enum sasl_next
oauthbearer_step(struct sasl *s, bool present, struct str in,
    struct str *challenge)
{
	enum sasl_next	next;

	*challenge = STR("");
	if (!present)
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	if (in.len == 0 || memchr(in.p, '\0', in.len) != NULL)
		return SASL_BAD;
	if ((next = gs2_header(s, &in)) != SASL_MORE)
		return next;
	if (in.len == 0 || *in.p != SEPARATOR)
		return SASL_BAD;
	return bearer_fields(s, (struct str){ in.p + 1, in.len - 1 }, false);
}

static enum sasl_next
xoauth2_step(struct sasl *s, bool present, struct str in,
    struct str *challenge)
{
	*challenge = STR("");
	if (!present)
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	if (in.len == 0 || memchr(in.p, '\0', in.len) != NULL)
		return SASL_BAD;
	return bearer_fields(s, in, true);
}

const struct sasl_mech sasl_oauthbearer = { "OAUTHBEARER", SASL_BEARER,
    oauthbearer_step };
const struct sasl_mech sasl_xoauth2 = { "XOAUTH2", SASL_BEARER,
    xoauth2_step };
