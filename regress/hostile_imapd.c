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

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>

#include "common/daemon.h"
#include "regress/hostile.h"

#define PATHS		16
#define WITNESS_MS	5000

static struct {
	char	user[128], password[128];
	char	victim[128], victim_password[128], victim_box[128];
	char	path[PATHS][PATH_MAX];
	size_t	paths;
} conf;
static int	state_fd = -1, auth = -1, phase;
static unsigned	my_index;
static pid_t	child;

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
	char	line[64];
	int	n;

	n = snprintf(line, sizeof(line), "%d %d %d\n", phase, passed, failed);
	(void)!pwrite(state_fd, line, (size_t)n, 0);
}

/* Before the jail: what the test is told, and where it was. */
static void
hostile_prepare(struct slice *s)
{
	char	 dir[PATH_MAX], path[PATH_MAX + 32], line[PATH_MAX + 64];
	ssize_t	 n;
	FILE	*f;

	my_index = (unsigned)slice_num(s, "index", 0);
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
	if (my_index != 0)
		return;
	snprintf(path, sizeof(path), "%s/hostile.state", dir);
	state_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	memset(line, 0, sizeof(line));
	if (pread(state_fd, line, 63, 0) > 0)
		(void)!sscanf(line, "%d %d %d", &phase, &passed, &failed);
}

/* The jail: files, processes, the way out. */

static void
try_files(void)
{
	static const char *const more[] = {
		"/etc/passwd", "/proc/self/environ", "/proc/1/environ",
		"/dev/mem", "../../../../etc/passwd", "/proc/self/root/etc",
		"/proc/1/root/etc/shadow"
	};
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	struct dirent		*d;
	size_t			 i, n = 0;
	DIR			*dir;
	int			 fd;

	for (i = 0; i < conf.paths + nitems(more); i++) {
		const char	*p = i < conf.paths ? conf.path[i] :
				    more[i - conf.paths];

		if ((fd = open(p, O_RDONLY)) != -1)
			close(fd);
		result(fd == -1, "open %s", p);
		strlcpy(sun.sun_path, p, sizeof(sun.sun_path));
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd != -1 && connect(fd, (struct sockaddr *)(void *)&sun,
		    sizeof(sun)) == 0)
			result(false, "connect %s", p);
		close(fd);
	}
	if ((dir = opendir("/")) != NULL) {
		while ((d = readdir(dir)) != NULL)
			n += strcmp(d->d_name, ".") != 0 &&
			    strcmp(d->d_name, "..") != 0;
		closedir(dir);
	}
	result(n == 0, "the root directory is empty (%zu)", n);
	fd = open("/file", O_WRONLY | O_CREAT, 0600);
	result(fd == -1, "make a file");
	if (fd != -1)
		close(fd);
}

static void
try_rights(void)
{
	result(getuid() != 0 && geteuid() != 0 && getgid() != 0, "no root");
	result(setuid(0) == -1 && setgid(0) == -1 && seteuid(0) == -1,
	    "become root");
	result(chroot(".") == -1, "chroot");
	result(mknod("/mem", S_IFCHR | 0600, makedev(1, 1)) == -1, "mknod");
	result(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs");
#ifndef PAIL_ASAN		/* sandbox_enter() leaves that out there */
	result(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "no core, no ptrace");
#endif
}

static void
try_processes(void)
{
	pid_t	me = getpid(), parent = getppid(), pid, first;
	int	attached = 0, seen = 0;

	first = parent > 2000 ? parent - 2000 : 1;
	for (pid = first; pid < me + 200; pid++) {
		if (pid == me || pid == parent)
			continue;	/* ourselves, in two processes */
		if (kill(pid, 0) == -1 && errno == ESRCH)
			continue;
		seen++;
		if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0) {
			attached++;
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
		}
		if (kill(pid, 0) == 0)
			dprintf(STDERR_FILENO, "hostile: signalled %d\n",
			    (int)pid);
	}
	result(seen > 3, "other processes exist (%d)", seen);
#ifdef PAIL_ASAN		/* the other imapd, which is dumpable there */
	result(attached <= 2, "ptrace of any but the other imapd");
#else
	result(attached == 0, "ptrace of any other process");
#endif
}

