/*
 * A login.  Must never tell the client more than yes, no, or not now, and
 * never keep a password longer than its check.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/attempt.h"
#include "authd/backend.h"
#include "authd/request_impl.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/peer.h"
#include "common/proc_kind.h"

#define LOGIN_FDS_MAX	100	/* unread answers with a session */
#define LOGIN_AGAIN_MS	10	/* then look whether they were read */

static const char *const login_names[LOGIN_STATES] = {
	"new", "sasl", "ask", "wait", "check", "held", "yielded", "token",
	"paild", "last", "told", "grant"
};

#define BIT(s)	(1u << (s))
static const unsigned int login_moves[LOGIN_STATES] = {
	[LOGIN_NEW] = BIT(LOGIN_SASL) | BIT(LOGIN_ASK) | BIT(LOGIN_WAIT) |
	    BIT(LOGIN_TOKEN) | BIT(LOGIN_TOLD),
	[LOGIN_SASL] = BIT(LOGIN_SASL) | BIT(LOGIN_ASK) | BIT(LOGIN_WAIT) |
	    BIT(LOGIN_TOKEN) | BIT(LOGIN_YIELDED) | BIT(LOGIN_TOLD),
	[LOGIN_ASK] = BIT(LOGIN_SASL) | BIT(LOGIN_YIELDED) |
	    BIT(LOGIN_LAST) | BIT(LOGIN_PAILD) | BIT(LOGIN_GRANT),
	[LOGIN_WAIT] = BIT(LOGIN_CHECK) | BIT(LOGIN_YIELDED) |
	    BIT(LOGIN_GRANT),
	[LOGIN_CHECK] = BIT(LOGIN_HELD) | BIT(LOGIN_YIELDED) |
	    BIT(LOGIN_ASK) | BIT(LOGIN_LAST) | BIT(LOGIN_GRANT) |
	    BIT(LOGIN_TOLD) | BIT(LOGIN_PAILD),
	[LOGIN_HELD] = BIT(LOGIN_TOLD),
	[LOGIN_YIELDED] = 0,
	[LOGIN_TOKEN] = BIT(LOGIN_GRANT),
	[LOGIN_PAILD] = 0,
	[LOGIN_LAST] = BIT(LOGIN_YIELDED) | BIT(LOGIN_GRANT),
	[LOGIN_TOLD] = BIT(LOGIN_YIELDED),
	[LOGIN_GRANT] = 0
};

static const struct {
	const char	*word;		/* for the log */
	const char	*text;		/* for the client */
} login_answers[] = {
	[AUTH_FAILED] = { "no", "Authentication failed" },
	[AUTH_UNAVAILABLE] = { "unavailable",
	    "Logins are temporarily unavailable, try again later" },
	[AUTH_EXPIRED] = { "expired",
	    "The password or the account has expired" },
	[AUTH_CONTACTADMIN] = { "locked",
	    "This account may not log in, contact your administrator" },
	[AUTH_LIMIT] = { "limit", "Too many sessions" },
	[AUTH_MECHANISM] = { "no", "Unsupported authentication mechanism" },
	[AUTH_PROTOCOL] = { "bad", "Malformed SASL message" },
	[AUTH_CANCELLED] = { "cancelled", "Cancelled" }
};

static void	 login_timer(evutil_socket_t, short, void *);

void
login_enter(struct login *l, enum login_state state)
{
	if ((login_moves[l->state] & BIT(state)) == 0)
		fatalx("login %s -> %s", login_names[l->state],
		    login_names[state]);
	log_debug("login=%" PRIu32 ".%" PRIu32 " session=%016" PRIx64
	    " state=%s", l->channel->index,
	    l->id, l->session, login_names[state]);
	l->state = state;
}

void
login_refuse(struct channel *c, uint32_t id, enum auth_code code,
    const char *text)
{
	struct auth_no	no = { (uint8_t)code, str_from(text) };

	if (c->peer != NULL)
		(void)peer_send_struct(c->peer, IMSG_AUTH_NO, id, &no, -1);
}

void
login_settled(struct authd *a)
{
	void	(*drained)(void) = a->drained;

	if (!a->draining || a->logins > 0 || drained == NULL)
		return;
	a->drained = NULL;
	drained();
}

void
login_free(struct login *l)
{
	struct channel	*c = l->channel;
	struct authd	*a = c->authd;

	attempt_leave(l->attempt);
	if (l->job != NULL)
		work_cancel(l->job);
	who_cancel(&l->who);
	if (l->state == LOGIN_YIELDED)
		a->held--;
	if (l->parked)
		c->parked--;
	else {
		c->n--;
		l->address->logins--;
	}
	tally_drop(l->address);
	TAILQ_REMOVE(&c->logins, l, entry);
	a->logins--;
	if (l->timer != NULL)
		event_free(l->timer);
	sasl_end(&l->sasl);
	freezero(l, sizeof(*l));
	login_settled(a);
}

