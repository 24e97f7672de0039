/*
 * What lmtpd asks, taken as a stranger's: a taken-over lmtpd can have mail
 * delivered, which it is there for, and nothing else.  Must never say "unknown"
 * because a database was away, nor keep logins from the workers.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/rcpt.h"
#include "authd/recipient.h"
#include "authd/who.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/peer.h"
#include "common/proc_kind.h"

#define RCPT_FDS_MAX	100	/* unread answers with a session */
#define RCPT_AGAIN_MS	10	/* then look whether they were read */
#define RCPT_ROUNDS	5	/* revokes survived before giving up */
#define RCPT_LINES	100	/* log lines a second, of one lmtpd */

struct rcpt {
	TAILQ_ENTRY(rcpt)	 entry;
	struct rcpts		*channel;
	uint32_t		 id;
	uint64_t		 session;	/* lmtpd's, for the logs */
	struct recipient	 names;
	size_t			 at;		/* the one that is asked */
	struct who		 who;
	int			 rounds;
	bool			 revoked;	/* somebody was, meanwhile */
	bool			 granting;	/* user is known */
	char			 user[USER_ID_MAX + 1];
	struct found_quota	 quota;
	struct event		*timer;
	int64_t			 began;		/* clock_ms() */
	char			 remote[64];
	char			 address[RCPT_ADDRESS_MAX + 1];
};

static const struct {
	const char	*word;		/* for the log */
	const char	*text;		/* for lmtpd's client */
} rcpt_words[] = {
	[RCPT_UNKNOWN] = { "unknown", "User unknown" },
	[RCPT_UNAVAILABLE] = { "unavailable",
	    "The recipient cannot be looked up now, try again later" },
	[RCPT_REFUSED] = { "refused", "This user does not receive mail" }
};

static int	 rcpts_message(struct peer *, struct msg *, void *);
static void	 rcpts_closed(struct peer *, const char *, void *);
static void	 rcpts_drained(struct peer *, void *);
static void	 rcpt_try(struct rcpt *);
static void	 rcpt_grant(struct rcpt *);
static const struct peer_ops rcpts_ops = {
	rcpts_message, rcpts_closed, rcpts_drained
};

void
rcpts_init(struct rcpts *c, struct authd *a, uint32_t index)
{
	c->authd = a;
	c->index = index;
	TAILQ_INIT(&c->rcpts);
}

/* It asks more than it may at once, or does not read: it waits. */
static void
rcpts_hold(struct rcpts *c)
{
	if (c->peer != NULL)
		peer_hold(c->peer, c->n >= RCPT_FLIGHT_MAX ||
		    peer_queued(c->peer) > PEER_HIGH_WATER);
}

static void
rcpt_free(struct rcpt *r)
{
	struct rcpts	*c = r->channel;

	who_cancel(&r->who);
	TAILQ_REMOVE(&c->rcpts, r, entry);
	c->n--;
	event_free(r->timer);
	free(r);
	rcpts_hold(c);
}

static void
rcpts_forget(struct rcpts *c)
{
	struct rcpt	*r;

	while ((r = TAILQ_FIRST(&c->rcpts)) != NULL)
		rcpt_free(r);
}

/* What is refused; what is found lmtpd logs with what becomes of the mail. */
static bool
rcpt_muted(struct rcpts *c)
{
	int64_t	now = clock_ms();

	if (c->log_began == 0 || now - c->log_began >= 1000) {
		if (c->log_muted > 0)
			log_warnx("lmtpd=%" PRIu32 " muted=%u why=\"too many "
			    "recipients to log each\"", c->index,
			    c->log_muted);
		c->log_began = now;
		c->log_lines = c->log_muted = 0;
	}
	if (c->log_lines++ < RCPT_LINES)
		return false;
	c->log_muted++;
	return true;
}

static void
rcpt_log(const struct rcpt *r, const char *result, const char *why)
{
	char	address[2 * RCPT_ADDRESS_MAX + 8], user[2 * USER_ID_MAX + 8],
		remote[144], text[280];

	if (rcpt_muted(r->channel))
		return;
	log_info("session=%016" PRIx64 " rcpt=%s%s%s remote=%s "
	    "ms=%" PRId64 " result=%s%s%s%s", r->session,
	    log_word(address, sizeof(address), r->address),
	    r->user[0] != '\0' ? " user=" : "", r->user[0] != '\0' ?
	    log_word(user, sizeof(user), r->user) : "",
	    log_word(remote, sizeof(remote), r->remote),
	    clock_ms() - r->began, result, *why != '\0' ? " why=\"" : "",
	    log_quote(text, sizeof(text), why, strlen(why)),
	    *why != '\0' ? "\"" : "");
}

