/*
 * The frame of a taken-over process: what daemon_run() wants of it, what the
 * test tells it, and the process that attacks.
 */
#include "common/compat.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

#define WITNESS_MS	5000
#define PAIRS		16

struct hostile_conf	 conf;
struct hostile_state	*state;		/* the file, in memory */
int			 tokens[2] = { -1, -1 };

static int	 attacker[2] = { -1, -1 };	/* a socket to it */
static int	 pairs[PAIRS][2], npairs;
static int	 channels[PROC_KINDS];		/* the attacker's; 0: none */
static bool	 authd;				/* a channel came */
static unsigned	 my_index;

static void
conf_line(char *line)
{
	static const struct { const char *key; char *dst; } keys[] = {
		{ "user", conf.user }, { "password", conf.password },
		{ "victim", conf.victim },
		{ "victim-password", conf.victim_password },
		{ "victim-box", conf.victim_box }
	};
	char	*value = strchr(line, ' ');
	size_t	 i;

	line[strcspn(line, "\n")] = '\0';
	if (value == NULL)
		return;
	*value++ = '\0';
	if (strcmp(line, "path") == 0 && conf.paths < PATHS)
		strlcpy(conf.path[conf.paths++], value, PATH_MAX);
	if (strcmp(line, "offers") == 0)
		conf.offers = (unsigned)strtoul(value, NULL, 10);
	for (i = 0; i < nitems(keys); i++)
		if (strcmp(line, keys[i].key) == 0)
			strlcpy(keys[i].dst, value, 128);
}

/* What it cannot make any more. */
bool
pair_take(int sv[2])
{
	if (npairs == 0)
		return false;
	memcpy(sv, pairs[--npairs], sizeof(pairs[0]));
	return true;
}

static void
state_open(const char *dir)
{
	char	path[PATH_MAX + 32];
	int	fd;

	snprintf(path, sizeof(path), "%s/hostile.state", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || ftruncate(fd, sizeof(*state)) == -1 ||
	    (state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0)) == MAP_FAILED) {
		result(false, "%s: %s", path, strerror(errno));
		exit(1);
	}
	close(fd);
	if (my_index != 0)
		return;
	passed = state->passed;
	failed = state->failed;
}

