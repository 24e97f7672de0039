/*
 * A login.  Must never tell the client more than yes, no, or not now, and
 * never keep a password longer than its check.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/channel.h"
#include "authd/request.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/peer.h"

/* Unread answers with descriptors: that many bytes of them, no more. */
#define LOGIN_QUEUE_MAX	4096
#define LOGIN_LINES	200	/* log lines a second, of one imapd */

static const char *const login_names[LOGIN_STATES] = {
	"new", "sasl", "delay", "check", "token"
};

#define BIT(s)	(1u << (s))
static const unsigned int login_moves[LOGIN_STATES] = {
	[LOGIN_NEW] = BIT(LOGIN_SASL) | BIT(LOGIN_DELAY) | BIT(LOGIN_CHECK) |
	    BIT(LOGIN_TOKEN),
	[LOGIN_SASL] = BIT(LOGIN_SASL) | BIT(LOGIN_DELAY) | BIT(LOGIN_CHECK) |
	    BIT(LOGIN_TOKEN),
	[LOGIN_DELAY] = BIT(LOGIN_CHECK),
	[LOGIN_CHECK] = BIT(LOGIN_DELAY) | BIT(LOGIN_CHECK),
	[LOGIN_TOKEN] = 0
};

static const struct {
	const char	*word;		/* for the log */
	const char	*text;		/* for the client */
} login_answers[] = {
	[AUTH_FAILED] = { "no", "Authentication failed" },
	[AUTH_UNAVAILABLE] = { "unavailable",
	    "Logins are not possible at the moment, try again later" },
	[AUTH_MECHANISM] = { "no", "No such mechanism" },
	[AUTH_PROTOCOL] = { "bad", "Not what the mechanism expects" },
	[AUTH_CANCELLED] = { "cancelled", "Cancelled" }
};

static void	 login_begin(struct login *);
static void	 login_check(struct login *);
static void	 login_timer(evutil_socket_t, short, void *);

static void
login_enter(struct login *l, enum login_state state)
{
	if ((login_moves[l->state] & BIT(state)) == 0)
		fatalx("login %s -> %s", login_names[l->state],
		    login_names[state]);
	log_debug("login=%" PRIu32 ".%" PRIu32 " state=%s", l->channel->index,
	    l->id, login_names[state]);
	if (l->state == LOGIN_DELAY)
		l->channel->delayed--;
	if (state == LOGIN_DELAY)
		l->channel->delayed++;
	l->state = state;
}

void
login_free(struct login *l)
{
	struct channel	*c = l->channel;
	struct authd	*a = c->authd;

	check_cancel(&l->wait);
	if (l->state == LOGIN_DELAY)
		c->delayed--;
	TAILQ_REMOVE(&c->logins, l, entry);
	c->n--;
	a->logins--;
	if (l->timer != NULL)
		event_free(l->timer);
	sasl_end(&l->sasl);
	freezero(l, sizeof(*l));
	channel_gone(a);
}

/* A flood from imapd is not a flood of the log. */
static bool
login_muted(struct channel *c)
{
	int64_t	now = clock_ms();

	if (c->log_began == 0 || now - c->log_began >= 1000) {
		if (c->log_muted > 0)
			log_warnx("imapd=%" PRIu32 " muted=%u why=\"too many "
			    "logins for the log\"", c->index, c->log_muted);
		c->log_began = now;
		c->log_lines = c->log_muted = 0;
	}
	if (c->log_lines++ < LOGIN_LINES)
		return false;
	c->log_muted++;
	return true;
}

