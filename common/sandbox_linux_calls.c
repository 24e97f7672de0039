/*
 * THE table of system calls: what a process may call, by what its sandbox says
 * that it does.  Within a class generous, for C libraries and kernels differ;
 * no class has exec, fork, ptrace, others' memory, mounts, keys, limits, or a
 * signal to another process.  What is not here kills, but for what a library
 * may try at any time and can do without, which fails: rows with an error.
 *
 * HACKING says how to find out which call was missing.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/sandbox_impl.h"
#include "common/sandbox_linux_calls.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41	/* names of memory: glibc 2.38 */
#endif

/* Most rows leave out the last columns. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define INT		UINT32_MAX	/* all bits of one */
#define EVER(name)	{ name, CALL_ALL }
#define FOR(name, who)	{ name, who }
#define IF(name, who, arg, mask, value)					\
	{ name, who, 1, { { arg, mask, value } } }
#define IF2(name, who, a1, m1, v1, a2, m2, v2)				\
	{ name, who, 2, { { a1, m1, v1 }, { a2, m2, v2 } } }
#define FAILS(name, error)						\
	{ name, CALL_ALL, 0, { { 0, 0, 0 } }, error }
#define FAILS_IF(name, error, arg, mask, value)				\
	{ name, CALL_ALL, 1, { { arg, mask, value } }, error }
#define FCNTL(what)	IF("fcntl", CALL_ALL, 1, INT, what)
#define IOCTL(what)	IF("ioctl", CALL_ALL, 1, INT, what)
#define PRCTL(what)	IF("prctl", CALL_ALL, 0, INT, what)
#define INET(family, type, protocol)					\
	{ "socket", CALL_CONNECTS, 3, { { 0, INT, family },		\
	    { 1, 0xf, type }, { 2, INT, protocol } } }
#define READS		CALL_READS
#define WRITES		CALL_WRITES

/* Flags of open(2) that make it more than reading. */
#define TO_WRITE	(O_ACCMODE | O_CREAT | O_TRUNC)
/* A thread of this process: no process, and no namespaces. */
#define NEW_SPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |	\
			    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWNET | \
			    CLONE_NEWPID)