/* The last word on a login that does not succeed. */
void
login_no(struct login *l, enum auth_code code, const char *why)
{
	struct channel	*c = l->channel;

	if (code == AUTH_FAILED || code == AUTH_EXPIRED ||
	    code == AUTH_CONTACTADMIN)
		c->authd->counts.no++;
	else if (code == AUTH_UNAVAILABLE)
		c->authd->counts.unavailable++;
	login_log(l, login_answers[code].word, why);
	login_refuse(c, l->id, code, login_answers[code].text);
	login_free(l);
}

int
login_arm(struct login *l, int64_t ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };

	return evtimer_add(l->timer, &tv);
}

/* Who does not keep up; NULL: both do.  An answer is a descriptor, and those
 * that nobody takes must not pile up. */
static const char *
login_behind(struct login *l)
{
	struct channel	*c = l->channel;

	if (peer_queued_fds(c->peer) >= LOGIN_FDS_MAX)
		peer_push(c->peer);
	if (peer_queued_fds(c->peer) >= LOGIN_FDS_MAX)
		return "imapd is not reading";
	return grant_behind(c->authd->grants, l->granted);
}

/* A token is for delivery: whoever has it can read nothing. */
static uint8_t
login_rights(const struct login *l)
{
	return l->sasl.mech->proof == SASL_TOKEN ? GRANT_APPEND : GRANT_ALL;
}

/* What was granted is proved: one end to storaged, the other to imapd. */
static void
login_grant(struct login *l)
{
	struct channel	*c = l->channel;
	struct authd	*a = c->authd;
	struct auth_ok	 ok = { str_from(l->granted), login_limited(l) };
	struct grant_session grant = {
		.user = str_from(l->granted), .login = str_from(l->user),
		.rights = login_rights(l), .session = l->session,
		.kind = PROC_IMAPD, .index = c->index,
		.quota = authd_quota(&a->conf, &l->quota)
	};
	const char	*why = login_behind(l);
	int		 fd;

	if (why != NULL && clock_ms() - l->proved < LOGIN_GRANT_MS &&
	    login_arm(l, grants_held(a->grants) ? LOGIN_GRANT_MS :
	    LOGIN_AGAIN_MS) == 0) {
		if (l->state != LOGIN_GRANT)
			login_enter(l, LOGIN_GRANT);
		return;
	}
	if (login_full(l))
		return;
	if (why != NULL ||
	    grant_session(a->grants, &grant, &fd, &why) == -1) {
		login_no(l, AUTH_UNAVAILABLE, why);
		return;
	}
	a->counts.ok++;
	a->counts.cached += l->cached;
	login_log(l, "ok", "");
	login_opened(l);
	(void)peer_send_struct(c->peer, IMSG_AUTH_OK, l->id, &ok, fd);
	login_free(l);
}

void
login_yes(struct login *l, const char *user)
{
	if (l->user[0] == '\0')		/* a token has told us */
		strlcpy(l->user, user, sizeof(l->user));
	strlcpy(l->granted, user, sizeof(l->granted));
	l->proved = clock_ms();
	login_grant(l);
}

/* paild may have told authd of it. */
static void
login_token(struct login *l)
{
	char	user[USER_ID_MAX + 1];

	if (!preauth_take(l->channel->authd->preauth, l->sasl.password,
	    clock_ms(), user, sizeof(user)))
		return;
	strlcpy(l->user, user, sizeof(l->user));
	login_yes(l, user);
}

void
login_again(struct login *l)
{
	if (l->state == LOGIN_TOKEN)
		login_token(l);
	else if (l->state == LOGIN_GRANT)
		login_grant(l);
}

static struct str
login_password(const void *arg)
{
	const struct login	*l = arg;

	return (struct str){ l->sasl.password, l->sasl.password_len };
}

static void
login_started(void *arg)
{
	struct login	*l = arg;

	evtimer_del(l->timer);
	login_enter(l, LOGIN_CHECK);
}

static void
login_held(void *arg)
{
	struct login	*l = arg;

	login_enter(l, LOGIN_HELD);
	(void)login_park(l);
}

void
login_challenge(struct login *l, enum login_state state, struct str data)
{
	struct auth_bytes	out = { data };

	login_enter(l, state);
	if (login_arm(l, LOGIN_STEP_MS) == -1)
		login_no(l, AUTH_UNAVAILABLE, "no timer");
	else
		(void)peer_send_struct(l->channel->peer, IMSG_AUTH_CHALLENGE,
		    l->id, &out, -1);
}

