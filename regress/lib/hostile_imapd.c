/*
 * What a taken-over imapd can do: this program stands in imapd's place,
 * with its channels, its user and its chroot, and tries to do more than
 * its live sessions may (DESIGN section 2).  It must run as root with the
 * real users.
 *
 * How it is run: a directory with the built programs, this one as "imapd",
 * and beside it "hostile.conf" with lines of a key, a blank and a value:
 *	user, password		whose login imapd 0 (the attacker) has
 *	victim, victim-password	who logs in through imapd 1 (the witness)
 *	victim-box		a mailbox that only the victim has
 *	path			a file that must not be readable (repeated:
 *				users' file, secret, configuration, store)
 * The configuration has "processes: {imapd: 2}".  paild is started from that
 * directory.  Both write lines to standard error, "hostile: PASS what" or
 * "hostile: FAIL what"; the attacker ends with "hostile: N passed, N failed".
 * It dies twice on the way, to be given a new channel, and keeps its place in
 * "hostile.state".  The witness does its round of login, LIST and logout
 * all the while, and says every two seconds how long the slowest took; when
 * authd or storaged exits, or keeps it waiting for 5 s, that is a FAIL.
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
#include "common/proc_kind.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

#define WITNESS_MS	5000
#define STATE		64

struct hostile_conf	 conf;
int			 auth = -1, sign = -1, tokens[2] = { -1, -1 };

#define PAIRS		16

static char	*state;		/* the file, in memory */
static int	 phase, attacker[2] = { -1, -1 }; /* a socket to it */
static int	 pairs[PAIRS][2], npairs;
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
	for (i = 0; i < nitems(keys); i++)
		if (strcmp(line, keys[i].key) == 0)
			strlcpy(keys[i].dst, value, 128);
}

static void
state_save(void)
{
	char	line[STATE];

	snprintf(line, sizeof(line), "%d %d %d\n", phase, passed, failed);
	strlcpy(state, line, STATE);
}

/* What an imapd cannot make any more. */
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
	if (fd == -1 || ftruncate(fd, STATE) == -1 || (state = mmap(NULL,
	    STATE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
		result(false, "%s: %s", path, strerror(errno));
		exit(1);
	}
	close(fd);
	(void)!sscanf(state, "%d %d %d", &phase, &passed, &failed);
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
	if (my_index == 0)
		state_open(dir);
}

static void
attack(void)
{
	struct grant_session	g = { .user = str_from(conf.victim),
				    .login = str_from(conf.victim),
				    .rights = GRANT_ALL, .session = 1,
				    .kind = PROC_IMAPD };
	uint8_t			noise[4096];
	int			sv[2];

	if (phase == 0) {
		result(still_serves(), "an imapd's ordinary login and LIST");
		try_logins();
		try_token();
		try_names();
		try_wrong_types();
		try_garbage();
		try_starving();
		try_signatures();
		/* A forged grant, on the channel to authd. */
		if (pair_take(sv)) {
			(void)struct_put(auth, IMSG_GRANT_SESSION, 1,
			    &grant_session_wire, &g, sv[1]);
			close(sv[1]);
			result(is_cut(auth, PATIENCE) && is_cut(sv[0], 2000),
			    "a forged grant, with a descriptor, to authd");
			close(sv[0]);
		}
	} else if (phase == 1) {
		result(still_serves(), "a new imapd after the forged grant");
		try_signatures();
		try_sign_garbage();
		try_login_floods();
		memset(noise, 0xa5, sizeof(noise));
		(void)raw_put(auth, noise, sizeof(noise), -1, PATIENCE);
		result(is_cut(auth, PATIENCE), "garbage to authd");
	} else {
		result(still_serves(), "a new imapd after the floods");
		head_put(noise, 12000, IMSG_AUTH_START, 0, 1);
		(void)raw_put(auth, noise, 12, -1, 1000);
		dprintf(STDERR_FILENO, "hostile: %d passed, %d failed\n",
		    passed, failed);
	}
	phase++;
	state_save();
}

/* The victim, through another imapd, all the while. */
static void
witness(void)
{
	int64_t	began, took, slowest = 0, told = clock_ms();
	int	fd, rounds = 0;
	bool	seen;

	strlcpy(remote, "198.51.100.2", sizeof(remote));
	for (;;) {
		began = clock_ms();
		seen = false;
		fd = login(auth, conf.victim, conf.victim_password);
		if (fd == -1 || !session_begin(fd) ||
		    session_list(fd, conf.victim_box, &seen) != 1 || !seen)
			result(false, "the witness's round");
		if (fd != -1)
			close(fd);
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

/*
 * The attack blocks, while the daemon goes on to answer paild: it is a process
 * of its own, from before the sandbox, which forbids to fork, and then in the
 * same one.  It is given the channels to authd and credd, and ends with the
 * daemon.
 */
static void
attacker_run(const struct slice *s)
{
	char	byte;

	close(DAEMON_SETUP_FD);
	close(attacker[0]);
	jail_enter(s);
	if (raw_get(attacker[1], &byte, 1, &auth, INT_MAX) != 1 || auth == -1)
		_exit(1);
	if (byte == 's' && raw_get(attacker[1], &byte, 1, &sign,
	    PATIENCE) != 1)
		_exit(1);
	if (my_index != 0)
		witness();
	attack();
	if (phase < 3)
		_exit(0);	/* the daemon ends, too: for a new channel */
	for (;;)
		(void)poll(NULL, 0, 60000);
}

static void
hostile_prepare(struct slice *s)
{
	my_index = (unsigned)slice_num(s, "index");
	read_conf();
	if (my_index == 0 && phase == 0)
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
go(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	(void)raw_put(attacker[0], sign != -1 ? "s" : "a", 1, auth, PATIENCE);
	if (sign != -1)
		(void)raw_put(attacker[0], "s", 1, sign, PATIENCE);
	event_base_once(daemon_base(), attacker[0], EV_READ, attacker_ended,
	    NULL, NULL);
}

static void
hostile_peer(enum proc_kind kind, uint32_t index, int fd)
{
	struct timeval	tv = { 1, 0 };

	(void)index;
	if (kind == PROC_CREDD && sign == -1) {
		sign = fd;
		(void)hello_put(sign, MSG_CHANNEL_SIGN);
		return;
	}
	if (kind != PROC_AUTHD || auth != -1) {
		/* authd was restarted: that is what must not happen */
		if (kind == PROC_AUTHD)
			result(false, "authd was restarted");
		close(fd);
		return;
	}
	auth = fd;
	if (hello_put(auth, MSG_CHANNEL_AUTH) == -1)
		result(false, "the channel to authd");
	event_base_once(daemon_base(), -1, EV_TIMEOUT, go, NULL, &tv);
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

int
main(void)
{
	static const struct daemon hostile_daemon = {
		.name = "imapd",
		.prepare = hostile_prepare,
		.peer = hostile_peer,
		.preauth = hostile_preauth
	};

	daemon_run(&hostile_daemon);
}
