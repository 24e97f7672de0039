/*
 * Each child is a program of its own, so that each has its own layout of
 * memory, and begins with one descriptor: the setup channel.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/host.h"
#include "paild/child_log.h"
#include "paild/identity.h"
#include "paild/spawn.h"
#include "common/mem.h"

#ifndef PAIL_LIBEXECDIR
#define PAIL_LIBEXECDIR	"/usr/local/libexec/pail"
#endif

/* What a child may see of the environment: it might hold secrets. */
static const char *const env_kept[] = {
	"PATH", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "MALLOC_OPTIONS",
};

static char	log_env[] = DAEMON_LOG_ENV "=paild";

static void
make_env(char **env, char *text, size_t size)
{
	const char	*v;
	size_t		 i, n = 0, off = 0;
	int		 len;

	for (i = 0; i < nitems(env_kept); i++) {
		if ((v = getenv(env_kept[i])) == NULL)
			continue;
		len = snprintf(text + off, size - off, "%s=%s", env_kept[i],
		    v);
		if (len < 0 || (size_t)len >= size - off)
			continue;
		env[n++] = text + off;
		off += (size_t)len + 1;
	}
	env[n++] = log_env;
	env[n] = NULL;
}

/* In the child, after fork: only what is safe there. */
static void
become(const char *path, const char *name, int setup, int log)
{
	static const int	 sigs[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM,
				    SIGPIPE, SIGUSR1 };
	static char		 text[8192], arg[32];
	static char		*env[nitems(env_kept) + 2];
	char			*argv[2] = { arg, NULL };
	size_t			 i;
	int			 null;

	for (i = 0; i < nitems(sigs); i++)
		signal(sigs[i], SIG_DFL);
	/*
	 * No terminal, which a child that was taken over could type into
	 * (TIOCSTI), and no Ctrl-C, which is for paild: it drains us.
	 */
	if (setsid() == -1)
		_exit(127);
	/* Neither may be where the other goes. */
	if ((setup = fcntl(setup, F_DUPFD, DAEMON_SETUP_FD)) == -1 ||
	    (log = fcntl(log, F_DUPFD, DAEMON_SETUP_FD + 1)) == -1)
		_exit(127);
	if (setup != DAEMON_SETUP_FD &&
	    dup2(setup, DAEMON_SETUP_FD) == -1)
		_exit(127);
	fcntl(DAEMON_SETUP_FD, F_SETFD, 0);
	if ((null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(log, STDOUT_FILENO) == -1 ||
	    dup2(log, STDERR_FILENO) == -1)
		_exit(127);
	closefrom(DAEMON_SETUP_FD + 1);
	umask(077);
	make_env(env, text, sizeof(text));
	strlcpy(arg, name, sizeof(arg));
	execve(path, argv, env);
	dprintf(STDERR_FILENO, "paild: %s: %s\n", path, strerror(errno));
	_exit(127);
}

static void
close_pair(int pair[2])
{
	int	i, saved = errno;

	for (i = 0; i < 2; i++)
		if (pair[i] != -1)
			close(pair[i]);
	errno = saved;
}

pid_t
spawn(const char *dir, const char *name, int *setup, int *log)
{
	char	path[PATH_MAX];
	pid_t	pid = -1;
	int	pair[2] = { -1, -1 }, pipes[2] = { -1, -1 };

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != -1 &&
	    child_log_pipe(pipes) != -1 && (pid = fork()) == 0)
		become(path, name, pair[1], pipes[1]);
	if (pid == -1) {
		close_pair(pair);
		close_pair(pipes);
		return -1;
	}
	close(pair[1]);
	close(pipes[1]);
	*setup = pair[0];
	*log = pipes[0];
	return pid;
}

pid_t
spawn_reap(int *status)
{
	siginfo_t	si;
	pid_t		pid;
	int		r;

	memset(&si, 0, sizeof(si));
	do
		r = waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT);
	while (r == -1 && errno == EINTR);
	if (r == -1 || si.si_pid == 0)
		return 0;
	/* While it is not collected its number is nobody else's. */
	identity_kill(-si.si_pid);
	do
		pid = waitpid(si.si_pid, status, 0);
	while (pid == -1 && errno == EINTR);
	return pid == -1 ? 0 : pid;
}

static char *
has_children(const char *dir, const char *sub)
{
	char	path[PATH_MAX], probe[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", dir, sub) >=
	    sizeof(path) || (size_t)snprintf(probe, sizeof(probe),
	    "%s/storaged", path) >= sizeof(probe) ||
	    access(probe, X_OK) == -1)
		return NULL;
	return mem_dup(path);
}

char *
spawn_find(const char *argv0)
{
	char	*self, *slash, *found = NULL;

	if ((self = host_program(argv0)) != NULL &&
	    (slash = strrchr(self, '/')) != NULL) {
		*slash = '\0';
		found = has_children(self, "");
		if (found == NULL)
			found = has_children(self, "/../libexec/pail");
	}
	free(self);
	return found != NULL ? found : has_children(PAIL_LIBEXECDIR, "");
}

char *
spawn_tool(const char *argv0, const char *name)
{
	char	*self, *slash, path[PATH_MAX] = "";

	if ((self = host_program(argv0)) != NULL &&
	    (slash = strrchr(self, '/')) != NULL) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s/%s", self, name);
	}
	free(self);
	return path[0] != '\0' && access(path, X_OK) == 0 ? mem_dup(path) :
	    NULL;
}