/* Logins: only who has the password gets a session. */

static void
try_no_login(const char *what, const char *mech, const void *initial,
    size_t len)
{
	uint32_t	id = login_send(auth, mech, initial, len);
	int		code, fd;

	fd = login_wait(auth, id, &code, 40000);
	result(fd == -1 && code != -1, "login of the victim by %s (code %d)",
	    what, code);
	if (fd != -1)
		close(fd);
}

static void
try_logins(void)
{
	char			msg[1024], token[33];
	struct auth_bytes	step = { str_from(conf.victim) };
	int			fd, code, i;

	try_no_login("another's password", "PLAIN", msg,
	    plain(msg, "", conf.victim, conf.password));
	try_no_login("an authorization identity", "PLAIN", msg,
	    plain(msg, conf.victim, conf.user, conf.password));
	try_no_login("no password", "PLAIN", msg,
	    plain(msg, "", conf.victim, ""));
	try_no_login("EXTERNAL", "EXTERNAL", conf.victim,
	    strlen(conf.victim));
	try_no_login("the name as a token", "PREAUTH", conf.victim,
	    strlen(conf.victim));
	for (i = 0; i < 3; i++) {
		snprintf(token, sizeof(token), "%032d", i);
		try_no_login("a guessed token", "PREAUTH", token, 32);
	}
	/* An id whose login has succeeded is spent. */
	fd = login(auth, conf.user, conf.password);
	result(fd != -1, "its own user's login");
	close(fd);
	(void)struct_put(auth, IMSG_AUTH_STEP, next_id, &auth_bytes_wire,
	    &step, -1);
	fd = login_wait(auth, next_id, &code, 500);
	result(fd == -1 && code == -1, "a step to a login that is over");
}

/* Sessions. */

