/*
 * Whose login it is: the name by the rules of login-names, and with a master
 * user, who is verified in the user's stead, the user behind it.  Must never
 * look a name up for who has not proved to be a master user.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "authd/names.h"
#include "authd/request_impl.h"
#include "common/log.h"

int
login_map(struct login *l)
{
	const struct names	*n = &l->channel->authd->conf.names;
	struct str		 login = str_from(l->sasl.login), user;

	l->target[0] = '\0';
	/* An administrator acts for himself. */
	if (!login_is_admin(l) && names_master(n, login, &user, l->user))
		return names_map(n, user, l->target, sizeof(l->target));
	return names_map(n, login, l->user, sizeof(l->user));
}

void
login_verified(struct login *l, const struct check_answer *a)
{
	const struct authd_conf	*c = &l->channel->authd->conf;
	enum sasl_proof		 proof = l->sasl.mech->proof;

	l->quota = a->quota;
	l->cached = a->cached;
	strlcpy(l->backend, a->backend, sizeof(l->backend));
	/* App passwords and tokens are beside the lookups; one that is apart
	 * may have been asked for another name. */
	l->looked = (proof == SASL_PASSWORD || proof == SASL_PROOF) &&
	    a->entry < c->backends && (c->apart >> a->entry & 1) == 0;
}

void
login_who(struct login *l, const char *name,
    void (*done)(void *, const struct who_answer *))
{
	l->who = (struct who){
		.authd = l->channel->authd, .lane = l->channel->index,
		.name = name, .remote = l->remote, .login = true,
		.done = done, .arg = l
	};
	login_enter(l, LOGIN_ASK);
	if (login_arm(l, LOGIN_WAIT_MS) == -1)
		login_no(l, AUTH_UNAVAILABLE, "no timer");
	else
		who_begin(&l->who);
}

/* The user is known: from here on it is as if he had come himself. */
static void
login_found(struct login *l, const char *user)
{
	char	word[2][2 * USER_ID_MAX + 8], remote[144];

	log_info("login=%" PRIu32 ".%" PRIu32 " session=%016" PRIx64 " user=%s "
	    "master=%s remote=%s", l->channel->index, l->id, l->session,
	    log_word(word[0], sizeof(word[0]), l->target),
	    log_word(word[1], sizeof(word[1]), l->user),
	    log_word(remote, sizeof(remote), l->remote));
	strlcpy(l->user, l->target, sizeof(l->user));
	l->target[0] = '\0';
	l->looked = true;
	if (l->sasl.mech->proof == SASL_PROOF)
		login_last(l, user, (struct str){ l->signature,
		    l->signature_len });
	else
		login_yes(l, user);
}

static void
login_looked(void *arg, const struct who_answer *a)
{
	struct login	*l = arg;
	char		 why[sizeof(l->target) + 64];

	switch (a->code) {
	case WHO_USER:
		l->quota = a->quota;
		login_found(l, a->user);
		return;
	case WHO_BARRED:
		login_no(l, AUTH_CONTACTADMIN, "the user may not log in");
		return;
	case WHO_AWAY:
		login_no(l, AUTH_UNAVAILABLE, a->why);
		return;
	case WHO_NONE:
		snprintf(why, sizeof(why),
		    "a master user's password, but no user %s", l->target);
		login_no(l, AUTH_FAILED, why);
		return;
	}
}

bool
login_master(struct login *l, struct str signature)
{
	if (l->target[0] == '\0')
		return false;
	l->signature_len = signature.len <= sizeof(l->signature) ?
	    signature.len : 0;
	if (l->signature_len > 0)
		memcpy(l->signature, signature.p, l->signature_len);
	login_who(l, l->target, login_looked);
	return true;
}