static void
login_right(void *arg, const struct check_answer *a)
{
	struct login	*l = arg;

	l->attempt = NULL;
	login_verified(l, a);
	if (l->sasl.mech->proof != SASL_PROOF)
		login_app(l, a->user, a->data);
	if (login_master(l, a->data) || login_app_may(l, a))
		return;
	if (l->sasl.mech->proof != SASL_PROOF) {
		login_granted(l, a->user, a->entry == BACKEND_APP);
		return;
	}
	login_last(l, a->user, a->data);
}

static void
login_wrong(void *arg, enum check_code code, const char *why)
{
	struct login	*l = arg;

	l->attempt = NULL;
	if (code == CHECK_EXPIRED)
		login_fail(l, AUTH_EXPIRED, why);
	else if (code == CHECK_LOCKED)
		login_no(l, AUTH_CONTACTADMIN, why);
	/* What was proved may have been of another salt than the user's. */
	else if (l->unsure)
		login_no(l, AUTH_UNAVAILABLE, "a backend was away when the "
		    "salt was asked for");
	else
		login_fail(l, AUTH_FAILED, why);
}

static void
login_unavailable(void *arg, const char *why)
{
	struct login	*l = arg;

	l->attempt = NULL;
	login_no(l, AUTH_UNAVAILABLE, why);
}

static const struct attempt_ops login_ops = {
	login_password, login_started, login_held, login_right, login_wrong,
	login_unavailable
};

/* The credentials are there: they are looked at when their turn comes. */
static void
login_begin(struct login *l)
{
	static const enum work_how how[] = {
		[SASL_PASSWORD] = WORK_PASSWORD, [SASL_PROOF] = WORK_PROOF,
		[SASL_BEARER] = WORK_BEARER, [SASL_NAME] = WORK_CERTIFICATE
	};
	enum work_how	 what = login_is_admin(l) ? WORK_ADMIN :
			    how[l->sasl.mech->proof];
	char		 nameless[48];
	const char	*name = l->user[0] != '\0' ? l->user :
			    login_nameless(l, nameless, sizeof(nameless));
	int64_t		 pause;

	login_enter(l, LOGIN_WAIT);
	if (login_arm(l, LOGIN_WAIT_MS) == -1 ||
	    (l->attempt = attempt_new(l->channel->authd, l->channel->index,
	    what, name, l->remote, &l->from, &login_ops, l,
	    &pause)) == NULL) {
		login_no(l, AUTH_UNAVAILABLE, "out of memory");
		return;
	}
	l->channel->authd->counts.delayed += pause > 0;
}

static void
login_late(struct login *l)
{
	switch (l->state) {
	case LOGIN_WAIT:
		login_no(l, AUTH_UNAVAILABLE, "timed out waiting for its turn");
		return;
	case LOGIN_YIELDED:
		login_no(l, AUTH_UNAVAILABLE, LOGIN_CROWD);
		return;
	case LOGIN_ASK:
		login_no(l, AUTH_UNAVAILABLE, "timed out asking a worker");
		return;
	case LOGIN_TOKEN:
		login_no(l, AUTH_FAILED, "no such token");
		return;
	case LOGIN_PAILD:
		login_no(l, AUTH_UNAVAILABLE, "paild does not answer");
		return;
	case LOGIN_GRANT:
		login_grant(l);
		return;
	case LOGIN_TOLD:
		login_no(l, l->no, l->why);
		return;
	default:
		login_no(l, AUTH_CANCELLED, "the client timed out");
		return;
	}
}

static void
login_timer(evutil_socket_t fd, short what, void *arg)
{
	struct login		*l = arg;
	struct log_context	 of = { .session = l->session }, old;

	(void)fd;
	(void)what;
	log_context_swap(&of, &old);
	login_late(l);		/* which may end it */
	log_context_swap(&old, NULL);
}

/* false: it is none, and the login is over. */
static bool
login_name(struct login *l)
{
	if (l->sasl.mech->proof == SASL_BEARER && l->sasl.login == NULL)
		return true;
	if (login_map(l) == 0)
		return true;
	l->user[0] = '\0';
	login_no(l, AUTH_FAILED, "invalid name");
	return false;
}

static void
login_proved(struct login *l)
{
	if (l->sasl.mech->proof == SASL_TOKEN) {
		login_enter(l, LOGIN_TOKEN);
		if (login_arm(l, LOGIN_TOKEN_MS) == -1)
			login_no(l, AUTH_UNAVAILABLE, "no timer");
		else
			login_token(l);
		return;
	}
	if (login_name(l))
		login_begin(l);
}

