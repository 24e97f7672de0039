/* See real.h. */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/test.h"
#include "paild/child.h"
#include "paild/give.h"
#include "paild/identity.h"
#include "paild/pools.h"
#include "paild/spawn.h"
#include "paild/test/real.h"

struct paild	real_pd;
static char	dir[64], file[96], bindir[PATH_MAX];
static int	log_fd = -1;
static struct event *pace;

static void
on_pace(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
put_file(const char *name, const char *text)
{
	char	 path[160];
	FILE	*f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) == EOF ||
	    fclose(f) != 0)
		fatal("%s", path);
}

void
real_begin(const char *argv0)
{
	struct timeval	 tv = { 0, 100 * 1000 };
	char		 self[PATH_MAX];

	signal(SIGPIPE, SIG_IGN);
	if (realpath(argv0, self) == NULL)
		fatal("%s", argv0);
	snprintf(bindir, sizeof(bindir), "%s/../bin", dirname(self));
	snprintf(dir, sizeof(dir), "/tmp/pail-test.XXXXXX");
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1)
		fatal("mkdtemp");
	snprintf(file, sizeof(file), "%s/pail.yaml", dir);
	real_pd.file = file;
	real_pd.bindir = bindir;
	real_pd.debug = true;
	TAILQ_INIT(&real_pd.listeners);
	real_pd.base = event_base_new();
	pace = event_new(real_pd.base, -1, EV_PERSIST, on_pace, NULL);
	event_add(pace, &tv);
	if (identity_init(true) == -1)
		fatalx("identity_init");
}

void
real_conf(const char *store, const char *more)
{
	char	 text[1024];

	snprintf(text, sizeof(text), "listen: ['imap://127.0.0.1:1143', "
	    "'http://127.0.0.1:9143']\n"
	    "store: %s\ncache: {path: cache}\ncontrol-socket: sock\n"
	    "auth: [{type: file, path: users}]\n"
	    "processes: {imapd: 2, storaged: 2, lmtpd: 1}\n%s", store, more);
	put_file("pail.yaml", text);
	(void)chmod(file, 0600);
	put_file("users", "# none\n");
	conf_free(real_pd.conf);
	free(real_pd.procs);
	real_pd.procs = NULL;
	real_pd.conf = conf_load(file, false);
	conf_print_errors(real_pd.conf);
	if (!conf_ok(real_pd.conf) || identity_dirs(real_pd.conf) == -1)
		fatalx("the configuration");
	proc_table(&real_pd);
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	(void)ftw;
	return remove(path);
}

void
real_end(void)
{
	conf_free(real_pd.conf);
	free(real_pd.procs);
	event_free(pace);
	event_base_free(real_pd.base);
	CHECK(nftw(dir, remove_one, 10, FTW_DEPTH | FTW_PHYS) == 0);
}

static int
on_message(struct peer *peer, struct msg *m, void *arg)
{
	struct real		*r = arg;
	struct setup_peer	 lost;

	(void)peer;
	switch (m->type) {
	case IMSG_SETUP_READY:
		r->ready = true;
		return 0;
	case IMSG_CTL_PONG:
		r->pongs++;
		return 0;
	case IMSG_SETUP_WANT:
		return give_answer(r->p, m);
	case IMSG_SETUP_LOST:
		CHECK(wire_decode(&setup_peer_wire, &lost, m->data, m->len,
		    NULL) == 0);
		if (lost.kind == r->watch && lost.index == r->watch_index)
			r->lost++;
		else
			r->lost_others++;
		return 0;
	default:
		return 0;
	}
}

