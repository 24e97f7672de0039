/*
 * The stub for credd's signatures.  It must not keep a certificate whose set
 * has not come whole, nor take an answer for another's.
 */
#include "common/compat.h"

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/lost.h"
#include "common/msg_sign.h"
#include "common/peer.h"
#include "common/sign_client.h"
#include "common/sign_provider.h"
#include "common/tls_context.h"
#include "common/tls_ticket.h"

#define ARENA_MAX	(1024 * 1024)	/* of the names of a certificate */

static struct {
	const char	*protocol;
	void		(*changed)(SSL_CTX *);
	struct peer	*peer;		/* NULL: no credd */
	uint32_t	 index;		/* of that credd */
	/* A set that is coming. */
	SSL_CTX		*first;
	uint32_t	 next;		/* index */
	uint32_t	 count;
	/* A signature that is waited for. */
	uint32_t	 id;
	bool		 done;
	bool		 late;		/* no longer: it is overdue */
	uint8_t		*sig;
	size_t		*siglen;
	int		 result;
	char		 why[256];
} sc;

static int	 sc_message(struct peer *, struct msg *, void *);
static void	 sc_closed(struct peer *, const char *, void *);

static const struct peer_ops sc_ops = { sc_message, sc_closed, NULL };

static void
set_drop(void)
{
	tls_context_free(sc.first);
	sc.first = NULL;
	sc.next = sc.count = 0;
}

/* One more context of the set that is coming. */
static void
set_add(const struct sign_cert *m)
{
	const struct sign_name	*names = m->names.v;
	char			 why[256] = "out of memory";
	SSL_CTX			*ctx;
	size_t			 i;
	int			 r = 0;

	ctx = tls_context_apart(m->chain, sc.protocol, why, sizeof(why));
	if (ctx == NULL) {
		log_warnx("tls certificate %u: %s", m->index, why);
		return;
	}
	if (m->ocsp.len != 0)
		r = tls_context_ocsp(ctx, m->ocsp);
	if (sc.first == NULL)
		sc.first = ctx;
	for (i = 0; i < m->names.n && r == 0; i++)
		r = tls_context_name(sc.first, names[i].name, ctx);
	if (r == -1)
		log_warnx("tls certificate %u: out of memory", m->index);
	if (sc.first != ctx)
		tls_context_free(ctx);	/* its names have it */
}

static int
on_cert(const struct msg *m)
{
	struct sign_cert	 cert;
	struct arena		*arena = arena_new(ARENA_MAX);
	int			 r = -1;

	if (arena == NULL || wire_decode(&sign_cert_wire, &cert, m->data,
	    m->len, arena) == -1)
		goto out;
	if (cert.index == 0) {
		set_drop();
		sc.count = cert.count;
	}
	if (cert.index != sc.next || cert.count != sc.count ||
	    (cert.count != 0 && cert.index >= cert.count))
		goto out;
	r = 0;
	if (cert.count != 0) {
		set_add(&cert);
		if (++sc.next < sc.count)
			goto out;
		log_debug("tls certificates: %u", sc.count);
	}
	/* None at all: none was usable, or none is configured. */
	sc.changed(sc.first);
	sc.first = NULL;
	sc.next = sc.count = 0;
 out:
	arena_free(arena);
	return r;
}

static int
on_done(const struct msg *m)
{
	struct sign_done	 d;

	if (wire_decode(&sign_done_wire, &d, m->data, m->len, NULL) == -1 ||
	    m->id != sc.id)
		return -1;
	if (sc.late) {
		sc.late = false;
		return 0;
	}
	if (sc.done || sc.sig == NULL)
		return -1;
	sc.done = true;
	if (d.code != SIGN_OK)
		snprintf(sc.why, sizeof(sc.why), "credd: %.*s", (int)d.why.len,
		    d.why.p);
	else if (d.signature.len == 0 || d.signature.len > *sc.siglen)
		snprintf(sc.why, sizeof(sc.why), "credd's signature has %zu "
		    "bytes", d.signature.len);
	else {
		memcpy(sc.sig, d.signature.p, d.signature.len);
		*sc.siglen = d.signature.len;
		sc.result = 0;
	}
	return 0;
}

