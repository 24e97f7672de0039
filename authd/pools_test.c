/*
 * Two backends, each with workers of its own: real processes, which the test
 * starts again when they end, as paild does.  One is the users' file, the
 * other does what a backend must not.  Nothing here depends on how fast the
 * machine is, but for how long the hung ones are waited for.
 */
#include "common/compat.h"

#include <sys/wait.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "authd/test/authd_fakes.h"
#include "authd/test/backend_bad.h"
#include "authd/worker.h"
#include "common/clock.h"
#include "common/test/capture.h"
#include "common/test/slice_make.h"

#define WORKERS		4
#define BAD		2	/* the first of the bad ones */
#define LONG_MS		600000	/* never, for a test */
#define PATIENCE_MS	60000
#define ENDING_MS	1000	/* that a worker may take to end */

static struct fake	 imapd, store;
static pid_t		 workers[WORKERS];
static int		 ends[33];	/* of workers, by signal; 0: exit */
static int64_t		 whole_ms;	/* when no bad one was missing */
static int		 said[2], go[2];
static char		 path[64];
static struct slice	*slices[WORKERS];
static struct event	*tick;

static struct slice *
conf_slice(unsigned index, bool bad_first, unsigned timeout)
{
	char	text[2][16];

	snprintf(text[0], sizeof(text[0]), "%u", index);
	snprintf(text[1], sizeof(text[1]), "%u", timeout);
	return slice_make(NULL,
	    "auth.0.type", bad_first ? "bad" : "file", "auth.0.path", path,
	    "auth.1.type", bad_first ? "file" : "bad", "auth.1.path", path,
	    "index", text[0],
	    "pools.0.type", "file", "pools.0.entry", "4294967295",
	    "pools.0.workers", "2", "pools.0.timeout", "600000",
	    "pools.1.type", "bad", "pools.1.entry", "0",
	    "pools.1.workers", "2", "pools.1.timeout", text[1],
	    "sasl-mechanisms.0", "PLAIN", "login-cache", "0",
	    "login-recheck", "0", "app-passwords", "none",
	    "nprocs.storaged", "1", "nprocs.imapd", "1",
	    "login-limits.failure-delay", "1",
	    "login-limits.guesses-per-user", "30",
	    "login-limits.waiting", "60",
	    "login-limits.waiting-per-address", "20",
	    "login-limits.sessions-per-user", "0",
	    "login-limits.sessions-per-address", "0",
	    "quota.bytes", "0", "quota.messages", "0",
	    "login-names.default-domain", "", "login-names.unicode", "nfc",
	    "login-names.detail-separator", "none",
	    "login-names.master-separator", "*",
	    "lmtp.detail-separator", "+", "lmtp.postmaster", "", NULL);
}

static __attribute__((noreturn)) void
worker_main(unsigned index, int fd)
{
	struct event_base	*b = event_base_new();
	struct worker		*w;
	char			 why[128];

	backend_bad_channel = fd;
	backend_bad_said = said[1];
	backend_bad_go = go[0];
	if (b == NULL ||
	    (w = worker_new(slices[index], why, sizeof(why))) == NULL)
		_exit(9);
	worker_authd(w, b, fd);
	event_base_dispatch(b);
	_exit(9);
}

static void
worker_start(unsigned index)
{
	int	sv[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	if ((workers[index] = fork()) == 0) {
		close(sv[1]);
		worker_main(index, sv[0]);
	}
	CHECK(workers[index] != -1);
	close(sv[0]);
	authd_peer(authd, PROC_AUTHWORKER, index, sv[1]);
}

/* What paild does. */
static void
workers_look(void)
{
	struct work_counts	c;
	pid_t			pid;
	unsigned		i;
	int			status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < WORKERS; i++)
			if (workers[i] == pid) {
				ends[WIFSIGNALED(status) ? WTERMSIG(status) :
				    0]++;
				worker_start(i);
			}
	/*
	 * One whose channel was cut would get another; here it is replaced.
	 * One that ends has closed its channel a moment before it can be
	 * waited for: the others must not be killed for that.
	 */
	work_count(authd->work, 1, &c);
	if (c.workers >= WORKERS - BAD)
		whole_ms = (int64_t)clock_ms();
	if ((int64_t)clock_ms() - whole_ms < ENDING_MS)
		return;
	for (i = BAD; i < WORKERS; i++)
		kill(workers[i], SIGKILL);
	whole_ms = (int64_t)clock_ms();
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	workers_look();
}

/* Until the condition holds. */
#define AWAIT(cond) do {						\
	int64_t	_end = (int64_t)clock_ms() + PATIENCE_MS;		\
	bool	_holds;							\
									\
	while (!(_holds = (cond)) && (int64_t)clock_ms() < _end)	\
		event_base_loop(base, EVLOOP_ONCE);			\
	CHECK(_holds);							\
} while (0)

