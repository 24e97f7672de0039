/*
 * lmtpd: takes delivered mail over LMTP, and parses it.  It reads strangers'
 * octets; it opens no files and no sockets, knows no passwords and no keys, of
 * the store or of TLS.  lmtpd(8).
 */
#include "common/compat.h"

#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/host.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/sign_client.h"
#include "common/slice.h"
#include "common/tls_rule.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"
#include "lmtpd/counters.h"
#include "lmtpd/metrics.h"
#include "lmtpd/granted.h"
#include "lmtpd/ingest.h"
#include "lmtpd/parcel.h"
#include "lmtpd/run.h"
#include "lmtpd/txn.h"

#define DRAIN_SECONDS	10	/* for transactions under way */
#define SPARE		24	/* descriptors: channels, new listeners */

static struct event	 ev_drain;
static uint64_t		 drain_until;	/* 0: not yet */
static uint64_t		 room;		/* descriptors for connections */
static bool		 ready;		/* paild was told */

/* Before the first certificates there is nothing to say to who wants TLS. */
static void
lmtpd_certificates(SSL_CTX *ctx)
{
	conf_tls(ctx);
	if (!ready)
		daemon_ready();
	ready = true;
}

static void
lmtpd_prepare(struct slice *s)
{
	struct tls_rules	*rules;
	char			 why[300];

	host_name(conf.hostname, sizeof(conf.hostname));
	if (sign_client_init("lmtp", lmtpd_certificates, why,
	    sizeof(why)) == -1 || conf_read(&conf, s, why, sizeof(why)) == -1 ||
	    (rules = tls_rules_read(s, why, sizeof(why))) == NULL)
		fatalx("%s", why);
	tls_rules_use(rules);
}

static void
lmtpd_start(struct event_base *base, struct slice *s)
{
	ingest_init(base, s);
	parcel_others(ingest_message, ingest_gone);
	ready = !slice_bool(s, "tls");
	if (ready)
		daemon_ready();
	room = nofile_room(SPARE);
	conf_fit(&conf, room);
}

static void
lmtpd_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_CREDD)
		sign_client_channel(daemon_base(), index, fd);
	else if (kind == PROC_AUTHD)
		granted_channel(daemon_base(), fd);
	else if (kind == PROC_STORAGED)
		parcel_channel(daemon_base(), index, fd);
	else
		close(fd);
}

static void
lmtpd_listen(const char *protocol, const char *address, int fd)
{
	static const struct listen_ops	 ops = {
		.implicit = "lmtps",
		.busy = "421 4.3.2 Too many connections\r\n",
		.room = client_room,
		.serve = run_accept
	};

	listen_add(daemon_base(), &ops, protocol, address, fd);
}

static int
lmtpd_reload(struct slice *s, char *why, size_t size)
{
	struct tls_rules	*rules;

	if ((rules = tls_rules_read(s, why, size)) == NULL)
		return -1;
	if (conf_read(&conf, s, why, size) == -1) {
		tls_rules_free(rules);
		return -1;
	}
	tls_rules_use(rules);
	conf_fit(&conf, room);
	ingest_init(daemon_base(), s);
	listen_keep(s);
	granted_forget();
	return 0;
}

/* Clients without a transaction go first, the others when it is over. */
static void
drain_look(evutil_socket_t fd, short what, void *arg)
{
	struct timeval	 tv = { .tv_usec = 50 * 1000 };

	(void)fd;
	(void)what;
	(void)arg;
	if (nclients == 0) {
		daemon_drained();
		return;
	}
	clients_drain(clock_ms() >= drain_until);
	evtimer_add(&ev_drain, &tv);
}

static void
drain_by(uint64_t until)
{
	listen_close();
	clients_draining = true;
	if (drain_until == 0)
		evtimer_assign(&ev_drain, daemon_base(), drain_look, NULL);
	drain_until = until;
	event_active(&ev_drain, EV_TIMEOUT, 0);
}

/* MTAs are few, and try again when they like: there is nothing to spread. */
static void
lmtpd_leave(uint32_t within)
{
	(void)within;
	drain_by(UINT64_MAX);
}

static void
lmtpd_drain(void)
{
	drain_by(clock_ms() + DRAIN_SECONDS * 1000);
}

static void
lmtpd_counts(void)
{
	const struct client	*c;
	uint64_t		 transactions = 0;

	TAILQ_FOREACH(c, &clients, entry)
		transactions += c->txn.open;
	LMTPD_COUNTERS(COUNTER_TELL)
	metrics_tell(daemon_metric);
}

static const struct daemon lmtpd = {
	.name = "lmtpd",
	.prepare = lmtpd_prepare,
	.start = lmtpd_start,
	.peer = lmtpd_peer,
	.listen = lmtpd_listen,
	.reload = lmtpd_reload,
	.leave = lmtpd_leave,
	.drain = lmtpd_drain,
	.counts = lmtpd_counts,
	.late_ready = true
};

int
main(void)
{
	daemon_run(&lmtpd);
}
