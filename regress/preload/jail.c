/*
 * For LD_PRELOAD: what one of Pail's processes can do behind its sandbox,
 * tried with its own code, configuration and user.  Where sandbox_enter()
 * begins (the limit of core files), the process forks once for each act; such
 * a child goes the same way to the end of it (the filter of system calls),
 * tries its act, and ends.  What became of it is a line on standard error:
 * "jail: ACT: killed", "refused" or "done".
 *
 * $JAIL_FILE may be read by all, and written by nobody but root; $JAIL_OUT is
 * a directory that all can write to; $JAIL_PORT is that of a listener.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*setrlimit_fn)(__rlimit_resource_t, const struct rlimit *);
typedef int (*load_fn)(const void *);

static setrlimit_fn	 real_setrlimit;
static load_fn		 real_load;
static char		 file[PATH_MAX], out[PATH_MAX + 16];
static uint16_t		 port;
static pid_t		 sibling;
static int		 act = -1, here = 7, pairs[2];

static bool
read_file(void)
{
	return open(file, O_RDONLY) != -1;
}

static bool
look_for_file(void)
{
	struct stat	st;

	return stat(file, &st) == 0 || access(file, F_OK) == 0;
}

static bool
write_file(void)
{
	return open(out, O_WRONLY | O_CREAT, 0600) != -1;
}

static bool
remove_file(void)
{
	return unlink(file) == 0;
}

static bool
connect_tcp(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(socket(AF_INET, SOCK_STREAM, 0),
	    (struct sockaddr *)(void *)&sin, sizeof(sin)) == 0;
}

static bool
listen_tcp(void)
{
	return listen(socket(AF_INET, SOCK_STREAM, 0), 1) == 0;
}

static bool
send_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static bool
raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) != -1;
}

static bool
packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) != -1;
}

static bool
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) != -1;
}

static bool
datagrams(void)
{
	int	sv[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, sv) == 0;
}

static bool
execute(void)
{
	static char	 name[] = "true";
	char		*argv[] = { name, NULL };

	execve("/bin/true", argv, NULL);
	return false;
}

static bool
make_process(void)
{
	pid_t	pid = fork();

	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static bool
trace(void)
{
	return ptrace(PTRACE_ATTACH, sibling, NULL, NULL) == 0;
}

static bool
read_memory(void)
{
	int		there;
	struct iovec	to = { &there, sizeof(there) };
	struct iovec	from = { &here, sizeof(here) };

	return process_vm_readv(sibling, &to, 1, &from, 1, 0) > 0;
}

static bool
memory_file(void)
{
	char	path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)sibling);
	return open(path, O_RDWR) != -1;
}

static bool
signal_sibling(void)
{
	return kill(sibling, 0) == 0;
}

static bool
signal_by_socket(void)
{
	return fcntl(pairs[0], F_SETOWN, sibling) == 0;
}

static bool
raise_limits(void)
{
	struct rlimit	rl = { 1 << 20, 1 << 20 };

	return real_setrlimit(RLIMIT_NOFILE, &rl) == 0 ||
	    errno == EPERM;	/* it was asked for all the same */
}

static bool
run_data(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
be_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool
make_spaces(void)
{
	return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNS) == 0;
}

static bool
mount_it(void)
{
	return mount("none", "/", "tmpfs", 0, NULL) == 0;
}

static bool
keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0, 0, 0) != -1;
}

static bool
bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) != -1;
}

static bool
ring(void)
{
	char	params[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, params) != -1;
}

static bool
faults(void)
{
	return syscall(SYS_userfaultfd, 1) != -1;
}

static bool
change_root(void)
{
	return chroot(".") == 0;
}

static bool
be_root(void)
{
	return setuid(0) == 0;
}

static bool
make_device(void)
{
	return mknod("/mem", S_IFCHR | 0600, 0x101) == 0;
}

/* What it must be able to do: the harness can see a difference. */
static bool
tell_time(void)
{
	return getpid() > 0 && write(pairs[1], "x", 1) == 1;
}

static const struct { const char *name; bool (*can)(void); } acts[] = {
	{ "read a file", read_file }, { "look for a file", look_for_file },
	{ "write a file", write_file },
	{ "remove a file", remove_file }, { "connect", connect_tcp },
	{ "listen", listen_tcp }, { "UDP", send_udp },
	{ "raw socket", raw_socket }, { "packet socket", packet_socket },
	{ "unix socket", unix_socket }, { "datagrams", datagrams },
	{ "exec", execute },
	{ "fork", make_process }, { "ptrace", trace },
	{ "process_vm_readv", read_memory },
	{ "/proc/PID/mem", memory_file }, { "kill", signal_sibling },
	{ "F_SETOWN", signal_by_socket }, { "setrlimit", raise_limits },
	{ "PROT_EXEC", run_data }, { "PR_SET_DUMPABLE", be_dumpable },
	{ "unshare", make_spaces }, { "mount", mount_it },
	{ "keyctl", keys }, { "bpf", bpf }, { "io_uring", ring },
	{ "userfaultfd", faults }, { "chroot", change_root },
	{ "setuid", be_root }, { "mknod", make_device },
	{ "what it may", tell_time }
};
#define ACTS	((int)(sizeof(acts) / sizeof(acts[0])))

__attribute__((constructor)) static void
begin(void)
{
	const char	*f = getenv("JAIL_FILE"), *o = getenv("JAIL_OUT");
	const char	*p = getenv("JAIL_PORT");

	if (f == NULL || o == NULL || p == NULL)
		abort();
	snprintf(file, sizeof(file), "%s", f);
	snprintf(out, sizeof(out), "%s/%d", o, (int)getpid());
	port = (uint16_t)atoi(p);
	*(void **)&real_setrlimit = dlsym(RTLD_NEXT, "setrlimit");
	*(void **)&real_load = dlsym(RTLD_NEXT, "seccomp_load");
	if (real_setrlimit == NULL || real_load == NULL)
		abort();
}

int
setrlimit(__rlimit_resource_t what, const struct rlimit *rl)
{
	static bool	 done;
	const char	*how;
	int		 i, status;
	pid_t		 pid;

	if ((int)what != RLIMIT_CORE || done)
		return real_setrlimit(what, rl);
	done = true;
	sibling = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs) == -1)
		abort();
	for (i = 0; i < ACTS; i++) {
		if ((pid = fork()) == -1)
			abort();
		if (pid == 0) {
			act = i;
			break;
		}
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
		how = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ?
		    "killed" : !WIFEXITED(status) ? "crashed" :
		    WEXITSTATUS(status) == 43 ? "refused" :
		    WEXITSTATUS(status) == 0 ? "done" : "lost";
		dprintf(STDERR_FILENO, "jail: %s: %s\n", acts[i].name, how);
	}
	return real_setrlimit(what, rl);
}

int	 seccomp_load(const void *ctx);

int
seccomp_load(const void *ctx)
{
	int	r = real_load(ctx);

	if (act == -1)
		return r;
	if (r != 0)
		_exit(44);
	_exit(acts[act].can() ? 0 : 43);
}
