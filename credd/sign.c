/*
 * Requests for signatures.  What is asked is hostile; what is answered is
 * logged, so that a process that asks for the wrong things is seen.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/daemon.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/lost.h"
#include "common/mem.h"
#include "common/msg_sign.h"
#include "common/peer.h"
#include "credd/sign.h"
#include "credd/tls_sign.h"
#include "credd/tls_store.h"
#include "credd/tls_ticket_key.h"

#define TICKETS_LOOK	60	/* seconds between two looks at the time */

struct sign_peer {
	struct sign	*sign;
	enum proc_kind	 kind;		/* PROC_PAILD: nobody's yet */
	uint32_t	 index;
	struct peer	*peer;
	bool		 served;	/* in this turn of the loop */
	struct event	 over;		/* at the end of its turn */
	struct event	 turn;		/* its next one, when it is held */
	int64_t		 units;		/* thousandths, left */
	uint64_t	 filled;	/* ms */
};

struct sign {
	struct event_base	*base;
	const struct tls_store	*store;
	uint64_t		(*ms)(void);
	int64_t			(*now)(void);
	struct event		 tickets;
	uint64_t		 epoch;		/* of the tickets' keys */
	uint64_t		 made;
	uint64_t		 refused;
	struct sign_peer	 peers[SIGN_PEERS_MAX];
};

static int	 sign_message(struct peer *, struct msg *, void *);
static void	 sign_closed(struct peer *, const char *, void *);
static const struct peer_ops sign_ops = { sign_message, sign_closed, NULL };

static void
sign_over(evutil_socket_t fd, short what, void *arg)
{
	struct sign_peer	*sp = arg;

	(void)fd;
	(void)what;
	sp->served = false;
}

/* The loop has been round: the others had their turns. */
static void
sign_turn(evutil_socket_t fd, short what, void *arg)
{
	struct sign_peer	*sp = arg;

	(void)fd;
	(void)what;
	if (sp->peer != NULL)
		peer_hold(sp->peer, false);
}

/* Of the first certificate's key: a client may return for any name. */
static void
send_tickets(struct sign *s, struct peer *p)
{
	struct sign_tickets	 t = { STR(""), STR("") };
	uint8_t			 key[2][TLS_TICKET_LEN];
	uint64_t		 epoch = (uint64_t)s->now() / TLS_TICKET_LIFE;
	const struct tls_key	*k;
	char *const		*names;
	size_t			 n;

	if (tls_store_count(s->store) == 0)
		return;
	k = tls_store_at(s->store, 0, &names, &n);
	if (tls_ticket_key(k, epoch, key[0]) == 0)
		t.now = (struct str){ (char *)key[0], TLS_TICKET_LEN };
	if (tls_ticket_key(k, epoch - 1, key[1]) == 0)
		t.before = (struct str){ (char *)key[1], TLS_TICKET_LEN };
	peer_send_struct(p, IMSG_SIGN_TICKETS, 0, &t, -1);
	explicit_bzero(key, sizeof(key));
}

/* By the time of day, which may be set: it is looked at often. */
static void
tickets_look(evutil_socket_t fd, short what, void *arg)
{
	struct sign	*s = arg;
	struct timeval	 tv = { TICKETS_LOOK, 0 };
	uint64_t	 epoch = (uint64_t)s->now() / TLS_TICKET_LIFE;
	int64_t		 left = TLS_TICKET_LIFE - s->now() % TLS_TICKET_LIFE;
	uint32_t	 i;

	(void)fd;
	(void)what;
	/* The next epoch begins in all credds at once. */
	if (left < TICKETS_LOOK)
		tv.tv_sec = (time_t)left;
	evtimer_add(&s->tickets, &tv);
	if (epoch == s->epoch)
		return;
	s->epoch = epoch;
	for (i = 0; i < SIGN_PEERS_MAX; i++)
		if (s->peers[i].peer != NULL)
			send_tickets(s, s->peers[i].peer);
}

struct sign *
sign_new(struct event_base *base, const struct tls_store *store,
    uint64_t (*ms)(void), int64_t (*now)(void))
{
	struct sign	*s = mem_new(1, sizeof(*s));
	uint32_t	 i;

	s->base = base;
	s->store = store;
	s->ms = ms;
	s->now = now;
	evtimer_assign(&s->tickets, base, tickets_look, s);
	tickets_look(-1, 0, s);
	for (i = 0; i < SIGN_PEERS_MAX; i++) {
		s->peers[i].sign = s;
		event_assign(&s->peers[i].over, base, -1, 0, sign_over,
		    &s->peers[i]);
		evtimer_assign(&s->peers[i].turn, base, sign_turn,
		    &s->peers[i]);
	}
	return s;
}

void
sign_free(struct sign *s)
{
	uint32_t	i;

	if (s == NULL)
		return;
	event_del(&s->tickets);
	for (i = 0; i < SIGN_PEERS_MAX; i++) {
		event_del(&s->peers[i].over);
		event_del(&s->peers[i].turn);
		peer_close(s->peers[i].peer);
	}
	free(s);
}

static void
send_cert(struct peer *p, const struct tls_store *store, uint32_t i,
    uint32_t count)
{
	struct sign_name	 names[SIGN_NAMES_MAX];
	struct sign_cert	 m = { .index = i, .count = count };
	const struct tls_key	*k;
	char *const		*v;
	size_t			 n, j;

	if (count != 0) {
		k = tls_store_at(store, i, &v, &n);
		for (j = 0; j < n; j++)
			names[j].name = str_from(v[j]);
		m.names.v = names;
		m.names.n = n;
		m.chain = k->chain;
		m.ocsp = k->ocsp;
	}
	peer_send_struct(p, IMSG_SIGN_CERT, 0, &m, -1);
}