static void
on_closed(struct peer *peer, const char *why, void *arg)
{
	struct real	*r = arg;

	(void)peer;
	(void)why;
	r->p->setup = NULL;
	r->gone = true;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static bool
expired(uint64_t since)
{
	return clock_ms() - since > TEST_PATIENCE_MS;
}

/* What it logs is read, so that it never waits for us; the end is kept. */
static void
drain_log(struct real *r)
{
	ssize_t	 n;

	while ((n = read(log_fd, r->log, sizeof(r->log) - 1)) > 0)
		r->log[n] = '\0';
}

bool
real_until(const bool *cond)
{
	uint64_t	 since = clock_ms();

	while (!*cond && !expired(since))
		event_base_loop(real_pd.base, EVLOOP_ONCE);
	return *cond;
}

bool
real_start(struct real *r, enum proc_kind kind)
{
	struct buf	 b;
	uint64_t	 since = clock_ms();
	int		 fd;

	memset(r, 0, sizeof(*r));
	for (r->p = real_pd.procs; r->p->kind != kind; r->p++)
		continue;
	r->p->pid = spawn(bindir, proc_row(kind)->program, &fd, &log_fd);
	if (r->p->pid == -1)
		fatal("spawn");
	r->p->setup = peer_new(real_pd.base, fd, MSG_CHANNEL_SETUP,
	    MSG_SIDE_A, &ops, r);
	buf_init_secret(&b, 1024 * 1024);
	if (proc_slice(r->p, &b) == -1)
		fatalx("proc_slice");
	peer_send(r->p->setup, IMSG_SETUP_CONF, 0, b.data, b.len, -1);
	buf_freezero(&b);
	peer_send(r->p->setup, IMSG_SETUP_GO, 0, NULL, 0, -1);
	if (kind == PROC_AUTHD)
		peer_send(r->p->setup, IMSG_SETUP_SERVE, 0, NULL, 0, -1);
	while (!r->ready && !r->gone && !expired(since)) {
		event_base_loop(real_pd.base, EVLOOP_ONCE);
		drain_log(r);
	}
	if (!r->ready)
		fprintf(stderr, "%s\n", r->log);
	return r->ready;
}

void
real_stop(struct real *r)
{
	int	 status;

	drain_log(r);
	peer_close(r->p->setup);
	r->p->setup = NULL;
	event_base_loop(real_pd.base, EVLOOP_NONBLOCK);
	/* It ends with its setup channel; one that hangs is a failure. */
	if (r->gone)
		kill(r->p->pid, SIGKILL);
	waitpid(r->p->pid, &status, 0);
	CHECK_ROW(WIFEXITED(status), "%s: %s", proc_name(r->p), r->log);
	drain_log(r);
	close(log_fd);
	r->p->pid = 0;
}

int
real_channel(struct real *r, enum proc_kind kind, uint32_t index)
{
	static uint32_t		 serial;
	struct setup_peer	 sp = { (uint8_t)kind, index, ++serial };
	int			 sv[2];

	if (r->gone || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv) == -1)
		return -1;
	if (fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("fcntl");
	peer_send_struct(r->p->setup, IMSG_SETUP_PEER, 0, &sp, sv[1]);
	return sv[0];
}

/* Twice: in the turn of the first it has read what was there. */
bool
real_settles(struct real *r)
{
	uint64_t	 since = clock_ms();
	unsigned	 i, was;

	for (i = 0; i < 2 && !r->gone; i++) {
		was = r->pongs;
		peer_send(r->p->setup, IMSG_CTL_PING, 0, NULL, 0, -1);
		while (r->pongs == was && !r->gone && !expired(since))
			event_base_loop(real_pd.base, EVLOOP_ONCE);
	}
	drain_log(r);
	return !r->gone && !expired(since);
}

/* A lock of the file store stays open when it is no longer held: of each of
 * its 64 files one (storaged/bucket/file/file_lock.c). */
static bool
is_lock(int fds, const char *name)
{
	char	 to[512];
	ssize_t	 n = readlinkat(fds, name, to, sizeof(to) - 1);

	if (n == -1)
		return false;
	to[n] = '\0';
	return strstr(to, "/.lock/") != NULL;
}

int
real_fds(const struct real *r)
{
	struct dirent	*e;
	char		 path[64];
	DIR		*d;
	int		 n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)r->p->pid);
	if ((d = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += !is_lock(dirfd(d), e->d_name);
	closedir(d);
	return n;
}

bool
real_fds_fall(const struct real *r, int max)
{
	struct timeval	 again = { 0, 50000 };
	uint64_t	 since = clock_ms();

	/* Nothing tells of it: that is looked at again and again. */
	while (real_fds(r) > max && !r->gone && !expired(since)) {
		event_base_loopexit(real_pd.base, &again);
		event_base_dispatch(real_pd.base);
	}
	return real_fds(r) <= max;
}

long
real_kib(const struct real *r)
{
	char	 path[64], line[128];
	FILE	*f;
	long	 kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)r->p->pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), f) != NULL)
		(void)sscanf(line, "VmRSS: %ld", &kib);
	fclose(f);
	return kib;
}
