/* The sandbox: files, the network, processes, the way out. */
#include "common/compat.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "regress/lib/hostile/hostile.h"
#include "regress/lib/hostile/peer.h"

void
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

void
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

/* The network: Landlock says EACCES where a port that nobody listens on would
 * refuse.  Kernels before 6.7 cannot. */
void
try_network(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);
	long			 version = syscall(444, NULL, 0, 1);

	dprintf(STDERR_FILENO, "hostile: Landlock %ld\n", version);
	if (version < 4)
		return;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	result(bind(fd, (struct sockaddr *)(void *)&sin, sizeof(sin)) == -1 &&
	    errno == EACCES, "bind a port");
	sin.sin_port = htons(1);
	result(connect(fd, (struct sockaddr *)(void *)&sin, sizeof(sin)) ==
	    -1 && errno == EACCES, "connect to a port");
	close(fd);
}

void
try_processes(void)
{
	pid_t	me = getpid(), parent = getppid(), pid, first, last;
	int	attached = 0, seen = 0;

	/* Around us; from the first on where the numbers began anew. */
	first = parent > 2000 && me > parent ? parent - 2000 : 1;
	last = (me > parent ? me : parent) + 200;
	for (pid = first; pid < last; pid++) {
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
