/*
 * A child as paild sees it: started with descriptor 3, set up, spoken to,
 * drained; and what it does when its set-up is not as it must be.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "common/metric.h"
#include "common/test.h"

/* ---- the child ---- */

static uint64_t	prepared, started, peers, listens, peer_sum, revoked, early;
static uint64_t	leave;
static bool	slow_drain;

static void
child_prepare(struct slice *conf)
{
	prepared = slice_num(conf, "number");
	early += peers + listens + started;
}

static void
child_start(struct event_base *b, struct slice *conf)
{
	(void)conf;
	if (b == daemon_base())
		started++;
	early += peers + listens;
}

static void
child_peer(enum proc_kind kind, uint32_t index, int fd)
{
	peers++;
	peer_sum += (uint64_t)kind * 100 + index;
	close(fd);
}

static void
child_listen(const char *protocol, const char *address, int fd)
{
	if (strcmp(protocol, "imap") == 0 && strcmp(address, "[::1]:1") == 0)
		listens++;
	close(fd);
}

static int
child_reload(struct slice *conf, char *why, size_t size)
{
	if (slice_num(conf, "number") == 13) {
		strlcpy(why, "13 is bad luck", size);
		return -1;
	}
	prepared = slice_num(conf, "number");
	return 0;
}

static void
child_leave(uint32_t within)
{
	leave += within;
}

static void
child_drain(void)
{
	if (!slow_drain)
		daemon_drained();
}

static const uint64_t		bounds[] = { 10, 0 };
static struct metric_family	family = METRIC_HISTOGRAM("t_seconds",
				    "T", METRIC_MICRO, bounds, "a");

#define COUNT(name, value)						\
	COUNTER_TELL(name, GAUGE, "x", "", "X", value)

static void
child_counts(void)
{
	struct rlimit	rl;
	int		fd = open("/etc/passwd", O_RDONLY);

	getrlimit(RLIMIT_CORE, &rl);
	COUNT("prepared", prepared)
	COUNT("started", started)
	COUNT("early", early)
	COUNT("peers", peers)
	COUNT("peer_sum", peer_sum)
	COUNT("listens", listens)
	COUNT("revoked", revoked)
	COUNT("leave", leave)
	COUNT("uid", getuid())
	COUNT("files", fd != -1)
	COUNT("core", rl.rlim_cur + rl.rlim_max)
#ifdef __linux__
	COUNT("no_new_privs",
	    (uint64_t)prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))
#endif
	metric_clear(&family);
	METRIC_OBSERVE(&family, 7, "b=,c");
	daemon_metric(&family);
	if (fd != -1)
		close(fd);
}

static void
child_preauth(const char *what, const char *arg, int fd)
{
	(void)!write(fd, what, strlen(what));
	(void)!write(fd, "=", 1);
	(void)!write(fd, arg, strlen(arg));
	close(fd);
}

static void
child_report(const char *what, const char *arg, bool json, int fd)
{
	child_preauth(json ? "json" : what, arg, fd);
}

static void
child_revoke(const char *user)
{
	revoked += strcmp(user, "ann") == 0;
}

/* In its chroot there is nothing all the same. */
static void
child_reach(const struct slice *conf, struct sandbox *box)
{
	(void)conf;
	sandbox_reach(box, "/", false);
}

static const struct daemon child = {
	.reach = child_reach,
	.name = "storaged", .prepare = child_prepare, .start = child_start,
	.peer = child_peer, .listen = child_listen, .reload = child_reload,
	.leave = child_leave, .drain = child_drain, .counts = child_counts,
	.report = child_report, .preauth = child_preauth,
	.revoke = child_revoke
};
static const struct daemon bare = { .name = "credd" };

/* ---- paild's side ---- */

static struct event_base	*base;
static const char		*role;	/* what the child is told it is */
static struct peer		*setup;
static pid_t			 pid;
static struct {
	bool	 ready, closed, reloaded, reload_ok, pong;
	char	 doing[64];
	char	 text[128];
	bool	 counted;
	uint32_t id;
	struct { char name[32]; uint64_t value; } counts[32];
	size_t	 ncounts;
} seen;

