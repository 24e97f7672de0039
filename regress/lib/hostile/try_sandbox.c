/*
 * The sandbox: files, the network, processes, the way out.  What such a
 * process must not do is refused, or kills it.
 */
#include "common/compat.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "common/slice.h"
#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

static const char	*path;		/* of the row at hand */
static pid_t		 outside;	/* a process that is root */

void
jail_enter(const struct slice *s)
{
	struct sandbox	box;

	sandbox_drop(slice_str(s, "user"), slice_str(s, "group"),
	    slice_str(s, "chroot"));
	sandbox_init(&box, hostile.kind);
	box.pairs = hostile.setup;
	box.best_effort = strcmp(slice_str(s, "sandbox"), "best-effort") == 0;
	sandbox_enter(&box);
}

static bool
open_it(void)
{
	return open(path, O_RDONLY) != -1;
}

static bool
connect_path(void)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	return connect(socket(AF_UNIX, SOCK_STREAM, 0),
	    (struct sockaddr *)(void *)&sun, sizeof(sun)) == 0;
}

/* But for an empty directory. */
static bool
list_root(void)
{
	struct dirent	*d;
	DIR		*dir = opendir("/");

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0)
			return true;
	return false;
}

static bool
make_file(void)
{
	return open("/file", O_WRONLY | O_CREAT, 0600) != -1;
}

static bool
is_root(void)
{
	return getuid() == 0 || geteuid() == 0 || getgid() == 0;
}

static bool
become_root(void)
{
	return setuid(0) != -1 || setgid(0) != -1 || seteuid(0) != -1;
}

static bool
change_root(void)
{
	return chroot(".") != -1;
}

static bool
make_device(void)
{
	return mknod("/mem", S_IFCHR | 0600, makedev(1, 1)) != -1;
}

static bool
gain_by_exec(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static bool
dump_core(void)
{
#ifdef PAIL_ASAN		/* sandbox_enter() leaves that out there */
	return false;
#else
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
#endif
}

/* Where nobody listens, too, there is another answer. */
static bool
bind_port(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(socket(AF_INET, SOCK_STREAM, 0),
	    (struct sockaddr *)(void *)&sin, sizeof(sin)) != -1;
}

static bool
connect_port(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(1);
	return connect(socket(AF_INET, SOCK_STREAM, 0),
	    (struct sockaddr *)(void *)&sin, sizeof(sin)) != -1 ||
	    errno == ECONNREFUSED;
}

static bool
trace_any(void)
{
	pid_t	pid;

	for (pid = outside > 300 ? outside - 300 : 1; pid < outside + 300;
	    pid++)
		if (pid != getpid() &&
		    ptrace(PTRACE_ATTACH, pid, NULL, NULL) != -1)
			return true;
	return false;
}

static bool
signal_any(void)
{
	pid_t	pid;

	for (pid = outside > 300 ? outside - 300 : 1; pid < outside + 300;
	    pid++)
		if (pid != getpid() && kill(pid, 0) != -1)
			return true;
	return false;
}

static bool
fork_many(void)
{
#ifdef PAIL_ASAN		/* where that is how leaks are found */
	return false;
#else
	pid_t	pid;
	int	i;

	for (i = 0; i < 300; i++) {
		if ((pid = fork()) == 0)
			_exit(0);
		if (pid == -1)
			return false;
	}
	return true;
#endif
}

static bool
raise_limits(void)
{
	struct rlimit	rl = { 1, 1 };

	return setrlimit(RLIMIT_NPROC, &rl) != -1;
}

static bool
raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) != -1;
}

static void
row(const struct slice *s, bool (*gains)(void), const char *what)
{
	int	status;
	pid_t	pid;

	if ((pid = fork()) == 0) {
		jail_enter(s);
		_exit(gains() ? 1 : 0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid) {
		result(false, "%s: %s", what, strerror(errno));
		return;
	}
	result((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS), "%s%s",
	    what, WIFSIGNALED(status) ? ", killed" : "");
}

void
try_sandbox(const struct slice *s)
{
	static const char *const more[] = {
		"/etc/passwd", "/proc/self/environ", "/proc/1/environ",
		"/dev/mem", "../../../../etc/passwd", "/proc/self/root/etc",
		"/proc/1/root/etc/shadow"
	};
	static const struct { bool (*gains)(void); const char *what; } t[] = {
		{ list_root, "the root directory is empty" },
		{ make_file, "make a file" }, { is_root, "no root" },
		{ become_root, "become root" }, { change_root, "chroot" },
		{ make_device, "mknod" }, { gain_by_exec, "no_new_privs" },
		{ dump_core, "no core, no ptrace" },
		{ bind_port, "bind a port" },
		{ connect_port, "connect to a port" },
		{ trace_any, "ptrace of any other process" },
		{ signal_any, "signal to any other process" },
		{ fork_many, "300 processes" },
		{ raise_limits, "new limits" }, { raw_socket, "raw socket" }
	};
	char	what[PATH_MAX + 16];
	size_t	i;

	outside = getpid();
	for (i = 0; i < conf.paths + nitems(more); i++) {
		path = i < conf.paths ? conf.path[i] : more[i - conf.paths];
		snprintf(what, sizeof(what), "open %s", path);
		row(s, open_it, what);
		snprintf(what, sizeof(what), "connect %s", path);
		row(s, connect_path, what);
	}
	for (i = 0; i < nitems(t); i++)
		row(s, t[i].gains, t[i].what);
}