static int
on_tickets(const struct msg *m)
{
	struct sign_tickets	 t;

	if (wire_decode(&sign_tickets_wire, &t, m->data, m->len, NULL) == -1)
		return -1;
	tls_ticket_keys(t.now, t.before);
	return 0;
}

static int
sc_message(struct peer *p, struct msg *m, void *arg)
{
	(void)p;
	(void)arg;
	switch (m->type) {
	case IMSG_SIGN_CERT:
		return on_cert(m);
	case IMSG_SIGN_TICKETS:
		return on_tickets(m);
	default:
		return on_done(m);
	}
}

static void
sc_closed(struct peer *p, const char *why, void *arg)
{
	(void)arg;
	if (p != sc.peer)
		return;
	sc.peer = NULL;
	sc.late = false;
	set_drop();
	lost(PROC_CREDD, sc.index, why);
}

void
sign_client_channel(struct event_base *base, uint32_t index, int fd)
{
	peer_close(sc.peer);
	set_drop();
	sc.late = false;
	sc.index = index;
	sc.peer = peer_new(base, fd, MSG_CHANNEL_SIGN, MSG_SIDE_B, &sc_ops,
	    NULL);
	if (sc.peer == NULL) {
		log_warn("cannot open the channel to credd");
		close(fd);
		daemon_lost(PROC_CREDD, index);
	}
}

/* Sends the question and waits; sc.result says how it went. */
static void
ask(const struct sign_transcript *t)
{
	uint64_t	 now = clock_ms(), until = now + SIGN_CLIENT_MS;

	if (++sc.id == 0)
		sc.id = 1;
	if (peer_send_struct(sc.peer, IMSG_SIGN_TRANSCRIPT, sc.id, t,
	    -1) == -1) {
		strlcpy(sc.why, "the channel to credd has failed",
		    sizeof(sc.why));
		return;
	}
	for (; !sc.done && now < until; now = clock_ms())
		if (peer_await(sc.peer, (int)(until - now)) == -1)
			break;
	if (sc.done)
		return;
	if (now < until)
		strlcpy(sc.why, "credd has ended", sizeof(sc.why));
	else {
		snprintf(sc.why, sizeof(sc.why), "credd has not answered "
		    "within %d ms", SIGN_CLIENT_MS);
		sc.late = true;
	}
}

static int
sc_sign(const uint8_t id[SIGN_ID_LEN], enum sign_scheme scheme,
    const void *bytes, size_t len, uint8_t *sig, size_t *siglen)
{
	static struct log_limit	 limit = LOG_LIMIT("no signature");
	struct sign_transcript	 t = {
		.key = { (const char *)id, SIGN_ID_LEN },
		.scheme = (uint32_t)scheme,
		.bytes = { bytes, len }
	};

	sc.result = -1;
	sc.done = false;
	sc.sig = sig;
	sc.siglen = siglen;
	sc.why[0] = '\0';
	if (len > SIGN_BYTES_MAX)
		strlcpy(sc.why, "too much to sign", sizeof(sc.why));
	else if (sc.peer == NULL)
		strlcpy(sc.why, "credd is not there", sizeof(sc.why));
	else if (sc.late)
		strlcpy(sc.why, "credd does not answer", sizeof(sc.why));
	else
		ask(&t);
	sc.sig = NULL;
	if (sc.result == -1 && log_limit(&limit))
		log_warnx("tls handshake result=no why=\"%s\"", sc.why);
	return sc.result;
}

int
sign_client_init(const char *protocol, void (*changed)(SSL_CTX *), char *why,
    size_t size)
{
	sc.protocol = protocol;
	sc.changed = changed;
	return sign_provider_load(sc_sign, why, size);
}