static void
check_family(const struct ctl_count *c, size_t n)
{
	static const char *const rows[][2] = {
		{ "t_seconds_bucket", "a=b\\=\\,c,le=0.00001" },
		{ "t_seconds_bucket", "a=b\\=\\,c,le=+Inf" },
		{ "t_seconds_count", "a=b\\=\\,c" },
		{ "t_seconds_sum", "a=b\\=\\,c" },
	};
	size_t	i;

	CHECK_ROW(n == nitems(rows), "%zu", n);
	for (i = 0; i < n && i < nitems(rows); i++)
		CHECK_ROW(c[i].kind == COUNTER_HISTOGRAM &&
		    str_eq(c[i].metric, str_from(rows[i][0])) &&
		    str_eq(c[i].labels, str_from(rows[i][1])) &&
		    str_eq(c[i].help, STR("T")) &&
		    c[i].value == (i == 3 ? 7 : 1) &&
		    c[i].scale == (i == 3 ? METRIC_MICRO : 1), "%zu: %.*s",
		    i, (int)c[i].labels.len, c[i].labels.p);
}

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct arena		*a = arena_new(0);
	struct ctl_reloaded	 re;
	struct ctl_doing	 doing;
	struct ctl_counts	 cs;
	struct ctl_count	*c;
	size_t			 i;

	(void)p;
	(void)arg;
	seen.id = m->id;
	if (m->type == IMSG_SETUP_READY)
		seen.ready = true;
	if (m->type == IMSG_CTL_PONG)
		seen.pong = true;
	if (m->type == IMSG_CTL_DOING) {
		CHECK(wire_decode(&ctl_doing_wire, &doing, m->data, m->len,
		    a) == 0);
		memcpy(seen.doing, doing.text.p, doing.text.len);
		seen.doing[doing.text.len] = '\0';
	}
	if (m->type == IMSG_CTL_RELOADED) {
		CHECK(wire_decode(&ctl_reloaded_wire, &re, m->data, m->len,
		    a) == 0);
		seen.reloaded = true;
		seen.reload_ok = re.ok;
		memcpy(seen.text, re.text.p, re.text.len);
		seen.text[re.text.len] = '\0';
	}
	if (m->type == IMSG_CTL_COUNTS) {
		CHECK(wire_decode(&ctl_counts_wire, &cs, m->data, m->len,
		    a) == 0);
		c = cs.counts.v;
		seen.counted = true;
		seen.ncounts = cs.counts.n;
		for (i = 0; i < cs.counts.n && i < 32; i++) {
			if (c[i].name.len == 0)		/* of the family */
				break;
			memcpy(seen.counts[i].name, c[i].name.p,
			    c[i].name.len);
			seen.counts[i].name[c[i].name.len] = '\0';
			seen.counts[i].value = c[i].value;
			CHECK(c[i].kind == COUNTER_GAUGE &&
			    str_eq(c[i].metric, STR("x")) &&
			    c[i].labels.len == 0 && c[i].scale == 1 &&
			    str_eq(c[i].help, STR("X")));
		}
		if (cs.counts.n > 0)
			check_family(c + i, cs.counts.n - i);
	}
	arena_free(a);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	seen.closed = true;
	setup = NULL;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
spawn(const struct daemon *d)
{
	int sv[2], null;

	memset(&seen, 0, sizeof(seen));
	role = d->name;
	fflush(NULL);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	if ((pid = fork()) == 0) {
		if ((null = open("/dev/null", O_WRONLY)) != -1)
			dup2(null, STDERR_FILENO);
		dup2(sv[1], DAEMON_SETUP_FD);
		daemon_run(d);
	}
	CHECK(pid > 0);
	close(sv[1]);
	setup = peer_new(base, sv[0], MSG_CHANNEL_SETUP, MSG_SIDE_A, &ops,
	    NULL);
}

/* Runs the loop until *flag or the end of the child. */
static void
wait_for(const bool *flag)
{
	int i;

	for (i = 0; i < 10000 && !*flag && !seen.closed; i++)
		event_base_loop(base, EVLOOP_ONCE);
}

static int
exit_code(void)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
send_conf(enum msg_type type, uint32_t id, const char *number,
    const char *user, const char *dir)
{
	struct setup_pair pairs[] = {
		{ STR("number"), str_from(number) },
		{ STR("user"), str_from(user) },
		{ STR("group"), STR("") },
		{ STR("chroot"), str_from(dir) },
		{ STR("role"), str_from(role) },
		{ STR("log.level"), STR("info") },
		{ STR("sandbox"), STR("best-effort") },
		{ STR("index"), STR("1") },
		{ STR("nprocs.storaged"), STR("2") },
		{ STR("nprocs.credd"), STR("1") }
	};
	struct setup_conf conf = { { pairs, nitems(pairs) } };

	CHECK(peer_send_struct(setup, type, id, &conf, -1) == 0);
}

