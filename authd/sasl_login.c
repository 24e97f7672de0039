/*
 * SASL LOGIN: never an RFC, but what some clients still know (draft-
 * murchison-sasl-login): the server asks for the name, then the password.
 * A name as initial response is taken.
 */
#include "common/compat.h"

#include "authd/sasl.h"

static enum sasl_next
login_step(struct sasl *s, bool present, struct str in, struct str *challenge)
{
	if (!present) {
		*challenge = STR("Username:");
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	}
	if (in.len > 0 && memchr(in.p, '\0', in.len) != NULL)
		return SASL_BAD;
	if (s->login == NULL) {
		if (sasl_keep(&s->login, in, SASL_LOGIN_MAX) == -1)
			return SASL_DENIED;
		*challenge = STR("Password:");
		return SASL_MORE;
	}
	if (sasl_keep(&s->password, in, SASL_PASSWORD_MAX) == -1)
		return SASL_DENIED;
	s->password_len = in.len;
	return SASL_DONE;
}

const struct sasl_mech sasl_login = { "LOGIN", SASL_PASSWORD, login_step };