static void
login_log(const struct login *l, const char *result, const char *why)
{
	char	user[2 * USER_ID_MAX + 8], remote[144], text[280];

	if (login_muted(l->channel))
		return;
	log_info("login=%" PRIu32 ".%" PRIu32 " user=%s mech=%s remote=%s "
	    "tls=%s cached=%s ms=%" PRId64 " result=%s%s%s%s",
	    l->channel->index, l->id,
	    log_word(user, sizeof(user), l->user),
	    l->sasl.mech == NULL ? "-" : l->sasl.mech->name,
	    log_word(remote, sizeof(remote), l->remote),
	    l->tls ? "yes" : "no", l->cached ? "yes" : "no",
	    clock_ms() - l->began, result, *why != '\0' ? " why=\"" : "",
	    log_quote(text, sizeof(text), why, strlen(why)),
	    *why != '\0' ? "\"" : "");
}

/* The last word on a login that does not succeed. */
static void
login_no(struct login *l, enum auth_code code, const char *why)
{
	struct channel	*c = l->channel;

	if (code == AUTH_FAILED)
		c->authd->counts.no++;
	else if (code == AUTH_UNAVAILABLE)
		c->authd->counts.unavailable++;
	login_log(l, login_answers[code].word, why);
	channel_refuse(c, l->id, code, login_answers[code].text);
	login_free(l);
}

/* user has been proved: one end to storaged, the other to imapd. */
static void
login_yes(struct login *l, const char *user)
{
	struct channel	*c = l->channel;
	struct authd	*a = c->authd;
	struct auth_ok	 ok = { str_from(user) };
	const char	*why;
	int		 fd;

	if (peer_queued(c->peer) > LOGIN_QUEUE_MAX) {
		login_no(l, AUTH_UNAVAILABLE, "imapd does not read");
		return;
	}
	if (grant_session(a->grants, user, l->user, &fd, &why) == -1) {
		login_no(l, AUTH_UNAVAILABLE, why);
		return;
	}
	a->counts.ok++;
	a->counts.cached += l->cached;
	login_log(l, "ok", "");
	(void)peer_send_struct(c->peer, IMSG_AUTH_OK, l->id, &auth_ok_wire,
	    &ok, fd);
	login_free(l);
}

static int
login_arm(struct login *l, int64_t ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };

	return evtimer_add(l->timer, &tv);
}

void
login_token(struct login *l)
{
	char	user[USER_ID_MAX + 1];

	if (l->state != LOGIN_TOKEN ||
	    !preauth_take(l->channel->authd->preauth, l->sasl.password,
	    clock_ms(), user, sizeof(user)))
		return;
	strlcpy(l->user, user, sizeof(l->user));
	login_yes(l, user);
}

static void
login_checked(struct check_wait *w, const struct check_answer *answer)
{
	struct login	*l = (struct login *)(void *)((char *)w -
			    offsetof(struct login, wait));
	struct authd	*a = l->channel->authd;
	int64_t		 now = clock_ms();
	char		 why[160];
	size_t		 n;

	l->cached = answer->cached;
	n = answer->why.len < sizeof(why) - 1 ? answer->why.len :
	    sizeof(why) - 1;
	memcpy(why, answer->why.p, n);
	why[n] = '\0';
	switch (answer->code) {
	case CHECK_YES:
		throttle_passed(a->throttle, l->channel->index, l->user,
		    l->remote, now);
		login_yes(l, answer->user);
		return;
	case CHECK_NO:
		if (answer->first)
			throttle_failed(a->throttle, l->channel->index,
			    l->user, l->remote, now);
		login_no(l, AUTH_FAILED, why);
		return;
	case CHECK_AGAIN:
		login_begin(l);
		return;
	case CHECK_UNAVAILABLE:
		login_no(l, AUTH_UNAVAILABLE, why);
		return;
	}
}

static void
login_check(struct login *l)
{
	login_enter(l, LOGIN_CHECK);
	evtimer_del(l->timer);
	l->wait.done = login_checked;
	check_begin(l->channel->authd->checks, &l->wait, l->channel->index,
	    l->user, str_from(l->sasl.password));
}

