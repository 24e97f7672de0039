/*
 * PREAUTH, our own: imapd shows the token that paild gave it with a
 * connection from the control socket.  Never offered to a client.
 */
#include "common/compat.h"

#include "authd/preauth.h"
#include "authd/sasl.h"

static enum sasl_next
preauth_step(struct sasl *s, bool present, struct str in,
    struct str *challenge)
{
	*challenge = STR("");
	if (!present)
		return SASL_BAD;
	if (sasl_keep(&s->password, in, PREAUTH_TOKEN_MAX) == -1)
		return SASL_DENIED;
	s->password_len = in.len;
	return SASL_DONE;
}

const struct sasl_mech sasl_preauth = { "PREAUTH", SASL_TOKEN, preauth_step };
