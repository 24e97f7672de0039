/*
 * What seccomp, namespaces and limits leave to a process: each row is tried in
 * a process of its own, behind sandbox_enter(), by each kind of sandbox.  What
 * is not allowed is refused, or the process is killed; both are told apart.
 */
#include "common/compat.h"

#include "libs.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "common/test.h"

static int	listener = -1, other[2];
static long	landlock;		/* version */
static pid_t	sibling;		/* of the same user; waits */
static int	secret = 7;		/* in its memory, too */

static bool
try_fork(void)
{
	int	status;
	pid_t	pid = fork();

	if (pid == 0)
		_exit(0);
	return pid != -1 && waitpid(pid, &status, 0) == pid;
}

static bool
try_exec(void)
{
	char	*const argv[] = { (char *)(uintptr_t)"true", NULL };

	execve("/bin/true", argv, NULL);	/* which ends with 0 */
	return false;
}

static void *
nothing(void *arg)
{
	return arg;
}

static bool
try_thread(void)
{
	pthread_t	t;

	return pthread_create(&t, NULL, nothing, NULL) == 0 &&
	    pthread_join(t, NULL) == 0;
}

static bool
try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, sibling, NULL, NULL) == 0;
}

static bool
try_memory(void)
{
	int		there = 0;
	struct iovec	to = { &there, sizeof(there) };
	struct iovec	from = { &secret, sizeof(secret) };

	return process_vm_readv(sibling, &to, 1, &from, 1, 0) ==
	    sizeof(there) && there == secret;
}

static bool
try_signal(void)
{
	return kill(sibling, 0) == 0;
}

static bool
try_owner(void)
{
	return fcntl(other[0], F_SETOWN, sibling) == 0;
}

static bool
try_limits(void)
{
	struct rlimit	rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return false;
	rl.rlim_cur = rl.rlim_cur > 64 ? rl.rlim_cur - 1 : 64;
	return setrlimit(RLIMIT_NOFILE, &rl) == 0;
}

static bool
try_tcp(void)
{
	struct sockaddr_in	 sin;
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	return getsockname(listener, (struct sockaddr *)(void *)&sin,
	    &len) == 0 && connect(fd, (struct sockaddr *)(void *)&sin,
	    len) == 0;
}

static bool
try_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static bool
try_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) != -1;
}

static bool
try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) != -1;
}

static bool
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) != -1;
}

static bool
try_pair(void)
{
	int	sv[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0;
}

static bool
try_datagrams(void)
{
	int	sv[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, sv) == 0;
}

static bool
try_accept(void)
{
	int	fd = accept(listener, NULL, NULL);

	return fd != -1 || errno == EAGAIN;
}

static bool
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
try_code_later(void)
{
	void	*p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool
try_spaces(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool
try_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL) == 0 &&
	    umount("/mnt") == 0;
}

static bool
try_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0, 0, 0) != -1;
}

static bool
try_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) != -1 || errno != EPERM;
}

static bool
try_ring(void)
{
	char	params[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, params) != -1;
}

static bool
try_faults(void)
{
	return syscall(SYS_userfaultfd, 1) != -1;
}

static bool
try_chroot(void)
{
	return chroot("/") == 0;
}

static bool
try_user(void)
{
	return setuid(getuid()) == 0;
}

static bool
try_ioctl(void)
{
	return syscall(SYS_ioctl, other[0], 0x8901 /* FIOSETOWN */,
	    &sibling) == 0;
}

static bool
try_anonymous_file(void)
{
	return syscall(SYS_memfd_create, "x", 0) != -1;
}

static bool
try_newest(void)
{
	return syscall(500) != -1 || errno != ENOSYS;
}

static bool
try_own_signal(void)
{
	signal(SIGUSR1, SIG_IGN);
	return raise(SIGUSR1) == 0;
}

static bool
try_look_at_file(void)
{
	int	fd = open("/etc/passwd", O_RDONLY);

	return fd != -1 && close(fd) == 0;
}

static bool
try_write_file(void)
{
	int	fd = open("/tmp/pail-sandbox-none", O_WRONLY | O_CREAT, 0600);

	if (fd != -1)
		unlink("/tmp/pail-sandbox-none");
	return fd != -1 && close(fd) == 0;
}

