/*
 * What imapd says, or admind, taken as a stranger's: one that was taken over
 * can waste its own logins, and nothing else.  Must never exit for what a peer
 * says, and never hold more for one of them than its limits.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <unistd.h>

#include "authd/channel.h"
#include "authd/request.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/lost.h"
#include "common/peer.h"

static int	 channel_message(struct peer *, struct msg *, void *);
static void	 channel_closed(struct peer *, const char *, void *);
static void	 channel_drained(struct peer *, void *);
static const struct peer_ops channel_ops = {
	channel_message, channel_closed, channel_drained
};

void
channel_init(struct channel *c, struct authd *a, uint32_t index)
{
	c->authd = a;
	c->kind = index == AUTHD_ADMIND ? PROC_ADMIND : PROC_IMAPD;
	c->index = index;
	TAILQ_INIT(&c->logins);
}

/* Its sessions go with it, or it is another's now. */
static void
channel_forget(struct channel *c)
{
	struct login	*l;

	if (c->authd->sessions != NULL && c->kind == PROC_IMAPD)
		sessions_forget(c->authd->sessions, c->index);
	while ((l = TAILQ_FIRST(&c->logins)) != NULL)
		login_free(l);
}

static void
channel_lost(const struct channel *c, const char *why)
{
	lost(c->kind, c->kind == PROC_ADMIND ? 0 : c->index, why);
}

void
channel_open(struct channel *c, int fd)
{
	struct peer	*p;

	p = peer_new(c->authd->base, fd, MSG_CHANNEL_AUTH, MSG_SIDE_B,
	    &channel_ops, c);
	if (p == NULL) {
		close(fd);
		channel_lost(c, "out of memory");
		return;
	}
	channel_close(c);
	c->peer = p;
}

void
channel_close(struct channel *c)
{
	struct peer	*p = c->peer;

	c->peer = NULL;
	peer_close(p);
	channel_forget(c);
}

static void
channel_closed(struct peer *p, const char *why, void *arg)
{
	struct channel	*c = arg;

	if (c->peer != p)
		return;
	channel_lost(c, why);
	c->peer = NULL;
	channel_forget(c);
}

static void
channel_drained(struct peer *p, void *arg)
{
	(void)arg;
	peer_hold(p, false);
}

static struct login *
channel_find(struct channel *c, uint32_t id)
{
	struct login	*l;

	TAILQ_FOREACH(l, &c->logins, entry)
		if (l->id == id)
			return l;
	return NULL;
}

/* One line a second about what is refused without a look. */
static void
channel_complain(struct channel *c, const char *why)
{
	int64_t	now = clock_ms();

	c->authd->counts.refused++;
	if (c->warned != 0 && now - c->warned < 1000)
		return;
	c->warned = now;
	log_warnx("imapd=%" PRIu32 " logins=%zu result=no why=\"%s\"",
	    c->index, c->n, why);
}

/*
 * Who makes room for one more of newcomer's: the oldest that has not come to
 * its check, of the address that would have most (of several the one that
 * failed most).  own: of newcomer itself.  NULL: none can.
 */
static struct login *
channel_crowd(struct channel *c, const struct tally *newcomer, bool own)
{
	struct login	*l, *pick = NULL;
	unsigned int	 n, most = 0;

	TAILQ_FOREACH(l, &c->logins, entry) {
		if (!login_can_yield(l) || (own && l->address != newcomer))
			continue;
		n = l->address->logins + (l->address == newcomer);
		if (pick == NULL || n > most || (n == most &&
		    l->address->failures > pick->address->failures)) {
			pick = l;
			most = n;
		}
	}
	return pick;
}

