/*
 * What a process can still reach behind sandbox_enter(): each row is tried in
 * a process of its own.  Where the kernel has no Landlock, or an older one,
 * what it cannot forbid is left out.  sandbox_linux_calls_test.c has the rest.
 */
#include "common/compat.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "common/test.h"

static char	 top[] = "/tmp/pail-sandbox-test.XXXXXX";
static uint16_t	 ports[2];		/* of listeners that are there */
static int	 version;		/* of Landlock; 0: none */

static bool
read_file(void)
{
	int	fd = open("other/file", O_RDONLY);

	return fd != -1 && close(fd) == 0;
}

static bool
list_dir(void)
{
	int	fd = open("other", O_RDONLY | O_DIRECTORY);

	return fd != -1 && close(fd) == 0;
}

static bool
write_other(void)
{
	int	fd = open("other/file", O_WRONLY);

	return fd != -1 && close(fd) == 0;
}

static bool
create_other(void)
{
	int	fd = open("other/new", O_WRONLY | O_CREAT, 0600);

	return fd != -1 && close(fd) == 0 && unlink("other/new") == 0;
}

static bool
remove_other(void)
{
	return unlink("other/spare") == 0;
}

static bool
truncate_other(void)
{
	return truncate("other/file", 3) == 0;
}

static bool
move_out(void)
{
	return rename("mine/file", "other/moved") == 0;
}

/* All that storaged does to its directories. */
static bool
use_mine(void)
{
	int	fd;

	if (mkdir("mine/sub", 0700) == -1 ||
	    (fd = open("mine/sub/a", O_RDWR | O_CREAT, 0600)) == -1)
		return false;
	if (write(fd, "text", 4) != 4 || ftruncate(fd, 2) == -1 ||
	    close(fd) == -1 || truncate("mine/sub/a", 1) == -1)
		return false;
	return rename("mine/sub/a", "mine/b") == 0 &&
	    link("mine/b", "mine/sub/c") == 0 &&
	    unlink("mine/sub/c") == 0 && rmdir("mine/sub") == 0 &&
	    unlink("mine/b") == 0;
}

static bool
make_device(void)
{
	return mkfifo("mine/fifo", 0600) == 0 && unlink("mine/fifo") == 0 &&
	    mknod("mine/null", S_IFCHR | 0600, 0x103) == 0;
}

static bool
run_program(void)
{
	char	*const argv[] = { NULL }, *const env[] = { NULL };
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		execve("/bin/true", argv, env);
		_exit(errno == EACCES ? 99 : 98);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0;
}

static bool
connect_to(uint16_t port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0), r;

	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = connect(fd, (struct sockaddr *)(void *)&sin, sizeof(sin));
	close(fd);
	return r == 0;
}

static bool
connect_first(void)
{
	return connect_to(ports[0]);
}

static bool
connect_second(void)
{
	return connect_to(ports[1]);
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)(void *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 8) == -1 ||
	    getsockname(fd, (struct sockaddr *)(void *)&sin, &len) == -1) {
		close(fd);
		return -1;
	}
	*port = ntohs(sin.sin_port);
	return fd;
}

static bool
bind_port(void)
{
	uint16_t	port;
	int		fd = listener(&port);

	return fd != -1 && close(fd) == 0;
}

