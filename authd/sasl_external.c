/*
 * SASL EXTERNAL, RFC 4422 appendix A: the client has shown a certificate, and
 * sends who it wants to be, or nothing: the one that the certificate names.
 * Nobody acts as another.
 */
#include "common/compat.h"

#include "authd/sasl.h"

static enum sasl_next
external_step(struct sasl *s, bool present, struct str in,
    struct str *challenge)
{
	if (!present) {
		*challenge = STR("");
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	}
	if (in.len > 0 && memchr(in.p, '\0', in.len) != NULL)
		return SASL_BAD;
	if (s->login == NULL || s->password == NULL ||
	    in.len > SASL_LOGIN_MAX ||
	    (in.len > 0 && !sasl_same_user(in, str_from(s->login))))
		return SASL_DENIED;
	return SASL_DONE;
}

const struct sasl_mech sasl_external = {
	"EXTERNAL", SASL_NAME, external_step
};

int
sasl_external_peer(struct sasl *s, struct str name, struct str chain)
{
	size_t	n = name.len + 1;

	if (chain.len == 0 || chain.len > SASL_CHAIN_MAX ||
	    s->password != NULL || sasl_keep(&s->login, name,
	    SASL_LOGIN_MAX) == -1 ||
	    (s->password = malloc(n + chain.len + 1)) == NULL)
		return -1;
	memcpy(s->password, s->login, n);
	memcpy(s->password + n, chain.p, chain.len);
	s->password[n + chain.len] = '\0';
	s->password_len = n + chain.len;
	return 0;
}