enum { NOTHING, ACCEPTS, PAIRS, READS, STORES, CALLS, EXECUTES, BOXES };

/*
 * For each: 1, it goes; K, the process is killed; 0, refused, or killed.
 * Sanitizers: what a build with them must allow.
 */
#define K	2
static const struct {
	const char	*what;
	bool		(*try)(void);
	bool		 sure;		/* goes outside of a sandbox */
	bool		 sanitizers;
	int		 want[BOXES];
} t[] = {
	{ "fork", try_fork, true, true, { K, K, K, K, K, K, 1 } },
	{ "exec", try_exec, true, true, { K, K, K, K, K, K, 1 } },
	{ "a thread", try_thread, true, true, { K, K, K, K, 1, 1, 1 } },
	{ "ptrace", try_ptrace, false, true, { K, K, K, K, K, K, 0 } },
	{ "others' memory", try_memory, false, false,
	    { K, K, K, K, K, K, 0 } },
	{ "signal", try_signal, true, true, { K, K, K, K, K, K, 0 } },
	{ "F_SETOWN", try_owner, true, false, { K, K, K, K, K, K, 1 } },
	{ "ioctl", try_ioctl, true, true, { K, K, K, K, K, K, 1 } },
	{ "limits", try_limits, true, false, { K, K, K, K, K, K, 1 } },
	{ "TCP", try_tcp, true, false, { K, K, K, K, K, 1, 0 } },
	{ "UDP", try_udp, true, false, { K, K, K, K, K, 1, 1 } },
	{ "raw socket", try_raw, false, false, { K, K, K, K, K, K, 0 } },
	{ "packets", try_packet, false, false, { K, K, K, K, K, K, 0 } },
	{ "AF_UNIX", try_unix, true, false, { 0, 0, 0, 0, 0, 0, 1 } },
	{ "socketpair", try_pair, true, false, { K, K, 1, K, K, 1, 1 } },
	{ "datagrams", try_datagrams, true, false, { K, K, K, K, K, K, 1 } },
	{ "accept", try_accept, true, false, { K, 1, K, K, K, K, 1 } },
	{ "code", try_code, true, true, { K, K, K, K, K, K, 1 } },
	{ "data to code", try_code_later, true, true,
	    { K, K, K, K, K, K, 1 } },
	{ "PR_SET_DUMPABLE", try_dumpable, true, true,
	    { K, K, K, K, K, K, 1 } },
	{ "namespaces", try_spaces, false, false, { K, K, K, K, K, K, 0 } },
	{ "mount", try_mount, false, false, { K, K, K, K, K, K, 0 } },
	{ "keyctl", try_keys, false, false, { K, K, K, K, K, K, 0 } },
	{ "bpf", try_bpf, false, false, { K, K, K, K, K, K, 0 } },
	{ "io_uring", try_ring, false, false, { K, K, K, K, K, K, 0 } },
	{ "userfaultfd", try_faults, false, false,
	    { K, K, K, K, K, K, 0 } },
	{ "chroot", try_chroot, false, false, { K, K, K, K, K, K, 1 } },
	{ "setuid", try_user, true, false, { K, K, K, K, K, K, 1 } },
	{ "memfd", try_anonymous_file, true, false,
	    { K, K, K, K, K, K, 1 } },
	{ "a newer call", try_newest, false, false,
	    { 0, 0, 0, 0, 0, 0, 0 } },
	{ "raise", try_own_signal, true, false, { 1, 1, 1, 1, 1, 1, 1 } },
	{ "read a file", try_look_at_file, true, true,
	    { 0, 0, 0, 1, 1, 0, 1 } },
	{ "write a file", try_write_file, true, true,
	    { K, K, K, K, 0, K, 0 } },
};

static void
enter(int box)
{
	struct sandbox	 s;

	sandbox_init(&s, box == ACCEPTS ? PROC_IMAPD : PROC_CREDD);
	s.pairs = box == PAIRS;
	s.threads = box == STORES;
	s.any_port = box == CALLS;
	s.executes = box == EXECUTES;
	if (box == READS || box == STORES)
		sandbox_reach(&s, "/", false);
	if (box == STORES)
		sandbox_reach(&s, "/var/empty/nowhere", true);
	if (box == STORES)
		sandbox_reach(&s, "/dev/shm", true);
	s.best_effort = true;
	sandbox_enter(&s);
}