static bool
channel_make_room(struct channel *c, const struct auth_start *start)
{
	struct authd	*a = c->authd;
	struct addr_key	 from;
	struct tally	*t;
	struct login	*l;
	char		 remote[64];
	size_t		 n;
	bool		 own, full;

	n = start->remote.len < sizeof(remote) - 1 ? start->remote.len :
	    sizeof(remote) - 1;
	if (n > 0)
		memcpy(remote, start->remote.p, n);
	remote[n] = '\0';
	addr_key_parse(&from, remote);
	t = gate_address(a->gate, c->index, &from, (int64_t)clock_ms());
	if (t == NULL)
		return false;
	own = !gate_shared(&from) && t->logins >= a->conf.logins_address;
	full = own || c->n >= a->conf.logins;
	l = full ? channel_crowd(c, t, own) : NULL;
	tally_drop(t);
	if (l != NULL)
		login_yield(l);
	return !full || l != NULL;
}

static int
channel_start(struct channel *c, uint32_t id, const struct auth_start *start)
{
	if (id == 0 || channel_find(c, id) != NULL)
		return -1;
	if (c->authd->draining)
		login_refuse(c, id, AUTH_UNAVAILABLE,
		    "The server is shutting down");
	else if (!channel_make_room(c, start)) {
		channel_complain(c, "too many logins at once");
		login_refuse(c, id, AUTH_UNAVAILABLE,
		    "Too many logins at once, try again later");
	} else
		login_start(c, id, start);
	return 0;
}

static int
channel_message(struct peer *p, struct msg *m, void *arg)
{
	struct channel		*c = arg;
	struct auth_start	 start;
	struct auth_bytes	 bytes;
	struct arena		*a;
	struct login		*l;
	struct log_context	 of = { .session = 0 }, old;
	int			 r = -1;

	if ((a = arena_new(65536)) == NULL)
		return -1;
	log_context_swap(NULL, &old);
	switch (m->type) {
	case IMSG_AUTH_START:
		if (wire_decode(&auth_start_wire, &start, m->data, m->len,
		    a) == -1)
			break;
		of.session = start.session;
		log_context_swap(&of, NULL);
		r = channel_start(c, m->id, &start);
		break;
	case IMSG_AUTH_STEP:
		if (wire_decode(&auth_bytes_wire, &bytes, m->data, m->len,
		    a) == -1)
			break;
		/* A step may cross our last word: no login, no harm. */
		if ((l = channel_find(c, m->id)) != NULL) {
			of.session = l->session;
			log_context_swap(&of, NULL);
			login_step(l, bytes.data);
		}
		r = 0;
		break;
	case IMSG_AUTH_END:
		if (c->kind != PROC_IMAPD)
			break;		/* it has none */
		sessions_end(c->authd->sessions, c->index, m->id);
		r = 0;
		break;
	case IMSG_AUTH_CANCEL:
		if ((l = channel_find(c, m->id)) != NULL)
			login_cancel(l);
		r = 0;
		break;
	default:
		break;
	}
	log_context_swap(&old, NULL);
	arena_free(a);
	/* It asks and does not read: it waits. */
	if (r == 0 && c->peer == p && peer_queued(p) > PEER_HIGH_WATER)
		peer_hold(p, true);
	return r;
}

void
channel_drain(struct channel *c)
{
	struct login	*l, *next;

	TAILQ_FOREACH_SAFE(l, &c->logins, entry, next)
		login_drain(l);
}

void
channel_revoke(struct channel *c, const char *user)
{
	struct login	*l, *next;

	TAILQ_FOREACH_SAFE(l, &c->logins, entry, next)
		login_revoke(l, user);
}

void
channel_given(struct channel *c, uint32_t wanted, const struct setup_give *g)
{
	struct login	*l, *next;

	TAILQ_FOREACH_SAFE(l, &c->logins, entry, next)
		if (l->state == LOGIN_PAILD && l->wanted == wanted)
			login_admin_given(l, g);
}

bool
channel_leave(struct channel *c, uint32_t id)
{
	return c->peer != NULL && peer_send(c->peer, IMSG_AUTH_LEAVE, id, NULL,
	    0, -1) == 0;
}

void
channel_again(struct channel *c)
{
	struct login	*l, *next;

	TAILQ_FOREACH_SAFE(l, &c->logins, entry, next)
		login_again(l);
}
