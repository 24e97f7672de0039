/*
 * SASL PLAIN, RFC 4616: [authzid] NUL authcid NUL passwd.
 * An authzid other than the authcid is refused: nobody acts as another.
 */
#include "common/compat.h"

#include "authd/sasl.h"

static enum sasl_next
plain_step(struct sasl *s, bool present, struct str in, struct str *challenge)
{
	const char	*nul;
	struct str	 authzid, authcid, rest;

	if (!present) {
		*challenge = STR("");
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	}
	if (in.len == 0 || (nul = memchr(in.p, '\0', in.len)) == NULL)
		return SASL_BAD;
	authzid = (struct str){ in.p, (size_t)(nul - in.p) };
	rest = (struct str){ nul + 1, in.len - authzid.len - 1 };
	if (rest.len == 0 || (nul = memchr(rest.p, '\0', rest.len)) == NULL)
		return SASL_BAD;
	authcid = (struct str){ rest.p, (size_t)(nul - rest.p) };
	rest = (struct str){ nul + 1, rest.len - authcid.len - 1 };
	if (rest.len > 0 && memchr(rest.p, '\0', rest.len) != NULL)
		return SASL_BAD;
	if (authzid.len > SASL_LOGIN_MAX ||
	    (authzid.len > 0 && !sasl_same_user(authzid, authcid)))
		return SASL_DENIED;
	if (sasl_keep(&s->login, authcid, SASL_LOGIN_MAX) == -1 ||
	    sasl_keep(&s->password, rest, SASL_PASSWORD_MAX) == -1)
		return SASL_DENIED;
	s->password_len = rest.len;
	return SASL_DONE;
}

const struct sasl_mech sasl_plain = { "PLAIN", SASL_PASSWORD, plain_step };
