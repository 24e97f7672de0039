/*
 * A login by SCRAM, where it differs from one with a password: a salt is asked
 * for before, and after the proof the client's last message is awaited.  Must
 * never tell by time, salt or words whether a name has keys.
 */
#include "common/compat.h"

#include <openssl/sha.h>

#include "authd/request_impl.h"

bool
login_bind(struct login *l, const struct sasl_mech *mech,
    const struct auth_start *start)
{
	struct sasl_binding	*b = &l->sasl.binding;

	sasl_begin(&l->sasl, mech);
	if (mech->proof == SASL_NAME)
		(void)sasl_external_peer(&l->sasl, start->subject,
		    start->certificate);
	/* Else it is of another length than it is defined with. */
	if (start->exporter.len == sizeof(b->exporter)) {
		memcpy(b->exporter, start->exporter.p, sizeof(b->exporter));
		b->nexporter = sizeof(b->exporter);
	}
	if (start->endpoint.len > 0 &&
	    start->endpoint.len <= sizeof(b->endpoint)) {
		memcpy(b->endpoint, start->endpoint.p, start->endpoint.len);
		b->nendpoint = start->endpoint.len;
	}
	return sasl_word(mech) == mech->name || sasl_can_bind(&l->sasl);
}

/*
 * Of two salts for a name without keys the one that is told, whatever the order
 * and whichever backend was away before: from a backend whose users have keys,
 * then by a hash, which favours no salt that a stranger could tell.
 */
static bool
salt_before(const struct login *l, bool alike, struct str data)
{
	uint8_t	old[SHA256_DIGEST_LENGTH], new[SHA256_DIGEST_LENGTH];

	if (l->salt[0] == '\0' || alike != l->alike)
		return l->salt[0] == '\0' || alike;
	SHA256((const uint8_t *)l->salt, strlen(l->salt), old);
	SHA256((const uint8_t *)data.p, data.len, new);
	return memcmp(new, old, sizeof(new)) < 0;
}

/* All backends are asked, whoever knows the name: the time tells nothing. */
static void
login_salt(void *arg, enum work_result_code code, const char *user,
    struct str why, struct str data, const struct found_quota *quota)
{
	struct login	*l = arg;

	(void)user;
	(void)why;
	(void)quota;
	l->job = NULL;
	l->asked++;
	if (code == WORK_UNAVAILABLE)
		l->unsure = true;
	else if (data.len > 0 && data.len < sizeof(l->salt) && !l->keys &&
	    (code == WORK_YES || salt_before(l, code == WORK_NO, data))) {
		memcpy(l->salt, data.p, data.len);
		l->salt[data.len] = '\0';
		l->keys = code == WORK_YES;
		l->alike = code != WORK_UNKNOWN;
	}
	login_ask(l);
}

void
login_ask(struct login *l)
{
	struct authd	*a = l->channel->authd;
	struct work_ask	 ask = { WORK_SALT, l->user, STR(""), l->remote };
	struct str	 challenge;

	for (; l->asked < a->conf.backends; l->asked++) {
		if ((a->conf.scram >> l->asked & 1) == 0)
			continue;
		if (work_away(a->work, l->asked) == NULL)
			l->job = work_submit(a->work, l->channel->index,
			    l->asked, &ask, false, login_salt, l);
		if (l->job != NULL)
			return;
		l->unsure = true;
	}
	if (l->salt[0] == '\0')
		login_no(l, AUTH_UNAVAILABLE, "no backend knows a salt");
	else if (sasl_scram_salt(&l->sasl, str_from(l->salt),
	    &challenge) == -1)
		login_no(l, AUTH_UNAVAILABLE, "no random numbers");
	else
		login_challenge(l, LOGIN_SASL, challenge);
}

void
login_last(struct login *l, const char *user, struct str signature)
{
	struct str	challenge;

	if (sasl_scram_signature(&l->sasl, signature, &challenge) == -1) {
		login_no(l, AUTH_UNAVAILABLE, "the server cannot sign");
		return;
	}
	strlcpy(l->granted, user, sizeof(l->granted));
	login_challenge(l, LOGIN_LAST, challenge);
}