static int
session(void)
{
	int	fd = login(auth, conf.user, conf.password);

	if (fd == -1)
		return -1;
	if (!session_begin(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
still_serves(void)
{
	int	fd = session();
	bool	seen, ok;

	ok = fd != -1 && session_list(fd, conf.victim_box, &seen) == 1 &&
	    !seen;
	if (fd != -1)
		close(fd);
	return ok;
}

static void
try_names(void)
{
	static const char *const forms[] = {
		"%s", "../%s/INBOX", "/%s/INBOX", "user/%s/INBOX",
		"#user/%s", "~%s/INBOX", "%s/head"
	};
	static struct frame	f;
	struct mbox_select	sel = { .readonly = true };
	char			name[256];
	size_t			i;
	int			fd = session();
	bool			seen;

	result(fd != -1 && session_list(fd, conf.victim_box, &seen) == 1 &&
	    !seen, "the victim's mailboxes in a LIST");
	for (i = 0; i <= nitems(forms) && fd != -1; i++) {
		if (i == nitems(forms))
			strlcpy(name, conf.victim_box, sizeof(name));
		else {
			const char	*at = strstr(forms[i], "%s");

			snprintf(name, sizeof(name), "%.*s%s%s",
			    (int)(at - forms[i]), forms[i], conf.victim,
			    at + 2);
		}
		sel.name = str_from(name);
		(void)struct_put(fd, IMSG_MBOX_SELECT, ++next_id,
		    &mbox_select_wire, &sel, -1);
		while (frame_get(fd, &f, PATIENCE) == 1 && f.id != next_id)
			frame_drop(&f);
		result(f.id == next_id && f.type == IMSG_REPLY_NO,
		    "SELECT %s", name);
	}
	close(fd);
}

/* Messages of other channels, on a session's. */
static void
try_wrong_types(void)
{
	static const struct { uint32_t type; bool fd; } rows[] = {
		{ IMSG_GRANT_SESSION, true }, { IMSG_GRANT_REVOKE, false },
		{ IMSG_CRED_KEY, false }, { IMSG_SETUP_PEER, true },
		{ IMSG_CTL_REPORT, true }, { IMSG_AUTH_OK, true },
		{ IMSG_SESSION_READY, false }, { IMSG_REPLY_OK, false },
		{ IMSG_MBOX_LIST, true }, { 9999, false }
	};
	struct grant_session	g = { str_from(conf.victim),
				    str_from(conf.victim) };
	size_t			i;
	int			fd, sv[2];

	for (i = 0; i < nitems(rows); i++) {
		if ((fd = session()) == -1 ||
		    socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1) {
			result(false, "a session for message %u",
			    rows[i].type);
			return;
		}
		(void)struct_put(fd, rows[i].type, ++next_id,
		    &grant_session_wire, &g, rows[i].fd ? sv[1] : -1);
		close(sv[1]);
		result(is_cut(fd, PATIENCE), "message %u on a session's "
		    "channel%s", rows[i].type,
		    rows[i].fd ? ", with a descriptor" : "");
		/* the descriptor was not made a session of the victim's */
		if (rows[i].fd)
			result(is_cut(sv[0], 2000), "a descriptor passed "
			    "with message %u", rows[i].type);
		close(sv[0]);
		close(fd);
	}
}

static void
try_garbage(void)
{
	uint8_t		noise[8192];
	uint32_t	seed = 7;
	size_t		i;
	int		fd, round, cut = 0;

	for (round = 0; round < 40; round++) {
		if ((fd = login(auth, conf.user, conf.password)) == -1)
			break;
		if (round % 2 && !session_begin(fd))
			break;
		for (i = 0; i < sizeof(noise); i++) {
			seed = seed * 1103515245 + 12345;
			noise[i] = (uint8_t)(seed >> 16);
		}
		/* a known message, with noise as its content */
		if (round % 2)
			for (i = 0; i + 272 <= sizeof(noise); i += 272)
				head_put(noise + i, 256, 60 +
				    (uint32_t)(round / 2) % 22, 0,
				    (uint32_t)i + 1);
		(void)raw_put(fd, noise, sizeof(noise), -1, 2000);
		cut += is_cut(fd, 5000);
		close(fd);
	}
	result(round == 40, "40 sessions of garbage (%d cut)", cut);
	result(still_serves(), "storaged after garbage");
}

/* Sessions that ask and never read, or begin and never end. */
static void
try_starving(void)
{
	struct mbox_list	l = { STR(""), true, true };
	struct append_open	o = { STR("INBOX"), false };
	uint8_t			h[16], data[MSG_DATA_MAX];
	int			fd[24], i, j, n = 0;

	memset(data, 'x', sizeof(data));
	for (i = 0; i < (int)nitems(fd); i++) {
		if ((fd[i] = session()) == -1)
			break;
		n++;
		switch (i % 4) {
		case 0:			/* streams that are never read */
			for (j = 0; j < 2000; j++)
				if (struct_put(fd[i], IMSG_MBOX_LIST,
				    ++next_id, &mbox_list_wire, &l, -1) == -1)
					break;
			break;
		case 1:			/* APPENDs without an end */
			for (j = 0; j < 500; j++)
				if (struct_put(fd[i], IMSG_APPEND_OPEN,
				    ++next_id, &append_open_wire, &o,
				    -1) == -1)
					break;
			break;
		case 2:			/* data beyond any credit */
			(void)struct_put(fd[i], IMSG_APPEND_OPEN, ++next_id,
			    &append_open_wire, &o, -1);
			for (j = 0; j < 200; j++)
				if (frame_put(fd[i], IMSG_APPEND_DATA,
				    next_id, data, sizeof(data), -1) == -1)
					break;
			break;
		case 3:			/* half a frame */
			head_put(h, 1000, IMSG_MBOX_LIST, 0, 1);
			(void)raw_put(fd[i], h, 9, -1, 1000);
			break;
		}
	}
	result(n > 0, "%d sessions that starve", n);
	result(still_serves(), "storaged while they hang");
	while (n-- > 0)
		close(fd[n]);
	result(still_serves(), "storaged after they ended");
}

/* What authd has answered so far is read and dropped. */
static void
drain_auth(void)
{
	static struct frame	f;

	while (frame_get(auth, &f, 0) == 1)
		frame_drop(&f);
}

/* Logins by the thousand. */
static void
try_login_floods(void)
{
	static int		fds[300];
	struct auth_bytes	step = { STR("x") };
	char			msg[1024], user[32], own[64];
	uint32_t		id;
	int			i, sent = 0, n = 0;

	/* In the victim's name, and from the victim's address. */
	strlcpy(own, remote, sizeof(own));
	strlcpy(remote, "198.51.100.2", sizeof(remote));
	for (i = 0; i < 3000; i++) {
		snprintf(user, sizeof(user), "nobody%d", i);
		sent += login_send(auth, "PLAIN", msg, plain(msg, "",
		    i % 3 ? user : conf.victim, "guess")) != 0;
		if (i % 50 == 0)
			drain_auth();
	}
	for (i = 0; i < 3000; i++) {
		id = login_send(auth, "LOGIN", "", 0);
		sent += id != 0;
		(void)frame_put(auth, IMSG_AUTH_CANCEL, id, NULL, 0, -1);
		(void)struct_put(auth, IMSG_AUTH_STEP, id + 100000,
		    &auth_bytes_wire, &step, -1);
		if (i % 50 == 0)
			drain_auth();
	}
	result(sent == 6000, "%d logins at once, authd still listens", sent);
	strlcpy(remote, own, sizeof(remote));
	for (i = 0; i < 300; i++) {
		fds[i] = login(auth, conf.user, conf.password);
		if (fds[i] == -1)
			break;
		n++;
	}
	result(n > 0, "%d sessions of one user, never used", n);
	while (n-- > 0)
		close(fds[n]);
	result(still_serves(), "authd and storaged after the flood");
}

static void
attack(void)
{
	struct grant_session	g = { str_from(conf.victim),
				    str_from(conf.victim) };
	uint8_t			noise[4096];
	int			sv[2];

	if (phase == 0) {
		result(still_serves(), "an imapd's ordinary login and LIST");
		try_files();
		try_rights();
		try_processes();
		try_logins();
		try_names();
		try_wrong_types();
		try_garbage();
		try_starving();
		/* A forged grant, on the channel to authd. */
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0) {
			(void)struct_put(auth, IMSG_GRANT_SESSION, 1,
			    &grant_session_wire, &g, sv[1]);
			close(sv[1]);
			result(is_cut(auth, PATIENCE) && is_cut(sv[0], 2000),
			    "a forged grant, with a descriptor, to authd");
			close(sv[0]);
		}
	} else if (phase == 1) {
		result(still_serves(), "a new imapd after the forged grant");
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

static void
go(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (auth == -1 || child != 0)
		return;
	/* The attack blocks; the parent goes on to answer paild. */
	if ((child = fork()) != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (my_index != 0)
		witness();
	attack();
	if (phase < 3)
		kill(getppid(), SIGKILL);	/* for a new channel */
	for (;;)
		(void)poll(NULL, 0, 60000);
}

static void
hostile_peer(enum proc_kind kind, uint32_t index, int fd)
{
	struct timeval	tv = { 1, 0 };

	(void)index;
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

int
main(void)
{
	static const struct daemon hostile_daemon = {
		.name = "imapd",
		.prepare = hostile_prepare,
		.peer = hostile_peer
	};

	daemon_run(&hostile_daemon);
}