static void
send_peer(uint8_t kind, uint32_t idx)
{
	struct setup_peer sp = { kind, idx, 1 };

	CHECK(peer_send_struct(setup, IMSG_SETUP_PEER, 0, &sp, dup(0)) == 0);
}

static uint64_t
count(const char *name)
{
	size_t i;

	for (i = 0; i < seen.ncounts; i++)
		if (strcmp(seen.counts[i].name, name) == 0)
			return seen.counts[i].value;
	return UINT64_MAX;
}

static void
ask_counts(uint32_t id)
{
	seen.counted = false;
	peer_send(setup, IMSG_CTL_STATS, id, NULL, 0, -1);
	wait_for(&seen.counted);
	CHECK(seen.counted && seen.id == id);
}

static void
start_child(const char *user, const char *dir)
{
	struct setup_listen sl = { STR("imap"), STR("[::1]:1") };

	spawn(&child);
	send_conf(IMSG_SETUP_CONF, 0, "42", user, dir);
	send_peer(PROC_IMAPD, 1);
	send_peer(PROC_AUTHD, 0);
	CHECK(peer_send_struct(setup, IMSG_SETUP_LISTEN, 0, &sl, dup(0)) == 0);
	peer_send(setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	wait_for(&seen.ready);
	CHECK(seen.ready);
}

static void
test_reload(void)
{
	seen.reloaded = false;
	send_conf(IMSG_CTL_RELOAD, 5, "43", "", "");
	wait_for(&seen.reloaded);
	CHECK(seen.reloaded && seen.reload_ok && seen.id == 5);
	seen.reloaded = false;
	send_conf(IMSG_CTL_RELOAD, 6, "13", "", "");
	wait_for(&seen.reloaded);
	CHECK(seen.reloaded && !seen.reload_ok);
	CHECK(strcmp(seen.text, "13 is bad luck") == 0);
	ask_counts(7);
	CHECK(count("prepared") == 43);
}

static void
test_reports(void)
{
	static const char *const want[] = { "dump=ann", "json=ann",
	    "bob=token" };
	struct ctl_report	rep = { STR("dump"), STR("ann"), false };
	struct ctl_preauth	pre = { STR("bob"), STR("token") };
	struct ctl_revoke	rev = { STR("ann") };
	char			text[32] = "";
	int			fds[2], i;

	for (i = 0; i < 3; i++) {
		CHECK(pipe(fds) == 0);
		rep.json = i == 1;
		if (i < 2)
			peer_send_struct(setup, IMSG_CTL_REPORT, 0,
			    &rep, fds[1]);
		else
			peer_send_struct(setup, IMSG_CTL_PREAUTH, 0,
			    &pre, fds[1]);
		peer_send_struct(setup, IMSG_CTL_REVOKE, 0, &rev, -1);
		ask_counts(8);
		memset(text, 0, sizeof(text));
		CHECK(read(fds[0], text, sizeof(text) - 1) > 0);
		CHECK_ROW(strcmp(text, want[i]) == 0, "%s", text);
		CHECK(read(fds[0], text, sizeof(text)) == 0);
		close(fds[0]);
	}
	CHECK(count("revoked") == 3);
}

static void
test_life(void)
{
	struct ctl_verbose v = { LOG_LEVEL_DEBUG };
	struct ctl_leave l = { 5000 };

	start_child("", "");
	ask_counts(1);
	CHECK(count("prepared") == 42 && count("started") == 1);
	CHECK(count("peers") == 2 && count("listens") == 1);
	CHECK(count("peer_sum") == PROC_IMAPD * 100 + 1 + PROC_AUTHD * 100);
	CHECK(count("early") == 0 && count("core") == 0);
#ifdef __linux__
	CHECK(count("no_new_privs") == 1);
#endif
	CHECK(count("uid") == getuid() && count("files") == 1);
	/* A sign of life, and what it does. */
	CHECK(strcmp(seen.doing, "serving") == 0);
	peer_send(setup, IMSG_CTL_PING, 0, NULL, 0, -1);
	wait_for(&seen.pong);
	CHECK(seen.pong);
	send_peer(PROC_CREDD, 0);
	ask_counts(2);
	CHECK(count("peers") == 3);
	test_reload();
	test_reports();
	/* The terminal's signals are paild's to handle. */
	kill(pid, SIGINT);
	kill(pid, SIGHUP);
	kill(pid, SIGTERM);
	peer_send_struct(setup, IMSG_CTL_VERBOSE, 0, &v, -1);
	/* It goes on until it is drained. */
	peer_send_struct(setup, IMSG_CTL_LEAVE, 0, &l, -1);
	ask_counts(9);
	CHECK(count("leave") == 5000);
	peer_send(setup, IMSG_CTL_DRAIN, 0, NULL, 0, -1);
	wait_for(&seen.closed);
	CHECK(seen.closed && exit_code() == 0);
}

/* It ends when paild does: drained or not. */
static void
test_orphan(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		slow_drain = true;
		start_child("", "");
		if (i == 1) {
			peer_send(setup, IMSG_CTL_DRAIN, 0, NULL, 0, -1);
			ask_counts(1);
		}
		peer_close(setup);
		event_base_loop(base, EVLOOP_NONBLOCK);
		CHECK_ROW(exit_code() == (i == 1 ? 0 : 1), "%d", i);
	}
	slow_drain = false;
}