static bool
still_dumps(void)
{
	struct rlimit	 rl;

	return getrlimit(RLIMIT_CORE, &rl) != 0 || rl.rlim_max != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static void *
thread(void *arg)
{
	bool	*could = arg;

	*could = write_other() || read_file();
	return NULL;
}

/* A thread that begins later is in there, too. */
static bool
thread_escapes(void)
{
	bool		could = true;
	pthread_t	t;

	return pthread_create(&t, NULL, thread, &could) != 0 ||
	    pthread_join(t, NULL) != 0 || could;
}

/* Who may what: nothing (imapd), read all (a worker), and storaged. */
enum { NOTHING, READS, STORES, CALLS, EXECUTES, BOXES };

static const struct {
	const char	*what;
	bool		(*can)(void);
	int		 version;	/* of Landlock that forbids it */
	bool		 wanted[BOXES];
} t[] = {
	{ "read a file", read_file, 2, { 0, 1, 1, 0, 1 } },
	{ "list a directory", list_dir, 2, { 0, 1, 1, 0, 1 } },
	{ "write to a file", write_other, 2, { 0 } },
	{ "truncate a file", truncate_other, 3, { 0 } },
	{ "create a file", create_other, 2, { 0 } },
	{ "remove a file", remove_other, 2, { 0 } },
	{ "take a file out", move_out, 2, { 0 } },
	{ "use its directory", use_mine, 2, { 0, 0, 1 } },
	{ "execute", run_program, 2, { 0, 0, 0, 0, 1 } },
	{ "connect to its port", connect_first, 4, { 0, 0, 1, 1 } },
	{ "connect to another", connect_second, 4, { 0, 0, 0, 1 } },
	{ "bind a port", bind_port, 4, { 0 } },
	{ "dump core", still_dumps, 0, { 0 } },
	{ "a thread", thread_escapes, 2, { 0, 0, 1, 0, 1 } },
	{ "make a device", make_device, 2, { 0 } },
};

static void
enter(int box)
{
	struct sandbox	 s;

	sandbox_init(&s, PROC_CREDD);
	s.best_effort = true;
	if (box == READS || box == STORES)
		sandbox_reach(&s, "/", false);
	if (box == STORES) {
		sandbox_reach(&s, "mine", true);
		sandbox_reach(&s, "nowhere", true);
		sandbox_connect(&s, ports[0]);
	}
	s.any_port = box == CALLS;
	s.executes = box == EXECUTES;
	sandbox_enter(&s);
}

static void
put_files(void)
{
	static const char *const names[] = { "other/file", "other/spare",
	    "mine/file" };
	size_t	i;
	int	fd;

	for (i = 0; i < nitems(names); i++) {
		fd = open(names[i], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		CHECK(fd != -1 && write(fd, "12345", 5) == 5 &&
		    close(fd) == 0);
	}
	(void)unlink("other/moved");
	(void)unlink("mine/null");
}

/* In another process, with or without the sandbox. */
static bool
try_row(size_t i, int box)
{
	int	status;
	pid_t	pid;

	put_files();
	if ((pid = fork()) == 0) {
		if (box != -1)
			enter(box);
		_exit(t[i].can() ? 42 : 43);
	}
	CHECK(waitpid(pid, &status, 0) == pid && ((WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGSYS) || (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == 42 || WEXITSTATUS(status) == 43))));
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static void
test_rows(void)
{
	size_t	i;
	int	box;
	bool	can;

	for (i = 0; i < nitems(t); i++) {
		can = try_row(i, -1);
		/* Only root makes devices, and not in every container. */
		CHECK_ROW(can || t[i].can == make_device, "%s", t[i].what);
		for (box = 0; box < BOXES; box++) {
			/* Then seccomp alone has its say (another test). */
			if (can && t[i].version > version)
				continue;
#ifdef PAIL_ASAN	/* which has to read, and runs its symbolizer */
			else if (t[i].can == read_file ||
			    t[i].can == list_dir || t[i].can == run_program ||
			    t[i].can == thread_escapes)
				continue;
#endif
			else
				CHECK_ROW(try_row(i, box) == t[i].wanted[box],
				    "%s %d", t[i].what, box);
		}
	}
}

int
main(void)
{
	char	command[64];
	int	fds[2] = { -1, -1 };

	version = (int)syscall(444, NULL, 0, 1);
	if (version < 2)
		version = 0;
	CHECK(mkdtemp(top) != NULL && chdir(top) == 0 &&
	    mkdir("mine", 0700) == 0 && mkdir("other", 0700) == 0);
	CHECK((fds[0] = listener(&ports[0])) != -1 &&
	    (fds[1] = listener(&ports[1])) != -1);
	test_rows();
	close(fds[0]);
	close(fds[1]);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	CHECK(system(command) == 0);
	return TEST_END();
}
