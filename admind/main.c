/*
 * admind: metrics, health and the admin page by HTTP.  It reads strangers'
 * octets; it opens no files and no sockets, sees no mail, keeps no passwords
 * and knows no keys.  admind(8).
 */
#include "common/compat.h"

#include <unistd.h>

#include "admind/conf.h"
#include "admind/conn.h"
#include "admind/counters.h"
#include "admind/known/state.h"
#include "admind/route.h"
#include "admind/web/desk.h"
#include "admind/web/watch.h"
#include "common/daemon.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/sandbox.h"
#include "common/sign_client.h"
#include "common/slice.h"

static bool	 ready;			/* paild was told */

static void
admind_ask(uint32_t id)
{
	daemon_want(id, NULL);
}

/* Before the first certificates there is nothing to say to who wants TLS. */
static void
admind_certificates(SSL_CTX *ctx)
{
	conf_tls(ctx);
	if (!ready)
		daemon_ready();
	ready = true;
}

static void
admind_prepare(struct slice *s)
{
	static const struct state_ops	 ops = { admind_ask };
	char				 why[300], host[256] = "";

	if (sign_client_init("http/1.1", admind_certificates, why,
	    sizeof(why)) == -1 || conf_read(s, why, sizeof(why)) == -1)
		fatalx("%s", why);
	state_init(&ops);
	if (gethostname(host, sizeof(host)) == -1)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	route_init(host);
}

static void
admind_reach(const struct slice *s, struct sandbox *box)
{
	(void)s;
	box->pairs = true;	/* for paild's answers */
}

static void
admind_lost(const char *why)
{
	lost(PROC_AUTHD, 0, why);
}

static void
admind_start(struct event_base *base, struct slice *s)
{
	static const struct desk_ops	 ops = { daemon_admin, admind_lost };

	desk_init(base, &ops);
	watch_init(base);
	watch_conf(conf.admin_page, conf.ready_within);
	ready = !slice_bool(s, "tls");
	if (ready)
		daemon_ready();
}

static void
admind_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_CREDD)
		sign_client_channel(daemon_base(), index, fd);
	else if (kind == PROC_AUTHD)
		desk_channel(fd);
	else
		close(fd);
}

static int
admind_serve(struct event_base *base, const struct listen_from *from)
{
	return conn_new(base, from, &route_ops, conf.tls);
}

static void
admind_listen(const char *protocol, const char *address, int fd)
{
	static const struct listen_ops	 ops = {
		.implicit = "https",
		.busy = "HTTP/1.1 503 Service Unavailable\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n",
		.room = conn_room,
		.serve = admind_serve
	};

	listen_add(daemon_base(), &ops, protocol, address, fd);
}

static int
admind_reload(struct slice *s, char *why, size_t size)
{
	if (conf_read(s, why, size) == -1)
		return -1;
	watch_conf(conf.admin_page, conf.ready_within);
	listen_keep(s);
	return 0;
}

/* Whoever sends clients here has to learn that they must not: it goes on. */
static void
admind_leave(uint32_t within)
{
	(void)within;
	state_leave();
}

static void
admind_drain(void)
{
	listen_close();
	conn_drain();
	daemon_drained();
}

static void
admind_counts(void)
{
	ADMIND_COUNTERS(COUNTER_TELL)
}

static const struct daemon admind = {
	.name = "admind",
	.prepare = admind_prepare,
	.reach = admind_reach,
	.start = admind_start,
	.peer = admind_peer,
	.listen = admind_listen,
	.reload = admind_reload,
	.leave = admind_leave,
	.drain = admind_drain,
	.counts = admind_counts,
	.admin = state_message,
	.late_ready = true
};

int
main(void)
{
	daemon_run(&admind);
}