/* A child with no handlers at all. */
static void
test_bare(void)
{
	struct ctl_report rep = { STR("dump"), STR("ann"), false };

	spawn(&bare);
	send_conf(IMSG_SETUP_CONF, 0, "1", "", "");
	send_peer(PROC_STORAGED, 0);
	peer_send(setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	wait_for(&seen.ready);
	peer_send_struct(setup, IMSG_CTL_REPORT, 0, &rep, dup(0));
	send_conf(IMSG_CTL_RELOAD, 1, "1", "", "");
	wait_for(&seen.reloaded);
	CHECK(seen.reloaded && seen.reload_ok);
	ask_counts(2);
	CHECK(seen.ncounts == 0);
	peer_send(setup, IMSG_CTL_DRAIN, 0, NULL, 0, -1);
	wait_for(&seen.closed);
	CHECK(exit_code() == 0);
}

/* As root: another user, nobody's files, and no way back. */
static void
test_drop(void)
{
	char dir[] = "/tmp/pail-daemon-test.XXXXXX";

	if (geteuid() == 0) {
		CHECK(mkdtemp(dir) != NULL && chmod(dir, 0755) == 0);
		start_child("nobody", dir);
		ask_counts(1);
		CHECK(count("uid") != 0 && count("uid") != UINT64_MAX);
		CHECK(count("files") == 0);
		peer_send(setup, IMSG_CTL_DRAIN, 0, NULL, 0, -1);
		wait_for(&seen.closed);
		CHECK(exit_code() == 0);
		rmdir(dir);
	}
	/* A user that does not exist, or that we cannot become. */
	spawn(&child);
	send_conf(IMSG_SETUP_CONF, 0, "1", geteuid() == 0 ? "no-such-user" :
	    "root", "");
	peer_send(setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	wait_for(&seen.ready);
	CHECK(!seen.ready && exit_code() == 1);
}

static void
test_bad_setup(void)
{
	static const struct {
		enum msg_type	 type;
		const char	*data;
		size_t		 len;
	} rows[] = {
		{ IMSG_SETUP_GO, NULL, 0 },		/* no CONF yet */
		{ IMSG_CTL_STATS, NULL, 0 },		/* not yet */
		{ IMSG_SETUP_CONF, "\x05", 1 },		/* malformed */
		{ IMSG_CTL_VERBOSE, "\x01", 1 }
	};
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		spawn(&child);
		peer_send(setup, rows[i].type, 0, rows[i].data, rows[i].len,
		    -1);
		wait_for(&seen.closed);
		CHECK_ROW(seen.closed && !seen.ready && exit_code() == 1,
		    "%zu", i);
	}
	/* CONF twice */
	spawn(&child);
	send_conf(IMSG_SETUP_CONF, 0, "1", "", "");
	send_conf(IMSG_SETUP_CONF, 0, "2", "", "");
	wait_for(&seen.closed);
	CHECK(seen.closed && exit_code() == 1);
	/* Another program's part. */
	spawn(&child);
	role = "credd";
	send_conf(IMSG_SETUP_CONF, 0, "1", "", "");
	wait_for(&seen.closed);
	CHECK(seen.closed && !seen.ready && exit_code() == 1);
	/* Started by hand. */
	fflush(NULL);
	if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDERR_FILENO);
		dup2(null, DAEMON_SETUP_FD);
		daemon_run(&child);
	}
	CHECK(exit_code() == 1);
}

int
main(void)
{
	base = event_base_new();
	test_life();
	test_orphan();
	test_bare();
	test_drop();
	test_bad_setup();
	event_base_free(base);
	return TEST_END();
}
