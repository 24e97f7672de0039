/*
 * The stub for authd.  SASL lives there; here only ids and callbacks.  It
 * must keep no password longer than the message takes.
 */
#include "imapd/auth.h"

#include <inttypes.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/peer.h"
#include "common/tls_binding.h"
#include "common/user.h"
#include "imapd/cert.h"
#include "imapd/client.h"

struct login {
	TAILQ_ENTRY(login)	 entry;
	uint32_t		 id;
	struct client		*client;
	const struct auth_ops	*ops;
	bool			 refused;	/* authd is away */
};

static struct {
	struct event_base	*base;
	struct peer		*peer;
	TAILQ_HEAD(, login)	 logins;
	uint32_t		 last;
	struct event		 ev_refused;
	bool			 ready;
	bool			 prompt;	/* as the last AUTH_OK has it */
} auth;

static int	 auth_message(struct peer *, struct msg *, void *);
static void	 auth_closed(struct peer *, const char *, void *);

static const struct peer_ops auth_peer_ops = {
	.message = auth_message,
	.closed = auth_closed
};

/* The login is over; its client may be told. */
static struct client *
login_end(struct login *l, const struct auth_ops **ops)
{
	struct client	*c = l->client;

	*ops = l->ops;
	TAILQ_REMOVE(&auth.logins, l, entry);
	c->login = NULL;
	free(l);
	return c;
}

static void
login_refuse(struct login *l)
{
	const struct auth_ops	*ops;
	struct client		*c = login_end(l, &ops);

	ops->no(c, AUTH_UNAVAILABLE, STR("Logins are temporarily unavailable, "
	    "try again later"));
}

static void
auth_refuse(evutil_socket_t fd, short what, void *arg)
{
	struct login	*l, *next;

	(void)fd;
	(void)what;
	(void)arg;
	TAILQ_FOREACH_SAFE(l, &auth.logins, entry, next)
		if (l->refused)
			login_refuse(l);
}

static void
auth_init(struct event_base *base)
{
	if (auth.ready && auth.base == base)
		return;
	if (!auth.ready)
		TAILQ_INIT(&auth.logins);
	auth.base = base;
	evtimer_assign(&auth.ev_refused, base, auth_refuse, NULL);
	auth.ready = true;
}

/* No channel: all that waits is told so, from the loop. */
static void
auth_lost(void)
{
	struct login	*l;

	/* Not for nobody: the loop may be about to end. */
	if (TAILQ_EMPTY(&auth.logins))
		return;
	TAILQ_FOREACH(l, &auth.logins, entry)
		l->refused = true;
	event_active(&auth.ev_refused, EV_TIMEOUT, 0);
}

void
auth_channel(struct event_base *base, int fd)
{
	auth_init(base);
	if (auth.peer != NULL) {
		peer_close(auth.peer);
		auth_lost();
	}
	auth.peer = peer_new(base, fd, MSG_CHANNEL_AUTH, MSG_SIDE_A,
	    &auth_peer_ops, NULL);
	if (auth.peer == NULL) {
		log_warn("cannot open the channel to authd");
		close(fd);
		daemon_lost(PROC_AUTHD, 0);
	}
}

static void
auth_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	auth.peer = NULL;
	auth_lost();
	lost(PROC_AUTHD, 0, why);
}

void
auth_login(struct client *c, struct str mechanism, const struct str *initial,
    const struct auth_ops *ops)
{
	struct auth_start	 req = { .mechanism = mechanism };
	uint8_t			 exporter[TLS_BINDING_EXPORTER];
	uint8_t			 endpoint[TLS_BINDING_ENDPOINT];
	struct buf		 chain = BUF_INIT;
	struct login		*l;
	char			 name[USER_ID_MAX + 1];

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("calloc");
	auth_init(client_base(c));
	l->client = c;
	l->ops = ops;
	if (++auth.last == 0)
		auth.last = 1;
	l->id = auth.last;
	TAILQ_INSERT_TAIL(&auth.logins, l, entry);
	c->login = l;
	req.has_initial = initial != NULL;
	if (initial != NULL)
		req.initial = *initial;
	req.tls = client_is_tls(c);
	req.remote = str_from(c->remote);
	req.session = c->session;
	/* Even a client that uses none has to be told from one that was made
	 * to believe that we have none. */
	if (mechanism.len > 6 && memcmp(mechanism.p, "SCRAM-", 6) == 0) {
		req.exporter = (struct str){ (char *)exporter,
		    tls_binding_exporter(c->io.ssl, exporter) };
		req.endpoint = (struct str){ (char *)endpoint,
		    tls_binding_endpoint(c->io.ssl, endpoint) };
	}
	/* One with a long initial response is denied anyway. */
	if (str_eq(mechanism, STR("EXTERNAL")) && req.initial.len <= 1024 &&
	    cert_show(c->io.ssl, name, sizeof(name), &chain)) {
		req.subject = str_from(name);
		req.certificate = (struct str){ (char *)chain.data,
		    chain.len };
	}
	if (auth.peer == NULL || peer_send_struct(auth.peer, IMSG_AUTH_START,
	    l->id, &req, -1) == -1) {
		l->refused = true;
		event_active(&auth.ev_refused, EV_TIMEOUT, 0);
	}
	buf_free(&chain);
}