static void
begin(bool bad_first, unsigned timeout)
{
	struct timeval		tv = { 0, 10000 };
	struct authd_conf	conf;
	char			why[128];
	unsigned		i;

	log_set_level(LOG_LEVEL_ERROR);
	memset(ends, 0, sizeof(ends));
	whole_ms = (int64_t)clock_ms();
	for (i = 0; i < WORKERS; i++)
		slices[i] = conf_slice(i, bad_first, timeout);
	CHECK(authd_conf_read(&conf, slices[0], why, sizeof(why)) == 0);
	base = event_base_new();
	CHECK((authd = authd_new(base, &conf)) != NULL);
	CHECK(pipe(said) == 0 && pipe(go) == 0);
	CHECK(fcntl(said[0], F_SETFL, O_NONBLOCK) == 0);
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	CHECK(event_add(tick, &tv) == 0);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&store, PROC_STORAGED, 0);
	store.close_fds = imapd.close_fds = true;
	for (i = 0; i < WORKERS; i++)
		worker_start(i);
	AWAIT(work_workers(authd->work) == WORKERS);
}

static void
end(void)
{
	unsigned	i;
	int		status;

	event_free(tick);
	for (i = 0; i < WORKERS; i++) {
		kill(workers[i], SIGKILL);
		waitpid(workers[i], &status, 0);
		slice_free(slices[i]);
	}
	fake_leave(&imapd);
	fake_leave(&store);
	authd_end();
	for (i = 0; i < 2; i++) {
		close(said[i]);
		close(go[i]);
	}
}

static void
login_from(uint32_t id, const char *user, const char *password,
    unsigned address)
{
	static char	text[32];

	snprintf(text, sizeof(text), "10.%u.%u.1", address >> 8,
	    address & 0xff);
	remote = text;
	login(&imapd, id, user, password);
}

/* How a login ended: AUTH_OK is -1, none yet -2. */
static int
outcome(uint32_t id)
{
	size_t	i;

	for (i = 0; i < imapd.n && i < KEPT; i++) {
		if (imapd.got[i].id != id)
			continue;
		if (imapd.got[i].type == IMSG_AUTH_OK)
			return -1;
		if (imapd.got[i].type == IMSG_AUTH_NO)
			return imapd.got[i].code;
	}
	return -2;
}

static struct work_counts
bad(void)
{
	return work_counts(authd->work, "bad");
}

static unsigned int
pair_failures(const char *user, const char *address)
{
	static const uint8_t	mac[MAC_LEN];
	struct gate_try		t;
	struct addr_key		from;
	unsigned int		n;
	int64_t			pause;

	addr_key_parse(&from, address);
	CHECK(gate_enter(authd->gate, &t, 0, 0, user, &from, mac,
	    (int64_t)clock_ms(), &pause) == 0);
	n = t.pair->failures;
	gate_leave(authd->gate, &t);
	return n;
}

/* Logins of the file while the other backend does not come back: in any
 * number, and none of the others has its answer by then. */
static void
check_hang(void)
{
	char		name[16];
	uint32_t	i;

	begin(false, LONG_MS);
	for (i = 1; i <= 8; i++) {
		snprintf(name, sizeof(name), "hang%u", i);
		login_from(i, name, "pw", i);
	}
	AWAIT(bad().busy == 2 && authd_waiting(authd, "bad") == 6);
	CHECK(authd_waiting(authd, "file") == 0);
	login_from(20, "ann", "pw", 20);
	AWAIT(outcome(20) == -1);
	/* as suspects too, and from an address that has others hanging */
	login_from(21, "bob", "typo", 1);
	AWAIT(authd_waiting(authd, "bad") == 7);
	login_from(22, "cid", "pw", 1);
	AWAIT(outcome(22) == -1);
	for (i = 1; i <= 8; i++)
		CHECK(outcome(i) == -2);
	CHECK(bad().busy == 2 && bad().late == 0 && !bad().away);
	/* Who gives up leaves nothing behind. */
	for (i = 1; i <= 8; i++)
		peer_send(imapd.p, IMSG_AUTH_CANCEL, i, NULL, 0, -1);
	peer_send(imapd.p, IMSG_AUTH_CANCEL, 21, NULL, 0, -1);
	AWAIT(outcome(21) == AUTH_CANCELLED);
	CHECK(authd_waiting(authd, "bad") == 0 && authd->logins == 0);
	/* nor has who gives up guessed for nothing: the file said no */
	CHECK(pair_failures("bob", "10.0.1.1") == 1);
	CHECK(pair_failures("cid", "10.0.1.1") == 0);
	end();
}

/* A hung worker is killed and replaced; its backend is away when all have
 * hung, says so at once, and is tried again. */
