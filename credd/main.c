/*
 * credd(8): keeps the bucket's secrets and the private keys of TLS.  storaged
 * is given signing keys that are good for a day, imapd and lmtpd a signature
 * for each handshake.  It talks to no client.  If there are several, number 0
 * has the secrets, and the others the private keys: by what paild tells each.
 */
#include "common/compat.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/net.h"
#include "common/sandbox.h"
#include "credd/counters.h"
#include "credd/metrics.h"
#include "credd/files.h"
#include "credd/keys.h"
#include "credd/sets.h"
#include "credd/sign.h"
#include "credd/tls_store.h"

static struct keys	*keys;
static struct sets	*sets;
static struct tls_store	*tls;
static struct sign	*sign;
static bool		 first;		/* of those that have private keys */
static struct source_world world;

static int64_t
main_now(void)
{
	return (int64_t)time(NULL);
}

static void
main_refused(unsigned set, const char *access_key, void *arg)
{
	(void)arg;
	sets_refused(set, access_key, sets);
}

static void
main_certificates(void *arg)
{
	(void)arg;
	sign_changed(sign);
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
	if (!sets_needed(conf))
		return;
	if ((world.net = net_new(daemon_base(), slice_str(conf,
	    "store.tls-ca-file"), why, sizeof(why))) == NULL)
		fatalx("%s", why);
}

/* Of sources only whether there are any is fixed: a reload may name one that
 * has a service of its own. */
static void
main_reach(const struct slice *conf, struct sandbox *box)
{
	box->any_port = sets_needed(conf);
}

static void
main_start(struct event_base *base, struct slice *conf)
{
	world.base = base;
	world.files = files_new(daemon_want);
	world.now = main_now;
	if ((keys = keys_new(base, main_now, main_refused, NULL)) == NULL)
		fatal("keys_new");
	sets = sets_new(&world, keys);
	sets_configure(sets, conf);
	tls = tls_store_new(base, world.files, main_now, main_certificates,
	    NULL);
	if (!(first = slice_num(conf, "index") <= 1))
		tls_store_hush(tls);
	sign = sign_new(base, tls, clock_ms, main_now);
	if (!slice_bool(conf, "report"))
		tls_store_configure(tls, conf);
}

static void
main_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_STORAGED)
		keys_storaged(keys, index, fd);
	else if (kind == PROC_IMAPD || kind == PROC_LMTPD ||
	    kind == PROC_ADMIND)
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
	sets_configure(sets, conf);
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

	sets_status(sets, &s);
	CREDD_COUNTERS(COUNTER_TELL)
	sets_expiries(sets, metrics_credential);
	for (i = 0; first && i < tls_store_count(tls); i++) {
		k = tls_store_at(tls, i, &names, &n);
		if (n > 0)
			metrics_certificate(names[0], k->expires);
	}
	metrics_tell(daemon_metric);
}

/* fd: an operator's, who may be slow, or gone: what does not fit at once is
 * not waited for. */
static void
main_report(const char *what, const char *arg, bool json, int fd)
{
	char		text[KEYS_SETS_MAX * 4096] = "unknown report\n";
	struct buf	b;

	(void)arg;
	buf_init(&b, KEYS_SETS_MAX * 32768);
	if (strcmp(what, "credentials") != 0)
		buf_puts(&b, text);
	else if (json)
		sets_report_json(sets, &b);
	else {
		sets_report(sets, text, sizeof(text));
		buf_puts(&b, text);
	}
	if (b.failed || send(fd, b.data, b.len, MSG_DONTWAIT |
	    MSG_NOSIGNAL) != (ssize_t)b.len)
		log_debug("report: the operator has disconnected");
	buf_free(&b);
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