const struct call calls[] = {
	/* Memory; nothing that is written is executed. */
	EVER("brk"), EVER("munmap"), EVER("mremap"), EVER("madvise"),
	EVER("mlock"), EVER("mlock2"), EVER("munlock"), EVER("membarrier"),
	IF("mmap", CALL_ALL, 2, PROT_EXEC, 0),
	IF("mprotect", CALL_ALL, 2, PROT_EXEC, 0),
	IF2("mmap", CALL_LOADS, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC,
	    3, MAP_ANONYMOUS, 0),

	/* Time, waiting, signals to itself (tgkill: sandbox_linux_seccomp.c),
	 * the end. */
	EVER("clock_gettime"), EVER("clock_gettime64"),
	EVER("clock_getres"), EVER("gettimeofday"), EVER("time"),
	EVER("times"), EVER("getrusage"), EVER("nanosleep"),
	EVER("clock_nanosleep"), EVER("clock_nanosleep_time64"),
	EVER("setitimer"), EVER("getitimer"), EVER("alarm"),
	EVER("timerfd_create"), EVER("timerfd_settime"),
	EVER("timerfd_gettime"), EVER("poll"), EVER("ppoll"),
	EVER("select"), EVER("pselect6"), EVER("epoll_create"),
	EVER("epoll_create1"), EVER("epoll_ctl"), EVER("epoll_wait"),
	EVER("epoll_pwait"), EVER("epoll_pwait2"), EVER("futex"),
	EVER("futex_waitv"), EVER("futex_time64"), EVER("sched_yield"),
	EVER("rt_sigaction"), EVER("rt_sigprocmask"), EVER("rt_sigreturn"),
	EVER("rt_sigpending"), EVER("rt_sigtimedwait"),
	EVER("rt_sigsuspend"), EVER("sigaltstack"), EVER("sigreturn"),
	EVER("restart_syscall"), EVER("pause"), EVER("exit"),
	EVER("exit_group"),

	/* What is open. */
	EVER("read"), EVER("readv"), EVER("pread64"), EVER("preadv"),
	EVER("preadv2"), EVER("write"), EVER("writev"), EVER("pwrite64"),
	EVER("pwritev"), EVER("pwritev2"), EVER("lseek"), EVER("_llseek"),
	EVER("close"), EVER("close_range"), EVER("dup"), EVER("dup2"),
	EVER("dup3"), EVER("pipe"), EVER("pipe2"), EVER("eventfd"),
	EVER("eventfd2"), EVER("fstat"), EVER("recvfrom"), EVER("recvmsg"),
	EVER("recvmmsg"), EVER("sendto"), EVER("sendmsg"),
	EVER("sendmmsg"), EVER("shutdown"), EVER("getsockopt"),
	EVER("setsockopt"), EVER("getsockname"), EVER("getpeername"),
	IF("newfstatat", CALL_ALL, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
	IF("statx", CALL_ALL, 2, AT_EMPTY_PATH, AT_EMPTY_PATH),
	/* Not F_SETOWN and its like, which have others signalled. */
	FCNTL(F_DUPFD), FCNTL(F_DUPFD_CLOEXEC), FCNTL(F_GETFD),
	FCNTL(F_SETFD), FCNTL(F_GETFL), FCNTL(F_SETFL), FCNTL(F_GETLK),
	FCNTL(F_SETLK), FCNTL(F_SETLKW), FCNTL(F_OFD_GETLK),
	FCNTL(F_OFD_SETLK), FCNTL(F_OFD_SETLKW),
	IF("fcntl", WRITES, 1, INT, F_SETLEASE),
	IOCTL(FIONREAD), IOCTL(FIONBIO), IOCTL(TCGETS),

	/* Who and where it is. */
	EVER("getpid"), EVER("gettid"), EVER("getppid"), EVER("getuid"),
	EVER("geteuid"), EVER("getgid"), EVER("getegid"),
	EVER("getresuid"), EVER("getresgid"), EVER("getgroups"),
	EVER("getsid"), EVER("getpgid"), EVER("getpgrp"), EVER("getcpu"),
	EVER("getrandom"), EVER("uname"),
	EVER("sysinfo"), EVER("umask"), EVER("getrlimit"),
	EVER("ugetrlimit"), EVER("sched_getaffinity"),
	/* Its own limits, and without new ones. */
	IF2("prlimit64", CALL_ALL, 0, INT, 0, 2, UINT64_MAX, 0),
	PRCTL(PR_SET_NAME), PRCTL(PR_GET_NAME), PRCTL(PR_SET_VMA),
	PRCTL(PR_GET_DUMPABLE), PRCTL(PR_GET_NO_NEW_PRIVS),
	PRCTL(PR_GET_SECCOMP), PRCTL(PR_GET_SECUREBITS),
	PRCTL(PR_GET_KEEPCAPS), PRCTL(PR_CAPBSET_READ), EVER("capget"),

	FOR("accept", CALL_ACCEPTS), FOR("accept4", CALL_ACCEPTS),
	/* A request of libcurl's is such a pair, too.  No datagrams: they could
	 * be sent to any socket that has a path. */
	IF2("socketpair", CALL_PAIRS | CALL_CONNECTS, 0, INT, AF_UNIX,
	    1, 0xf, SOCK_STREAM),

	INET(AF_INET, SOCK_STREAM, 0), INET(AF_INET6, SOCK_STREAM, 0),
	INET(AF_INET, SOCK_STREAM, IPPROTO_TCP),
	INET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	INET(AF_INET, SOCK_DGRAM, 0), INET(AF_INET6, SOCK_DGRAM, 0),
	INET(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	INET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	FOR("connect", CALL_CONNECTS | CALL_LOCAL),
	/* musl's resolver; of TCP ports Landlock forbids it. */
	FOR("bind", CALL_CONNECTS),
	IF("socket", CALL_LOCAL, 0, INT, AF_UNIX),

	/* clone3(2) cannot be looked into; this is its fallback. */
	IF("clone", CALL_THREADS, 0, CLONE_THREAD | NEW_SPACES,
	    CLONE_THREAD),
	FOR("set_robust_list", CALL_THREADS),
	FOR("get_robust_list", CALL_THREADS),
	FOR("rseq", CALL_THREADS), FOR("set_tid_address", CALL_THREADS),
	FOR("sched_getparam", CALL_THREADS),
	FOR("sched_getscheduler", CALL_THREADS),

	/* Files: which ones is Landlock's to say. */
	IF("open", READS, 1, TO_WRITE, 0),
	IF("openat", READS, 2, TO_WRITE, 0),
	FOR("stat", READS), FOR("lstat", READS), FOR("newfstatat", READS),
	FOR("stat64", READS), FOR("lstat64", READS), FOR("statx", READS),
	FOR("fstatat64", READS), FOR("access", READS),
	FOR("faccessat", READS), FOR("faccessat2", READS),
	FOR("readlink", READS), FOR("readlinkat", READS),
	FOR("getdents", READS), FOR("getdents64", READS),
	FOR("getcwd", READS), FOR("chdir", READS), FOR("fchdir", READS),
	FOR("statfs", READS), FOR("fstatfs", READS),
	FOR("fadvise64", READS), FOR("readahead", READS),
	FOR("flock", READS),
	/* openat2(2) cannot be looked into, either. */
	FOR("open", WRITES), FOR("openat", WRITES), FOR("openat2", WRITES),
	FOR("creat", WRITES),
	FOR("mkdir", WRITES), FOR("mkdirat", WRITES),
	FOR("rename", WRITES), FOR("renameat", WRITES),
	FOR("renameat2", WRITES), FOR("unlink", WRITES),
	FOR("unlinkat", WRITES), FOR("rmdir", WRITES),
	FOR("link", WRITES), FOR("linkat", WRITES),
	FOR("truncate", WRITES), FOR("ftruncate", WRITES),
	FOR("fallocate", WRITES), FOR("fsync", WRITES),
	FOR("fdatasync", WRITES), FOR("sync_file_range", WRITES),
	FOR("msync", WRITES), FOR("syncfs", WRITES),
	FOR("chmod", WRITES), FOR("fchmod", WRITES),
	FOR("fchmodat", WRITES), FOR("utimensat", WRITES),
	FOR("sendfile", WRITES), FOR("copy_file_range", WRITES),

	/* LeakSanitizer traces us from another process; reports name lines by
	 * running a program. */
	FOR("mmap", CALL_SANITIZERS), FOR("mprotect", CALL_SANITIZERS),
	FOR("clone", CALL_SANITIZERS), FOR("fork", CALL_SANITIZERS),
	FOR("vfork", CALL_SANITIZERS), FOR("execve", CALL_SANITIZERS),
	FOR("ptrace", CALL_SANITIZERS), FOR("wait4", CALL_SANITIZERS),
	FOR("kill", CALL_SANITIZERS), FOR("open", CALL_SANITIZERS),
	FOR("openat", CALL_SANITIZERS), FOR("stat", CALL_SANITIZERS),
	FOR("newfstatat", CALL_SANITIZERS),
	FOR("access", CALL_SANITIZERS), FOR("getcwd", CALL_SANITIZERS),
	FOR("readlink", CALL_SANITIZERS),
	FOR("readlinkat", CALL_SANITIZERS),
	FOR("getdents", CALL_SANITIZERS),
	FOR("getdents64", CALL_SANITIZERS), FOR("lstat", CALL_SANITIZERS),
	FOR("prctl", CALL_SANITIZERS), FOR("arch_prctl", CALL_SANITIZERS),
	FOR("tgkill", CALL_SANITIZERS), FOR("ioctl", CALL_SANITIZERS),
	FOR("set_robust_list", CALL_SANITIZERS),
	FOR("set_tid_address", CALL_SANITIZERS),
	FOR("rseq", CALL_SANITIZERS),

	/* A time zone, the number of processors: none, as in a chroot. */
	FAILS_IF("open", EACCES, 1, TO_WRITE, 0),
	FAILS_IF("openat", EACCES, 2, TO_WRITE, 0),
	FAILS("stat", EACCES), FAILS("lstat", EACCES),
	FAILS_IF("newfstatat", EACCES, 3, AT_EMPTY_PATH, 0),
	FAILS_IF("statx", EACCES, 2, AT_EMPTY_PATH, 0),
	FAILS("access", EACCES), FAILS("faccessat", EACCES),
	FAILS("readlink", EACCES), FAILS("readlinkat", EACCES),
	/* nscd, systemd-resolved, the host's interfaces: asked before DNS. */
	FAILS_IF("socket", EAFNOSUPPORT, 0, INT, AF_UNIX),
	FAILS_IF("socket", EAFNOSUPPORT, 0, INT, AF_NETLINK),
	/* Newer ways of what older calls do, too. */
	FAILS("clone3", ENOSYS), FAILS("faccessat2", ENOSYS),
	FAILS("openat2", ENOSYS), FAILS("rseq", ENOSYS),
	FAILS("set_robust_list", ENOSYS),
};
const size_t calls_n = nitems(calls);

const struct call calls_never[] = {
	FAILS("ptrace", EPERM), FAILS("process_vm_readv", EPERM),
	FAILS("process_vm_writev", EPERM), FAILS("process_madvise", EPERM),
	FAILS("pidfd_getfd", EPERM), FAILS("kcmp", EPERM),
	FAILS("mount", EPERM), FAILS("umount2", EPERM),
	FAILS("umount", EPERM), FAILS("pivot_root", EPERM),
	FAILS("fsopen", EPERM), FAILS("fsconfig", EPERM),
	FAILS("fsmount", EPERM), FAILS("fspick", EPERM),
	FAILS("open_tree", EPERM), FAILS("move_mount", EPERM),
	FAILS("mount_setattr", EPERM), FAILS("unshare", EPERM),
	FAILS("setns", EPERM), FAILS_IF("clone", EPERM, 0, CLONE_NEWUSER,
	    CLONE_NEWUSER),
	FAILS("clone3", ENOSYS), FAILS("keyctl", EPERM),
	FAILS("add_key", EPERM), FAILS("request_key", EPERM),
	FAILS("bpf", EPERM), FAILS("perf_event_open", EPERM),
	FAILS("userfaultfd", EPERM), FAILS("io_uring_setup", EPERM),
	FAILS("io_uring_enter", EPERM), FAILS("io_uring_register", EPERM),
	FAILS("init_module", EPERM), FAILS("finit_module", EPERM),
	FAILS("delete_module", EPERM), FAILS("kexec_load", EPERM),
	FAILS("kexec_file_load", EPERM), FAILS("reboot", EPERM),
	FAILS("swapon", EPERM), FAILS("swapoff", EPERM),
	FAILS("open_by_handle_at", EPERM), FAILS("acct", EPERM),
	FAILS("quotactl", EPERM), FAILS("iopl", EPERM),
	FAILS("ioperm", EPERM), FAILS("settimeofday", EPERM),
	FAILS("clock_settime", EPERM), FAILS("clock_adjtime", EPERM),
	FAILS("adjtimex", EPERM), FAILS("sethostname", EPERM),
	FAILS("setdomainname", EPERM), FAILS("syslog", EPERM),
	FAILS("mknod", EPERM), FAILS("mknodat", EPERM),
	FAILS("fanotify_init", EPERM), FAILS("move_pages", EPERM),
	/* Not of AF_NETLINK: PAM wants to tell the audit of the kernel. */
	{ "socket", CALL_ALL, 2, { { 0, INT, AF_INET },
	    { 1, 0xf, SOCK_RAW } }, EPERM },
	{ "socket", CALL_ALL, 2, { { 0, INT, AF_INET6 },
	    { 1, 0xf, SOCK_RAW } }, EPERM },
	FAILS_IF("socket", EPERM, 0, INT, AF_PACKET),
};
const size_t calls_never_n = nitems(calls_never);

unsigned
call_classes(const struct sandbox *s)
{
	unsigned	c = CALL_ALL;

	if (s->npaths > 0)
		c |= READS;
	if (sandbox_writes(s))
		c |= WRITES;
	if (s->accepts)
		c |= CALL_ACCEPTS;
	if (s->pairs)
		c |= CALL_PAIRS;
	if (s->local)
		c |= CALL_LOCAL;
	if (s->threads)
		c |= CALL_THREADS;
	if (sandbox_connects(s))
		c |= CALL_CONNECTS | CALL_THREADS;
	if (s->npaths > 0 && sandbox_connects(s))
		c |= CALL_LOADS;
#ifdef PAIL_ASAN
	c |= CALL_SANITIZERS;
#endif
	return c;
}