/* 1: it went; 0: it was refused; K: it was killed. */
static int
attempt(size_t i, int box)
{
	int	status, null;
	pid_t	pid;

	if ((pid = fork()) == 0) {
		if ((null = open("/dev/null", O_WRONLY)) != -1)
			dup2(null, STDERR_FILENO);
		if (box != -1)
			enter(box);
		_exit(t[i].try() ? 0 : 43);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return K;
	CHECK_ROW(WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
	    WEXITSTATUS(status) == 43), "%s in %d: %x", t[i].what, box,
	    (unsigned)status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
test_rows(void)
{
	size_t	i;
	int	box, got, want;

	for (i = 0; i < nitems(t); i++) {
		got = attempt(i, -1);
		CHECK_ROW(got == 1 || !t[i].sure, "%s: %d", t[i].what, got);
		for (box = 0; box < BOXES; box++) {
#ifdef PAIL_ASAN
			if (t[i].sanitizers)
				continue;
#endif
			/* Signals leave the domain before version 6. */
			if (box == EXECUTES && landlock < 6)
				continue;
			got = attempt(i, box);
			want = t[i].want[box];
			CHECK_ROW(want == 0 ? got != 1 : got == want,
			    "%s in %d: %d, not %d", t[i].what, box, got,
			    want);
		}
	}
}

/* A namespace of its own for the network: where the kernel lets us. */
static void
test_words(void)
{
	int	fds[2], status, box;
	char	words[128];
	ssize_t	n;
	pid_t	pid;

	for (box = 0; box < BOXES; box++) {
		CHECK(pipe(fds) == 0);
		if ((pid = fork()) == 0) {
			enter(box);
			(void)!write(fds[1], sandbox_words(),
			    strlen(sandbox_words()));
			_exit(0);
		}
		close(fds[1]);
		n = read(fds[0], words, sizeof(words) - 1);
		CHECK(n > 0 && waitpid(pid, &status, 0) == pid);
		words[n > 0 ? n : 0] = '\0';
		close(fds[0]);
		CHECK_ROW(strstr(words, box == EXECUTES ? "seccomp-deny" :
		    "seccomp") != NULL, "%d: %s", box, words);
		if (box == CALLS || box == EXECUTES)
			CHECK_ROW(strstr(words, "netns") == NULL, "%d: %s",
			    box, words);
		else if (unshare(CLONE_NEWNET) == 0)
			CHECK_ROW(strstr(words, "netns") != NULL, "%d: %s",
			    box, words);
	}
}

#if defined(PAIL_ASAN) || defined(PAIL_NAME_CALLS)
static void
test_names(void)
{
	char	line[256];
	ssize_t	n;
	int	fds[2], status;
	pid_t	pid;

	CHECK(pipe(fds) == 0);
	if ((pid = fork()) == 0) {
		dup2(fds[1], STDERR_FILENO);
		enter(NOTHING);
		(void)syscall(SYS_chroot, "/");
		_exit(0);
	}
	close(fds[1]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGSYS);
	n = read(fds[0], line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	CHECK_ROW(strncmp(line, "seccomp: forbidden system call chroot (",
	    39) == 0, "%s", line);
	close(fds[0]);
}
#endif

static void
begin(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(bind(listener, (struct sockaddr *)(void *)&sin,
	    sizeof(sin)) == 0 && listen(listener, 64) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
	if ((sibling = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

int
main(void)
{
#ifdef PAIL_SECCOMP
	if (sandbox_lacks() == NULL) {
		landlock = syscall(444, NULL, 0, 1);
		begin();
		test_rows();
		test_words();
#if defined(PAIL_ASAN) || defined(PAIL_NAME_CALLS)
		test_names();
#endif
		kill(sibling, SIGKILL);
		return TEST_END();
	}
#endif
	printf("no seccomp or Landlock: nothing is tried\n");
	return 0;
}