static void
check_kill(void)
{
	char		name[16];
	uint32_t	i;

	begin(false, 300);
	log_set_level(LOG_LEVEL_INFO);
	capture();
	for (i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), "hang%u", i);
		login_from(i, name, "pw", i);
	}
	for (i = 1; i <= 6; i++)
		AWAIT(outcome(i) == AUTH_UNAVAILABLE);
	CHECK(strstr(captured(),
	    "why=\"bad: no response within 300 ms\"") != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	CHECK(bad().away && bad().late >= 2 && bad().ended == 0);
	login_from(10, "ann", "pw", 10);
	AWAIT(outcome(10) == -1);
	AWAIT(ends[SIGALRM] >= 2 && bad().workers == 2);
	/* whoever comes then is told at once, but for one who tries it */
	for (i = 11; bad().away; i++) {
		login_from(i, "eve", "pw", i);
		AWAIT(outcome(i) != -2);
		CHECK(outcome(i) == -1 || outcome(i) == AUTH_UNAVAILABLE);
		event_base_loop(base, EVLOOP_ONCE);
	}
	login_from(i, "dan", "pw", i);
	AWAIT(outcome(i) == -1);
	end();
}

/* The same when it comes first: then what is after it is asked. */
static void
check_first(void)
{
	uint32_t	i;

	begin(true, 300);
	for (i = 1; i <= 4; i++)
		login_from(i, "ann", "pw", i);
	for (i = 1; i <= 4; i++)
		AWAIT(outcome(i) == -1);
	login_from(5, "hang", "pw", 5);
	login_from(6, "hang2", "pw", 6);
	AWAIT(bad().away);
	login_from(7, "hang3", "pw", 7);
	login_from(8, "ann", "pw", 8);
	login_from(9, "bob", "pw", 9);
	AWAIT(outcome(7) == AUTH_UNAVAILABLE && outcome(8) == -1 &&
	    outcome(9) == -1);
	end();
}

static void
check_broken(const char *name, const char *why)
{
	uint32_t	i;

	begin(false, LONG_MS);
	log_set_level(LOG_LEVEL_INFO);
	capture();
	for (i = 1; i <= 3; i++) {
		login_from(i, name, "pw", i);
		AWAIT(outcome(i) == AUTH_UNAVAILABLE);
		login_from(10 + i, "ann", "pw", 10 + i);
		AWAIT(outcome(10 + i) == -1);
	}
	CHECK(strstr(captured(), why) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	CHECK(bad().ended + bad().late >= 2);
	AWAIT(bad().workers == 2);
	end();
}

static bool
said_octet(char *at, size_t *n)
{
	if (read(said[0], at, 1) != 1)
		return false;
	(*n)++;
	return true;
}

/* The name of the next one that is verified. */
static const char *
next_said(void)
{
	static char	name[64];
	size_t		n = 0;

	do {
		AWAIT(said_octet(&name[n], &n));
	} while (n > 0 && n < sizeof(name) && name[n - 1] != '\0');
	return name;
}

/* One address fills the queue: it is bounded, and others pass it. */
static void
check_fair(void)
{
	char		name[16];
	uint32_t	i, before;

	begin(false, LONG_MS);
	for (i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "slow%u", i);
		login_from(i, name, "pw", 1);
		AWAIT(outcome(i) != -2 || authd_waiting(authd, "file") == 0);
	}
	AWAIT(bad().busy == 2);
	AWAIT(authd_waiting(authd, "file") == 0);
	CHECK(authd_waiting(authd, "bad") + bad().busy <= 20);
	for (i = 1; i <= 2; i++)
		CHECK(strncmp(next_said(), "slow", 4) == 0);
	login_from(50, "slow-other", "pw", 2);
	/* One that came later is done, and the file has no other. */
	login_from(51, "ann", "pw", 3);
	AWAIT(outcome(51) == -1);
	AWAIT(authd_waiting(authd, "file") == 0 &&
	    work_counts(authd->work, "file").busy == 0);
	for (before = 0; before < 4; before++) {
		CHECK(write(go[1], "x", 1) == 1);
		if (strcmp(next_said(), "slow-other") == 0)
			break;
	}
	CHECK(before < 3);
	CHECK(authd_waiting(authd, "bad") > 0);
	end();
}

static void
write_users(void)
{
	static struct crypt_data data;
	static const char *const names[] = { "ann", "bob", "cid" };
	char		 salt[CRYPT_GENSALT_OUTPUT_SIZE];
	FILE		*f = fopen(path, "w");
	size_t		 i;

	CHECK(f != NULL);
	CHECK(crypt_gensalt_rn("$2b$", 4, NULL, 0, salt, sizeof(salt)) !=
	    NULL);
	for (i = 0; i < nitems(names); i++)
		fprintf(f, "%s:%s\n", names[i],
		    crypt_rn("pw", salt, &data, sizeof(data)));
	CHECK(fclose(f) == 0);
}

int
main(void)
{
	char	dir[] = "/tmp/pools_test.XXXXXX";

	backend_test = &backend_bad;
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/users", dir);
	write_users();
	check_hang();
	check_kill();
	check_first();
	check_broken("crash", "why=\"bad: the worker died\"");
	check_broken("garbage", "result=cut");
	check_fair();
	unlink(path);
	rmdir(dir);
	return TEST_END();
}
