/*
 * authd(8): one program, two kinds of process.  As "authd" it handles
 * logins and never blocks or reads a password; as "authworker" it checks
 * passwords for authd, and blocks as it likes.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/authd.h"
#include "authd/conf.h"
#include "authd/counters.h"
#include "authd/metrics.h"
#include "authd/usage.h"
#include "authd/worker.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/sandbox.h"

static struct authd	*authd;
static struct worker	*worker;
static bool		 is_worker;

static void
main_prepare(struct slice *conf)
{
	char	why[256];

	is_worker = daemon_kind() == PROC_AUTHWORKER;
	if (is_worker &&
	    (worker = worker_new(conf, why, sizeof(why))) == NULL)
		fatalx("%s", why);
}

static void
main_reach(const struct slice *conf, struct sandbox *box)
{
	if (is_worker)
		worker_reach(worker, conf, box);
	else
		box->pairs = true;	/* a session's channel */
}

/* paild writes it down. */
static void
main_app_used(const char *user, const char *id)
{
	char	what[SETUP_WANT_MAX];

	snprintf(what, sizeof(what), "used:%s %s", id, user);
	daemon_want(0, what);
}

/* An administrator's token, from paild. */
static void
main_admin_began(uint32_t id, bool app, const char *remote, const char *user)
{
	char	what[SETUP_WANT_MAX];

	snprintf(what, sizeof(what), "admin:%s %s %s", app ? "app" :
	    "password", *remote == '\0' || strchr(remote, ' ') != NULL ? "-" :
	    remote, user);
	daemon_want(id, what);
}

static void
main_admin_ended(const char *user)
{
	char	what[SETUP_WANT_MAX];

	snprintf(what, sizeof(what), "admin-end:%s", user);
	daemon_want(0, what);
}

static const struct authd_admin_ops	main_admin = {
	main_admin_began, main_admin_ended
};

static void
main_start(struct event_base *base, struct slice *conf)
{
	struct authd_conf	ac;
	char			why[256];

	if (is_worker)
		return;
	if (authd_conf_read(&ac, conf, why, sizeof(why)) == -1)
		fatalx("%s", why);
	if ((authd = authd_new(base, &ac)) == NULL)
		fatal("authd_new");
	grants_hold(authd->grants);	/* until main_serve() */
	authd_on_app_used(authd, main_app_used);
	authd_on_admin(authd, &main_admin);
}

static void
main_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (!is_worker)
		authd_peer(authd, kind, index, fd);
	else if (kind == PROC_AUTHD)
		worker_authd(worker, daemon_base(), fd);
	else {
		log_warnx("peer=%s result=no why=\"unexpected peer\"",
		    proc_kind_name(kind));
		close(fd);
	}
}

static int
main_reload(struct slice *conf, char *why, size_t size)
{
	struct authd_conf	ac;

	if (is_worker)
		return worker_reload(worker, conf, why, size);
	if (authd_conf_read(&ac, conf, why, size) == -1)
		return -1;
	authd_reload(authd, &ac);
	return 0;
}

static void
main_drain(void)
{
	if (is_worker)
		daemon_drained();
	else
		authd_drain(authd, daemon_drained);
}

static void
main_counts(void)
{
	if (is_worker) {
		AUTHWORKER_COUNTERS(COUNTER_TELL)
	} else {
		AUTHD_COUNTERS(COUNTER_TELL)
		metrics_tell(daemon_metric);
	}
}

static void
main_preauth(const char *user, const char *token, int fd)
{
	if (fd != -1)
		close(fd);		/* imapd has the connection */
	if (!is_worker)
		authd_preauth(authd, user, token);
}

/* fd: an operator's, who may be slow, or gone: what does not fit at once is
 * not waited for. */
static void
main_report(const char *what, const char *arg, bool json, int fd)
{
	struct buf	b;

	if (!is_worker && strcmp(what, "quota") == 0) {
		usage_ask(authd, arg, fd);
		return;
	}
	buf_init(&b, 256 * 1024);
	if (!is_worker)
		authd_report(authd, what, arg, json, &b);
	if (b.len > 0 && send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL)
	    != (ssize_t)b.len)
		log_debug("report: the operator has disconnected, or does not "
		    "read");
	close(fd);
	buf_free(&b);
}

static void
main_given(uint32_t id, const struct setup_give *g)
{
	if (is_worker)
		worker_given(worker, id, g);
	else
		authd_given(authd, id, g);
}

static void
main_serve(void)
{
	if (!is_worker)
		authd_serve(authd);
}

static void
main_revoke(const char *user)
{
	if (!is_worker)
		authd_revoke(authd, user);
}

int
main(void)
{
	static const struct daemon authd_daemon = {
		.name = "authd",
		.prepare = main_prepare,
		.reach = main_reach,
		.start = main_start,
		.peer = main_peer,
		.reload = main_reload,
		.drain = main_drain,
		.counts = main_counts,
		.preauth = main_preauth,
		.report = main_report,
		.revoke = main_revoke,
		.serve = main_serve,
		.give = main_given
	};

	daemon_run(&authd_daemon);
}
