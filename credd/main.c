/*
 * credd(8): keeps the bucket's secrets and the private keys of TLS.  storaged
 * is given signing keys that are good for a day, imapd and lmtpd a signature
 * for each handshake.  It talks to no client.
 */
#include "common/compat.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/net.h"
#include "common/sandbox.h"
#include "credd/chain.h"
#include "credd/counters.h"
#include "credd/metrics.h"
#include "credd/files.h"
#include "credd/identity.h"
#include "credd/keys.h"
#include "credd/refresh.h"
#include "credd/report.h"
#include "credd/sign.h"
#include "credd/tls_store.h"

static struct keys	*keys;
static struct refresh	*refresh;
static struct identity	*identity;
static struct tls_store	*tls;
static struct sign	*sign;
static struct source_world world;
static bool		needed;		/* the store wants credentials */
static bool		report;		/* an operator waits for a check */
static const struct slice *conf_now;

static int64_t
main_now(void)
{
	return (int64_t)time(NULL);
}

static void *
main_look(const struct slice *conf, chain_cb cb, void *cb_arg, void *arg)
{
	(void)arg;
	return chain_start(&world, conf, cb, cb_arg);
}

static void
main_cancel(void *look, void *arg)
{
	(void)arg;
	chain_cancel(look);
}

static void
main_give(const struct cred_secret *s, void *arg)
{
	struct refresh_status	st;

	(void)arg;
	refresh_status(refresh, &st);
	keys_source(keys, st.source != NULL ? st.source : "");
	/* A check tells whose they are, so it waits for that. */
	if (s != NULL && s->identity[0] == '\0' &&
	    identity_ask(identity, conf_now, s) && report)
		return;
	keys_secret(keys, s);
}

static void
main_identity(const char *access_key, const char *arn, void *arg)
{
	struct refresh_status	st;

	(void)arg;
	refresh_status(refresh, &st);
	if (arn != NULL)
		refresh_identity(refresh, access_key, arn);
	else if (report)
		keys_secret(keys, st.secret);
}

static void
main_refused(const char *access_key, void *arg)
{
	(void)arg;
	refresh_refused(refresh, access_key);
}

static void
main_certificates(void *arg)
{
	(void)arg;
	sign_changed(sign);
}

/* NULL for a store that needs no credentials. */
static const struct slice *
main_conf(const struct slice *conf)
{
	needed = strcmp(slice_str(conf, "store.type"), "s3") == 0;
	return needed ? conf : NULL;
}

static void
main_configure(const struct slice *conf)
{
	conf_now = main_conf(conf);
	refresh_configure(refresh, conf_now);
}

/*
 * The slice holds secrets too, and so do libcurl's buffers: keep all out of
 * the swap, if we may.  What sources need of files is read here, before the
 * sandbox is entered.
 */
static void
main_prepare(struct slice *conf)
{
	struct rlimit	all = { RLIM_INFINITY, RLIM_INFINITY };
	char		why[512];
	int		flags = MCL_CURRENT;

	/* A limit would make later allocations fail. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		flags |= MCL_FUTURE;
	if (mlockall(flags) == -1)
		log_debug("mlockall: secrets may be swapped out");
	if (main_conf(conf) == NULL)
		return;
	if ((world.net = net_new(daemon_base(), slice_str(conf,
	    "store.tls-ca-file"), why, sizeof(why))) == NULL)
		fatalx("%s", why);
}

/* Of sources only the type of the store is fixed: a reload may name one that
 * has a service of its own. */
static void
main_reach(const struct slice *conf, struct sandbox *box)
{
	box->any_port = main_conf(conf) != NULL;
}

static void
main_start(struct event_base *base, struct slice *conf)
{
	static const struct refresh_ops	ops = {
		main_look, main_cancel, main_give, main_now
	};

	world.base = base;
	world.files = files_new(daemon_want);
	world.now = main_now;
	if ((keys = keys_new(base, main_now, main_refused, NULL)) == NULL)
		fatal("keys_new");
	if ((refresh = refresh_new(base, &ops, NULL)) == NULL)
		fatal("refresh_new");
	identity = identity_new(&world, main_identity, NULL);
	report = slice_bool(conf, "report");
	main_configure(conf);
	tls = tls_store_new(base, world.files, main_now, main_certificates,
	    NULL);
	sign = sign_new(base, tls, clock_ms, main_now);
	if (!report)
		tls_store_configure(tls, conf);
}

static void
main_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_STORAGED)
		keys_storaged(keys, index, fd);
	else if (kind == PROC_IMAPD || kind == PROC_LMTPD)
		sign_server(sign, kind, index, fd);
	else {
		log_warnx("peer=%s result=no why=\"unexpected peer\"",
		    proc_kind_name(kind));
		close(fd);
	}
}

static int
main_reload(struct slice *conf, char *why, size_t size)
{
	(void)why;
	(void)size;
	main_configure(conf);
	tls_store_configure(tls, conf);
	return 0;
}

static void
main_given(uint32_t id, const struct setup_give *g)
{
	files_given(world.files, id, g);
}

static void
main_drain(void)
{
	daemon_drained();
}

static void
main_counts(void)
{
	const struct tls_key	*k;
	struct refresh_status	 s;
	char *const		*names;
	size_t			 i, n;

	refresh_status(refresh, &s);
	CREDD_COUNTERS(COUNTER_TELL)
	metrics_credential(s.secret != NULL ? s.secret->expires : 0);
	for (i = 0; i < tls_store_count(tls); i++) {
		k = tls_store_at(tls, i, &names, &n);
		if (n > 0)
			metrics_certificate(names[0], k->expires);
	}
	metrics_tell(daemon_metric);
}

/* fd: an operator's, who may be slow, or gone: what does not fit at once is
 * not waited for. */
static void
main_report(const char *what, const char *arg, int fd)
{
	struct refresh_status	s;
	char			text[4096] = "unknown report\n";

	(void)arg;
	if (strcmp(what, "credentials") == 0) {
		refresh_status(refresh, &s);
		report_text(needed ? &s : NULL, main_now(), text,
		    sizeof(text));
	}
	if (send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		log_debug("report: the operator has disconnected");
	close(fd);
}

int
main(void)
{
	static const struct daemon credd_daemon = {
		.name = "credd",
		.prepare = main_prepare,
		.reach = main_reach,
		.start = main_start,
		.peer = main_peer,
		.reload = main_reload,
		.drain = main_drain,
		.counts = main_counts,
		.report = main_report,
		.give = main_given
	};

	daemon_run(&credd_daemon);
}
