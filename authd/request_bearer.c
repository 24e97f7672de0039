/*
 * A login with a bearer token, where it differs from one with a password.  A
 * client that fails is told so by a challenge, which it answers with nothing,
 * and only then comes the NO (RFC 7628 section 3.2.3; Google's and Microsoft's
 * XOAUTH2 has it from there).
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/request_impl.h"

#define NAMELESS_TAG	0x6e616d65

const char *
login_nameless(const struct login *l, char *dst, size_t size)
{
	struct str	token = { l->sasl.password, l->sasl.password_len };
	uint8_t		mac[MAC_LEN];
	size_t		i;

	mac_make(mac, NAMELESS_TAG, &token, 1);
	snprintf(dst, size, "%c", CHECK_NAMELESS);
	for (i = 0; i < 16; i++)
		snprintf(dst + 1 + 2 * i, size - 1 - 2 * i, "%02x", mac[i]);
	return dst;
}

void
login_fail(struct login *l, enum auth_code no, const char *why)
{
	const struct authd_conf	*conf = &l->channel->authd->conf;

	if (l->sasl.mech->proof != SASL_BEARER) {
		login_no(l, no, why);
		return;
	}
	l->no = no;
	strlcpy(l->why, why, sizeof(l->why));
	login_challenge(l, LOGIN_TOLD, str_from(l->sasl.mech ==
	    &sasl_xoauth2 ? conf->xoauth2_error : conf->oauthbearer_error));
}