/* The credentials are there: when may they be looked at? */
static void
login_begin(struct login *l)
{
	struct channel	*c = l->channel;
	int64_t		 wait;

	if (throttle_enter(c->authd->throttle, c->index, l->user, l->remote,
	    clock_ms(), &wait) == -1 ||
	    (wait > 0 && c->delayed >= AUTHD_DELAYED_MAX)) {
		login_no(l, AUTH_UNAVAILABLE, "too many failed logins");
		return;
	}
	if (wait == 0) {
		login_check(l);
		return;
	}
	c->authd->counts.delayed++;
	login_enter(l, LOGIN_DELAY);
	if (login_arm(l, wait) == -1)
		login_no(l, AUTH_UNAVAILABLE, "no timer");
}

static void
login_timer(evutil_socket_t fd, short what, void *arg)
{
	struct login	*l = arg;

	(void)fd;
	(void)what;
	switch (l->state) {
	case LOGIN_DELAY:
		login_check(l);
		return;
	case LOGIN_TOKEN:
		login_no(l, AUTH_FAILED, "no such token");
		return;
	default:
		login_no(l, AUTH_CANCELLED, "the client is silent");
		return;
	}
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
	if (user_normalize(str_from(l->sasl.login), l->user,
	    sizeof(l->user)) == -1) {
		l->user[0] = '\0';
		login_no(l, AUTH_FAILED, "not a valid name");
		return;
	}
	login_begin(l);
}

static void
login_advance(struct login *l, bool present, struct str in)
{
	struct auth_bytes	out;

	switch (sasl_step(&l->sasl, present, in, &out.data)) {
	case SASL_MORE:
		login_enter(l, LOGIN_SASL);
		if (login_arm(l, LOGIN_STEP_MS) == -1) {
			login_no(l, AUTH_UNAVAILABLE, "no timer");
			return;
		}
		(void)peer_send_struct(l->channel->peer, IMSG_AUTH_CHALLENGE,
		    l->id, &auth_bytes_wire, &out, -1);
		return;
	case SASL_DONE:
		login_proved(l);
		return;
	case SASL_BAD:
		login_no(l, AUTH_PROTOCOL, "malformed SASL message");
		return;
	case SASL_DENIED:
		login_no(l, AUTH_FAILED, "empty, too long, or for another");
		return;
	}
}

void
login_start(struct channel *c, uint32_t id, const struct auth_start *start)
{
	const struct sasl_mech	*mech = sasl_find(start->mechanism);
	struct login		*l;
	size_t			 n;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->timer = evtimer_new(c->authd->base, login_timer, l)) == NULL) {
		free(l);
		channel_refuse(c, id, AUTH_UNAVAILABLE,
		    login_answers[AUTH_UNAVAILABLE].text);
		return;
	}
	l->channel = c;
	l->id = id;
	l->began = clock_ms();
	l->tls = start->tls;
	n = start->remote.len < sizeof(l->remote) - 1 ? start->remote.len :
	    sizeof(l->remote) - 1;
	if (n > 0)
		memcpy(l->remote, start->remote.p, n);
	TAILQ_INSERT_TAIL(&c->logins, l, entry);
	c->n++;
	c->authd->logins++;
	if (mech == NULL || (mech->proof == SASL_PASSWORD &&
	    !authd_offers(c->authd, mech->name))) {
		login_no(l, AUTH_MECHANISM, "mechanism");
		return;
	}
	sasl_begin(&l->sasl, mech);
	login_advance(l, start->has_initial, start->initial);
}

void
login_step(struct login *l, struct str data)
{
	if (l->state != LOGIN_SASL) {
		login_no(l, AUTH_PROTOCOL, "a step that was not asked for");
		return;
	}
	login_advance(l, true, data);
}

void
login_cancel(struct login *l)
{
	login_no(l, AUTH_CANCELLED, "by the client");
}

void
login_drain(struct login *l)
{
	if (l->state != LOGIN_CHECK)
		login_no(l, AUTH_UNAVAILABLE, "going down");
}