static void
rcpt_no(struct rcpt *r, enum rcpt_code code, const char *why)
{
	struct rcpts	*c = r->channel;
	struct rcpt_no	 no = { (uint8_t)code,
			    str_from(rcpt_words[code].text) };

	if (code == RCPT_UNAVAILABLE)
		c->authd->counts.rcpt_unavailable++;
	else
		c->authd->counts.rcpt_no++;
	rcpt_log(r, rcpt_words[code].word, why);
	if (c->peer != NULL)
		(void)peer_send_struct(c->peer, IMSG_RCPT_NO, r->id, &no, -1);
	rcpt_free(r);
}

/* Who does not keep up; NULL: both do. */
static const char *
rcpt_behind(struct rcpt *r)
{
	struct peer	*p = r->channel->peer;

	if (peer_queued_fds(p) >= RCPT_FDS_MAX)
		peer_push(p);
	if (peer_queued_fds(p) >= RCPT_FDS_MAX)
		return "lmtpd is not reading";
	return grant_behind(r->channel->authd->grants, r->user);
}

static void
rcpt_yes(struct rcpt *r)
{
	struct rcpts		*c = r->channel;
	struct authd		*a = c->authd;
	struct grant_session	 grant = {
		.user = str_from(r->user), .login = str_from(r->user),
		.rights = GRANT_APPEND, .session = r->session,
		.kind = PROC_LMTPD, .index = c->index,
		.quota = authd_quota(&a->conf, &r->quota)
	};
	struct rcpt_ok		 ok = { .user = str_from(r->user),
				    .storaged = grant_storaged(a->grants,
				    r->user) };
	const char		*why;
	int			 fd;

	if (r->names.try[r->at].cut)
		ok.detail = str_from(r->names.detail);
	if (grant_session(a->grants, &grant, &fd, &why) == -1) {
		rcpt_no(r, RCPT_UNAVAILABLE, why);
		return;
	}
	a->counts.rcpt_ok++;
	(void)peer_send_struct(c->peer, IMSG_RCPT_OK, r->id, &ok, fd);
	rcpt_free(r);
}

static int
rcpt_arm(struct rcpt *r, int64_t ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };

	return evtimer_add(r->timer, &tv);
}

static void
rcpt_grant(struct rcpt *r)
{
	const char	*why = rcpt_behind(r);

	r->granting = true;
	if (why == NULL)
		rcpt_yes(r);
	else if (clock_ms() - r->began >= RCPT_WAIT_MS ||
	    rcpt_arm(r, RCPT_AGAIN_MS) == -1)
		rcpt_no(r, RCPT_UNAVAILABLE, why);
}

static void
rcpt_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rcpt	*r = arg;

	(void)fd;
	(void)what;
	if (r->granting)
		rcpt_grant(r);
	else
		rcpt_no(r, RCPT_UNAVAILABLE,
		    "timed out asking the databases");
}

/*
 * A name that is less the recipient's than the one before counts only when
 * nobody has that: where one may have it who cannot tell, nothing is known.
 */
static void
rcpt_looked(void *arg, const struct who_answer *a)
{
	struct rcpt	*r = arg;

	if (r->revoked) {
		/* What was read may be older than the revoke. */
		r->revoked = false;
		r->at = 0;
		if (++r->rounds > RCPT_ROUNDS)
			rcpt_no(r, RCPT_UNAVAILABLE,
			    "revoked too many times");
		else
			rcpt_try(r);
		return;
	}
	switch (a->code) {
	case WHO_USER:
		if (a->unsure)
			break;
		strlcpy(r->user, a->user, sizeof(r->user));
		r->quota = a->quota;
		rcpt_grant(r);
		return;
	case WHO_BARRED:
		rcpt_no(r, RCPT_REFUSED, "expired or locked");
		return;
	case WHO_NONE:
		if (++r->at < r->names.n)
			rcpt_try(r);
		else
			rcpt_no(r, RCPT_UNKNOWN, "");
		return;
	case WHO_AWAY:
		break;
	}
	rcpt_no(r, RCPT_UNAVAILABLE, a->why);
}