static void
send_set(struct sign *s, struct peer *p)
{
	uint32_t	i, n = (uint32_t)tls_store_count(s->store);

	if (!tls_store_ready(s->store))
		return;
	send_tickets(s, p);
	for (i = 0; i < n || i == 0; i++)
		send_cert(p, s->store, i, n);
}

void
sign_changed(struct sign *s)
{
	uint32_t	i;

	for (i = 0; i < SIGN_PEERS_MAX; i++)
		if (s->peers[i].peer != NULL)
			send_set(s, s->peers[i].peer);
}

/* A process keeps its place, and what it has used up: paild starts no more than
 * there are places, and says who each is.  NULL: there is none left. */
static struct sign_peer *
place_of(struct sign *s, enum proc_kind kind, uint32_t index)
{
	struct sign_peer	*sp;

	for (sp = s->peers; sp < s->peers + SIGN_PEERS_MAX; sp++) {
		if (sp->kind == PROC_PAILD) {
			sp->kind = kind;
			sp->index = index;
		}
		if (sp->kind == kind && sp->index == index)
			return sp;
	}
	return NULL;
}

void
sign_server(struct sign *s, enum proc_kind kind, uint32_t index, int fd)
{
	struct sign_peer	*sp = place_of(s, kind, index);
	struct peer		*p;

	if (sp == NULL) {
		log_warnx("%s=%" PRIu32 " result=no why=\"too many\"",
		    proc_kind_name(kind), index);
		close(fd);
		return;
	}
	p = peer_new(s->base, fd, MSG_CHANNEL_SIGN, MSG_SIDE_A, &sign_ops, sp);
	if (p == NULL) {
		log_warn("%s=%" PRIu32 " result=no", proc_kind_name(kind),
		    index);
		close(fd);
		daemon_lost(kind, index);
		return;
	}
	peer_close(sp->peer);
	event_del(&sp->turn);
	event_del(&sp->over);
	sp->served = false;
	sp->peer = p;
	/* A channel that it breaks and is given again is no new start. */
	if (sp->filled == 0) {
		sp->units = (int64_t)SIGN_BURST * 1000;
		sp->filled = s->ms();
	}
	send_set(s, p);
}

/* Whether it may have so many units more. */
static bool
afford(struct sign_peer *sp, unsigned units)
{
	uint64_t	now = sp->sign->ms(), past = now - sp->filled;

	if (past > SIGN_BURST * 1000 / SIGN_RATE)
		past = SIGN_BURST * 1000 / SIGN_RATE;
	sp->filled = now;
	sp->units += (int64_t)past * SIGN_RATE;
	if (sp->units > (int64_t)SIGN_BURST * 1000)
		sp->units = (int64_t)SIGN_BURST * 1000;
	if (sp->units < (int64_t)units * 1000)
		return false;
	sp->units -= (int64_t)units * 1000;
	return true;
}

static void
refuse(struct sign_peer *sp, struct sign_done *d, enum sign_code code,
    const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT_OF("signature refused",
				    LOG_LEVEL_WARN, 1, 60);

	sp->sign->refused++;
	d->code = (uint8_t)code;
	d->why = str_from(why);
	if (log_limit(&limit))
		log_warnx("%s=%" PRIu32 " signature=refused why=\"%s\"",
		    proc_kind_name(sp->kind), sp->index, why);
}

/*
 * An honest one waits for its answer before it asks again.  A second question
 * in the same turn of the loop is no such one's: what follows it waits until
 * the loop has been round.  (A timer for each answer would send the loop round
 * in vain: a system call more for each handshake.)
 */
static void
take_turn(struct sign_peer *sp)
{
	struct timeval	soon = { 0, 0 };

	if (sp->served) {
		peer_hold(sp->peer, true);
		evtimer_add(&sp->turn, &soon);
		return;
	}
	sp->served = true;
	event_active(&sp->over, EV_TIMEOUT, 1);
}

static int
sign_message(struct peer *p, struct msg *m, void *arg)
{
	struct sign_peer	*sp = arg;
	struct sign		*s = sp->sign;
	struct sign_transcript	 t;
	struct sign_done	 d = { .code = SIGN_OK };
	const struct tls_key	*k;
	const char		*why = "no such key";
	uint8_t			 sig[SIGN_MAX];
	size_t			 len = 0;

	if (m->type != IMSG_SIGN_TRANSCRIPT || wire_decode(
	    &sign_transcript_wire, &t, m->data, m->len, NULL) == -1 ||
	    t.key.len != SIGN_ID_LEN)
		return -1;
	k = tls_store_find(s->store, (const uint8_t *)t.key.p);
	if (!afford(sp, k != NULL ? k->cost : 1))
		refuse(sp, &d, SIGN_BUSY, "too many signatures a second");
	else if (k == NULL || tls_sign(k, t.scheme, t.bytes.p, t.bytes.len,
	    sig, &len, &why) == -1)
		refuse(sp, &d, SIGN_REFUSED, why);
	else
		s->made++;
	d.signature = (struct str){ (const char *)sig, len };
	if (peer_send_struct(p, IMSG_SIGN_DONE, m->id, &d, -1) == 0)
		peer_push(p);
	take_turn(sp);
	return 0;
}

static void
sign_closed(struct peer *p, const char *why, void *arg)
{
	struct sign_peer	*sp = arg;

	if (sp->peer != p)
		return;
	sp->peer = NULL;
	event_del(&sp->over);
	event_del(&sp->turn);
	lost(sp->kind, sp->index, why);
}

uint64_t
sign_made(const struct sign *s)
{
	return s->made;
}

uint64_t
sign_refused(const struct sign *s)
{
	return s->refused;
}
