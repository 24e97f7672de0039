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

static void	 login_look(struct login *);

int
login_map(struct login *l)
{
	const struct names	*n = &l->channel->authd->conf.names;
	struct str		 login = str_from(l->sasl.login), user;

	l->target[0] = '\0';
	if (names_master(n, login, &user, l->user))
		return names_map(n, user, l->target, sizeof(l->target));
	return names_map(n, login, l->user, sizeof(l->user));
}

/* The user is known: from here on it is as if he had come himself. */
static void
login_found(struct login *l, const char *user)
{
	char	word[2][2 * USER_ID_MAX + 8], remote[144];

	log_info("login=%" PRIu32 ".%" PRIu32 " session=%08" PRIx32 " user=%s "
	    "master=%s remote=%s", l->channel->index, l->id, l->session,
	    log_word(word[0], sizeof(word[0]), l->target),
	    log_word(word[1], sizeof(word[1]), l->user),
	    log_word(remote, sizeof(remote), l->remote));
	strlcpy(l->user, l->target, sizeof(l->user));
	l->target[0] = '\0';
	if (l->sasl.mech->proof == SASL_PROOF)
		login_last(l, user, (struct str){ l->signature,
		    l->signature_len });
	else
		login_yes(l, user);
}

static void
login_looked(void *arg, enum work_result_code code, const char *user,
    struct str why, struct str data)
{
	struct login	*l = arg;

	(void)data;
	l->job = NULL;
	l->asked++;
	switch (code) {
	case WORK_YES:
		login_found(l, user);
		return;
	case WORK_EXPIRED:
	case WORK_LOCKED:
		login_no(l, AUTH_CONTACTADMIN, "the user may not log in");
		return;
	case WORK_UNAVAILABLE:
		l->unsure = true;
		snprintf(l->away, sizeof(l->away), "%.*s", (int)why.len,
		    why.p);
		break;
	default:
		break;
	}
	login_look(l);
}

/* The lookups are asked in turn, as far as they can be asked for a name. */
static void
login_look(struct login *l)
{
	struct authd	*a = l->channel->authd;
	struct work_ask	 ask = { WORK_NAME, l->target, STR(""), l->remote };
	char		 why[sizeof(l->target) + 64];
	uint32_t	 to;

	for (; l->asked < a->conf.backends; l->asked++) {
		to = l->asked + ((a->conf.apart >> l->asked & 1) != 0 ?
		    AUTH_ENTRIES_MAX : 0);
		if (work_away(a->work, to) == NULL)
			l->job = work_submit(a->work, l->channel->index, to,
			    &ask, false, login_looked, l);
		if (l->job != NULL)
			return;
		l->unsure = true;
		strlcpy(l->away, "a database is unavailable",
		    sizeof(l->away));
	}
	if (l->unsure) {
		login_no(l, AUTH_UNAVAILABLE, l->away);
		return;
	}
	snprintf(why, sizeof(why), "a master user's password, but no user %s",
	    l->target);
	login_no(l, AUTH_FAILED, why);
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
	l->asked = 0;
	l->unsure = false;
	login_enter(l, LOGIN_ASK);
	if (login_arm(l, LOGIN_WAIT_MS) == -1)
		login_no(l, AUTH_UNAVAILABLE, "no timer");
	else
		login_look(l);
	return true;
}