void
auth_step(struct client *c, struct str data)
{
	struct auth_bytes	 m = { .data = data };
	struct login		*l = c->login;

	if (l == NULL || l->refused)
		return;
	if (auth.peer == NULL || peer_send_struct(auth.peer, IMSG_AUTH_STEP,
	    l->id, &m, -1) == -1) {
		l->refused = true;
		event_active(&auth.ev_refused, EV_TIMEOUT, 0);
	}
}

void
auth_cancel(struct client *c)
{
	const struct auth_ops	*ops;
	struct login		*l = c->login;

	if (l == NULL)
		return;
	if (!l->refused && auth.peer != NULL)
		(void)peer_send(auth.peer, IMSG_AUTH_CANCEL, l->id, NULL, 0,
		    -1);
	(void)login_end(l, &ops);
}

void
auth_end(struct client *c)
{
	if (c->granted != 0 && auth.peer != NULL && auth.prompt)
		(void)peer_send(auth.peer, IMSG_AUTH_END, c->granted, NULL, 0,
		    -1);
	else if (c->granted != 0 && auth.peer != NULL)
		(void)peer_send_lazy(auth.peer, IMSG_AUTH_END, c->granted,
		    NULL, 0);
	c->granted = 0;
}

static int
on_auth(struct login *l, struct msg *m, struct arena *a)
{
	const struct auth_ops	*ops;
	struct client		*c;
	struct auth_bytes	 bytes;
	struct auth_ok		 ok;
	struct auth_no		 no;

	switch (m->type) {
	case IMSG_AUTH_CHALLENGE:
		if (wire_decode(&auth_bytes_wire, &bytes, m->data, m->len,
		    a) == -1)
			return -1;
		l->ops->challenge(l->client, bytes.data);
		return 0;
	case IMSG_AUTH_OK:
		if (wire_decode(&auth_ok_wire, &ok, m->data, m->len, a) == -1)
			return -1;
		c = login_end(l, &ops);
		c->granted = m->id;
		auth.prompt = ok.prompt;
		if (m->fd == -1) {
			auth_end(c);
			log_warnx("session=%016" PRIx64 " login "
			    "result=unavailable why=\"out of file "
			    "descriptors\"", c->session);
			ops->no(c, AUTH_UNAVAILABLE, STR("The server is out of "
			    "file descriptors, try again later"));
			return 0;
		}
		ops->ok(c, ok.user, m->fd);
		m->fd = -1;
		return 0;
	case IMSG_AUTH_NO:
		if (wire_decode(&auth_no_wire, &no, m->data, m->len, a) == -1)
			return -1;
		c = login_end(l, &ops);
		ops->no(c, no.code, no.text);
		return 0;
	default:		/* admind's */
		return -1;
	}
}

/* An operator wants that session to end; it may have ended meanwhile. */
static void
on_leave(uint32_t id)
{
	struct client	*c;

	TAILQ_FOREACH(c, &clients, entry)
		if (id != 0 && c->granted == id) {
			log_info("session=%016" PRIx64 " ended by the operator",
			    c->session);
			client_bye(c, "Your session was ended by the "
			    "administrator");
			return;
		}
}

static int
auth_message(struct peer *p, struct msg *m, void *arg)
{
	struct login	*l;
	struct arena	*a;
	int		 ret = 0;

	(void)p;
	(void)arg;
	TAILQ_FOREACH(l, &auth.logins, entry)
		if (l->id == m->id && !l->refused)
			break;
	if (m->type == IMSG_AUTH_LEAVE) {
		on_leave(m->id);
		return 0;
	}
	if ((a = arena_new(64 * 1024)) == NULL)
		ret = -1;
	else if (l != NULL)	/* else: an answer after our cancel */
		ret = on_auth(l, m, a);
	arena_free(a);
	if (m->fd != -1) {
		close(m->fd);
		m->fd = -1;
	}
	return ret;
}