/* Before the sandbox: what the test is told, and where it was. */
static void
read_conf(void)
{
	char	 dir[PATH_MAX], path[PATH_MAX + 32], line[PATH_MAX + 64];
	ssize_t	 n;
	FILE	*f;

	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = '\0';
	*(strrchr(dir, '/') != NULL ? strrchr(dir, '/') : dir) = '\0';
	snprintf(path, sizeof(path), "%s/hostile.conf", dir);
	if ((f = fopen(path, "r")) == NULL) {
		result(false, "%s: %s", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL)
		conf_line(line);
	fclose(f);
	state_open(dir);
}

/* The victim, all the while. */
static void __attribute__((noreturn))
witness(void)
{
	int64_t	began, took, slowest = 0, told = clock_ms();
	int	rounds = 0;

	strlcpy(remote, "198.51.100.2", sizeof(remote));
	for (;;) {
		began = clock_ms();
		if (!hostile.round())
			result(false, "the witness's round");
		if ((took = clock_ms() - began) > slowest)
			slowest = took;
		rounds++;
		if (clock_ms() - told >= 2000) {
			result(slowest < WITNESS_MS, "the witness: %d rounds, "
			    "the slowest %lld ms", rounds, (long long)slowest);
			told = clock_ms();
			rounds = 0;
			slowest = 0;
		}
		(void)poll(NULL, 0, 100);
	}
}

int
channel_next(enum proc_kind kind, int ms)
{
	uint64_t	end = clock_ms() + ms;
	uint8_t		byte;
	int		fd;

	if (channels[kind] > 0)
		close(channels[kind]);
	channels[kind] = 0;
	while (channels[kind] == 0 && clock_ms() < end) {
		fd = -1;
		if (raw_get(attacker[1], &byte, 1, &fd,
		    (int)(end - clock_ms())) != 1)
			return -1;
		if (fd == -1 || byte >= PROC_KINDS)
			continue;
		if (channels[byte] > 0)
			close(channels[byte]);
		channels[byte] = fd;
		(void)hello_put(fd, hostile.channels[byte]);
	}
	return channels[kind] > 0 ? channels[kind] : -1;
}

int
channel_of(enum proc_kind kind)
{
	if (channels[kind] > 0)
		return channels[kind];
	return channel_next(kind, INT_MAX);
}

/*
 * The attack blocks, while the daemon goes on to answer paild: it is a process
 * of its own, from before the sandbox, which forbids to fork, and then in the
 * same one.  It is given the channels, and ends with the daemon.
 */
static void
attacker_run(const struct slice *s)
{
	bool	last;

	if (!hostile.setup)
		close(DAEMON_SETUP_FD);
	close(attacker[0]);
	jail_enter(s);
	hostile.begin();
	if (my_index != 0)
		witness();
	last = hostile.attack(state->phase);
	state->phase++;
	state->passed = passed;
	state->failed = failed;
	if (!last)
		_exit(0);	/* the daemon ends, too: for a new channel */
	dprintf(STDERR_FILENO, "hostile: %d passed, %d failed\n", passed,
	    failed);
	for (;;)
		(void)poll(NULL, 0, 60000);
}

static void
hostile_prepare(struct slice *s)
{
	my_index = (unsigned)slice_num(s, "index");
	read_conf();
	if (my_index == 0 && state->phase == 0)
		try_sandbox(s);
	while (npairs < PAIRS && socketpair(AF_UNIX, SOCK_STREAM, 0,
	    pairs[npairs]) == 0)
		npairs++;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    attacker) == -1 || (my_index == 0 && socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tokens) == -1))
		result(false, "socketpair: %s", strerror(errno));
	else if (fork() == 0)
		attacker_run(s);
	/* They are the attacker's, who waits for the end of some. */
	for (; npairs > 0; npairs--) {
		close(pairs[npairs - 1][0]);
		close(pairs[npairs - 1][1]);
	}
	close(attacker[1]);
}

static void
attacker_ended(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	_exit(1);
}

static void
hostile_start(struct event_base *base, struct slice *s)
{
	(void)s;
	event_base_once(base, attacker[0], EV_READ, attacker_ended, NULL,
	    NULL);
}

static void
hostile_peer(enum proc_kind kind, uint32_t index, int fd)
{
	uint8_t	byte = (uint8_t)kind;

	(void)index;
	if (kind == PROC_AUTHD && authd && !hostile.again)
		result(false, "authd was restarted");
	authd |= kind == PROC_AUTHD;
	if (hostile.channels[kind] != 0)
		(void)raw_put(attacker[0], &byte, 1, fd, PATIENCE);
	close(fd);
}

static void
hostile_preauth(const char *user, const char *token, int fd)
{
	char	old[256];

	(void)user;
	close(fd);
	if (tokens[1] == -1)
		return;
	while (read(tokens[0], old, sizeof(old)) > 0)
		;	/* only the newest: authd forgets the oldest of many */
	(void)!write(tokens[1], token, strlen(token));
}

static void
hostile_give(uint32_t id, const struct setup_give *g)
{
	(void)id;
	state->given += g->outcome == SETUP_GIVE_FOUND;
}

static int
hostile_admin(const struct msg *m)
{
	state->told += m->type == IMSG_ADMIN_DONE;
	return 0;
}

void
hostile_run(void)
{
	static struct daemon	d = {
		.prepare = hostile_prepare,
		.start = hostile_start,
		.peer = hostile_peer,
		.preauth = hostile_preauth,
		.give = hostile_give,
		.admin = hostile_admin
	};

	d.name = hostile.name;
	daemon_run(&d);
}