static void
login_advance(struct login *l, bool present, struct str in)
{
	struct str	challenge;

	switch (sasl_step(&l->sasl, present, in, &challenge)) {
	case SASL_MORE:
		login_challenge(l, LOGIN_SASL, challenge);
		return;
	case SASL_ASK:
		login_enter(l, LOGIN_ASK);
		if (!login_name(l))
			return;
		if (login_arm(l, LOGIN_WAIT_MS) == -1)
			login_no(l, AUTH_UNAVAILABLE, "no timer");
		else
			login_ask(l);
		return;
	case SASL_DONE:
		login_proved(l);
		return;
	case SASL_BAD:
		login_no(l, AUTH_PROTOCOL, l->sasl.why != NULL ?
		    l->sasl.why : "malformed SASL message");
		return;
	case SASL_DENIED:
		login_fail(l, AUTH_FAILED, l->sasl.why != NULL ? l->sasl.why :
		    "empty, too long, or for another user");
		return;
	}
}

static struct login *
login_new(struct channel *c, struct str remote)
{
	struct login	*l;
	size_t		 n;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	n = remote.len < sizeof(l->remote) - 1 ? remote.len :
	    sizeof(l->remote) - 1;
	if (n > 0)
		memcpy(l->remote, remote.p, n);
	addr_key_parse(&l->from, l->remote);
	l->channel = c;
	l->began = clock_ms();
	l->address = gate_address(c->authd->gate, c->index, &l->from,
	    l->began);
	l->timer = evtimer_new(c->authd->base, login_timer, l);
	if (l->address == NULL || l->timer == NULL) {
		tally_drop(l->address);
		if (l->timer != NULL)
			event_free(l->timer);
		free(l);
		return NULL;
	}
	l->address->logins++;
	return l;
}

void
login_start(struct channel *c, uint32_t id, const struct auth_start *start)
{
	const struct sasl_mech	*mech = sasl_find(start->mechanism);
	struct login		*l;

	if ((l = login_new(c, start->remote)) == NULL) {
		login_refuse(c, id, AUTH_UNAVAILABLE,
		    login_answers[AUTH_UNAVAILABLE].text);
		return;
	}
	l->id = id;
	l->tls = start->tls;
	l->session = start->session;
	TAILQ_INSERT_TAIL(&c->logins, l, entry);
	c->n++;
	c->authd->logins++;
	/* Its clients speak HTTP: whatever IMAP is to have, theirs is this. */
	if (login_is_admin(l) ? mech != &sasl_plain || !login_bind(l, mech,
	    start) : mech == NULL || (mech->proof != SASL_TOKEN &&
	    !authd_offers(&c->authd->conf, sasl_word(mech))) ||
	    !login_bind(l, mech, start)) {
		login_no(l, AUTH_MECHANISM, "mechanism");
		return;
	}
	login_advance(l, start->has_initial, start->initial);
}

void
login_step(struct login *l, struct str data)
{
	if (l->state == LOGIN_LAST && data.len == 0) {
		l->proved = clock_ms();
		login_grant(l);
		return;
	}
	if (l->state == LOGIN_TOLD) {
		login_no(l, l->no, l->why);
		return;
	}
	if (l->state != LOGIN_SASL) {
		login_no(l, AUTH_PROTOCOL, "unexpected SASL step");
		return;
	}
	login_advance(l, true, data);
}

void
login_cancel(struct login *l)
{
	if (l->state == LOGIN_TOLD)	/* RFC 7628 section 4.3: or so */
		login_no(l, l->no, l->why);
	else
		login_no(l, AUTH_CANCELLED, "cancelled by the client");
}

void
login_drain(struct login *l)
{
	if ((l->state != LOGIN_CHECK || attempt_waits(l->attempt)) &&
	    l->state != LOGIN_HELD && (l->state != LOGIN_GRANT ||
	    grants_held(l->channel->authd->grants)) && l->state != LOGIN_PAILD)
		login_no(l, AUTH_UNAVAILABLE, "shutting down");
}

void
login_revoke(struct login *l, const char *user)
{
	/* One that is being checked is checked again: checks_revoke(). */
	if (((l->state == LOGIN_GRANT || l->state == LOGIN_LAST ||
	    l->state == LOGIN_PAILD || (l->state == LOGIN_ASK &&
	    l->granted[0] != '\0')) &&
	    strcmp(l->granted, user) == 0) || (l->target[0] != '\0' &&
	    l->state == LOGIN_ASK && (strcmp(l->user, user) == 0 ||
	    strcmp(l->target, user) == 0)))
		login_no(l, AUTH_UNAVAILABLE, "revoked before it was granted");
}