static void
rcpt_try(struct rcpt *r)
{
	r->who = (struct who){
		.authd = r->channel->authd,
		.lane = WORK_MAIL + r->channel->index,
		.name = r->names.try[r->at].name, .remote = r->remote,
		.done = rcpt_looked, .arg = r
	};
	who_begin(&r->who);
}

static struct rcpt *
rcpt_new(struct rcpts *c, uint32_t id, const struct rcpt_open *open)
{
	struct rcpt	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	if ((r->timer = evtimer_new(c->authd->base, rcpt_timer, r)) == NULL ||
	    rcpt_arm(r, RCPT_WAIT_MS) == -1) {
		if (r->timer != NULL)
			event_free(r->timer);
		free(r);
		return NULL;
	}
	r->channel = c;
	r->id = id;
	r->session = open->session;
	r->began = clock_ms();
	str_copy(r->remote, sizeof(r->remote), open->remote);
	str_copy(r->address, sizeof(r->address), open->address);
	TAILQ_INSERT_TAIL(&c->rcpts, r, entry);
	c->n++;
	return r;
}

static int
rcpts_start(struct rcpts *c, uint32_t id, const struct rcpt_open *open)
{
	const struct authd_conf	*conf = &c->authd->conf;
	struct rcpt_no		 no = { RCPT_UNAVAILABLE,
				    str_from(rcpt_words[RCPT_UNAVAILABLE].
				    text) };
	struct rcpt		*r;

	if (id == 0)
		return -1;
	TAILQ_FOREACH(r, &c->rcpts, entry)
		if (r->id == id)
			return -1;
	if ((r = rcpt_new(c, id, open)) == NULL)
		(void)peer_send_struct(c->peer, IMSG_RCPT_NO, id, &no, -1);
	else if (c->authd->draining)
		rcpt_no(r, RCPT_UNAVAILABLE, "shutting down");
	else if (recipient_read(&r->names, &conf->recipients, &conf->names,
	    open->address) == -1)
		rcpt_no(r, RCPT_UNKNOWN, "no address that a user could have");
	else
		rcpt_try(r);
	return 0;
}

static int
rcpts_message(struct peer *p, struct msg *m, void *arg)
{
	struct rcpts		*c = arg;
	struct rcpt_open	 open;

	if (m->type != IMSG_RCPT_OPEN || wire_decode(&rcpt_open_wire, &open,
	    m->data, m->len, NULL) == -1 ||
	    rcpts_start(c, m->id, &open) == -1)
		return -1;
	if (c->peer == p)
		rcpts_hold(c);
	return 0;
}

static void
rcpts_closed(struct peer *p, const char *why, void *arg)
{
	struct rcpts	*c = arg;

	if (c->peer != p)
		return;
	lost(PROC_LMTPD, c->index, why);
	c->peer = NULL;
	rcpts_forget(c);
}

static void
rcpts_drained(struct peer *p, void *arg)
{
	(void)p;
	rcpts_hold(arg);
}

void
rcpts_open(struct rcpts *c, int fd)
{
	struct peer	*p;

	p = peer_new(c->authd->base, fd, MSG_CHANNEL_RCPT, MSG_SIDE_B,
	    &rcpts_ops, c);
	if (p == NULL) {
		close(fd);
		lost(PROC_LMTPD, c->index, "out of memory");
		return;
	}
	rcpts_close(c);
	c->peer = p;
}

void
rcpts_close(struct rcpts *c)
{
	struct peer	*p = c->peer;

	c->peer = NULL;
	peer_close(p);
	rcpts_forget(c);
}

void
rcpts_drain(struct rcpts *c)
{
	struct rcpt	*r;

	while ((r = TAILQ_FIRST(&c->rcpts)) != NULL)
		rcpt_no(r, RCPT_UNAVAILABLE, "shutting down");
}

void
rcpts_revoke(struct rcpts *c, const char *user)
{
	struct rcpt	*r, *next;

	TAILQ_FOREACH_SAFE(r, &c->rcpts, entry, next)
		if (!r->granting)
			r->revoked = true;
		else if (strcmp(r->user, user) == 0)
			rcpt_no(r, RCPT_UNAVAILABLE,
			    "revoked before it was granted");
}
